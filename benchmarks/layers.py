"""The layers that are timed: real ones, batch 1, and small ones where dispatch counts."""

from typing import Any, Literal, NamedTuple


class Benchmark(NamedTuple):
    """One call: which layer, the shapes of x and weight, the keywords that are not defaults."""

    layer: Literal["conv2d", "conv_transpose2d"]
    x: tuple[int, int, int, int]
    weight: tuple[int, int, int, int]
    parameters: dict[str, Any]


LARGE = {
    "ResNet-50 stem 7x7/2": Benchmark("conv2d", (1, 3, 224, 224), (64, 3, 7, 7), {"stride": 2, "padding": 3}),
    "ResNet-50 3x3 64 @56": Benchmark("conv2d", (1, 64, 56, 56), (64, 64, 3, 3), {"padding": 1}),
    "ResNet-50 1x1 256-64 @56": Benchmark("conv2d", (1, 256, 56, 56), (64, 256, 1, 1), {}),
    "VGG 3x3 256 @56": Benchmark("conv2d", (1, 256, 56, 56), (256, 256, 3, 3), {"padding": 1}),
    "DeepLab 3x3 d12 256 @65": Benchmark("conv2d", (1, 256, 65, 65), (256, 256, 3, 3), {"padding": 12, "dilation": 12}),
    "ResNeXt 3x3 g32 128 @56": Benchmark("conv2d", (1, 128, 56, 56), (128, 4, 3, 3), {"padding": 1, "groups": 32}),
    "MobileNet dw 3x3 32 @112": Benchmark("conv2d", (1, 32, 112, 112), (32, 1, 3, 3), {"padding": 1, "groups": 32}),
    "DCGAN T 4x4/2 512-256 @8": Benchmark(
        "conv_transpose2d", (1, 512, 8, 8), (512, 256, 4, 4), {"stride": 2, "padding": 1}
    ),
    "U-Net T 2x2/2 128-64 @56": Benchmark("conv_transpose2d", (1, 128, 56, 56), (128, 64, 2, 2), {"stride": 2}),
}
SMALL = {
    "small 3x3 4-4 @8": Benchmark("conv2d", (1, 4, 8, 8), (4, 4, 3, 3), {"padding": 1}),
    "small T 3x3/2 4-4 @8": Benchmark("conv_transpose2d", (1, 4, 8, 8), (4, 4, 3, 3), {"stride": 2, "padding": 1}),
    "small 5x5 8-8 @16, N=2": Benchmark("conv2d", (2, 8, 16, 16), (8, 8, 5, 5), {"padding": 2}),
    "small T 5x5 8-8 @16, N=2": Benchmark("conv_transpose2d", (2, 8, 16, 16), (8, 8, 5, 5), {"padding": 2}),
}
LAYERS = LARGE | SMALL
