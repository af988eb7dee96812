"""Following a ledger that is made, or put in another's place, while one looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.readings import Readings
from cost_mcp.model.activity import ListedCall, ListQuery
from cost_mcp.model.call import Rank
from cost_mcp.model.period import named_period
from cost_mcp.service.following import follow
from cost_mcp.service.service import Service

Opener = Callable[..., AbstractAsyncContextManager[Service]]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class NothingNew(Exception):
    """Nothing was recorded when one looked."""


class Followed:
    """A ledger followed step by step: asked what is new, it looks until there is something, or twice in vain."""

    def __init__(self, path: Path) -> None:
        query = ListQuery(period=named_period("today", NOON), limit=1)
        self._coming: Iterator[tuple[ListedCall, ...]] = follow(query, path, lambda: self._opened(path), self._pause)

    @staticmethod
    def _opened(path: Path) -> Readings:
        return open_readings(path, window_of=window_of)

    def _pause(self, seconds: float) -> None:
        assert 0 < seconds <= 0.5
        self.between()

    def between(self) -> None:
        """What happens while nobody looks."""

    def next(self) -> list[str]:
        """The ids of what came."""
        return [call.call_id for call in next(self._coming)]


async def spend(opened: Opener, *names: str) -> None:
    async with opened() as service:
        for name in names:
            await service.record({"model": "gpt-5", "input_tokens": 1, "call_id": name}, source="cli", rank=Rank.AGENT)


async def test_a_ledger_that_is_made_meanwhile_is_followed_from_its_first_call(opened: Opener, tmp_path: Path):
    path, elsewhere = tmp_path / "ledger.db", tmp_path / "made.db"
    await spend(opened, "first", "second")
    path.rename(elsewhere)
    followed = Followed(path)
    moves = iter([None, elsewhere])

    def between() -> None:
        if (found := next(moves)) is not None:
            found.rename(path)

    followed.between = between
    assert followed.next() == ["first", "second"]


async def test_a_ledger_in_the_place_of_another_is_followed_from_then_on(opened: Opener, tmp_path: Path):
    path, restored = tmp_path / "ledger.db", tmp_path / "restored.db"
    await spend(opened, "other-1", "other-2")
    path.rename(restored)
    await spend(opened, "known")
    followed = Followed(path)
    assert followed.next() == ["known"]
    looks = 0

    def between() -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            restored.replace(path)
        if looks > 3:
            raise NothingNew

    followed.between = between
    with pytest.raises(NothingNew):
        followed.next()
