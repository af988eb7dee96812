"""What could have been saved: which calls are looked at, how the ledger hands them over, and what was noted as done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from cost_mcp.model.charge import PriceEntry
from cost_mcp.model.name import EMPTY_TAGS

SUBJECT_DIMENSIONS = ("agent", "task_type", "provider", "model")
"""What a suggestion is about; calls that agree in these are one subject."""

CELL = 1 << 32
"""A scanned call names its series and its price entry by one number: series × CELL + price entry (0: no prices to go by)."""

TASK_MARK = " "
"""What the chain of a call begins with that has a task but no session: ids begin with no blank."""

ScannedRow = tuple[int, int, int, str | None, int, int, int, int, int, int, int]
"""One call as rules see it, in the order of ``Scanned``; a plain tuple, since there are a million of them."""


class Scanned(NamedTuple):
    """The columns of a ``ScannedRow``, for whoever reads few: its row, microseconds, series and price, session or task, tokens."""

    seq: int
    at: int
    cell: int
    chain: str | None
    input_tokens: int
    output_tokens: int
    read_tokens: int
    written_tokens: int
    written_1h_tokens: int
    reasoning_tokens: int
    nanos: int


class SeriesNames(NamedTuple):
    """What the calls of a series have in common; '' for what they lack."""

    agent: str
    task_type: str
    provider: str
    model: str
    project: str
    feature: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanQuery:
    """Which calls are handed over: of one tenant, ``[start, end)``, one billing mode, narrowed by filters as reports are."""

    tenant: str
    start: datetime
    end: datetime
    billing: str = "api"
    filters: Mapping[str, str] = field(default_factory=lambda: EMPTY_TAGS)


class CallSink(Protocol):
    """Takes the calls of a scan, in the order in which they happened, a few thousand at a time."""

    def begin(self, series: Mapping[int, SeriesNames], entries: Mapping[int, PriceEntry]) -> None:
        """Hear what the numbers in the rows stand for."""
        ...

    def take(self, rows: Sequence[ScannedRow]) -> None:
        """Take the next calls that count."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBehind:
    """One of the calls that a suggestion goes by."""

    call_id: str
    occurred_at: datetime
    model: str
    cost_usd: Decimal
    agent: str | None = None
    task_id: str | None = None
    session_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """Dollars over so many units of work in ``[start, end)``; what a unit is, the rule says."""

    units: int
    usd: Decimal
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedSaving:
    """A suggestion that somebody acted upon: since when, and the yardstick of the time before."""

    saving_id: str
    rule: str
    subject: Mapping[str, str]
    applied_at: datetime
    baseline: Yardstick
    noted_at: datetime
    noted_by: str
    dropped_at: datetime | None = None
