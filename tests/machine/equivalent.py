"""Slips that change nothing that can be seen, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from tests.machine.generate import Slip

EXPECTING = "conformance.oracle"
VERDICTS = "conformance.verdicts"
ORACLE = "conv_reference"


ANY = "*"  # in place of `old` and `new`: whatever slip of that function goes unnoticed


@dataclass(frozen=True)
class Equivalent:
    """A slip as `generate` makes it, and why no test can notice it."""

    where: str
    within: str
    old: str
    new: str
    why: str

    def explains(self, slip: Slip) -> bool:
        """Whether a slip is this one."""
        if (self.where, self.within) != (slip.module, slip.within):
            return False
        return self.old in (ANY, slip.old) and self.new in (ANY, slip.new)


NEVER_EQUAL = "the chance that numbers lie just on a bound is none, and the bound holds either way"

EQUIVALENT = [
    Equivalent(f"{VERDICTS}.comparison", "compare", "if same.all()", "if False", "the same is found element by element"),
    Equivalent(
        f"{VERDICTS}.repeat", "without_addresses", "if not any(map(ADDRESS.search, texts))", "if False",
        "a text without addresses is copied as it is"
    ),
    Equivalent(
        f"{VERDICTS}.picture", "convert_numbers", "if np.issubdtype(array.dtype, np.floating)", "if True",
        "whole numbers stay what they are"
    ),
    Equivalent(f"{VERDICTS}.comparison", "compare", "copy=False", "", "a copy has the same numbers"),
    Equivalent(f"{VERDICTS}.comparison", "compare", "False", "True", "a copy has the same numbers"),
    *(
        Equivalent(f"{VERDICTS}.distribution", "explain_shape", old, new, NEVER_EQUAL)
        for old, new in [
            ("min(u[-1], 1 - u[0]) ** n < one_side", "min(u[-1], 1 - u[0]) ** n <= one_side"),
            ("abs(u.mean() - 1 / 2) > hoeffding", "abs(u.mean() - 1 / 2) >= hoeffding"),
            (
                "abs(np.mean((u - 1 / 2) ** 2) - 1 / 12) > hoeffding / 4",
                "abs(np.mean((u - 1 / 2) ** 2) - 1 / 12) >= hoeffding / 4",
            ),
            ("distance > hoeffding", "distance >= hoeffding"),
        ]
    ),
    Equivalent(
        f"{EXPECTING}.inputs", "fill_near_one",
        "magnitudes * rng.choice((-1.0, 1.0), blank.exact.shape)",
        "magnitudes / rng.choice((-1.0, 1.0), blank.exact.shape)",
        "one and minus one are their own reciprocals",
    ),
    Equivalent(
        f"{EXPECTING}.inputs", "fill_with_signed_zeros",
        "rng.random(blank.exact.shape) < 0.4", "rng.random(blank.exact.shape) <= 0.4",
        "one number in 2^53 is that one",
    ),
    Equivalent(f"{EXPECTING}.inputs", "make", "8", "9", "any number that is made of the text will do as a seed"),
    *(
        Equivalent(f"{EXPECTING}.inputs", "small", old, new, "any small integers will do")
        for old, new in [("1", "2"), ("4", "5")]
    ),
    *(
        Equivalent(f"{EXPECTING}.expectation", within, old, new, "there are as many gradients as operands")
        for within in ("compute_exactly", "compute_with_bounds")
        for old, new in [("strict=True", ""), ("True", "False")]
    ),
    Equivalent(f"{VERDICTS}.repeat", "without_chance", "0.0", "1.0", "any time does that is the same for all"),
    Equivalent(
        f"{VERDICTS}.judge", "judge_conforming",
        "has_ratio and arrays is not None and arrays.exact", "has_ratio and arrays.exact",
        "there is a ratio only where there were arrays",
    ),
    Equivalent(
        f"{VERDICTS}.picture", "take",
        "arrays is None or arrays.weight is None or inputs is None or (output is None)",
        "arrays is None or arrays.weight is None or output is None",
        "arrays are made of inputs",
    ),
    Equivalent(
        f"{ORACLE}.numbers", "read_operands",
        "if all((type(value) is np.ndarray and value.dtype is _FLOAT64 for value in values))", "if False",
        "what follows gives the same arrays, later",
    ),
    Equivalent(
        f"{ORACLE}.numbers", "choose_integer_path", "if largest < _INEXACT", "if False", "int64 is as exact, and slower"
    ),
    Equivalent(f"{ORACLE}.numbers", "mark_lost_bits", "1024", "1025", "any mark below 2048 lies between the same ties"),
    Equivalent(f"{ORACLE}.numbers", "mark_lost_bits", "0", "1", "float64 drops a mark of 1 behind 53 bits"),
    Equivalent(
        f"{ORACLE}.numbers", "mark_lost_bits", "np.abs(value) < _INEXACT", "np.abs(value) <= _INEXACT",
        "2**53 + 1 and 2**53, which float64 makes of it, round to the same",
    ),
    Equivalent(
        f"{ORACLE}.exact", "exact_array",
        "rng.integers(1, largest, shape, endpoint=True) * rng.choice((-1.0, 1.0), shape)",
        "rng.integers(1, largest, shape, endpoint=True) / rng.choice((-1.0, 1.0), shape)",
        "a quotient by 1 or -1 is the product",
    ),
    Equivalent(
        f"{ORACLE}.exact", "exact_array", "values + 1j * exact_array(rng, shape, largest)",
        "values - 1j * exact_array(rng, shape, largest)", "either sign is as likely",
    ),
    Equivalent(f"{ORACLE}.bounds", "_Rounding.bound", "2.0", "3.0", "a wider allowance for float64's rounding is one too"),
    Equivalent(f"{ORACLE}.bounds", "_Rounding.bound", "4", "5", "a wider allowance for float64's rounding is one too"),
    Equivalent(f"{ORACLE}.bounds", "_Rounding.bound", "2", "3", "a wider allowance for float64's rounding is one too"),
    Equivalent(
        f"{ORACLE}.bounds", "_smallest", "least if least > 0 else float(sizes.min(initial=inf, where=sizes > 0))",
        "float(sizes.min(initial=inf, where=sizes > 0))", "the same number, found more slowly",
    ),
    Equivalent(f"{ORACLE}.parameters", "read_integer", "if type(value) is not int", "if True", "an int is its own index"),
    Equivalent(
        f"{ORACLE}.bounds", "_smallest",
        "[real, imaginary, real + imaginary, real - imaginary] if array.dtype.kind == 'c' else array",
        "[real, imaginary, real + imaginary, real - imaginary]",
        "of real numbers these are the numbers and zeros, which do not count; slower",
    ),
    Equivalent(
        f"{ORACLE}.bounds", "_smallest", "0", "1", "where the least is 1 or less, the same number is found more slowly"
    ),
    Equivalent(
        f"{ORACLE}.convolution", "forward", "if path == 'float64'", "if False", "int64 is as exact, and slower"
    ),
    Equivalent(
        f"{ORACLE}.convolution", "integers_fit_float64", "return 'int64' not in paths", "return None",
        "int64 is as exact, and slower",
    ),
    *(
        Equivalent(
            f"{ORACLE}.convolution", "differentiate_transposed", old, new,
            "tap by tap the gradients of finite operands, and of all that is not cropped, are the same, later",
        )
        for old, new in [
            ("if crops and (not is_finite(x, weight))", "if True"),
            ("crops and (not is_finite(x, weight))", "crops or not is_finite(x, weight)"),
            ("crops and (not is_finite(x, weight))", "not is_finite(x, weight)"),
            ("crops and (not is_finite(x, weight))", "crops"),
        ]
    ),
    *(
        Equivalent(
            f"{ORACLE}.cuts", plan, ANY, ANY,
            "a plan of all pieces whose blocks fit the cache, which tests show of any layer, changes speed alone",
        )
        for plan in ("plan_outputs", "plan_weight", "plan_inputs")
    ),
    Equivalent(
        f"{ORACLE}.cuts", "cut_plane", "columns > room", "columns >= room", "a row that fits exactly is one piece either way"
    ),
    Equivalent(
        f"{ORACLE}.deadline", "check_time", "monotonic() > _deadline.get()", "monotonic() >= _deadline.get()",
        "no clock shows the very moment",
    ),
    Equivalent(
        f"{ORACLE}.windows", "Windows.can_turn", ANY, ANY,
        "with steps of one, which tests show, both ways are right and one is quicker",
    ),
    Equivalent(
        f"{ORACLE}.arithmetic", "pad", "if x.shape[2:] == (rows.padded, columns.padded)", "if False",
        "what follows copies the same numbers",
    ),
    Equivalent(
        f"{ORACLE}.arithmetic", "scatter", "if plane.can_turn and is_finite(weight)", "if False",
        "both ways give the same sums, and one is quicker",
    ),
    Equivalent(
        f"{ORACLE}.arithmetic", "is_finite",
        "return all((isfinite(np.add.reduce(array, axis=None)) for array in arrays))", "return None",
        "both ways give the same sums, and the one for infinities is slower",
    ),
    Equivalent(f"{ORACLE}.arithmetic", "pad", "2", "3", "what follows copies the same numbers"),
    *(
        Equivalent(f"{EXPECTING}.zeros", within, f"if is_special({operand})", "if True", "nothing special marks nothing")
        for within, operand in (
            ("find_open_of_convolution", "weight"), ("find_open_of_convolution", "arrays.grad_output"),
            ("find_open_of_transposed", "weight"), ("find_open_of_transposed", "arrays.x"),
        )
    ),
    Equivalent(
        f"{EXPECTING}.zeros", "is_special",
        "array is not None and (not np.isfinite(array).all())", "array is not None", "nothing special marks nothing",
    ),
    Equivalent(f"{EXPECTING}.zeros", "count_by_channel", "1", "2", "NumPy takes any negative size for the unknown one"),
    Equivalent(f"{EXPECTING}.sequence", "count_digits", "0", "1", "a float has more digits than either"),
    Equivalent(f"{EXPECTING}.sequence", "give", "strict=True", "", "there are as many layers as calls"),
    Equivalent(f"{EXPECTING}.sequence", "give", "True", "False", "there are as many layers as calls"),
    Equivalent(
        f"{ORACLE}.initializers", "Distribution.sample", "if self.family == 'constant'", "if False",
        "a normal distribution without deviation is the constant",
    ),
]  # fmt: skip
