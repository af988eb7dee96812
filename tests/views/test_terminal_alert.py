from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cost_mcp.model.alert import Alert, Delivery
from cost_mcp.views.shape_alert import alert_shape
from cost_mcp.views.terminal_alert import alerts_page, retried_page
from cost_mcp.views.terminal_layout import laid_out, plain

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def alert(**fields: Any) -> Alert:
    given: dict[str, Any] = {"kind": "budget", "level": "warning", "subject": "daily"} | fields
    if given["kind"] == "budget":
        given = {"limit": Decimal(10), "spent": Decimal(8), "reserved": Decimal(0), "unit": "usd", "budget": "daily"} | given
    return Alert(alert_id="alr_1", raised_at=NOON, window_start=NOON - timedelta(hours=12), **given)


def shown(*alerts: Alert, channels: bool = True) -> str:
    return plain(alerts_page(alerts, "UTC", NOON, channels=channels))


ABOUT: list[Any] = [
    ({}, "daily: 80 % of $10.00"),
    ({"spent": Decimal("9.4999")}, "daily: 94 % of $10.00"),
    ({"unpriced_calls": 2}, "daily: ≥ 80 % of $10.00"),
    ({"unit": "tokens", "limit": Decimal(20_000), "spent": Decimal(16_001)}, "daily: 80 % of 20,000 tokens"),
    ({"figures": {"other_windows": "3"}}, "daily: 80 % of $10.00, and 3 more"),
    (
        {"kind": "anomaly", "subject": "agent a", "unit": "usd", "spent": Decimal("12.5"), "figures": {"median_usd": "1.25"}},
        "agent a: $12.50 is unusual ($1.25 is usual)",
    ),
    ({"kind": "anomaly", "subject": "agent a"}, "agent a"),
    ({"kind": "test", "subject": "a test"}, "a test of every channel"),
    ({"kind": "test", "subject": "a test", "figures": {"channel": "email-1"}}, "a test of email-1"),
]


@pytest.mark.parametrize(("fields", "words"), ABOUT)
def test_an_alert_says_what_it_is_about_with_the_numbers_that_made_it_one(fields: dict[str, Any], words: str):
    assert f"  {words}  " in shown(alert(**fields)).splitlines()[1]


SENT: list[Any] = [
    ((), "nowhere"),
    ((Delivery(channel="email-1", state="delivered", attempts=1),), "email-1 delivered"),
    (
        (Delivery(channel="email-1", state="dead", attempts=9), Delivery(channel="slack-1", state="sending", attempts=1)),
        "email-1 dead, slack-1 sending",
    ),
]


@pytest.mark.parametrize(("deliveries", "words"), SENT)
def test_an_alert_says_how_far_it_has_come_on_each_channel(deliveries: tuple[Delivery, ...], words: str):
    assert f"  {words}  " in shown(alert(deliveries=deliveries)).splitlines()[1]


def test_why_a_channel_did_not_take_alerts_is_said_once_with_what_to_do():
    old = Delivery(channel="slack-1", state="waiting", attempts=2, error="timed out", next_at=NOON)
    new = Delivery(channel="slack-1", state="dead", attempts=10, error="HTTP 404")

    page = shown(alert(deliveries=(new,)), alert(deliveries=(old,)))

    assert page.endswith("\n\nslack-1: HTTP 404 (tried 10×)\nTry again   cost-mcp alerts retry --all\n")
    assert "timed out" not in page


def test_what_somebody_has_seen_asks_for_nothing():
    dead = Delivery(channel="slack-1", state="dead", attempts=10, error="HTTP 404")

    page = shown(alert(deliveries=(dead,), acknowledged_at=NOON, acknowledged_by="cli:anna"))

    assert "Try again" not in page
    assert "  cli:anna  " in page.splitlines()[1]


def test_that_there_is_no_channel_is_said_only_where_there_is_none():
    assert "name no channel" not in shown(alert())
    assert "name no channel" in shown(alert(), channels=False)
    assert "name no channel" not in shown(alert(deliveries=(Delivery(channel="a", state="delivered"),)), channels=False)


@pytest.mark.parametrize("level", ["info", "warning", "critical", "exceeded"])
def test_the_colour_is_that_of_the_level(level: str):
    row = laid_out(alerts_page((alert(level=level),), "UTC", NOON, channels=True))[1]
    assert any(span.text == level and span.style == level for span in row)


def test_the_id_stays_whole_however_narrow_the_terminal_is():
    page = plain(alerts_page((alert(subject="x" * 200),), "UTC", NOON, channels=True), 60)
    assert page.splitlines()[1].endswith("alr_1")


def test_a_retry_names_the_channels_it_is_sent_to_again():
    deliveries = (
        Delivery(channel="email-1", state="waiting"),
        Delivery(channel="slack-1", state="delivered"),
        Delivery(channel="teams-1", state="waiting"),
    )
    page = plain(retried_page((alert(deliveries=deliveries),)))
    assert page == "alr_1: daily: 80 % of $10.00, is sent again to email-1, teams-1.\n"


def test_as_json_nothing_is_null_and_a_delivery_tells_all_it_has():
    waiting = Delivery(channel="email-1", state="waiting", attempts=2, next_at=NOON, error="refused")
    shape = alert_shape(alert(deliveries=(waiting,), threshold_percent=Decimal(80), figures={"assumed_usd": "1"}))
    assert shape["deliveries"] == [
        {"channel": "email-1", "state": "waiting", "attempts": 2, "next_at": "2026-11-22T12:00:00Z", "error": "refused"}
    ]
    assert shape["figures"] == {"assumed_usd": "1"}
    assert None not in shape.values()


def test_as_json_counts_are_numbers_and_an_anomaly_has_no_limit():
    tokens = alert_shape(alert(unit="tokens", limit=Decimal(100), spent=Decimal(80)))
    assert (tokens["limit_tokens"], tokens["spent_tokens"], tokens["used_percent"]) == (100, 80, 80.0)
    assert "lower_bound" not in tokens
    anomaly = alert_shape(alert(kind="anomaly", unit="usd", spent=Decimal("2.50"), unpriced_calls=1))
    assert (anomaly["spent_usd"], anomaly["lower_bound"]) == ("2.5", True)
    assert not {"limit_usd", "used_percent", "budget"} & anomaly.keys()
