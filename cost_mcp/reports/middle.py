"""The median of amounts, without the standard library's module for it: that takes longer to import than a command to answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal


def median_of(amounts: Iterable[Decimal]) -> Decimal:
    """The middle amount, of an even number half of the two in the middle together; there is at least one."""
    return middle_of(sorted(amounts))


def middle_of(ordered: Sequence[Decimal]) -> Decimal:
    """``median_of`` for amounts that are in order already."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
