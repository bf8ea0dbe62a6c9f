"""Item ids such as ``padding.yaml::same[k=3]@torch.nn.Conv2d`` in the versions of pytest that take ids apart.

pytest 9.2 reads what follows an id's first bracket as parameters, and supposes that the id ends with the other one:
ids come back from its cache and from xdist's workers as others than they went, --lf finds none of them, and the
terminal shows them with a bracket too many.
"""

from __future__ import annotations

import importlib
from typing import Any


def keep_whole() -> None:
    """Have pytest leave an id whole that has text behind its brackets; nothing to do before 9.2."""
    try:
        node_id: Any = importlib.import_module("_pytest.nodeid").NodeId
    except ImportError:
        return
    if getattr(node_id.parse, "keeps_whole", False):
        return
    parse = node_id.parse

    def whole(nodeid: str) -> Any:
        path, _, tail = nodeid.partition("::")
        if "[" not in tail or tail.endswith("]"):
            return parse(nodeid)
        names = tail.partition("[")[0].split("::")[:-1]
        return node_id(path=path, names=(*names, tail.removeprefix("::".join([*names, ""]))))

    whole.keeps_whole = True  # type: ignore[attr-defined]
    node_id.parse = staticmethod(whole)
