"""Inference of many calls at once, before they are made: a compiler takes less for all than for each."""

from typing import Any, Dict, List, Sequence, Set, Tuple

from .execution import Execution

Inferred = Tuple[str, Tuple[int, ...]]  # dtype and shape of an output


class Unheard:
    """Takes the place of the progress: what is only prepared has not begun."""

    def mark(self, call: int, phase: str) -> None:
        pass


def infer_ahead(adapter: Any, calls: Sequence[Dict[str, Any]], lacking: Set[str]) -> Dict[int, Inferred]:
    """By call, what is inferred of the calls whose API the device lacks, as earlier ones have shown.

    A call of which nothing can be inferred among others is left out, and asked by itself when it is made.
    """
    prepared: Dict[int, Tuple[Any, Any]] = {}
    for call in calls:
        if call["infer"] and call["api"] in lacking:
            try:
                layer, x = Execution(adapter, call, Unheard()).prepare_inference()  # type: ignore[arg-type]
            except BaseException:  # the call itself will show it
                continue
            if layer is not None:
                prepared[call["id"]] = layer, x
    return infer_halves(adapter, prepared, list(prepared)) if len(prepared) > 1 else {}


def infer_halves(adapter: Any, prepared: Dict[int, Tuple[Any, Any]], chosen: List[int]) -> Dict[int, Inferred]:
    """What is inferred of the chosen calls: of all at once, and where one of them fails, of each half."""
    try:
        found = adapter.infer([prepared[call][0] for call in chosen], [prepared[call][1] for call in chosen])
        return dict(zip(chosen, found))
    except BaseException:
        if len(chosen) == 1:
            return {}
    half = len(chosen) // 2
    return {
        **infer_halves(adapter, prepared, chosen[:half]),
        **infer_halves(adapter, prepared, chosen[half:]),
    }
