from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from cost_mcp.config.budgets import DeclaredBudget
from cost_mcp.service.service import Service

Opener = Callable[..., AbstractAsyncContextManager[Service]]


def declared(name: str, limit: str, origin: str = "file:/one.yaml") -> DeclaredBudget:
    return DeclaredBudget(name=name, fields={"name": name, "limit": limit}, origin=origin, place=origin, places={})


async def test_processes_that_read_one_file_at_the_same_time_write_each_budget_once(opened: Opener):
    wanted = (declared("daily", "5"), declared("other", "7"))

    async def start() -> None:
        async with opened(budgets=wanted, budget_origins=("file:/one.yaml",)):
            pass

    await asyncio.gather(*(start() for _ in range(4)))
    async with opened() as service:
        history = await service.budget_history()
        assert sorted((change.name, change.changed_by) for change in history) == [
            ("daily", "file:/one.yaml"),
            ("other", "file:/one.yaml"),
        ]


async def test_a_file_that_declares_nothing_more_ends_its_budgets_and_no_others(opened: Opener):
    both = (declared("daily", "5"), declared("mine", "7", "environment"))
    async with opened(budgets=both, budget_origins=("file:/one.yaml",)) as service:
        await service.set_budget({"name": "by-hand", "limit": 1}, changed_by="cli")
    async with opened(budget_origins=("file:/one.yaml",)) as service:
        assert [budget.name for budget in await service.budgets()] == ["by-hand", "mine"]


async def test_a_changed_limit_keeps_what_its_window_already_holds(opened: Opener):
    async with opened(budgets=(declared("daily", "5"),), budget_origins=("file:/one.yaml",)) as service:
        before = (await service.budget_status({})).standings[0].budget
    async with opened(budgets=(declared("daily", "6"),), budget_origins=("file:/one.yaml",)) as service:
        after = (await service.budget_status({})).standings[0].budget
    assert (after.limit, after.budget_id) == (6, before.budget_id)
