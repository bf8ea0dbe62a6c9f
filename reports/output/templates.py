"""The Jinja environments of this room, and the files in assets/."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from .visible import visible


def build_environment(*, markup: bool) -> Environment:
    """Templates from assets/. With `markup`, text put into them is escaped."""
    environment = Environment(
        loader=PackageLoader(__package__, "assets"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=markup,
    )
    environment.filters["visible"] = visible
    environment.filters["breakable"] = _make_breakable
    return environment


def _make_breakable(text: str) -> Markup:
    """A dotted name that may be broken behind each dot."""
    return Markup(".<wbr>").join(escape(part) for part in text.split("."))


def read_asset(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")
