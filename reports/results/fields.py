"""The fields of one line of a results file, each checked for its type when it is asked for."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeVar

Choice = TypeVar("Choice", bound=str)


class DamagedError(ValueError):
    """Why one line is no record."""


class Fields:
    """The fields of a JSON object. A null counts as left out.

    Every method raises `DamagedError` for a field of another type, and for a field that is left out and has no default.
    """

    __slots__ = ("_raw",)

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw

    def value(self, name: str) -> Any:
        """The field as it is, None where it is left out."""
        return self._raw.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        value = self._raw.get(name)
        if type(value) is str:  # nearly always, and there are a dozen texts in each of 100,000 verdicts
            return sys.intern(value)  # most say what others say, and are held once
        text: str = self._get(name, str, default)
        return text

    def text_or_none(self, name: str) -> str | None:
        return None if self._raw.get(name) is None else self.text(name)

    def choice_or_none(self, name: str, choices: Sequence[Choice]) -> Choice | None:
        """One of a closed set."""
        word = self.text_or_none(name)
        return None if word is None else _choose(name, word, choices)

    def choice(self, name: str, choices: Sequence[Choice]) -> Choice:
        return _choose(name, self.text(name), choices)

    def choices(self, name: str, choices: Sequence[Choice]) -> tuple[Choice, ...]:
        """Several of a closed set; () where the field is left out."""
        return tuple(_choose(name, word, choices) for word in self.texts(name, []))

    def flag(self, name: str, default: bool | None = None) -> bool:
        flag: bool = self._get(name, bool, default)
        return flag

    def integer(self, name: str, default: int | None = None) -> int:
        integer: int = self._get(name, int, default)
        return integer

    def number_or_none(self, name: str) -> float | None:
        if self._raw.get(name) is None:
            return None
        number = self._get(name, (int, float))
        try:
            return float(number)
        except OverflowError:
            raise DamagedError(f"{name}: unexpected {number!r:.60}") from None

    def wide_number_or_none(self, name: str) -> float | None:
        """A JSON number or one of the strings nan, inf, -inf, which JSON has no numbers for."""
        value = self._raw.get(name)
        if value is None:
            return None
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            raise DamagedError(f"{name}: expected a number, found {value!r:.60}") from None

    def mapping(self, name: str, default: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        mapping: Mapping[str, Any] = self._get(name, dict, default)
        return mapping

    def mapping_or_none(self, name: str) -> Mapping[str, Any] | None:
        return None if self._raw.get(name) is None else self.mapping(name)

    def nested(self, name: str) -> Fields | None:
        raw = self.mapping_or_none(name)
        return Fields(raw) if raw else None

    def nested_items(self, name: str) -> tuple[Fields, ...]:
        """The objects of a list; () where it is left out."""
        items = self.items(name, [])
        for item in items:
            if not isinstance(item, dict):
                raise DamagedError(f"{name}: unexpected {item!r:.60}")
        return tuple(Fields(item) for item in items)

    def texts_by_name(self, name: str, default: Mapping[str, Any] | None = None) -> dict[str, str]:
        return {str(key): str(value) for key, value in self.mapping(name, default).items()}

    def items(self, name: str, default: list[Any] | None = None) -> list[Any]:
        items: list[Any] = self._get(name, list, default)
        return items

    def texts(self, name: str, default: list[Any] | None = None) -> tuple[str, ...]:
        return tuple(str(item) for item in self.items(name, default))

    def present(self, names: frozenset[str]) -> frozenset[str]:
        """Which of the names the object has, null or not."""
        return _share(names.intersection(self._raw))

    def _get(self, name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        value = self._raw.get(name)
        if value is None:
            if default is None:
                raise DamagedError(f"{name} is missing")
            return default
        if not isinstance(value, kind):
            raise DamagedError(f"{name}: unexpected {value!r:.60}")
        return value


@functools.cache
def _share(names: frozenset[str]) -> frozenset[str]:
    """The same set for all that have the same names."""
    return names


def _choose(name: str, word: str, choices: Sequence[Choice]) -> Choice:
    for choice in choices:
        if word == choice:
            return choice
    raise DamagedError(f"{name}: expected one of {', '.join(choices)}, found {word!r:.60}")


def parse_line(line: bytes) -> dict[str, Any]:
    """The JSON object that a line holds.

    Raises:
        DamagedError: the line holds anything else.
    """
    try:
        text = line.decode("utf-8").strip()
        raw, end = _DECODER.raw_decode(text)
        if end != len(text):
            raise ValueError(f"more than one value: column {end + 1}")
    except RecursionError:
        raise DamagedError("nested too deeply") from None
    except ValueError as error:
        cut_off = not line.endswith(b"\n")
        raise DamagedError("cut off" if cut_off else f"not JSON: {error}") from None
    if not isinstance(raw, dict):
        raise DamagedError(f"expected a JSON object, found {type(raw).__name__}")
    return raw


def _refuse_constant(name: str) -> NoReturn:
    raise DamagedError(f"{name} is not JSON; write it as a string")


# Python's own reader takes NaN and Infinity for numbers.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
