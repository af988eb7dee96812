"""Reports with what is asked beside them: the same through both doors, and every part adds up to the whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

import pytest

from cost_mcp.errors import CostError, InvalidInput, UnknownName
from cost_mcp.model.call import Rank
from cost_mcp.model.totals import NOTHING
from cost_mcp.reports.top import is_rest
from cost_mcp.service.answer import ReportAnswer
from cost_mcp.service.opening import open_quick
from cost_mcp.service.quick import Quick
from cost_mcp.service.service import Service
from cost_mcp.views.shape import report_shape
from cost_mcp.views.text import report_text


class Clock(Protocol):
    """The clock of the fixtures."""

    now: datetime

    def __call__(self) -> datetime:
        """The moment it stands at."""
        ...

    def move(self, **by: float) -> None:
        """Forwards."""
        ...


Opener = Callable[..., AbstractAsyncContextManager[Service]]
COSTS = {  # a month's and the month before's, by days before Sunday 22 November 2026, noon
    "gpt-5": [(0, "1"), (3, "2"), (32, "1.5"), (36, "0.5")],
    "claude-opus-4-6": [(1, "4"), (21, "8"), (33, "16")],
    "gpt-5-mini": [(2, "0.25")],
    "gemini-2.5-pro": [(30, "3"), (29, "64"), (60, "128")],
}


@pytest.fixture
async def service(opened: Opener, clock: Clock) -> AsyncIterator[Service]:
    """A ledger of two months."""
    async with opened(timezone="Europe/Berlin") as service:
        for model, spent in COSTS.items():
            for days, cost in spent:
                fields = {
                    "model": model, "call_id": f"{model}-{days}", "cost_usd": cost, "input_tokens": 1000, "output_tokens": days,
                    "occurred_at": (clock.now - timedelta(days=days, hours=1)).isoformat(), "agent": "ab"[days % 2],
                }  # fmt: skip
                await service.record(fields, source="cli", rank=Rank.AGENT)
        yield service


def quick(service: Service) -> Quick:
    return open_quick(service.settings, clock=service.clock)


FIELDS: list[dict[str, Any]] = [
    {"compare": True},
    {"compare": True, "group_by": "model", "top": 2, "trend": True},
    {"compare": True, "group_by": "model,agent", "period": "last_month"},
    {"compare": True, "group_by": "day", "trend": "week", "period": "60d"},
    {"group_by": ["agent"], "top": 1, "trend": "hour", "period": "today", "compare": True, "model": "gpt-5"},
    {"period": "total", "trend": "auto", "compare": True},
]


@pytest.mark.parametrize("fields", FIELDS)
async def test_both_doors_say_the_same_and_all_parts_are_the_whole(service: Service, fields: dict[str, Any]):
    answer = await service.cost_report(fields)
    door = quick(service)
    try:
        assert door.cost_report(fields) == answer
    finally:
        door.close()
    whole = answer.report.totals
    if answer.trend is not None:
        assert sum((point.totals for point in answer.trend.points), NOTHING) == whole
    if answer.report.query.group_by:
        assert sum((row.totals for row in answer.rows), NOTHING) == whole
    if answer.comparison is not None:
        assert answer.comparison.whole.current == whole
        period = answer.comparison.previous
        before = await service.cost_report(
            {
                **{name: value for name, value in fields.items() if name in ("model", "agent")},
                "start": period.start.isoformat(),
                "end": period.end.isoformat(),
            }
        )
        assert answer.comparison.whole.previous == before.report.totals
    assert report_text(answer)


async def test_a_month_so_far_is_compared_with_as_much_of_the_month_before(service: Service):
    # This month so far: 1 + 2 + 4 + 8 + 0.25. Until 22 October, 13:00 in Berlin: 1.5 + 0.5 + 16 (3 and 64 came after).
    answer = await service.cost_report({"compare": True, "group_by": "model"})
    shape: dict[str, Any] = report_shape(answer)

    assert (shape["total_cost_usd"], shape["comparison"]["previous_cost_usd"]) == ("15.25", "18")
    assert shape["comparison"] == {
        "compared_until": "2026-11-22T12:00:00Z",
        "previous_start": "2026-09-30T22:00:00Z",
        "previous_end": "2026-10-22T11:00:00Z",
        "previous_cost_usd": "18",
        "previous_subscription_usd": "0",
        "previous_calls": 3,
        "previous_total_tokens": 3101,
        "change_usd": "-2.75",
        "change_percent": -15.3,
        "change_subscription_usd": "0",
        "explained": "agent b (73 %), model claude-opus-4-6 (145 %)",  # 2 and 4 less of 2.75
    }
    changes = {
        row["model"]: (row["previous_cost_usd"], row["change_usd"], row.get("change_percent")) for row in shape["groups"]
    }
    assert changes == {
        "claude-opus-4-6": ("16", "-4", -25.0),
        "gpt-5": ("2", "1", 50.0),
        "gpt-5-mini": ("0", "0.25", None),
    }


async def test_the_largest_are_named_and_the_rest_is_one_row(service: Service):
    answer = await service.cost_report({"group_by": "model", "top": 1, "period": "year"})
    shape: dict[str, Any] = report_shape(answer)

    assert [(row["model"], row["cost_usd"], row["calls"]) for row in shape["groups"]] == [
        ("gemini-2.5-pro", "195", 3), ("(other)", "33.25", 8),
    ]  # fmt: skip
    assert is_rest(answer.rows[1].key)


async def test_later_pages_are_compared_as_at_the_moment_of_the_first(service: Service, clock: Clock):
    fields: dict[str, object] = {"compare": True, "group_by": "model", "limit": 1}
    first = await service.cost_report(fields)
    clock.move(days=3)
    await service.record(
        {"model": "gpt-5", "call_id": "late", "cost_usd": "99", "occurred_at": "2026-10-01T10:00:00Z"},
        source="cli",
        rank=Rank.AGENT,
    )
    second = await service.cost_report({**fields, "cursor": first.next_cursor})

    assert first.comparison is not None
    assert second.comparison is not None
    assert second.comparison.whole == first.comparison.whole
    assert (second.comparison.until, second.comparison.previous) == (first.comparison.until, first.comparison.previous)
    assert [(row.key, second.changes[row.key].percent) for row in second.rows] == [(("gpt-5",), Decimal("50.0"))]


@pytest.mark.parametrize(("period", "said"), [("total", "Nothing lies before"), ("2030", "has not begun")])
async def test_where_there_is_nothing_to_compare_it_is_said(service: Service, period: str, said: str):
    answer = await service.cost_report({"compare": True, "period": period})

    assert answer.comparison is None
    assert any(said in note for note in answer.notes)


@pytest.mark.parametrize(
    ("fields", "field", "error"),
    [
        ({"top": 3}, "top", InvalidInput),
        ({"top": 0, "group_by": "model"}, "top", InvalidInput),
        ({"top": "3", "group_by": "model"}, "top", InvalidInput),
        ({"trend": "decade"}, "trend", UnknownName),
        ({"trend": 7}, "trend", UnknownName),
        ({"trend": "hour", "period": "year"}, "trend", InvalidInput),
        ({"compare": "yes"}, "compare", InvalidInput),
        ({"cursor": "AAAA", "compare": True}, "cursor", InvalidInput),
    ],
)
async def test_what_cannot_be_taken_is_named(service: Service, fields: dict[str, object], field: str, error: type[CostError]):
    with pytest.raises(error) as refused:
        await service.cost_report(fields)
    assert refused.value.field == field


async def test_a_point_says_when_it_is_a_lower_bound(service: Service, clock: Clock):
    await service.record(
        {"model": "nobody-knows", "input_tokens": 5, "occurred_at": clock.now.isoformat()}, source="cli", rank=Rank.AGENT
    )
    shape: dict[str, Any] = report_shape(await service.cost_report({"trend": "day", "period": "7d", "compare": True}))

    last = shape["trend"]["points"][-1]
    assert (last["day"], last["cost_usd"], last["unpriced_calls"], last["lower_bound"]) == ("2026-11-22", "1", 1, True)
    assert shape["comparison"]["inexact"] is True


def test_an_answer_without_a_comparison_has_no_changes(answer: ReportAnswer):
    assert answer.changes == {}


@pytest.fixture
async def answer(service: Service) -> ReportAnswer:
    """A plain report."""
    return await service.cost_report({})
