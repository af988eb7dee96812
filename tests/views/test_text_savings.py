from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from cost_mcp.model.period import named_period
from cost_mcp.model.report import ReportQuery
from cost_mcp.model.saving import AppliedSaving, Yardstick
from cost_mcp.model.totals import Totals
from cost_mcp.reports.savings.measuring import measured
from cost_mcp.reports.savings.rule import Suggestion
from cost_mcp.service.savings import SavingNoted, SavingsAnswer
from cost_mcp.service.savings_question import SavingsQuestion
from cost_mcp.views.shape_savings import measured_shape, savings_shape
from cost_mcp.views.terminal_layout import plain
from cost_mcp.views.terminal_savings import measured_page, saving_noted_page, savings_page
from cost_mcp.views.text_savings import measured_text, savings_text

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUESTION = SavingsQuestion(query=ReportQuery(period=named_period("month", NOW), filters={"project": "shop"}))
BATCH = Suggestion(
    rule="batch",
    subject=("indexer", "", "anthropic", "claude-opus-4-6"),
    saved_usd=Decimal("12.3"),
    spent_usd=Decimal("24.6"),
    calls=2_400,
    seqs=(1, 2),
    confidence="medium",
    reason="A name of these calls says that it is background work.",
    advice="Send it as a batch.",
)
STICK = Yardstick(units=40, usd=Decimal(4), start=NOW, end=NOW)
APPLIED = AppliedSaving(
    saving_id=BATCH.saving_id,
    rule="batch",
    subject=BATCH.named(),
    applied_at=NOW,
    baseline=STICK,
    noted_at=NOW,
    noted_by="cli:kim",
)
ANSWER = SavingsAnswer(
    question=QUESTION,
    totals=Totals(calls=3_000, cost_usd=Decimal(30), unpriced_calls=2, subscription_usd=Decimal(5)),
    suggestions=(BATCH,),
    left_off=4,
    total_usd=Decimal("12.3"),
    unseen={"repeated-calls": "Cannot tell for 7.", "retry-storms": "Cannot tell for 7."},
    applied={},
)


def test_an_agent_reads_the_money_how_sure_it_is_and_what_to_do():
    assert savings_text(ANSWER).splitlines() == [
        "Month (2026-11-01 to 2026-12-01, UTC), only project=shop: ≥ $30.00, 3,000 calls.",
        "Possible savings: up to $12.30. Rules may find money in the same call, so the total is an upper bound.",
        "1. $12.30 Batch for work nobody waited for (medium confidence), 2,400 calls of $24.60 [sav_0508982295]",
        "   Send it as a batch. A name of these calls says that it is background work.",
        "4 more: raise limit.",
        "Calls covered by a subscription are left out: they cost nothing by use.",
        "Cannot tell for 7. (repeated-calls, retry-storms)",
    ]


def test_what_was_applied_is_marked_everywhere():
    answer = replace(ANSWER, applied={BATCH.saving_id: APPLIED})
    assert "(medium confidence, applied)" in savings_text(answer)
    assert "applied_at" in str(savings_shape(answer)["suggestions"])
    assert "12:00" in plain(savings_page(answer, NOW))


def test_a_shape_holds_no_nulls_and_says_what_the_text_says():
    shape = savings_shape(ANSWER)
    assert (shape["possible_savings_usd"], shape["lower_bound"], shape["left_off"]) == ("12.3", True, 4)
    assert shape["filters"] == {"project": "shop"}
    assert "None" not in str(shape)


def test_a_narrow_page_keeps_the_money_and_the_id():
    page = plain(savings_page(ANSWER, NOW), 60)
    assert all(len(line) <= 60 for line in page.splitlines())
    assert "$12.30" in page
    assert BATCH.saving_id in page
    assert "4 more, of less money: raise --limit." in page
    assert "2 calls without a known price: nothing is claimed for them." in page


def test_nothing_found_says_why():
    none = replace(ANSWER, suggestions=(), left_off=0, unseen={})
    assert "No rule found $1.00 or more to save." in savings_text(none)
    empty = replace(none, totals=Totals())
    assert "No calls were recorded in it" in savings_text(empty)
    little = replace(none, totals=Totals(calls=1, cost_usd=Decimal("0.5")))
    assert "Less was spent" in savings_text(little)


def test_what_was_measured_is_told_in_dollars_or_not_at_all():
    better = measured(APPLIED, replace(STICK, usd=Decimal(1)))
    worse = measured(APPLIED, replace(STICK, usd=Decimal(5)))
    early = measured(APPLIED, replace(STICK, units=3))
    text = measured_text([better, worse, early])
    assert "$3.00 saved over 40 × call." in text
    assert "$1.00 more than before, over 40 × call." in text
    assert "Too early to tell: 3 calls of it since it was applied" in text
    assert measured_shape([better, worse, early])["total_saved_usd"] == "2"
    page = plain(measured_page([better, worse, early], "UTC", NOW))
    assert all(word in page for word in ("$3.00", "-$1.00", "too early"))
    assert measured_text([]).startswith("No suggestion was applied yet")


def test_a_note_says_what_it_is_held_against():
    page = plain(saving_noted_page(SavingNoted(saving=APPLIED, outcome="applied"), "UTC", NOW))
    assert "Applied 12:00." in page
    assert "The 30 days before: $4.00 over 40 × call." in page
    ended = SavingNoted(saving=replace(APPLIED, dropped_at=NOW), outcome="dropped")
    assert "Dropped 12:00" in plain(saving_noted_page(ended, "UTC", NOW))


def test_what_a_plan_covers_is_told_at_list_price():
    answer = replace(ANSWER, question=replace(QUESTION, billing="subscription"))
    assert "UTC), only project=shop: ≥ $5.00 at list price, covered by a plan, 3,000 calls." in savings_text(answer)
    assert "of ≥ $5.00 at list price, covered by a plan" in plain(savings_page(answer, NOW))
    assert "left out" not in savings_text(answer)
