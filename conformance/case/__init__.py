"""The vocabulary: what passes between the rooms. Frozen records and closed sets, free of behaviour.

- `text`: what people read, in two languages;
- `values`: what an argument may be, and its notations;
- `case`: a call, its inputs, what its document promises, and the closed sets that specs are written in;
- `observation`: the arrays that go to a target, and what comes back;
- `verdict`: the outcome of comparing, and its closed sets;
- `entry`: what the catalogue says of one cause;
- `target`: which installed framework is asked, and what it says of itself.

Imports NumPy's types and nothing of this project; every other room may import this one.
"""

from conformance.case.case import (
    COMPLEX,
    DTYPES,
    INTEGERS,
    LAYERS,
    LAYOUTS,
    MAX_ELEMENTS,
    VALUES,
    Case,
    Distribution,
    Docstring,
    Document,
    DocumentKind,
    Inputs,
    LayerName,
    Promise,
    PromisedParameter,
    Standing,
    Statement,
)
from conformance.case.entry import ASSERTION, Entry, Execution, Severity, Workaround
from conformance.case.observation import Array, Arrays, Observation, Phase, Raised, TypedArray
from conformance.case.target import Greeting, Target
from conformance.case.text import Text
from conformance.case.values import MAX_AXES, Arguments, DType, Numpy, Tensor, Value
from conformance.case.verdict import (
    Aspect,
    Authority,
    Confirmation,
    Direction,
    Divergence,
    Kind,
    Numbers,
    Outcome,
    Ruling,
    Verdict,
    Worst,
)

__all__ = [
    "ASSERTION",
    "COMPLEX",
    "DTYPES",
    "INTEGERS",
    "LAYERS",
    "LAYOUTS",
    "MAX_AXES",
    "MAX_ELEMENTS",
    "VALUES",
    "Arguments",
    "Array",
    "Arrays",
    "Aspect",
    "Authority",
    "Case",
    "Confirmation",
    "DType",
    "Direction",
    "Distribution",
    "Divergence",
    "Docstring",
    "Document",
    "DocumentKind",
    "Entry",
    "Execution",
    "Greeting",
    "Inputs",
    "Kind",
    "LayerName",
    "Numbers",
    "Numpy",
    "Observation",
    "Outcome",
    "Phase",
    "Promise",
    "PromisedParameter",
    "Raised",
    "Ruling",
    "Severity",
    "Standing",
    "Statement",
    "Target",
    "Tensor",
    "Text",
    "TypedArray",
    "Value",
    "Verdict",
    "Workaround",
    "Worst",
]
