"""How an API says canonical parameters, learnt from the calls that a run made of it.

Nothing here knows a vendor. A keyword of the vendor's call belongs to a canonical parameter when it is a function of
it: equal values of the parameter went with equal values of the keyword.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from .aspects import PARAMETERS, Aspect

# A keyword that is no function of any parameter belongs to the one that it follows in so large a part of the calls.
_MOSTLY = 0.8
# Of these an API says the very number, or nothing. What else follows them does so by chance: in few calls a bias may.
_COUNTS = frozenset({"in_channels", "out_channels", "groups"})


@lru_cache(maxsize=20_000)
def parse_keywords(call: str) -> Mapping[str, str]:
    """The arguments of a call's source, positional ones under their place; {} for anything else."""
    start = call.find("(")
    end = call.rfind(")")
    if start < 0 or end < start:
        return {}
    arguments: dict[str, str] = {}
    for place, part in enumerate(_split_arguments(call[start + 1 : end])):
        name, equals, value = part.partition("=")
        if equals and name.strip().isidentifier() and not value.startswith("="):
            arguments[name.strip()] = value.strip()
        elif part.strip():
            arguments[str(place)] = part.strip()
    return arguments


def _split_arguments(text: str) -> Iterator[str]:
    """Split at the commas that stand in no brackets and no string."""
    depth = 0
    quote = ""
    start = 0
    for place, character in enumerate(text):
        if quote:
            if character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character in "([{<":
            depth += 1
        elif character in ")]}>":
            depth -= 1
        elif character == "," and depth == 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


class Spoken(NamedTuple):
    """A call that was made: the canonical parameters, and the vendor's keywords that said them, all as source."""

    parameters: Mapping[str, str]
    keywords: Mapping[str, str]


class _Habit(NamedTuple):
    """What a keyword mostly is, for each value of the parameter that it says."""

    parameter: str
    usual: Mapping[str, str]


@dataclass(frozen=True)
class Vocabulary:
    """How an API says things.

    Attributes:
        owned: per canonical parameter the keywords that say it; () where the arrays do.
        habits: per keyword what it usually is.
    """

    owned: Mapping[str, tuple[str, ...]]
    habits: Mapping[str, _Habit]

    def say(self, aspect: Aspect, spoken: Spoken) -> str:
        """The keywords of a call that say the aspect, and those that are unusual for their own parameter."""
        telling = {*self.owned[aspect.parameter], *self.list_unusual(spoken)}
        parts = []
        for name, text in spoken.keywords.items():
            if name in telling:
                parts.append(text if name.isdigit() else f"{name}={text}")
        return ", ".join(parts)

    def list_unusual(self, spoken: Spoken) -> Iterator[str]:
        """The keywords that are neither as usual for their parameter's value nor that value itself."""
        for name, text in spoken.keywords.items():
            habit = self.habits.get(name)
            if habit is None:
                continue
            value = spoken.parameters.get(habit.parameter, "")
            if value in habit.usual and text not in (habit.usual[value], value):
                yield name


def learn_vocabulary(calls: Sequence[Spoken]) -> Vocabulary:
    values_of = {parameter: [call.parameters.get(parameter, "") for call in calls] for parameter in PARAMETERS}
    owned: dict[str, list[str]] = {parameter: [] for parameter in PARAMETERS}
    habits: dict[str, _Habit] = {}
    for keyword in dict.fromkeys(name for call in calls for name in call.keywords):
        said = [call.keywords.get(keyword, "") for call in calls]
        present = [place for place, call in enumerate(calls) if keyword in call.keywords]
        for parameter in _find_owners(values_of, said, present):
            owned[parameter].append(keyword)
            habits[keyword] = _Habit(parameter, _find_usual(values_of[parameter], said))
    return Vocabulary({parameter: tuple(keywords) for parameter, keywords in owned.items()}, habits)


def _find_owners(values_of: Mapping[str, Sequence[str]], said: Sequence[str], present: Sequence[int]) -> Sequence[str]:
    """The parameters that a keyword is a function of, absence being a value; or else the one that it mostly follows.

    One whose value it repeats wherever it stands comes before those: few calls leave several to choose from.

    Args:
        values_of: of each parameter its value in every call.
        said: the keyword's value in every call, "" where it is absent.
        present: the calls that have the keyword.
    """
    repeated = {
        parameter for parameter in PARAMETERS if all(values_of[parameter][place] == said[place] for place in present)
    }
    candidates = [parameter for parameter in PARAMETERS if parameter not in _COUNTS or parameter in repeated]
    functions = [parameter for parameter in candidates if _measure_following(values_of[parameter], said) == 1.0]
    if functions:
        return [parameter for parameter in functions if parameter in repeated] or functions
    # A keyword that many calls leave out follows its parameter only where it stands.
    said_where_present = [said[place] for place in present]
    following = {}
    for parameter in candidates:
        values = [values_of[parameter][place] for place in present]
        following[parameter] = _measure_following(values, said_where_present)
    best = max(candidates, key=lambda parameter: following[parameter])
    return [best] if following[best] >= _MOSTLY else []


def _measure_following(values: Sequence[str], said: Sequence[str]) -> float:
    """In what part of the calls the keyword has its most frequent value for that value of the parameter.

    0 where the keyword never varies: then it says nothing.
    """
    most_frequent = [ways.most_common(1)[0] for ways in _count_ways(values, said).values()]
    if len({text for text, _ in most_frequent}) < 2:
        return 0.0
    return sum(count for _, count in most_frequent) / len(said)


def _find_usual(values: Sequence[str], said: Sequence[str]) -> Mapping[str, str]:
    """What a keyword mostly is for each value of a parameter; of equally frequent texts the last in the alphabet."""
    usual = {}
    for value, ways in _count_ways(values, said).items():
        usual[value] = max(ways, key=lambda text: (ways[text], text))
    return usual


def _count_ways(values: Sequence[str], said: Sequence[str]) -> Mapping[str, Counter[str]]:
    """How often each value of a parameter went with each value of a keyword."""
    ways: dict[str, Counter[str]] = defaultdict(Counter)
    for (value, text), count in Counter(zip(values, said, strict=True)).items():
        ways[value][text] = count
    return ways
