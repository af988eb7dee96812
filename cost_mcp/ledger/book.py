"""The writing connection of this process, and what it remembers of the ledger between transactions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import add
from pathlib import Path
from typing import Any, NamedTuple

from cost_mcp.ledger.budget_row import budget_of
from cost_mcp.ledger.contract import WindowOf
from cost_mcp.ledger.entry import INSERT_PRICE_ENTRY, SELECT_PRICE_ENTRY, price_entry_text
from cost_mcp.ledger.file import open_for_writing
from cost_mcp.ledger.held import Held
from cost_mcp.ledger.lock import FileLock
from cost_mcp.ledger.owners import Owners
from cost_mcp.ledger.raised import Raised
from cost_mcp.ledger.ranking import keep_ranks
from cost_mcp.ledger.series import INSERT_SERIES, SELECT_SERIES, SeriesKey
from cost_mcp.ledger.window import ADD_TO_WINDOW, MOST_WINDOWS, Counting, Window, WindowKey, standing, sums_of, window_rows_of
from cost_mcp.model.budget import Standing
from cost_mcp.model.call import Call
from cost_mcp.model.charge import PriceEntry
from cost_mcp.model.moment import from_micros

FIRST_END = "SELECT MIN(expires_at) FROM reservations INDEXED BY reservations_live WHERE state = 'held'"
"""When the first live reservation ends; NULL when none lives."""
_SELECT_STATE = (
    "SELECT (SELECT value FROM state WHERE name = 'budget_revision'), (SELECT value FROM state WHERE name = 'folded_seq'), "
    f"({FIRST_END})"
)
_SELECT_BUDGETS = "SELECT definition FROM budgets WHERE tenant = ? ORDER BY name"
_MOST_REMEMBERED = 10_000

FOLD_AFTER = 256
"""Rows above the watermark at which they are folded: a fold costs about 9 µs a row, a report reads as many raw."""


@dataclass(frozen=True, slots=True, eq=False)
class InForce:
    """The budgets in force at one revision, by tenant, as far as anyone asked; another revision is another object."""

    revision: int = -1
    budgets: dict[str, tuple[Counting, ...]] = field(default_factory=dict[str, "tuple[Counting, ...]"])


class Landing(NamedTuple):
    """The windows a call lands in, and what it is kept apart by there; ``key`` is one for calls that share all of it."""

    windows: tuple[Window, ...]
    key: tuple[Any, ...]

    @classmethod
    def of(cls, call: Call, windows: tuple[Window, ...]) -> Landing:
        """The landing of a call in these windows."""
        # By identity, since a budget in force remembers its window: two objects of one window come to two equal rows, summed later.
        return cls(windows, (call.billing, call.source, call.rank, *map(id, windows)))


class Book:
    """One write transaction at a time: ``begin``, the statements of the jobs, then ``commit`` or ``rollback``.

    Numbers of series and price entries are remembered once they are committed; budgets as long as nobody changed one.
    """

    def __init__(self, path: Path, lock: FileLock, now: datetime, window_of: WindowOf) -> None:
        self.db = open_for_writing(path, lock, now)
        self.window_of = window_of
        self.folded_seq = 0
        self.last_seq = 0  # the highest row number this transaction entered; 0 when it entered none
        self.fold_after = FOLD_AFTER
        self.folded = False  # whether this transaction folded: there may be something to sum up then
        self.raised = Raised()
        self.owners = Owners()
        self.swept_at = 0  # the latest moment that a job of this transaction gave
        self.first_end: int | None = None  # no live reservation ends before; None when none lives
        self.clock_at: int | None = None  # the latest moment any job gave, to see the clock step back; None before the first
        self.in_force = InForce()
        self._series: dict[SeriesKey, int] = {}
        self._prices: dict[tuple[str, str], int] = {}
        self._new_series: dict[SeriesKey, int] = {}
        self._new_prices: dict[tuple[str, str], int] = {}
        self._landed: dict[tuple[Any, ...], tuple[Sequence[Window], list[int]]] = {}
        self._touched: dict[WindowKey, Window] = {}
        self._held_anew: set[WindowKey] = set()

    def begin(self) -> None:
        """Start a write transaction; the caller holds the ledger's lock."""
        self.last_seq = 0
        self.folded = False
        self.swept_at = 0
        self.raised.begin()
        self.owners.begin()
        self._landed.clear()
        self._touched.clear()
        self._held_anew.clear()
        self.db.execute("BEGIN IMMEDIATE")
        revision, self.folded_seq, self.first_end = self.db.execute(_SELECT_STATE).fetchone()
        if revision != self.in_force.revision:
            self.in_force = InForce(revision)

    def commit(self) -> None:
        """Make everything since ``begin`` durable."""
        self.db.execute("COMMIT")
        if len(self._series) > _MOST_REMEMBERED:
            self._series.clear()
        if len(self._prices) > _MOST_REMEMBERED:
            self._prices.clear()
        self._series.update(self._new_series)
        self._prices.update(self._new_prices)
        self._new_series.clear()
        self._new_prices.clear()

    def rollback(self) -> None:
        """Forget everything since ``begin``."""
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")
        self._new_series.clear()
        self._new_prices.clear()
        self.raised.undo()
        self.owners.undo()
        self.clock_at = None
        self.in_force = InForce()

    def remembered(self, series: SeriesKey, tenant: str, entry: PriceEntry | None) -> tuple[int, int | None] | None:
        """The numbers of a dimension set and a price entry, where both were committed before; any thread may ask."""
        number = self._series.get(series)
        price = None if entry is None else self._prices.get((tenant, entry.entry_id))
        return None if number is None or (price is None and entry is not None) else (number, price)

    def series_id(self, key: SeriesKey) -> int:
        """The number of a dimension set, entered when it is new."""
        known = self._series.get(key) or self._new_series.get(key)
        if known is not None:
            return known
        row = self.db.execute(SELECT_SERIES, key).fetchone()
        number = row[0] if row else self.db.execute(INSERT_SERIES, key).lastrowid
        assert number is not None
        self._new_series[key] = number
        return number

    def price_id(self, tenant: str, entry: PriceEntry | None) -> int | None:
        """The number of a price entry, entered when it is new; None for none."""
        if entry is None:
            return None
        key = (tenant, entry.entry_id)
        known = self._prices.get(key) or self._new_prices.get(key)
        if known is not None:
            return known
        row = self.db.execute(SELECT_PRICE_ENTRY, key).fetchone()
        number = row[0] if row else self.db.execute(INSERT_PRICE_ENTRY, (*key, price_entry_text(entry))).lastrowid
        assert number is not None
        self._new_prices[key] = number
        return number

    def budgets(self, tenant: str) -> tuple[Counting, ...]:
        """The tenant's budgets in force."""
        found = self.in_force.budgets.get(tenant)
        if found is None:
            rows = self.db.execute(_SELECT_BUDGETS, (tenant,)).fetchall()
            found = self.in_force.budgets[tenant] = tuple(Counting(budget_of(text), self.window_of) for (text,) in rows)
        return found

    def look_at_windows(self, windows: Iterable[Window]) -> None:
        """Read these windows once everything of this transaction is written."""
        for window in windows:
            self._touched[window.key] = window

    def holds_changed(self, keys: Iterable[WindowKey]) -> None:
        """What is held in these windows is not what it was: those of budgets with ``each`` are ranked anew."""
        self._held_anew.update(key for key in keys if key[3])

    def add_to_windows(self, landing: Landing, sums: Sequence[int]) -> None:
        """Add sums (in the order of ``WINDOW_SUMS``) to the windows of a landing by the end of this transaction."""
        # Most calls of one commit share all their windows: sums are added once for all of them, each window is written once.
        due = self._landed.get(landing.key)
        if due is None:
            self._landed[landing.key] = (landing.windows, [*sums])
            self.look_at_windows(landing.windows)
        else:
            due[1][:] = map(add, due[1], sums)

    def write_windows(self) -> None:
        """Write what was added to windows so far: at the end, and before anything else reads or replaces them."""
        if not self._landed:
            return
        due: dict[tuple[Any, ...], Sequence[int]] = {}
        for (billing, source, rank, *_), (windows, sums) in self._landed.items():
            for window in windows:
                key = (*window.key, billing, source, int(rank))
                due[key] = [*map(add, due[key], sums)] if key in due else sums
        self.db.executemany(ADD_TO_WINDOW, [(*key, *sums) for key, sums in due.items()])
        self._landed.clear()

    def standings(self, windows: Sequence[Window]) -> list[Standing]:
        """Where windows stand by what was written so far, in their order."""
        return [standing(window, sums) for window, sums in zip(windows, self._sums(windows), strict=True)]

    def read_windows(self) -> Held:
        """Where the windows looked at stand, everything written."""
        self.write_windows()
        windows = [*self._touched.values()]
        sums = self._sums(windows)
        each = [number for number, window in enumerate(windows) if window.each_value]
        if self.in_force.revision < 0:  # budgets are not what the windows say
            self.rank_windows()
        elif each or self._held_anew:
            keep_ranks(self.db, [(windows[number], sums[number]) for number in each])
            self._rank_anew(self._held_anew - self._touched.keys())
        self._touched.clear()
        return Held(windows, sums)

    def rank_windows(self) -> None:
        """Rank what was written so far: before anything reads the ranks, and when budgets are not what they were."""
        self.write_windows()
        self._rank_anew(self._held_anew.union(key for key in self._touched if key[3]))

    def _rank_anew(self, keys: Iterable[WindowKey]) -> None:
        windows = [
            Window(counting.budget, from_micros(start), None, value)
            for tenant, budget_id, start, value in keys
            for counting in self.budgets(tenant)
            if counting.budget.budget_id == budget_id  # in force: none was ended in this transaction
        ]
        keep_ranks(self.db, zip(windows, self._sums(windows), strict=True))

    def _sums(self, windows: Sequence[Window]) -> list[Sequence[int]]:
        found: list[Sequence[int]] = []
        for first in range(0, len(windows), MOST_WINDOWS):
            some = windows[first : first + MOST_WINDOWS]
            found += sums_of(some, self.db.execute(*window_rows_of(some, held=self.first_end is not None)))
        return found

    def budgets_changed(self) -> None:
        """Tell every process, this one too, that budgets are not what they were."""
        self.db.execute("UPDATE state SET value = value + 1 WHERE name = 'budget_revision'")
        self.in_force = InForce()
