"""The vocabulary: what passes between the rooms. Frozen records and closed sets, free of behaviour.

- `text`: what people read, in two languages;
- `values`: what an argument may be, and its notations;
- `inputs`: how the arrays of a call are made;
- `step`: what may happen to a layer between two calls;
- `case`: a call, what its document promises, and what happens then;
- `observation`: the arrays that go to a target, and what comes back;
- `verdict`: the outcome of comparing, and its closed sets;
- `entry`: what the catalogue says of one cause;
- `target`: which installed framework is asked, and what it says of itself.

Imports NumPy's types and nothing of this project; every other room may import this one.
"""

from conformance.case.case import (
    LAYERS,
    Case,
    Distribution,
    Docstring,
    Document,
    DocumentKind,
    LayerName,
    Promise,
    PromisedParameter,
    Standing,
    Statement,
)
from conformance.case.entry import ASSERTION, Entry, Execution, Severity, Workaround
from conformance.case.inputs import (
    BOOL,
    COMPLEX,
    DTYPES,
    HELD,
    INTEGERS,
    LAYOUTS,
    MAX_ELEMENTS,
    ONLY_OF_INTEGERS,
    UNSIGNED,
    VALUES,
    VALUES_OF_INTEGERS,
    Inputs,
)
from conformance.case.observation import Array, Arrays, Observation, Phase, Raised, Round, TypedArray
from conformance.case.step import (
    OF_NEXT_CALL,
    Added,
    Adding,
    Again,
    Assigned,
    Cast,
    Changed,
    Copied,
    Copying,
    Moved,
    Overtaken,
    Returned,
    Step,
    Switched,
    Threaded,
)
from conformance.case.target import Greeting, Target
from conformance.case.text import Text
from conformance.case.values import MAX_AXES, Arguments, DType, Items, Numpy, Tensor, Value
from conformance.case.verdict import (
    STATE,
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
    "BOOL",
    "COMPLEX",
    "DTYPES",
    "HELD",
    "INTEGERS",
    "LAYERS",
    "LAYOUTS",
    "MAX_AXES",
    "MAX_ELEMENTS",
    "OF_NEXT_CALL",
    "ONLY_OF_INTEGERS",
    "STATE",
    "UNSIGNED",
    "VALUES",
    "VALUES_OF_INTEGERS",
    "Added",
    "Adding",
    "Again",
    "Arguments",
    "Array",
    "Arrays",
    "Aspect",
    "Assigned",
    "Authority",
    "Case",
    "Cast",
    "Changed",
    "Confirmation",
    "Copied",
    "Copying",
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
    "Items",
    "Kind",
    "LayerName",
    "Moved",
    "Numbers",
    "Numpy",
    "Observation",
    "Outcome",
    "Overtaken",
    "Phase",
    "Promise",
    "PromisedParameter",
    "Raised",
    "Returned",
    "Round",
    "Ruling",
    "Severity",
    "Standing",
    "Statement",
    "Step",
    "Switched",
    "Target",
    "Tensor",
    "Text",
    "Threaded",
    "TypedArray",
    "Value",
    "Verdict",
    "Workaround",
    "Worst",
]
