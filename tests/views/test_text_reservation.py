from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.fitting import Alternative, Fitting
from cost_mcp.model.reservation import Admission, Reservation
from cost_mcp.views.shape_reservation import admission_shape
from cost_mcp.views.text_reservation import admission_text, reservation_text

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
HELD = Reservation(
    reservation_id="res_1",
    tenant="default",
    state="held",
    amount_usd=Decimal("0.30"),
    tokens=12_000,
    created_at=NOON,
    expires_at=MIDNIGHT,
)


def test_an_admission_says_what_to_do_with_its_reservation():
    text = admission_text(Admission(decision="allow", why="Within.", reservation=HELD))
    assert text == (
        "Decision: allow. Within.\nReserved: res_1 holds $0.3 and 12,000 tokens until 2026-11-23 00:00Z. "
        "Give it to record_call as reservation_id."
    )
    assert "the same as before" in admission_text(Admission(decision="allow", why="", reservation=HELD, repeated=True))


@pytest.mark.parametrize(
    ("period", "end", "words"),
    [("day", MIDNIGHT, "starts anew at 2026-11-23 00:00Z"), ("total", None, "never starts anew")],
)
def test_a_denial_says_what_is_left_and_for_how_long(period: str, end: datetime | None, words: str):
    budget = Budget(name="b", period=period, limit_usd=Decimal(1), mode="enforce")
    full = Standing(budget=budget, window_start=NOON, window_end=end, spent=Decimal("0.75"))
    text = admission_text(Admission(decision="deny", why="Full.", denied_by=full, standings=(full,)))
    assert text.startswith("Decision: deny. Full.\nNothing is reserved. Budget b has $0.25 left and " + words)
    assert "Budget b: $0.75 of $1.00" in text


OTHER = Alternative(provider="anthropic", model="claude-haiku-5-5", cost_usd=Decimal("0.02"))


@pytest.mark.parametrize(
    ("fitting", "words"),
    [
        (Fitting(), "Neither less output nor a cheaper known model would fit."),
        (Fitting(max_output_tokens=2000), "With max_output_tokens 2000 it would fit."),
        (Fitting(alternatives=(OTHER,)), "Would fit as it is: anthropic/claude-haiku-5-5 $0.02."),
    ],
)
def test_a_denial_says_what_would_fit_in_text_and_structure(fitting: Fitting, words: str):
    denied = Admission(decision="deny", why="Full.", fitting=fitting)
    shape = admission_shape(denied)
    assert words in admission_text(denied)
    assert shape.get("max_output_tokens") == fitting.max_output_tokens
    assert shape["alternatives"] == [
        {"provider": a.provider, "model": a.model, "cost_usd": "0.02"} for a in fitting.alternatives
    ]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("held", "holds $0.3 and 12,000 tokens until 2026-11-23 00:00Z"),
        ("released", "is released: it holds nothing any more"),
        ("expired", "is expired: it holds nothing any more"),
        ("settled", "is settled by msg_1, $0.05 above what it held"),
    ],
)
def test_every_state_is_told_in_a_sentence(state: str, words: str):
    settled = {"settled_by": "msg_1", "excess_usd": Decimal("0.05")} if state == "settled" else {}
    assert words in reservation_text(replace(HELD, state=state, **settled))


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "holds 12,000 tokens without a known price until"),
        ("0.3", "holds $0.3 and 12,000 tokens without a known price until"),
    ],
)
def test_what_is_held_without_a_known_price_is_never_said_to_be_nothing(amount: str, words: str):
    held = replace(HELD, amount_usd=Decimal(amount), unpriced_input_tokens=12_000)
    assert words in reservation_text(held)
    assert admission_shape(Admission(decision="allow", why="", reservation=held))["lower_bound"] is True
    assert "lower_bound" not in admission_shape(Admission(decision="allow", why="", reservation=HELD))
