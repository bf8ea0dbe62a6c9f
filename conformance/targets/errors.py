"""How a conversation with a target fails: before it begins, while it lasts, at its end."""

from __future__ import annotations


class TargetError(Exception):
    """A target that cannot be used: what is wrong with it, and the remedy."""


class ProtocolError(Exception):
    """A worker's message that is not of the protocol's form; a framework may have written on the wire itself."""


class OversizeError(EOFError):
    """A message too large to be read; the connection ends with it."""
