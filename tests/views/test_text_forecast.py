from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_mcp.model.budget import Budget, Standing
from cost_mcp.reports.forecast import BackTest
from cost_mcp.service.forecasting import ForecastAnswer, WindowForecast
from cost_mcp.views.shape_forecast import forecast_brief_shape, forecast_shape
from cost_mcp.views.terminal_forecast import forecast_page
from cost_mcp.views.terminal_layout import plain
from cost_mcp.views.text_forecast import forecast_text

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
TESTED = BackTest(forecasts=30, measured=29, median_error_percent=Decimal("12.345"), intervals=20, covered=17)
MONTH = WindowForecast(
    name="month",
    unit="usd",
    window_start=START,
    window_end=END,
    spent=Decimal("40.5"),
    expected=Decimal(60),
    low=Decimal(55),
    high=Decimal("70.25"),
    method="weekday",
    history_days=112,
    back_test=TESTED,
)
TASK = Budget(name="task", limit_usd=Decimal(50), period="month", each="task_id")
BUDGET = replace(
    MONTH,
    name="task",
    standing=Standing(budget=TASK, window_start=START, window_end=END, each_value="T-1", spent=Decimal("40.5")),
    outlook="likely",
    limit_at=datetime(2026, 11, 27, 6, 30, tzinfo=UTC),
    lower_bound=True,
    expected_lower_bound=True,
    back_test=None,
    why="At the rate of the window so far.",
)


def answer(*windows: WindowForecast, **more: object) -> ForecastAnswer:
    return ForecastAnswer(now=NOW, timezone="UTC", windows=windows, **more)  # pyright: ignore[reportArgumentType]


def test_a_forecast_says_in_a_line_what_is_spent_expected_sure_and_how_wrong_it_was():
    assert forecast_text(answer(MONTH)).splitlines()[0] == (
        "This month: $40.50 spent; $60.00 expected by 2026-12-01 00:00Z, $55.00 to $70.25 in 8 of 10 cases. As long forecasts on 29 "
        "earlier days were off by 12.3 % (median); 85 % of 20 intervals held."
    )


def test_a_budget_says_when_its_limit_is_reached():
    assert forecast_text(answer(budgets=(BUDGET,))) == (
        "Budget task for task_id=T-1: ≥ $40.50 spent of $50.00; ≥ $60.00 expected by 2026-12-01 00:00Z, $55.00 to $70.25 in 8 of 10 "
        "cases; the limit will be reached about 2026-11-27 06:30Z. At the rate of the window so far."
    )


@pytest.mark.parametrize(
    ("outlook", "said", "shown"),
    [
        ("reached", "the limit is reached", "already"),
        ("possible", "the limit may be reached", "perhaps"),
        ("unlikely", "the limit will hardly be reached", "hardly"),
        ("unknown", "whether the limit is reached cannot be said", "not known"),
        ("likely", "the limit will be reached", "yes"),
    ],
)
def test_every_outlook_has_words(outlook: str, said: str, shown: str):
    budget = replace(BUDGET, outlook=outlook, limit_at=None)

    assert f"; {said}." in forecast_text(answer(budgets=(budget,)))
    assert shown in plain(forecast_page(answer(budgets=(budget,))))


def test_what_cannot_be_said_is_absent():
    bare = replace(MONTH, expected=None, low=None, high=None, method="none", history_days=0, back_test=None)
    shape = forecast_shape(answer(bare, notes=("Nothing is recorded.",)))

    assert shape["periods"] == [
        {
            "name": "month",
            "window_start": "2026-11-01T00:00:00Z",
            "window_end": "2026-12-01T00:00:00Z",
            "spent_usd": "40.5",
            "method": "none",
            "history_days": 0,
            "lower_bound": False,
        }
    ]
    assert forecast_text(answer(bare, notes=("Nothing is recorded.",))).splitlines() == [
        "This month: $40.50 spent; nothing can be said of its end yet.",
        "Note: Nothing is recorded.",
    ]
    assert "This month  $40.50           –" in plain(forecast_page(answer(bare)))


def test_a_short_history_and_untried_forecasts_are_told():
    tested = BackTest(forecasts=0, measured=0, median_error_percent=None, intervals=0, covered=0)
    short = replace(MONTH, method="run_rate", history_days=1, low=None, high=None, back_test=tested)

    assert "No such forecast could be tried out on earlier days yet." in forecast_text(answer(short))
    assert "Run rate: 1 full day of history" in forecast_text(answer(short))
    assert forecast_shape(answer(short))["periods"][0]["back_test"] == {"forecasts": 0}  # pyright: ignore[reportIndexIssue]


def test_a_report_gives_the_few_fields_that_matter():
    assert forecast_brief_shape(MONTH) == {
        "level_percent": 80,
        "expected_usd": "60",
        "low_usd": "55",
        "high_usd": "70.25",
        "method": "weekday",
        "history_days": 112,
        "expected_lower_bound": False,
    }


def test_the_usual_week_is_drawn_on_terminals_only():
    page = forecast_page(answer(MONTH, pattern=tuple(Decimal(n) for n in range(7))))

    assert "Sunday     $6.00  ████" in plain(page, 100)
    assert "█" not in plain(page)
    assert "Usual by weekday: monday $0.00, tuesday $1.00" in forecast_text(
        answer(MONTH, pattern=tuple(map(Decimal, range(7))))
    )
