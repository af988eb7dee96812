"""What a status line asks at the third door: what a session and a day came to, and what is held in a budget's window."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from cost_mcp.ledger.faults import DATABASE_FAULTS, ledger_fault
from cost_mcp.ledger.file import open_for_reading
from cost_mcp.ledger.gate import Enforced, Gate
from cost_mcp.model.moment import micros

_QUARTER = 900_000_000
_AMOUNTS = "s.billing, SUM({0}.cost_nanos), SUM({0}.unpriced_calls)"
_ENTRIES = f"SELECT {_AMOUNTS.format('e')} FROM entries e {{how}} CROSS JOIN series s ON s.series_id = e.series_id WHERE "
_OF_SESSION = (
    _ENTRIES.format(how="INDEXED BY entries_by_session")
    + "e.tenant = ? AND e.session_id = ? AND e.counted = 1 GROUP BY s.billing"
)
_FOLDED = (
    f"SELECT {_AMOUNTS.format('r')} FROM rollups r CROSS JOIN series s ON s.series_id = r.series_id "
    "WHERE r.tenant = ? AND r.grain = ? AND r.bucket >= ? AND r.bucket < ? GROUP BY s.billing"
)
_ABOVE = (
    _ENTRIES.format(how="NOT INDEXED") + "e.seq > (SELECT value FROM state WHERE name = 'folded_seq') AND e.tenant = ? "
    "AND e.occurred_at >= ? AND e.occurred_at < ? AND e.counted = 1 GROUP BY s.billing"
)
_HELD_SUMS = "nanos", "tokens", "calls", "unpriced_input_tokens", "unpriced_output_tokens"
_HELD = (
    f"SELECT {', '.join(_HELD_SUMS)} FROM held_sums WHERE tenant = ? AND budget_id = ? AND window_start = ? AND each_value = ?"
)
_OVER = (
    f"SELECT {', '.join(f'-SUM(h.{name})' for name in _HELD_SUMS)} FROM reservations r INDEXED BY reservations_live "
    "CROSS JOIN holds h ON h.tenant = r.tenant AND h.reservation_id = r.reservation_id WHERE r.state = 'held' "
    "AND r.expires_at <= ? AND r.tenant = ? AND h.budget_id = ? AND h.window_start = ? AND h.each_value = ?"
)


class Came(NamedTuple):
    """What calls came to, in nano-dollars: billed, and apart from it at list price under a subscription."""

    nanos: int = 0
    subscription_nanos: int = 0
    unpriced_calls: int = 0


class Held(NamedTuple):
    """What one window holds for calls to come, without what is over."""

    nanos: int = 0
    tokens: int = 0
    calls: int = 0
    unpriced_input_tokens: int = 0
    unpriced_output_tokens: int = 0


class Glance(Gate):
    """A ledger open for a status line's questions."""

    def session(self, tenant: str, session_id: str) -> Came:
        """What a session came to."""
        return _came(self._db.execute(_OF_SESSION, (tenant, session_id)))

    def between(self, tenant: str, start: datetime, end: datetime) -> Came:
        """What the calls of whole quarter-hours came to: from sums that are kept, and the few rows not yet in them."""
        first, after = micros(start) // _QUARTER, micros(end) // _QUARTER
        grain = next(each for each in (96, 4, 1) if first % each == after % each == 0)
        folded = self._db.execute(_FOLDED, (tenant, grain, first, after)).fetchall()
        return _came([*folded, *self._db.execute(_ABOVE, (tenant, micros(start), micros(end)))])

    def held(self, budget: Enforced, window_start: datetime, each_value: str, now: datetime) -> Held:
        """What is held in one window at this moment."""
        key = (budget.tenant, budget.budget_id, micros(window_start), each_value)
        rows = self._db.execute(_HELD, key).fetchall()
        if not rows:
            return Held()
        (over,) = self._db.execute(_OVER, (micros(now), *key)).fetchall()
        return Held(*(kept + (gone or 0) for kept, gone in zip(rows[0], over, strict=True)))


@contextmanager
def open_glance(path: Path) -> Generator[Glance]:
    """The ledger in this file, in one snapshot; an empty one where there is no file yet.

    Raises:
        LedgerError: it cannot be opened or read, is damaged, newer, or another program's.
    """
    db = open_for_reading(path)
    try:
        db.execute("BEGIN")
        yield Glance(db)
    except DATABASE_FAULTS as error:
        raise ledger_fault(error) from None
    finally:
        db.close()


def _came(rows: Iterable[Any]) -> Came:
    sums = {"api": 0, "subscription": 0}
    unpriced = 0
    for billing, nanos, calls in rows:
        sums[billing] += nanos
        unpriced += calls
    return Came(sums["api"], sums["subscription"], unpriced)
