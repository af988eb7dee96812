"""What an import brought in, left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from cost_mcp.model.charge import PricedCall

_ZERO = Decimal(0)


@dataclass(slots=True)
class SourceTally:
    """The counts of one source.

    ``calls`` are new in the ledger, ``corrected`` were there and are now told better, ``merged`` are further reports of a call
    that is there, or was told twice in what was read. ``cost_usd`` and ``subscription_usd`` are what the ledger's totals rose
    by. ``skipped`` counts lines by reason. ``left_out`` calls do not meet what the import was narrowed to. ``uncounted`` are calls
    others had told of without an id: they are kept, and do not count since this source tells of their sessions.
    """

    files: int = 0
    unchanged: int = 0
    failed: int = 0
    bytes_read: int = 0
    calls: int = 0
    corrected: int = 0
    merged: int = 0
    refused: int = 0
    left_out: int = 0
    uncounted: int = 0
    provisional: int = 0
    unpriced: int = 0
    cost_usd: Decimal = _ZERO
    subscription_usd: Decimal = _ZERO
    skipped: dict[str, int] = field(default_factory=dict[str, int])

    def skip(self, reason: str) -> None:
        """Count a line that makes no call."""
        self.skipped[reason] = self.skipped.get(reason, 0) + 1

    def took(self, priced: PricedCall, replaced: PricedCall | None) -> None:
        """Count a call that now stands in the ledger, instead of the report it replaced."""
        if replaced is None:
            self.calls += 1
        else:
            self.corrected += 1
            self._add(replaced, -1)
        self.provisional += priced.call.provisional
        self.unpriced += priced.pricing.lacks_price
        self._add(priced, 1)

    def takes_over(self, priced: PricedCall) -> None:
        """Note a call that does not count any more, since this source tells of its session."""
        self.uncounted += 1
        self._add(priced, -1)

    def _add(self, priced: PricedCall, sign: int) -> None:
        cost = priced.pricing.cost_usd
        if cost is None:
            return
        if priced.call.billing == "subscription":
            self.subscription_usd += cost * sign
        else:
            self.cost_usd += cost * sign


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSummary:
    """What came of an import, by source in the order they were read. ``alerts`` were raised at its end.

    ``problems`` tell of files that could not be read, and where no log was found at all.
    """

    sources: Mapping[str, SourceTally]
    seconds: float = 0.0
    alerts: int = 0
    dry_run: bool = False
    problems: tuple[str, ...] = ()

    @property
    def total(self) -> SourceTally:
        """The counts of all sources."""
        whole = SourceTally()
        for tally in self.sources.values():
            for name in _COUNTED:
                setattr(whole, name, getattr(whole, name) + getattr(tally, name))
            for reason, count in tally.skipped.items():
                whole.skipped[reason] = whole.skipped.get(reason, 0) + count
        return whole


_COUNTED = tuple(name for name in SourceTally.__slots__ if name != "skipped")
