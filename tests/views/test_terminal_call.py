from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from cost_mcp.ledger.contract import StoredCall, Verification
from cost_mcp.model.call import Call, Context, Rank
from cost_mcp.model.charge import Charge, PricedCall, Pricing
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.usage import Usage
from cost_mcp.views.terminal_call import call_page, charges_table, rebuilt_page, receipt_page, verification_page
from cost_mcp.views.terminal_layout import plain

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CALL = Call(
    call_id="c-1",
    occurred_at=NOON,
    model="acme-9",
    usage=Usage(input_tokens=10),
    source="cli",
    rank=Rank.AGENT,
    service_tier="batch",
    billing="subscription",
    context=Context(task_id="T-1", task_title="Fix it"),
    provisional=True,
)
UNPRICED = PricedCall(call=CALL, pricing=Pricing(priced="unpriced", cost_usd=None, warnings=("no price.",)))
STATED = PricedCall(call=CALL, pricing=Pricing(priced="stated", cost_usd=Decimal("0.5")))


def test_an_unpriced_receipt_shows_no_dollars():
    text = plain(receipt_page(Receipt(outcome="created", recorded=UNPRICED, warnings=("no price.",)), NOON))

    assert text == "unpriced  ·  acme-9  ·  Recorded\ncall c-1\nwarning: no price.\n"


def test_a_call_shows_what_is_unusual_about_it_and_what_it_was_before():
    stored = StoredCall(priced=STATED, recorded_at=NOON, revision=2, earlier=(UNPRICED,))

    assert plain(call_page(stored, "Asia/Tokyo")) == (
        "Call c-1\n"
        "$0.50 as stated  ·  acme-9  ·  provider not known\n"
        "\n"
        "Made         2026-11-22 21:00:00 Asia/Tokyo\n"
        "Told by      cli\n"
        "Tier         batch\n"
        "Billing      subscription\n"
        "Task         T-1\n"
        "Task title   Fix it\n"
        "Provisional  its final usage is not known\n"
        "Revision 1 said unpriced, told by cli\n"
    )


def test_charges_show_every_digit_and_always_cents():
    charges = (
        Charge(meter="input", quantity=3, unit_price_usd=Decimal("0.00000125"), cost_usd=Decimal("0.00000375")),
        Charge(meter="output", quantity=1, unit_price_usd=Decimal("1.5"), cost_usd=Decimal("1.5")),
    )

    text = plain((charges_table(charges),))

    assert "$0.00000375" in text
    assert "$1.50" in text


def test_what_differs_is_listed_with_the_way_out():
    found = Verification(calls=1200, windows=3, rollups=7, differences=("window daily: 1 and 2.",))

    assert plain(verification_page(found)) == (
        "Not sound: 1,200 calls, 3 budget windows and 7 totals recomputed, 1 differ.\n"
        "  window daily: 1 and 2.\n"
        "`cost-mcp rebuild` makes them anew from the calls.\n"
    )
    assert plain(rebuilt_page(found)).endswith("Wrong before:\n  window daily: 1 and 2.\n")
    assert plain(rebuilt_page(Verification(calls=0, windows=0, rollups=0))).endswith("Nothing was wrong before.\n")
