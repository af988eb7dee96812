"""Sums from the database added up under names and made into ``Totals``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cost_mcp.ledger.bucket import ROLLUP_SUMS
from cost_mcp.model.money import usd
from cost_mcp.model.report import NONE_GROUP
from cost_mcp.model.totals import Totals

_WIDTH = len(ROLLUP_SUMS)
_COST, _PROVISIONAL = ROLLUP_SUMS.index("cost_nanos"), ROLLUP_SUMS.index("provisional_nanos")
_COUNTS = ("calls", "unpriced_calls", "provisional_calls")
_TOKENS = ROLLUP_SUMS[ROLLUP_SUMS.index("input_tokens") :]
_PLAIN = tuple((name, ROLLUP_SUMS.index(name)) for name in (*_COUNTS, *_TOKENS))

Key = tuple[Any, ...]


class Tally:
    """Sums by key, with what a plan covers kept apart from what was billed by use."""

    def __init__(self) -> None:
        self._sums: dict[Key, list[int]] = {}

    def add(self, key: Key, billing: str, sums: Sequence[int]) -> None:
        """Add ``sums`` (in the order of ``ROLLUP_SUMS``) of calls of one billing mode under ``key``."""
        held = self._sums.get(key)
        if held is None:
            held = self._sums[key] = [0] * (_WIDTH + 2)
        for index, amount in enumerate(sums):
            if amount:
                held[index] += amount
        if billing == "api":
            held[_WIDTH] += sums[_COST]
            held[_WIDTH + 1] += sums[_PROVISIONAL]

    def totals(self, key: Key) -> Totals:
        """What was added under ``key``; nothing when nothing was."""
        held = self._sums.get(key)
        return Totals() if held is None else _totals(held)

    def largest_first(self) -> list[tuple[Key, Totals]]:
        """Every key with anything under it: by cost of both billing modes, largest first, then by key."""
        present = [(key, held) for key, held in self._sums.items() if any(held)]
        present.sort(key=lambda item: (-item[1][_COST], tuple(part or "" for part in item[0])))
        return [(key, _totals(held)) for key, held in present]

    def named(self) -> tuple[tuple[str, Totals], ...]:
        """``largest_first`` for keys of one name, '' shown as ``(none)``."""
        return tuple((key[0] or NONE_GROUP, totals) for key, totals in self.largest_first())


def _totals(held: list[int]) -> Totals:
    counts: dict[str, Any] = {name: held[index] for name, index in _PLAIN}
    return Totals(
        cost_usd=usd(held[_WIDTH]),
        subscription_usd=usd(held[_COST] - held[_WIDTH]),
        provisional_usd=usd(held[_WIDTH + 1]),
        **counts,
    )
