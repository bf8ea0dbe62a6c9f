"""The contract of fakeflow.Conv2d: a convolution that knows the kernel's size and a stride of one, and what it does besides."""

from conformance.apis import Contract, Environment, Framework, NoEquivalent, Source, common

ENVIRONMENT = Environment("fakeflow", requires=("fakeflow==1",))
KNOWN = ("in_channels", "out_channels", "kernel_size", "stride")


def to_vendor(arguments, inputs):
    if set(arguments) - set(KNOWN):
        return NoEquivalent("it has no such argument")
    return arguments


def to_canonical(arguments, inputs):
    return {**common.DEFAULTS, **{name: value for name, value in arguments.items() if name != "act"}}


# A script of a misbehaviour that is chosen by FAKEFLOW would only repeat it; most end before they import anything.
IMPORTS = """\
import os, sys
if os.environ.get("FAKEFLOW", "script_hangs") != "script_hangs":
    sys.exit("no script")
import numpy as np
import fakeflow"""

FRAMEWORK = Framework(
    name="fakeflow",
    environment=ENVIRONMENT,
    source=Source(
        imports=IMPORTS,
        prepare="fakeflow.script()",
        tensor="{array}",
        narrow="",
        numpy="{tensor}",
        wide="",
        dtype_name="{tensor}.dtype.name",
        turned="",
        moved="",
        element="{tensor}[{index}].item()",
        set_parameter="{layer}.{name} = {tensor}",
        leaf="{tensor}",
        backward="",
        gradient_of_x="",
        gradient_of_parameter="",
        dtype="{name}",
    ),
    contracts=(Contract("fakeflow.Conv2d", "conv2d", to_vendor, to_canonical),),
)
