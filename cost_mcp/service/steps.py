"""Verbs that ask a ledger more than one thing: written once, taken by the door that answers at once and the one that is awaited."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from cost_mcp.ledger.contract import Ledger
    from cost_mcp.ledger.readings import Readings

T = TypeVar("T")

Steps = Generator["Callable[[Readings | Ledger], object]", Any, T]
"""Yields what to ask of a ledger, whichever door it is, is sent its answer, and ends with an answer of its own."""


def taken_at_once(steps: Steps[T], readings: Readings) -> T:
    """Take the steps with a ledger that answers at once."""
    try:
        ask = next(steps)
        while True:
            ask = steps.send(ask(readings))
    except StopIteration as end:
        return end.value


async def taken(steps: Steps[T], ledger: Ledger) -> T:
    """Take the steps with a ledger that is awaited."""
    try:
        ask = next(steps)
        while True:
            ask = steps.send(await cast("Awaitable[object]", ask(ledger)))
    except StopIteration as end:
        return end.value
