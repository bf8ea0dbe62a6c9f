"""Sets of small numbers as the bits of an integer: fast to intersect, fast to count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def to_mask(bits: Iterable[int]) -> int:
    digits = bytearray()
    for bit in bits:
        place = bit >> 3
        if place >= len(digits):
            digits.extend(bytes(place + 1 - len(digits)))
        digits[place] |= 1 << (bit & 7)
    return int.from_bytes(digits, "little")


def to_bits(mask: int) -> Iterator[int]:
    """The places of the ones, in order."""
    while mask:
        yield (mask & -mask).bit_length() - 1
        mask &= mask - 1
