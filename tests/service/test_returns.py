from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cost_mcp.config.settings import Settings
from cost_mcp.errors import CostError, InvalidInput, UnknownName
from cost_mcp.model.call import Rank
from cost_mcp.service.opening import open_quick
from cost_mcp.service.service import Service

if TYPE_CHECKING:
    from tests.service.conftest import MovedClock, Opener

ASKED = {"baseline": "2026-10", "current": "2026-11", "investment": "100"}


async def task(service: Service, task_id: str, month: int, usd: str, **fields: object) -> None:
    """A task of two calls."""
    half = str(Decimal(usd) / 2)
    for day in (3, 4):
        call: dict[str, object] = {"model": "acme", "input_tokens": 10, "cost_usd": half, "task_id": task_id}
        call["occurred_at"] = f"2026-{month}-{day:02}T10:00:00Z"
        await service.record(call | fields, source="python", rank=Rank.LOG)


async def two_months(service: Service, tasks: int = 12) -> None:
    """October's tasks cost 3 and 5 dollars, November's 1 and 3."""
    before = [task(service, f"O-{n}", 10, "3" if n % 2 else "5", task_type="fix") for n in range(tasks)]
    after = [task(service, f"N-{n}", 11, "1" if n % 2 else "3", task_type="fix") for n in range(tasks)]
    await asyncio.gather(*before, *after)


async def test_a_return_by_hand_from_recorded_calls(opened: Opener):
    async with opened(timezone="UTC") as service:
        await two_months(service)
        answer = await service.roi(ASKED)

    result = answer.result
    assert (result.before_usd, result.after_usd, result.saved_usd, result.percent_change) == (4, 2, 2, -50)
    # The clock stands at noon of 22 November: 12 tasks in 21.5 days are 12 × 30.436875 / 21.5 a month.
    assert result.tasks_per_month == Decimal("16.99")
    assert result.monthly_saving_usd == Decimal("33.98")
    assert result.payback_months == Decimal("2.94")
    assert result.verdict == "saves"
    assert answer.before is not None
    assert (len(answer.before.costs), answer.before.calls, len(answer.after.costs)) == (12, 24, 12)


async def test_both_doors_return_the_same(opened: Opener, tmp_path: Path, clock: MovedClock):
    async with opened(timezone="UTC") as service:
        await two_months(service)
        quick = open_quick(Settings(db=str(tmp_path / "ledger.db"), timezone="UTC"), clock=clock)
        assert quick.roi(ASKED).result == (await service.roi(ASKED)).result
        quick.close()


@pytest.mark.parametrize("baseline", ["4.00", "$4", 4, Decimal(4)])
async def test_a_baseline_may_be_an_amount_per_task(opened: Opener, baseline: object):
    async with opened(timezone="UTC") as service:
        await two_months(service)
        answer = await service.roi({**ASKED, "baseline": baseline, "tasks_per_month": 50})

    assert answer.before is None
    assert (answer.result.before_usd, answer.result.saved_usd, answer.result.monthly_saving_usd) == (4, 2, 100)
    assert answer.result.payback_months == 1


async def test_what_is_no_part_of_a_tasks_cost_is_told_apart(opened: Opener):
    async with opened(timezone="UTC") as service:
        await two_months(service)
        at = "2026-11-05T10:00:00Z"
        for fields in (
            {"cost_usd": "7"},
            {"cost_usd": "9", "billing": "subscription", "task_id": "N-0"},
            {"model": "unknown", "task_id": "N-0"},
        ):
            given: dict[str, object] = {"model": "acme", "input_tokens": 1, "occurred_at": at}
            await service.record(given | fields, source="python", rank=Rank.LOG)
        answer = await service.roi({**ASKED, "task_type": None})
        only = await service.roi({**ASKED, "task_type": "fix"})

    # N-0 cost 3 dollars and what nobody knows: the other eleven cost 21.
    assert (answer.result.after_usd, len(answer.after.costs)) == (Decimal("1.909090909"), 11)
    assert (answer.after.without_task_usd, answer.after.other_usd, answer.after.unpriced_tasks) == (7, 9, 1)
    assert (only.after.without_task_usd, only.after.other_usd, only.after.unpriced_tasks) == (0, 0, 0)


async def test_a_task_in_both_periods_stands_on_both_sides_and_is_told(opened: Opener):
    async with opened(timezone="UTC") as service:
        await two_months(service)
        await task(service, "O-1", 11, "1")
        answer = await service.roi(ASKED)

    assert (len(answer.after.costs), answer.notes) == (
        13,
        (
            "The current period is still running: tasks that have not ended count with what they cost so far.",
            "1 task has calls in both periods and stands on both sides, each with what it cost there.",
        ),
    )


@pytest.mark.parametrize(("outcome", "tasks"), [("merged", 1), ("failed", 2), ("any", 3), (None, 12)])
async def test_tasks_may_be_narrowed_to_those_that_ended_so(opened: Opener, outcome: str | None, tasks: int):
    async with opened(timezone="UTC") as service:
        await two_months(service)
        for task_id, ended in (("N-0", "failed"), ("N-0", "merged"), ("N-1", "failed"), ("N-2", "failed"), ("O-1", "merged")):
            await service.ledger.finish_task("default", task_id, ended, None, service.clock(), "t")
        answer = await service.roi({**ASKED, "outcome": outcome})

    assert (len(answer.after.costs), answer.after.ended_otherwise) == (tasks, 12 - tasks)


@pytest.mark.parametrize(
    ("changed", "why", "note"),
    [
        ({"baseline": "2026-09"}, "no_baseline", None),
        ({"current": "2027-01"}, "no_current", "The current period lies in the future"),
        ({"baseline": "2027-01"}, "no_baseline", "The baseline lies in the future"),
        ({"baseline": "2026-10-01..2026-10-02"}, "no_baseline", None),
    ],
)
async def test_periods_without_tasks_answer_in_the_same_shape(
    opened: Opener, changed: dict[str, str], why: str, note: str | None
):
    async with opened(timezone="UTC") as service:
        await two_months(service)
        answer = await service.roi(ASKED | changed)

    assert (answer.result.verdict, answer.result.why) == ("cannot_tell", why)
    assert answer.result.payback_months is None
    assert any((note or "still running") in said for said in answer.notes)


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"baseline": None}, InvalidInput, "baseline"),
        ({"investment": None}, InvalidInput, "investment"),
        ({"investment": "much"}, InvalidInput, "investment"),
        ({"investment": "-5"}, InvalidInput, "investment"),
        ({"baseline": "-5"}, InvalidInput, "baseline"),
        ({"baseline": "someday"}, UnknownName, "baseline"),
        ({"current": "someday"}, UnknownName, "current"),
        ({"baseline": "2026-10-05..2026-10-01"}, InvalidInput, "baseline"),
        ({"baseline": "2026-10-05..2026-10-05"}, InvalidInput, "baseline"),
        ({"baseline": "2026-13"}, InvalidInput, "baseline"),
        ({"current": "2026-10-31..2026-11-30"}, InvalidInput, "baseline"),
        ({"tasks_per_month": -1}, InvalidInput, "tasks_per_month"),
        ({"timezone": "Mars"}, UnknownName, "timezone"),
        ({"outcome": "won"}, UnknownName, "outcome"),
    ],
)
async def test_bad_input_is_refused_by_name(opened: Opener, changed: dict[str, object], error: type[CostError], field: str):
    async with opened() as service:
        with pytest.raises(error) as refused:
            await service.roi(ASKED | changed)
    assert refused.value.field == field
    assert "someday" not in str(refused.value)


async def test_a_year_is_a_period_and_no_amount(opened: Opener):
    async with opened(timezone="UTC") as service:
        answer = await service.roi({**ASKED, "baseline": "2025"})
    assert answer.before is not None
    assert answer.before.period.name == "2025"
