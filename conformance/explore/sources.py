"""Where calls come from. Each source draws a draft from a `random.Random`, so that a seed draws the same again.

Hypothesis was measured for this: a dozen choices took it 5 ms, on the cores that three frameworks share, where this
takes 0.1 ms. What it gives for that (shrinking, targeting, its example database) needs each verdict before the next
draw, in the function that it calls; here a hundred calls are on their way in several processes, and what is found is
shrunk by `conformance.reproducers.shrink`, which takes cases, and kept as YAML, which a person reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from conformance.apis import Contract, NoEquivalent
from conformance.case import Case, Inputs, Numpy, Promise, Tensor, Value
from conformance.explore.domain import EDGES, SIZES, Domain
from conformance.explore.drafts import Draft
from conformance.reproducers.shrink import find_numbers, put_number
from conv_reference import LAYERS

COMMON = SIZES[1:6]  # sizes that go together in small inputs
ATTEMPTS = 20  # to draw a call that the oracle takes
# What Python programs pass by mistake, whatever the argument.
OBJECTS: tuple[Value, ...] = (
    None, True, 1.0, float("nan"), "", "1", (), (1, 2, 3), [2, 2], frozenset(),
    Numpy("int64", 2), Numpy("float32", 1.0), Numpy("int64", (2, 2), is_array=True),
)  # fmt: skip


@dataclass(frozen=True)
class Sources:
    """What is drawn from.

    Attributes:
        canonical: the domain of a layer.
        own: by contract, the domain of its vendor's own arguments.
    """

    canonical: Domain
    own: Mapping[str, Domain]
    contracts: Mapping[str, Contract]

    def draw(self, rng: Random, interesting: Sequence[Draft]) -> Draft:
        """A draft of one of the four sources."""
        source = rng.random()
        if source < 0.2 and interesting:
            return self.draw_neighbour(rng, rng.choice(interesting))
        valid = draw_valid(rng, self.canonical)
        if source < 0.4 and self.own:
            return self.draw_own(rng, valid)
        if source < 0.7:
            return draw_broken(rng, self.canonical, valid)
        return valid

    def draw_own(self, rng: Random, valid: Draft) -> Draft:
        """The call of one API in its vendor's arguments, some of which are as a claim writes them."""
        api = rng.choice(sorted(self.own))
        arguments = self.contracts[api].to_vendor(valid.arguments, valid.inputs)
        if isinstance(arguments, NoEquivalent):
            return valid
        draft = replace(valid, api=api, arguments=arguments)
        for _ in range(rng.choice((1, 1, 2))):
            draft = change(rng, self.own[api], draft)
        return draft

    def draw_neighbour(self, rng: Random, draft: Draft) -> Draft:
        """An interesting call with another value of an argument, or another input."""
        domain = self.canonical if draft.api is None else self.own[draft.api]
        if rng.random() < 0.3 and draft.inputs is not None:
            return replace(draft, inputs=draw_inputs(rng, self.canonical, draft.inputs.shape))
        return change(rng, domain, draft)


# Valid calls


def draw_valid(rng: Random, domain: Domain) -> Draft:
    """A call that is valid for all that this knows; few arguments at a time are other than their defaults."""
    groups = rng.choice((1, 1, 1, 2, 3)) if "groups" in domain.arguments else 1
    arguments: dict[str, Value] = {
        "in_channels": groups * rng.choice(COMMON[:3]),
        "out_channels": groups * rng.choice(COMMON[:3]),
        "kernel_size": draw_value(rng, domain, "kernel_size"),
    }
    if groups > 1:
        arguments["groups"] = groups
    for name in LAYERS[domain.layer].defaults:
        if name in domain.arguments and name != "groups" and rng.random() < 0.4:
            arguments[name] = draw_value(rng, domain, name)
    sizes = rng.choice((1, 2, 2, 3, 0)), arguments["in_channels"], rng.choice(SIZES), rng.choice(SIZES)
    shape = sizes[1:] if rng.random() < 0.05 else sizes
    return Draft(domain.layer, None, arguments, draw_inputs(rng, domain, shape))


def draw_value(rng: Random, domain: Domain, name: str) -> Value:
    """A value that a listed case has for the argument, or a size of each axis."""
    if rng.random() < 0.5 or not takes_integers(domain, name):
        return rng.choice(domain.arguments[name])
    if rng.random() < 0.5:
        return rng.choice(COMMON)
    return rng.choice(COMMON), rng.choice(COMMON)


def takes_integers(domain: Domain, name: str) -> bool:
    default = LAYERS[domain.layer].defaults.get(name, 1)
    return isinstance(default, int) and not isinstance(default, bool)


def draw_inputs(rng: Random, domain: Domain, shape: tuple[int, ...]) -> Inputs:
    style = rng.choice(domain.styles)
    layout = rng.choice(domain.layouts) if rng.random() < 0.3 else "contiguous"
    return Inputs(shape, style.dtype, style.values, layout, style.gradients)


# Calls that may be invalid


def draw_broken(rng: Random, domain: Domain, valid: Draft) -> Draft:
    """A valid call with one argument changed: to what a listed case has as wrong, or to a number at an edge."""
    if rng.random() < 0.5:
        draft = put_edges(rng, valid)
        if draft is not None:
            return draft
    name = rng.choice(sorted(domain.wrong or domain.arguments))
    values = domain.wrong.get(name) or OBJECTS
    return set_argument(valid, name, rng.choice(values if rng.random() < 0.9 else OBJECTS))


def put_edges(rng: Random, valid: Draft) -> Draft | None:
    """A power of two, or its neighbour, in place of one number of an argument, and sometimes of another one as well."""
    draft = None
    numbers = [path for path in find_numbers(as_case(valid)) if is_integer_argument(valid, path[0])]
    for path in rng.sample(numbers, k=min(len(numbers), rng.choice((1, 1, 2)))):
        name = str(path[0])
        changed = put_number(as_case(draft or valid), path, rng.choice((*EDGES, -1, 0)))
        draft = Draft(valid.layer, valid.api, changed.arguments, valid.inputs, name, valid)
    return draft


def is_integer_argument(draft: Draft, name: str | int) -> bool:
    """Whether a number of that name stands in an argument, and is no size of an array."""
    return name in draft.arguments and not isinstance(draft.arguments[str(name)], Tensor)


def as_case(draft: Draft) -> Case:
    """A draft, as what reads the numbers of cases takes it."""
    return Case("", "", 0, draft.layer, draft.api, draft.arguments, draft.inputs, Promise(), "")


def change(rng: Random, domain: Domain, draft: Draft) -> Draft:
    """The call with one argument as another listed case has it, or, sparingly, as nobody should write it."""
    if rng.random() < 0.1:
        return put_edges(rng, draft) or draft
    name = rng.choice(sorted(domain.arguments))
    value = rng.choice(OBJECTS) if rng.random() < 0.1 else rng.choice(domain.arguments[name])
    return set_argument(draft, name, value)


def set_argument(draft: Draft, name: str, value: Value) -> Draft:
    """The draft with another value of an argument, and the call that it was changed from as the valid one."""
    valid = draft if draft.changed is None else draft.valid
    return replace(draft, arguments={**draft.arguments, name: value}, changed=name, valid=valid)
