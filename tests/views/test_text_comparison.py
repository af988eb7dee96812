"""What stands beside a report, in words: the same figures as in its JSON shape."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from cost_mcp.model.period import Period, named_period
from cost_mcp.model.report import CostReport, Group, ReportQuery
from cost_mcp.model.totals import Totals
from cost_mcp.reports.comparison import Change, Comparison
from cost_mcp.reports.trend import Trend
from cost_mcp.service.answer import ReportAnswer
from cost_mcp.views.shape import report_shape
from cost_mcp.views.terminal import report_page
from cost_mcp.views.terminal_layout import plain
from cost_mcp.views.text import report_text
from cost_mcp.views.text_comparison import change_words, signed_usd, trend_line

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW = Totals(calls=3, cost_usd=Decimal("4.5"), input_tokens=900, subscription_usd=Decimal("1.25"))
BEFORE = Totals(calls=1, cost_usd=Decimal(6), input_tokens=400)
PREVIOUS = Period(
    name="custom", start=datetime(2026, 11, 21, tzinfo=UTC), end=datetime(2026, 11, 21, 12, tzinfo=UTC), timezone="UTC"
)


def answer(now: Totals = NOW, before: Totals = BEFORE) -> ReportAnswer:
    """A day by model against the day before, with a trend of four hours."""
    key = ("gpt-5",)
    query = ReportQuery(period=named_period("today", NOON), group_by=("model",))
    report = CostReport(query=query, totals=now, groups=(Group(key=key, totals=now),), group_count=1)
    change = Change(current=now, previous=before)
    hours = [Group(key=(f"2026-11-22T0{n}:00+00:00",), totals=Totals(calls=n, cost_usd=Decimal(n) / 2)) for n in range(4)]
    return ReportAnswer(
        report=report,
        rows=report.groups,
        comparison=Comparison(until=NOON, previous=PREVIOUS, whole=change, groups={key: change}),
        trend=Trend(unit="hour", points=tuple(hours)),
        efficiency_score=Decimal("1.25"),
        efficiency_tasks=12,
    )


def test_the_text_tells_what_changed_between_which_instants_and_how_it_went():
    lines = report_text(answer()).splitlines()

    assert "Efficiency: 1.25, where 1 is usual for tasks of their types (the 12 that finished last)." in lines
    assert (
        "Before (2026-11-21 00:00Z to 2026-11-21 12:00Z; this period until 2026-11-22 12:00Z): $6.00, 1 call; "
        "change -$1.50 (-25.0 %)."
    ) in lines
    assert "Covered by subscriptions before: $0.00; change +$1.25." in lines
    assert (
        "By hour: 2026-11-22T00:00+00:00 $0.00, 2026-11-22T01:00+00:00 $0.50, 2026-11-22T02:00+00:00 $1.00, "
        "2026-11-22T03:00+00:00 $1.50"
    ) in lines
    assert lines[-2].split()[-1] == "change"
    assert lines[-1].endswith("-$1.50 (-25.0 %)")


def test_the_page_for_people_tells_the_same():
    text = plain(report_page(answer(), None, NOW), 100)

    assert "-$1.50 (-25.0 %)  against $6.00 and 1 call before" in text
    assert "Compared: 2026-11-22 00:00 to 2026-11-22 12:00  with  2026-11-21 00:00 to 2026-11-21 12:00" in text
    assert "+$1.25 of what subscriptions cover, $0.00 before." in text
    assert "Hours  ·▃▅█  most $1.50 at 03:00" in text
    assert "Efficiency 1.25, where 1 is usual for tasks of their types (the 12 that finished last)" in text


def test_the_shape_gives_every_figure_exactly():
    shape: dict[str, Any] = report_shape(answer())

    assert (shape["comparison"]["change_usd"], shape["comparison"]["change_percent"]) == ("-1.5", -25.0)
    assert shape["comparison"]["change_subscription_usd"] == shape["groups"][0]["change_subscription_usd"] == "1.25"
    assert [point["cost_usd"] for point in shape["trend"]["points"]] == ["0", "0.5", "1", "1.5"]
    assert (shape["efficiency_score"], shape["efficiency_tasks"]) == ("1.25", 12)


@pytest.mark.parametrize("side", ["now", "before"])
def test_what_is_not_exact_is_said_not_to_be_on_every_face(side: str):
    loose = Totals(calls=2, unpriced_calls=1, cost_usd=Decimal(1))
    given = answer(now=loose) if side == "now" else answer(before=loose)

    assert "≈ " in report_text(given)
    assert "The change is not exact" in report_text(given)
    assert "The change is not exact" in plain(report_page(given, None, NOW))
    comparison: Any = report_shape(given)["comparison"]
    assert comparison["inexact"] is True


@pytest.mark.parametrize(("amount", "shown"), [("1.5", "+$1.50"), ("-1.5", "-$1.50"), ("0", "±$0.00"), ("0.0004", "+$0.0004")])
def test_a_change_has_its_sign(amount: str, shown: str):
    assert signed_usd(Decimal(amount)) == shown


def test_where_nothing_was_before_there_is_no_percentage():
    assert change_words(Change(current=NOW, previous=Totals())) == "+$4.50"


def test_a_long_series_is_told_where_there_were_calls():
    points = [Group(key=(f"d{n}",), totals=Totals(calls=n % 2, cost_usd=Decimal(n % 2))) for n in range(100)]
    text = trend_line(Trend(unit="day", points=tuple(points)))

    assert text.startswith("By day (the last 40 of 50 with calls): d21 $1.00, d23 $1.00")
    assert text.endswith("d99 $1.00")
    assert trend_line(Trend(unit="day", points=())) == "By day: nothing"
