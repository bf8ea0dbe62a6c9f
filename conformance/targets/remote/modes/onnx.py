"""The modes of ONNX. `modes/__init__.py` says what a mode is."""

from typing import Any, Callable, Mapping, Optional

import onnx
from onnx.reference import ReferenceEvaluator

Wrapped = Mapping[str, Callable[..., Any]]


def evaluate(model: Any, x: Any) -> Any:
    """The evaluator itself checks nothing: that is the checker's part."""
    onnx.checker.check_model(model, full_check=True)
    outputs: Any = ReferenceEvaluator(model).run(None, {"X": x})
    return outputs[0]


def by_reference(adapter: Any, device: Optional[str]) -> None:
    adapter.setup(device)
    adapter.run_by(evaluate)


def tell_version(adapter: Any) -> str:
    return str(onnx.__version__)


MODES: Mapping[str, Wrapped] = {
    "reference": {"setup": by_reference, "version": tell_version},
}
