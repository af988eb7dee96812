"""The calls that share a series and a price entry, and what is counted of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from cost_mcp.model.charge import PriceEntry
from cost_mcp.model.money import usd
from cost_mcp.model.saving import ScannedRow, SeriesNames
from cost_mcp.reports.savings.run import Run
from cost_mcp.reports.savings.unit_prices import UnitPrices


class Tally:
    """Whole calls, added up: their tokens by meter, what they cost, and the rows of the first few.

    ``rows`` are those that wait to be added, many at a time: sums of columns take a third of what sums of rows take.
    """

    __slots__ = ("calls", "input", "kept", "nanos", "output", "read", "reasoning", "rows", "seqs", "written_1h", "written_5m")

    def __init__(self, kept: int) -> None:
        self.kept = kept
        self.calls = self.nanos = self.input = self.read = self.written_5m = self.written_1h = self.output = self.reasoning = 0
        self.seqs: list[int] = []
        self.rows: list[ScannedRow] = []

    def add_waiting(self) -> None:
        """Count the calls that wait."""
        seqs, _, _, _, inputs, outputs, read, written, hour, reasoned, nanos = zip(*self.rows, strict=True)
        reads, writes, hours, reasoning = sum(read), sum(written), sum(hour), sum(reasoned)
        self.calls += len(seqs)
        self.nanos += sum(nanos)
        self.input += sum(inputs) - reads - writes
        self.output += sum(outputs) - reasoning
        self.read += reads
        self.written_5m += writes - hours
        self.written_1h += hours
        self.reasoning += reasoning
        self.seqs += seqs[: max(0, self.kept - len(self.seqs))]
        self.rows.clear()

    def merge(self, other: Tally) -> None:
        """Count what another tally counted."""
        for name in ("calls", "nanos", "input", "read", "written_5m", "written_1h", "output", "reasoning"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.seqs += other.seqs[: max(0, self.kept - len(self.seqs))]

    @property
    def usd(self) -> Decimal:
        """What the calls cost."""
        return usd(self.nanos)

    def tokens(self) -> Mapping[str, int]:
        """Tokens by meter."""
        return {
            "input": self.input,
            "cache_read": self.read,
            "cache_write_5m": self.written_5m,
            "cache_write_1h": self.written_1h,
            "output": self.output,
            "reasoning": self.reasoning,
        }


class Part:
    """Calls, and of their tokens only what a rule asks about: two kinds of them, as it says itself."""

    __slots__ = ("calls", "first", "kept", "nanos", "second", "seqs")

    def __init__(self, kept: int) -> None:
        self.kept = kept
        self.calls = self.nanos = self.first = self.second = 0
        self.seqs: list[int] = []

    def add(self, seq: int | None, nanos: int, first: int = 0, second: int = 0) -> None:
        """Count so many tokens of a call that cost so much; without ``seq`` its call was counted before."""
        self.first += first
        self.second += second
        if seq is not None:
            self.calls += 1
            self.nanos += nanos
            if len(self.seqs) < self.kept:
                self.seqs.append(seq)


class Series:
    """The runs of a series' sessions: those that had a call in this hour of the ledger, and those of the hour before."""

    __slots__ = ("names", "older", "runs")

    def __init__(self, names: SeriesNames) -> None:
        self.names = names
        self.runs: dict[str | None, Run] = {}
        self.older: dict[str | None, Run] = {}


class Cell:
    """The calls of one series at one price entry, and what every rule counts of them.

    ``prices`` is None where no unit price says what the calls cost; ``caches`` says that reading from a cache is cheaper, ``read``
    and ``written`` that calls did read from one or write to it.
    """

    __slots__ = (
        "alone", "caches", "calls", "dear", "entry", "kept_long", "long", "names", "nanos", "prices", "rank", "read",
        "reasoning", "repeated", "retried", "reused", "series", "small", "sub", "unread", "written",
    )  # fmt: skip

    def __init__(self, series: Series, entry: PriceEntry | None, kept: int) -> None:
        self.series = series
        self.names = series.names
        self.entry = entry
        self.prices = None if entry is None else UnitPrices(entry.unit_prices)
        self.caches = self.prices is not None and self.prices.at("cache_read") < self.prices.at("input")
        self.rank = None if self.prices is None else self.prices.at("output")
        self.calls = self.nanos = 0
        self.read = self.written = False
        self.small, self.dear, self.alone = Tally(kept), Tally(kept), Tally(kept)
        self.sub, self.repeated, self.retried = Part(kept), Part(kept), Part(kept)
        self.long = Tally(kept) if entry is not None and entry.context_above is not None else None
        self.reasoning, self.reused, self.unread, self.kept_long = Part(kept), Part(kept), Part(kept), Part(kept)
