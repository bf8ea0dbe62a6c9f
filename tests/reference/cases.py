"""Calls small enough for naive loops that between them use every parameter, and their arrays."""

import numpy as np

# name: (layer, x shape, weight shape, parameters)
CASES = {
    "plain": ("conv2d", (2, 3, 5, 6), (4, 3, 2, 3), {}),
    "stride": ("conv2d", (1, 2, 7, 8), (3, 2, 3, 2), {"stride": (2, 3)}),
    "dilation": ("conv2d", (1, 2, 8, 9), (2, 2, 3, 2), {"dilation": (2, 3)}),
    "stride and dilation": (
        "conv2d",
        (1, 2, 9, 9),
        (2, 2, 3, 3),
        {"stride": (3, 2), "dilation": 2},
    ),
    "common factor": (
        "conv2d",
        (1, 2, 12, 13),
        (2, 2, 3, 4),
        {"stride": (4, 6), "dilation": (6, 4), "padding": (7, 5)},
    ),
    "two-sided padding": ("conv2d", (1, 2, 4, 5), (3, 2, 3, 3), {"padding": (2, 1)}),
    "four-sided padding": ("conv2d", (2, 2, 4, 5), (3, 2, 3, 3), {"padding": (0, 1, 2, 3)}),
    "padding beyond the kernel": ("conv2d", (1, 2, 4, 5), (2, 2, 2, 2), {"padding": (3, 0, 2, 4)}),
    "padding beyond the kernel, strided": (
        "conv2d",
        (1, 2, 4, 4),
        (2, 2, 2, 3),
        {"stride": (1, 2), "padding": (3, 1, 4, 4)},
    ),
    "same": ("conv2d", (1, 2, 5, 6), (3, 2, 2, 4), {"padding": "same"}),
    "same dilated": ("conv2d", (1, 1, 6, 5), (2, 1, 4, 2), {"padding": "same", "dilation": (1, 3)}),
    "same strided": ("conv2d", (1, 2, 7, 8), (2, 2, 4, 3), {"padding": "same", "stride": (3, 2)}),
    "same, stride over kernel": (
        "conv2d",
        (1, 2, 7, 8),
        (2, 2, 1, 2),
        {"padding": "same", "stride": (3, 4)},
    ),
    "valid": ("conv2d", (1, 2, 5, 6), (2, 2, 3, 2), {"padding": "valid", "stride": 2}),
    "groups": ("conv2d", (2, 6, 4, 5), (4, 3, 2, 3), {"groups": 2, "padding": 1}),
    "depthwise": ("conv2d", (2, 4, 5, 4), (4, 1, 3, 2), {"groups": 4, "stride": (1, 2)}),
    "depthwise dilated": ("conv2d", (1, 3, 12, 9), (3, 1, 3, 3), {"groups": 3, "dilation": (2, 3), "padding": 1}),
    "multiplier": ("conv2d", (1, 3, 5, 4), (6, 1, 2, 2), {"groups": 3}),
    "pointwise": ("conv2d", (2, 3, 4, 5), (4, 3, 1, 1), {}),
    "pointwise strided": ("conv2d", (1, 3, 4, 5), (4, 3, 1, 1), {"stride": (2, 3)}),
    "reflect": (
        "conv2d",
        (1, 2, 4, 5),
        (2, 2, 3, 2),
        {"padding": (3, 1, 2, 4), "padding_mode": "reflect"},
    ),
    "replicate": (
        "conv2d",
        (1, 2, 3, 4),
        (2, 2, 2, 3),
        {"padding": (4, 1, 0, 5), "padding_mode": "replicate", "stride": 2},
    ),
    "circular": (
        "conv2d",
        (1, 2, 4, 3),
        (2, 2, 3, 2),
        {"padding": (4, 2, 1, 3), "padding_mode": "circular", "dilation": (1, 2)},
    ),
    "reflected columns alone": (
        "conv2d",
        (1, 2, 4, 5),
        (2, 2, 3, 2),
        {"padding": (0, 0, 2, 4), "padding_mode": "reflect"},
    ),
    "one row above": ("conv2d", (1, 2, 4, 5), (3, 2, 3, 2), {"padding": (1, 0, 0, 0), "stride": (1, 2)}),
    "same reflect": (
        "conv2d",
        (1, 2, 4, 5),
        (2, 2, 2, 4),
        {"padding": "same", "padding_mode": "reflect"},
    ),
    "everything": (
        "conv2d",
        (2, 4, 8, 9),
        (6, 2, 3, 2),
        {"stride": (2, 3), "padding": (1, 2, 3, 0), "dilation": (2, 1), "groups": 2},
    ),
    "empty batch": ("conv2d", (0, 2, 4, 5), (3, 2, 2, 2), {}),
    "empty channels": ("conv2d", (2, 0, 4, 5), (3, 0, 2, 2), {}),
    "empty rows": ("conv2d", (2, 3, 0, 5), (2, 3, 2, 2), {"padding": 1}),
    "no output channels": ("conv2d", (2, 3, 4, 5), (0, 3, 2, 2), {}),
    "transposed": ("conv_transpose2d", (2, 3, 4, 5), (3, 2, 2, 3), {}),
    "transposed stride": ("conv_transpose2d", (1, 2, 3, 4), (2, 3, 3, 2), {"stride": (2, 3)}),
    "transposed dilation": (
        "conv_transpose2d",
        (1, 2, 3, 4),
        (2, 2, 3, 2),
        {"stride": (3, 2), "dilation": (2, 3)},
    ),
    "transposed padding": (
        "conv_transpose2d",
        (1, 2, 4, 5),
        (2, 3, 3, 4),
        {"padding": (2, 1), "stride": 2},
    ),
    "transposed four sides": (
        "conv_transpose2d",
        (1, 2, 4, 5),
        (2, 2, 3, 4),
        {"padding": (0, 2, 1, 3), "stride": (2, 1)},
    ),
    "transposed output padding": (
        "conv_transpose2d",
        (1, 2, 3, 4),
        (2, 2, 3, 2),
        {"stride": (3, 2), "padding": (1, 0), "output_padding": (2, 1)},
    ),
    "output padding over padding": (
        "conv_transpose2d",
        (1, 2, 3, 4),
        (2, 2, 2, 3),
        {"stride": 1, "dilation": (3, 4), "padding": (1, 0), "output_padding": (2, 3)},
    ),
    "transposed, taps apart": (
        "conv_transpose2d",
        (2, 4, 4, 5),
        (4, 2, 2, 3),
        {"stride": (2, 3), "padding": (1, 0), "groups": 2},
    ),
    "transposed, taps apart and more": (
        "conv_transpose2d",
        (1, 2, 3, 4),
        (2, 3, 2, 3),
        {"stride": (2, 3), "output_padding": (1, 2)},
    ),
    "transposed groups": (
        "conv_transpose2d",
        (2, 4, 3, 4),
        (4, 3, 2, 3),
        {"groups": 2, "stride": 2, "padding": 1},
    ),
    "transposed depthwise": ("conv_transpose2d", (1, 3, 3, 4), (3, 2, 3, 2), {"groups": 3}),
    "transposed same": (
        "conv_transpose2d",
        (1, 2, 4, 5),
        (2, 2, 4, 2),
        {"padding": "same", "stride": (1, 3)},
    ),
    "transposed same dilated": (
        "conv_transpose2d",
        (1, 2, 4, 3),
        (2, 2, 2, 3),
        {"padding": "same", "stride": (2, 1), "dilation": (4, 2)},
    ),
    "transposed valid": (
        "conv_transpose2d",
        (1, 2, 3, 4),
        (2, 2, 2, 3),
        {"padding": "valid", "stride": 2},
    ),
    "no gaps": ("conv_transpose2d", (2, 3, 3, 4), (3, 2, 2, 2), {"stride": 2}),
    "gaps": ("conv_transpose2d", (1, 2, 3, 4), (2, 2, 1, 2), {"stride": (3, 4)}),
    "transposed empty batch": ("conv_transpose2d", (0, 2, 3, 4), (2, 2, 2, 2), {}),
    "transposed empty channels": ("conv_transpose2d", (2, 0, 3, 4), (0, 2, 2, 3), {}),
}


def whole(rng: np.random.Generator, *shape: int, kind: type = int) -> np.ndarray:
    """Non-zero integers of either sign up to 9 (complex: in both parts)."""
    values = rng.integers(1, 10, shape) * rng.choice((-1, 1), shape)
    return values + 1j * whole(rng, *shape) if kind is complex else values.astype(kind)


def arrays(name: str, kind: type = int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, weight and bias of a case, the same at every call."""
    layer, x_shape, w_shape, parameters = CASES[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    outs = w_shape[0] if layer == "conv2d" else w_shape[1] * parameters.get("groups", 1)
    return (
        whole(rng, *x_shape, kind=kind),
        whole(rng, *w_shape, kind=kind),
        whole(rng, outs, kind=kind),
    )
