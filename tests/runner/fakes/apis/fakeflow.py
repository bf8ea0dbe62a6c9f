"""The contract of fakeflow.Conv2d: a convolution without options, and what it does besides."""

from dataclasses import fields

from conformance.apis import Contract, Framework, Source, common

FRAMEWORK = Framework(
    name="fakeflow",
    install="fakeflow==1",
    source=Source(
        **{**{field.name: "None" for field in fields(Source)}, "prepare": "import fakeflow\nfakeflow.script()"}
    ),
    contracts=(
        Contract(
            api="fakeflow.Conv2d",
            layer="conv2d",
            document="none",
            to_vendor=lambda arguments, inputs: arguments,
            to_canonical=lambda arguments: {**common.DEFAULTS, **{k: v for k, v in arguments.items() if k != "act"}},
        ),
    ),
)
