"""Questions that look where budgets stand more than once: written once, driven by the ledger that is awaited and the one that is not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import TypeVar

from cost_mcp.model.budget import Standing
from cost_mcp.model.scope import Covered

T = TypeVar("T")

Search = Generator[Covered | None, Sequence[Standing], T]
"""Asks where the budgets stand that cover something (None: all of them), is sent that, and ends with an answer."""


async def found_by(search: Search[T], look: Callable[[Covered | None], Awaitable[Sequence[Standing]]]) -> T:
    """Drive a search by a ledger that is awaited."""
    try:
        covered = next(search)
        while True:
            covered = search.send(await look(covered))
    except StopIteration as end:
        return end.value


def found_at_once(search: Search[T], look: Callable[[Covered | None], Sequence[Standing]]) -> T:
    """Drive a search by a ledger that answers at once."""
    try:
        covered = next(search)
        while True:
            covered = search.send(look(covered))
    except StopIteration as end:
        return end.value
