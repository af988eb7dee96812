"""What a status line shows: session, day, and the tightest budget; asked and answered without importing the nouns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from cost_mcp.ledger.gate import Enforced
from cost_mcp.ledger.glance import Came, Glance, Held, open_glance
from cost_mcp.service.gate import Names, assumed_nanos, limit_of, window_at, windows_for


class Room(NamedTuple):
    """What a budget has left in one window, in whole nano-dollars, tokens or calls; less than nothing when it is overspent.

    ``unsure`` says that calls without a known price make ``spent`` a lower bound.
    """

    budget: Enforced
    each_value: str
    limit: int
    spent: int
    reserved: int
    unsure: bool

    @property
    def left(self) -> int:
        """Limit - spent - reserved."""
        return self.limit - self.spent - self.reserved


class Glimpse(NamedTuple):
    """What a status line shows; ``session`` is None where no session was named, ``tightest`` where no budget covers it."""

    session: Came | None
    today: Came
    tightest: Room | None


def glimpse(path: Path, tenant: str, names: Names, session_id: str | None, timezone: str, now: datetime) -> Glimpse:
    """What the ledger says at this moment. Budgets on trial are not looked at.

    Args:
        path: The ledger's file.
        tenant: Whose it is.
        names: Context name → the values it has here, which say what budgets cover it.
        session_id: The session whose cost is wanted.
        timezone: The zone whose day today is.
        now: The time.

    Raises:
        LedgerError: the ledger cannot be read.
        UnknownName: there is no such zone.
    """
    with open_glance(path) as glance:
        start, end = _today(timezone, now)
        return Glimpse(
            session=glance.session(tenant, session_id) if session_id else None,
            today=glance.between(tenant, start, end),
            tightest=max(_rooms(glance, tenant, names, now), key=_used, default=None),
        )


class _Day(NamedTuple):
    timezone: str
    period: str = "day"
    week_start: int = 0


def _today(timezone: str, now: datetime) -> tuple[datetime, datetime]:
    from cost_mcp.budgets.windows import window_of

    start, end = window_of(_Day(timezone), now)
    assert end is not None
    return start, end


def _rooms(glance: Glance, tenant: str, names: Names, now: datetime) -> Iterator[Room]:
    for budget in glance.in_force(tenant):
        if budget.mode == "shadow":
            continue
        start, _ = window_at(budget, now)
        for value in windows_for(budget, names):
            spent, held = glance.spent(budget, start, value), glance.held(budget, start, value, now)
            yield Room(
                budget=budget,
                each_value=value,
                limit=limit_of(budget),
                spent=spent.amount + assumed_nanos(budget, spent),
                reserved=_reserved(budget, held),
                unsure=budget.limit_name == "limit_usd" and budget.assumed is None and spent.unpriced_calls > 0,
            )


def _reserved(budget: Enforced, held: Held) -> int:
    if budget.limit_name == "limit_usd":
        return held.nanos + assumed_nanos(budget, held)
    return held.tokens if budget.limit_name == "limit_tokens" else held.calls


def _used(room: Room) -> float:
    return room.spent / room.limit
