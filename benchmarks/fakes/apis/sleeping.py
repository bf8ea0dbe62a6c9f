"""The contract of sleeping.Conv2d."""

from conformance.apis import Contract, Environment, Framework, NoEquivalent, Source, common

KNOWN = frozenset({"in_channels", "out_channels", "kernel_size"})


def to_vendor(arguments, inputs):
    return arguments if KNOWN.issuperset(arguments) else NoEquivalent("it has no such argument")


def to_canonical(arguments, inputs):
    return {**common.DEFAULTS, **arguments}


FRAMEWORK = Framework(
    name="sleeping",
    environment=Environment("sleeping", requires=("sleeping==1.0", "numpy")),
    source=Source(
        imports="import numpy as np\nimport sleeping",
        tensor="{array}",
        numpy="{tensor}",
        dtype_name="{tensor}.dtype.name",
        turned="{tensor}.swapaxes(-1, -2)",
        element="{tensor}[{index}].item()",
        dtype='"{name}"',
    ),
    contracts=(Contract("sleeping.Conv2d", "conv2d", to_vendor, to_canonical, gradients=False),),
)
