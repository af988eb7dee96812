"""What a budget's window will come to if spending goes on as it has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from cost_mcp.model.budget import Standing

SMALLEST_SHARE = Decimal("0.05")
"""Before a twentieth of a window has passed, one call would be taken for twenty."""

_UNITS = {"usd": Decimal("0.000000001")}
_WHOLE = Decimal(1)


def projected(standing: Standing, now: datetime) -> Decimal | None:
    """What will be spent at the end of the window at the run rate so far, in the budget's unit.

    spent × (window's length / time passed of it): a straight line through the window's start and now. None for a budget that
    never starts anew, for a window that does not hold ``now``, and while less than a twentieth of it has passed.

    It is unreliable early in a window, where work comes in bursts or stops at night, and a lower bound while calls are
    unpriced. What is reserved is not part of it.
    """
    if standing.window_end is None or not standing.window_start <= now < standing.window_end:
        return None
    length, passed = standing.window_end - standing.window_start, now - standing.window_start
    share = Decimal(passed // _TICK) / Decimal(length // _TICK)
    if share < SMALLEST_SHARE:
        return None
    return (standing.spent / share).quantize(_UNITS.get(standing.budget.unit, _WHOLE), rounding=ROUND_HALF_EVEN)


def with_projection(standings: Iterable[Standing], now: datetime) -> tuple[Standing, ...]:
    """The same standings, each with what it is projected to come to."""
    return tuple(replace(standing, projected=projected(standing, now)) for standing in standings)


_TICK = datetime.resolution
