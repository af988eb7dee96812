from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cost_mcp.ledger.contract import BudgetChange
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.scope import Scope
from cost_mcp.model.unpriced import AssumedPrice
from cost_mcp.service.answer import BudgetAnswer
from cost_mcp.views.terminal_budget import change_words, covers_words, status_page
from cost_mcp.views.terminal_layout import laid_out, plain

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def standing(spent: str, *, limit: str = "10", reserved: str = "0", mode: str = "alert", unpriced: int = 0) -> Standing:
    return Standing(
        budget=Budget(name="daily", period="day", limit_usd=Decimal(limit), mode=mode),
        window_start=NOON - timedelta(hours=12),
        window_end=NOON + timedelta(hours=12),
        spent=Decimal(spent),
        reserved=Decimal(reserved),
        unpriced_calls=unpriced,
    )


@pytest.mark.parametrize(
    ("given", "row"),
    [
        (standing("0"), "daily  ░░░░░░░░░░░░░░░░░░░░░░░░   0 %  $0.00  $10.00  $10.00  in 12 h  ok"),
        (standing("0.0001"), "daily  █░░░░░░░░░░░░░░░░░░░░░░░   0 %  $0.0001  $10.00    $9.99      in 12 h  ok"),
        (standing("9.999"), "daily  ███████████████████████░  99 %  $10.00  $10.00  $0.001  in 12 h  critical"),
        (standing("10"), "daily  ████████████████████████  100 %  $10.00  $10.00  $0.00  in 12 h  exceeded"),
        (
            standing("15", mode="enforce"),
            "daily  ███████████████│████████  150 %  $15.00  $10.00  $5.00 over  in 12 h  exceeded, enforce",
        ),
        (standing("5", reserved="5"), "daily  ████████████▒▒▒▒▒▒▒▒▒▒▒▒  50 %  $5.00  $5.00  $10.00  $0.00  in 12 h  info"),
        (standing("5", unpriced=1), "daily  ████████████░░░░░░░░░░░░  ≥ 50 %  ≥ $5.00  $10.00  $5.00  in 12 h  info"),
    ],
)
def test_a_bar_shows_what_is_spent_and_held_and_never_hides_a_little(given: Standing, row: str):
    page = status_page(BudgetAnswer(standings=(given,)), NOON)

    assert plain(page, 120).splitlines()[1].split() == row.split()
    name, _, *rest = row.split()
    assert plain(page).splitlines()[1].split() == [name, *rest], "a pipe is read by programs"


def test_the_forms_in_a_bar_are_explained_where_something_is_held_and_bars_are_drawn():
    held = status_page(BudgetAnswer(standings=(standing("5", reserved="1"),)), NOON)
    free = status_page(BudgetAnswer(standings=(standing("5"),)), NOON)

    assert plain(held, 120).splitlines()[-1] == "█ spent  ▒ held for calls to come  ░ left"
    assert "held for" not in plain(held) + plain(free, 120)


@pytest.mark.parametrize(
    ("spent", "style"), [("1", "ok"), ("5", "info"), ("8", "warning"), ("9.5", "critical"), ("10", "exceeded")]
)
def test_the_colour_is_that_of_the_state(spent: str, style: str):
    lines = laid_out(status_page(BudgetAnswer(standings=(standing(spent),)), NOON))

    assert any(span.text == style and span.style == style for span in lines[1])


def test_lower_bounds_are_explained_once():
    page = plain(status_page(BudgetAnswer(standings=(standing("1", unpriced=2), standing("2", unpriced=1))), NOON))

    assert page.count("≥ marks a lower bound") == 1


def test_what_is_assumed_is_marked_and_told_beside_the_lower_bounds():
    assuming = Budget(
        name="wide", period="day", limit_usd=Decimal(10), assumed=AssumedPrice(input=Decimal(1), output=Decimal(2))
    )
    guessed = replace(standing("3", unpriced=2), budget=assuming, assumed=Decimal("1.25"))
    lines = plain(status_page(BudgetAnswer(standings=(guessed, standing("1", unpriced=1))), NOON)).splitlines()

    assert lines[1].split()[1:4] == ["≈", "30", "%"]
    assert lines[4:] == [
        "≥ marks a lower bound: some calls have no known price.",
        "≈ holds $1.25 that wide assumes for 2 calls without a known price.",
    ]


@pytest.mark.parametrize(
    ("projected", "shown", "style"), [("6", "$6.00", "dim"), ("11", "$11.00", "warning"), (None, "–", "dim")]
)
def test_status_shows_what_a_window_is_heading_for(projected: str | None, shown: str, style: str):
    heading = replace(standing("3"), projected=None if projected is None else Decimal(projected))
    other = replace(standing("1"), projected=Decimal(2))
    lines = laid_out(status_page(BudgetAnswer(standings=(heading, other)), NOON))

    assert "Projected" in plain(status_page(BudgetAnswer(standings=(heading, other)), NOON))
    assert any(span.text.strip() == shown and span.style == style for span in lines[1])
    assert "Projected" not in plain(status_page(BudgetAnswer(standings=(standing("3"),)), NOON))


def test_a_change_names_only_what_changed():
    before = Budget(name="b", period="day", limit_usd=Decimal(10))
    after = Budget(name="b", period="week", limit_usd=Decimal(10), scope=Scope.of({"project": "shop"}), week_start=6)
    change = BudgetChange(name="b", changed_at=NOON, changed_by="cli", before=before, after=after)

    assert change_words(change) == "period day → week, covers all calls → project=shop, week start monday → sunday"


@pytest.mark.parametrize(
    ("scope", "each", "words"),
    [({}, None, "all calls"), ({}, "agent", "each agent"), ({"project": "x"}, "agent", "project=x, each agent")],
)
def test_what_a_budget_covers_is_told_in_words(scope: dict[str, str], each: str | None, words: str):
    assert covers_words(Budget(name="b", period="day", limit_calls=5, scope=Scope.of(scope), each=each)) == words
