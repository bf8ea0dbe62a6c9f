"""The contract of imitation.Conv2d: a convolution that knows the kernel's size and a stride of one."""

from dataclasses import fields

from conformance.apis import Contract, Framework, NoEquivalent, Source, common

KNOWN = ("in_channels", "out_channels", "kernel_size", "stride")


def to_vendor(arguments, inputs):
    if set(arguments) - set(KNOWN):
        return NoEquivalent("it has no such argument")
    return arguments


FRAMEWORK = Framework(
    name="imitation",
    install="imitation==1.5",
    source=Source(**{field.name: "" for field in fields(Source)}),
    contracts=(
        Contract(
            api="imitation.Conv2d",
            layer="conv2d",
            document="none",
            to_vendor=to_vendor,
            to_canonical=lambda arguments: {**common.DEFAULTS, **arguments},
        ),
    ),
)
