"""Ways to cut the work of a layer, forced on layers that are too small to be cut."""

from types import ModuleType

# name: settings of `cuts`
CUTS = {
    "one share": {},
    "a few shares": {"SMALL": 0},
    "blocks of a few": {"SMALL": 0, "CACHE": 50, "WIDE": 2, "TAPS": 3},
    "blocks of one": {"SMALL": 0, "CACHE": 1, "WIDE": 1, "TAPS": 1},
    "shares of kernels": {"SMALL": 0, "WIDE": 10**9},
}
DEFAULTS = ("SMALL", "CACHE", "WIDE", "TAPS", "SHARES")


def force(cuts: ModuleType, settings: dict[str, int]) -> dict[str, int]:
    """Change settings of a `cuts` module; what they were."""
    before = {name: getattr(cuts, name) for name in DEFAULTS}
    for name, value in settings.items():
        setattr(cuts, name, value)
    for plan in (cuts.plan_outputs, cuts.plan_weight, cuts.plan_inputs):
        plan.cache_clear()
    return before
