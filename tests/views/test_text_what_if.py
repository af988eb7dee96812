from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from cost_mcp.model.period import Period
from cost_mcp.model.report import ReportQuery
from cost_mcp.reports.what_if import Repriced, RepricedMeter, RepricedModel
from cost_mcp.service.what_if import SAME_TOKENS, WhatIfAnswer, WhatIfQuestion
from cost_mcp.views.shape_what_if import what_if_shape
from cost_mcp.views.terminal_layout import plain
from cost_mcp.views.terminal_what_if import what_if_page
from cost_mcp.views.text_what_if import what_if_text

OCTOBER = Period(name="2026-10", start=datetime(2026, 10, 1, tzinfo=UTC), end=datetime(2026, 11, 1, tzinfo=UTC), timezone="UTC")


def answer(*models: RepricedModel, **more: object) -> WhatIfAnswer:
    question = WhatIfQuestion(
        query=ReportQuery(period=OCTOBER, filters={"agent": "coder"}),
        model="small",
        only="large-*",
        at=datetime(2026, 11, 1, 10, tzinfo=UTC),
        now=datetime(2026, 11, 22, tzinfo=UTC),
    )
    given: dict[str, object] = {"question": question, "models": models, "period_usd": Decimal(20)} | more
    return WhatIfAnswer(**given)  # pyright: ignore[reportArgumentType]


LARGE = RepricedModel(
    provider="acme",
    model="large-1",
    billing="api",
    into="acme/small",
    repriced=Repriced(
        calls=6,
        compared=4,
        cost_usd=Decimal(10),
        would_cost_usd=Decimal("2.5"),
        unknown_then=1,
        would_be_known_usd=Decimal("0.5"),
        unknown_now=1,
        was_usd=Decimal(3),
    ),
)
PLAN = RepricedModel(
    provider="acme", model="large-1", billing="subscription", into=None, repriced=Repriced(calls=2, unknown_now=2)
)
METER = RepricedMeter(meter="cache_read", quantity=1000, cost_usd=Decimal("2.5"))


def test_the_comparison_its_gaps_and_its_models_in_text():
    assert what_if_text(answer(LARGE, PLAN, partial_calls=1, warnings=("Careful.",), notes=(SAME_TOKENS,), book="b.yaml")) == (
        "2026-10 (2026-10-01 to 2026-11-01, UTC), calls of large-* as small by the prices of b.yaml, at the prices of "
        "2026-11-01 10:00Z: 4 calls that cost $10.00 would have cost $2.50, $7.50 less (-75.0 %).\n"
        "Left out: 1 call without a price there, $3.00 as recorded.\n"
        "Left out: 1 call of which no cost is recorded, at $0.50 now.\n"
        "Lower bound: 1 call used something that has no price.\n"
        "Covered by a plan, at list price: nothing to compare among 2 calls.\n"
        "model           priced as   calls    cost  would cost\n"
        "large-1         acme/small      6  $10.00       $2.50\n"
        "large-1 (plan)  no price        2   $0.00       $0.00\n"
        "Warning: Careful.\n"
        f"Note: {SAME_TOKENS}"
    )


def test_a_page_tells_the_whole_period_where_only_a_model_was_asked_about():
    page = plain(what_if_page(answer(LARGE, PLAN, meters=(METER,), books=("book 1",))))

    assert "The whole period cost $20.00 and would have cost $12.50." in page
    assert "cache read     1,000       $2.50" in page
    assert "no price known" in page
    assert "Prices: book 1. Nothing was changed." in page


def test_json_holds_every_figure():
    shape = what_if_shape(answer(LARGE, PLAN, meters=(METER,), partial_calls=1, book="b.yaml"))

    assert {name: shape[name] for name in ("compared_calls", "difference_usd", "percent_change", "not_priced_calls")} == {
        "compared_calls": 4,
        "difference_usd": "-7.5",
        "percent_change": -75.0,
        "not_priced_calls": 1,
    }
    assert (shape["period_would_cost_usd"], shape["lower_bound"], shape["partial_calls"]) == ("12.5", True, 1)
    assert (shape["from"], shape["model"], shape["price_book"], shape["prices_at"]) == (
        "large-*", "small", "b.yaml", "2026-11-01T10:00:00Z",
    )  # fmt: skip
    assert shape["by_meter"] == [{"meter": "cache_read", "quantity": 1000, "would_cost_usd": "2.5"}]


def test_nothing_to_compare_is_said():
    assert "nothing to compare among 0 calls." in what_if_text(answer())
    assert "Nothing to compare among 0 calls." in plain(what_if_page(answer()))
