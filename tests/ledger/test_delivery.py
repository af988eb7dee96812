"""What every ledger does for those who send alerts: nothing is sent by two at once, nothing is forgotten."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import InvalidInput, NotFound, UnknownName
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.alert import Alert, Channel, Claim, Delivery

MAIL, CHAT = Channel(name="email-1"), Channel(name="slack-1")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LEASE = 60.0


def _alert(alert_id: str, now: datetime, **fields: Any) -> Alert:
    given: dict[str, Any] = {"kind": "anomaly", "level": "warning", "subject": f"agent {alert_id}"} | fields
    return Alert(alert_id=alert_id, raised_at=now, window_start=now, **given)


async def _raise(ledger: Ledger, now: datetime, *ids: str, **fields: Any) -> None:
    for alert_id in ids:
        assert await ledger.raise_alert(_alert(alert_id, now, **fields), now)


async def _claim(ledger: Ledger, now: datetime, *channels: Channel, most: int = 10) -> list[tuple[str, str, int]]:
    claims = await ledger.claim_deliveries("default", channels or (MAIL,), now, LEASE, most)
    return [(claim.alert.alert_id, claim.channel, claim.attempt) for claim in claims]


async def _finish(
    ledger: Ledger, now: datetime, error: str | None = None, next_at: datetime | None = None, **given: Any
) -> None:
    fields: dict[str, Any] = {"alert_id": "a1", "channel": "email-1"} | given
    await ledger.finish_delivery("default", now=now, error=error, next_at=next_at, **fields)


async def _delivery(ledger: Ledger, alert_id: str = "a1") -> Delivery:
    (delivery,) = next(a for a in await ledger.alerts("default", open_only=False, limit=9) if a.alert_id == alert_id).deliveries
    return delivery


async def test_every_channel_is_offered_every_alert_once(ledger: Ledger, now: datetime):
    await _raise(ledger, now, "a1", "a2")
    assert await _claim(ledger, now, MAIL) == [("a1", "email-1", 1), ("a2", "email-1", 1)]
    assert await _claim(ledger, now, MAIL, CHAT, most=1) == [("a1", "slack-1", 1)]
    assert await _claim(ledger, now, MAIL, CHAT) == [("a2", "slack-1", 1)]
    for alert_id in ("a1", "a2"):
        for channel in ("email-1", "slack-1"):
            await _finish(ledger, now + SECOND, alert_id=alert_id, channel=channel)
    assert await _claim(ledger, now + 2 * HOUR, MAIL, CHAT) == []
    assert await _delivery_states(ledger) == {"delivered"}


async def _delivery_states(ledger: Ledger) -> set[str]:
    return {d.state for alert in await ledger.alerts("default", open_only=False, limit=9) for d in alert.deliveries}


async def test_a_claim_is_nobody_elses_until_its_lease_is_over_and_then_comes_back_by_itself(ledger: Ledger, now: datetime):
    await _raise(ledger, now, "a1")
    assert await _claim(ledger, now) == [("a1", "email-1", 1)]
    assert await _claim(ledger, now + 59 * SECOND) == []
    assert await _delivery(ledger) == Delivery(channel="email-1", state="sending", attempts=1, next_at=now + MINUTE)
    assert await _claim(ledger, now + MINUTE) == [("a1", "email-1", 2)]


async def test_a_failure_waits_for_its_time_and_then_is_tried_again_until_it_is_given_up(ledger: Ledger, now: datetime):
    await _raise(ledger, now, "a1")
    await _claim(ledger, now)
    await _finish(ledger, now, "connection refused", now + HOUR)
    assert await _claim(ledger, now + 59 * MINUTE) == []
    waiting = Delivery(channel="email-1", state="waiting", attempts=1, next_at=now + HOUR, error="connection refused")
    assert await _delivery(ledger) == waiting
    assert await _claim(ledger, now + HOUR) == [("a1", "email-1", 2)]
    await _finish(ledger, now + HOUR, "no such mailbox")
    assert await _delivery(ledger) == Delivery(channel="email-1", state="dead", attempts=2, error="no such mailbox")
    assert await _claim(ledger, now + 5 * HOUR) == []


async def test_what_was_delivered_stays_delivered_and_a_late_delivery_counts(ledger: Ledger, now: datetime):
    await _raise(ledger, now, "a1")
    await _claim(ledger, now)
    await _finish(ledger, now, "gave up")
    await _finish(ledger, now + SECOND)  # it had arrived after all
    await _finish(ledger, now + MINUTE, "timeout", now + HOUR)
    await _finish(ledger, now + MINUTE)
    delivered = Delivery(channel="email-1", state="delivered", attempts=1, delivered_at=now + SECOND)
    assert await _delivery(ledger) == delivered


async def test_a_sender_that_lost_its_claim_does_not_take_it_from_the_next_by_failing(ledger: Ledger, now: datetime):
    await _raise(ledger, now, "a1")
    await _claim(ledger, now)
    later = now + 2 * MINUTE
    assert await _claim(ledger, later) == [("a1", "email-1", 2)]
    await _finish(ledger, later, "timeout", later, attempt=1)
    assert await _claim(ledger, later) == []
    await _finish(ledger, later, "timeout", later, attempt=2)
    assert await _claim(ledger, later) == [("a1", "email-1", 3)]


async def test_what_was_never_tried_is_sent_before_what_failed(ledger: Ledger, now: datetime):
    await _raise(ledger, now, "a1")
    await _claim(ledger, now)
    await _finish(ledger, now, "down", now)
    await _raise(ledger, now, "a2")
    assert await _claim(ledger, now) == [("a2", "email-1", 1), ("a1", "email-1", 2)]


async def test_a_channel_is_spared_alerts_of_the_day_before_it_was_there(ledger: Ledger, now: datetime):
    await _raise(ledger, now, "a1")
    await _claim(ledger, now, MAIL)
    assert await _claim(ledger, now + 23 * HOUR, MAIL, CHAT) == [("a1", "slack-1", 1), ("a1", "email-1", 2)]
    await _raise(ledger, now + 23 * HOUR, "a2")
    assert await _claim(ledger, now + 25 * HOUR, Channel(name="new-1")) == [("a2", "new-1", 1)]


WANTED: list[Any] = [
    ({}, {}, True),
    ({"kinds": ("budget",)}, {}, False),
    ({"lowest_level": "critical"}, {}, False),
    ({"lowest_level": "warning"}, {}, True),
    ({"threshold_percent": Decimal(80)}, {}, True),
    ({"threshold_percent": Decimal(80)}, {"limit": Decimal(10), "spent": Decimal("7.9")}, False),
    ({"threshold_percent": Decimal(80)}, {"limit": Decimal(10), "spent": Decimal(8)}, True),
    ({"kinds": ("budget",), "lowest_level": "exceeded"}, {"kind": "test", "level": "info"}, True),
    ({}, {"kind": "test", "figures": {"channel": "email-1"}}, True),
    ({}, {"kind": "test", "figures": {"channel": "slack-1"}}, False),
]


@pytest.mark.parametrize(("channel", "alert", "wanted"), WANTED)
async def test_a_channel_gets_the_kinds_levels_and_percents_it_wants(
    ledger: Ledger, now: datetime, channel: dict[str, Any], alert: dict[str, Any], *, wanted: bool
):
    await _raise(ledger, now, "a1", **alert)
    assert await _claim(ledger, now, Channel(name="email-1", **channel)) == ([("a1", "email-1", 1)] if wanted else [])


async def test_an_acknowledged_alert_is_not_sent_any_more(ledger: Ledger, now: datetime):
    await _raise(ledger, now, "a1")
    await _claim(ledger, now, MAIL)
    await _finish(ledger, now, "down", now + MINUTE)
    alert = await ledger.acknowledge_alert("default", "a1", now + SECOND, "cli:anna")
    assert (alert.acknowledged_at, alert.acknowledged_by) == (now + SECOND, "cli:anna")
    assert await _claim(ledger, now + HOUR, MAIL, CHAT) == []
    assert (await _delivery(ledger)).state == "dead"
    again = await ledger.acknowledge_alert("default", "a1", now + HOUR, "cli:bert")
    assert again == alert


async def test_what_is_being_sent_when_it_is_acknowledged_is_not_tried_again(ledger: Ledger, now: datetime):
    await _raise(ledger, now, "a1")
    await _claim(ledger, now)
    await ledger.acknowledge_alert("default", "a1", now, "cli:anna")
    await _finish(ledger, now, "down", now + MINUTE)
    assert await _claim(ledger, now + HOUR) == []
    assert (await _delivery(ledger)).error == "down"


async def test_a_retry_makes_everything_due_that_did_not_arrive_on_every_channel(ledger: Ledger, now: datetime):
    await _raise(ledger, now, "a1")
    later = now + 48 * HOUR
    await _claim(ledger, now, MAIL, CHAT)
    await _finish(ledger, now, "no such mailbox")
    await _finish(ledger, now, channel="slack-1")
    assert await _claim(ledger, later, MAIL, CHAT, Channel(name="new-1")) == []
    alert = await ledger.retry_alert("default", "a1", later)
    assert [(d.channel, d.state, d.attempts, d.error) for d in alert.deliveries] == [
        ("email-1", "waiting", 0, None),
        ("slack-1", "delivered", 1, None),
    ]
    expected = [("a1", "email-1", 1), ("a1", "new-1", 1)]
    assert await _claim(ledger, later, MAIL, CHAT, Channel(name="new-1")) == expected


async def test_a_retried_alert_is_sent_although_it_was_acknowledged(ledger: Ledger, now: datetime):
    await _raise(ledger, now, "a1")
    await ledger.acknowledge_alert("default", "a1", now, "cli:anna")
    assert (await ledger.retry_alert("default", "a1", now)).acknowledged_by == "cli:anna"
    assert await _claim(ledger, now) == [("a1", "email-1", 1)]
    await _finish(ledger, now, "down", now + MINUTE)
    assert await _claim(ledger, now + MINUTE) == [("a1", "email-1", 2)]


async def test_a_retry_leaves_a_sender_alone_that_is_at_it(ledger: Ledger, now: datetime):
    await _raise(ledger, now, "a1")
    await _claim(ledger, now)
    await ledger.retry_alert("default", "a1", now)
    assert await _claim(ledger, now) == []


@pytest.mark.parametrize("state", ["waiting", "sending"])
async def test_a_clock_that_steps_back_far_holds_no_delivery_up(ledger: Ledger, now: datetime, state: str):
    ahead = now + timedelta(days=400)
    await _raise(ledger, ahead, "a1")
    await _claim(ledger, ahead)
    if state == "waiting":
        await _finish(ledger, ahead, "down", ahead + MINUTE)
    assert await _claim(ledger, now) == [("a1", "email-1", 2)]


async def test_a_clock_that_steps_back_a_little_sends_nothing_twice(ledger: Ledger, now: datetime):
    await _raise(ledger, now, "a1")
    await _claim(ledger, now)
    assert await _claim(ledger, now - 2 * MINUTE) == []


VERBS: dict[str, Callable[[Ledger, str, datetime], Awaitable[object]]] = {
    "acknowledge": lambda ledger, alert_id, now: ledger.acknowledge_alert("default", alert_id, now, "tester"),
    "retry": lambda ledger, alert_id, now: ledger.retry_alert("default", alert_id, now),
    "finish": lambda ledger, alert_id, now: _finish(ledger, now, alert_id=alert_id),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
@pytest.mark.parametrize("alert_id", ["a1", "nothing"], ids=["foreign", "unknown"])
async def test_unknown_and_foreign_alerts_are_not_found(
    ledger: Ledger, now: datetime, alert_id: str, verb: Callable[[Ledger, str, datetime], Awaitable[object]]
):
    assert await ledger.raise_alert(_alert("a1", now, tenant="other"), now)
    with pytest.raises(NotFound) as refusal:
        await verb(ledger, alert_id, now)
    assert refusal.value.field == "alert_id"
    assert await _claim(ledger, now) == []
    assert not (await ledger.alerts("other", open_only=False, limit=1))[0].deliveries


async def test_no_address_is_kept_with_an_error(ledger: Ledger, ledger_path: Path, now: datetime):
    await _raise(ledger, now, "a1")
    await _claim(ledger, now)
    await _finish(ledger, now, "no answer from\nHTTPS://hooks.example/T0/secret: refused " + "x" * 999)
    error = (await _delivery(ledger)).error or ""
    assert error.startswith("no answer from (address) refused xxx")
    assert len(error) == 300
    with closing(sqlite3.connect(ledger_path)) as db:
        assert "secret" not in "".join(db.iterdump())


@pytest.mark.parametrize("name", ["", "mailto://me@example.org", "a\nb", "x" * 65])
def test_a_channels_name_is_no_address(name: str):
    with pytest.raises(InvalidInput) as refusal:
        Channel(name=name)
    assert refusal.value.field == "channel"
    assert not name or name not in str(refusal.value)


def test_a_channel_wants_known_kinds_and_levels():
    for fields in ({"kinds": ("news",)}, {"lowest_level": "ok"}):
        with pytest.raises(UnknownName):
            Channel(name="email-1", **fields)  # pyright: ignore[reportArgumentType] (one of them is wrong on purpose)


async def test_asking_for_what_is_due_writes_nothing_when_nothing_is(ledger: Ledger, ledger_path: Path, now: datetime):
    await _raise(ledger, now, "a1")
    await _claim(ledger, now)
    log = ledger_path.with_name(ledger_path.name + "-wal")
    before = os.stat(log)  # noqa: PTH116 (one look at a local file)
    for _ in range(3):
        assert await _claim(ledger, now) == []
    after = os.stat(log)  # noqa: PTH116 (one look at a local file)
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


async def test_many_senders_at_once_share_the_work_without_sending_anything_twice(
    ledger: Ledger, ledger_path: Path, now: datetime
):
    ids = [f"a{number}" for number in range(30)]
    await _raise(ledger, now, *ids)
    others = [await open_ledger(ledger_path, now=now, window_of=window_of) for _ in range(3)]
    senders = [ledger, *others]

    async def send(sender: Ledger) -> list[Claim]:
        claimed: list[Claim] = []
        while claims := await sender.claim_deliveries("default", (MAIL, CHAT), now, LEASE, 4):
            for claim in claims:
                await sender.finish_delivery("default", claim.alert.alert_id, claim.channel, now, error=None, next_at=None)
            claimed += claims
        return claimed

    sent = [claim for claims in await asyncio.gather(*(send(sender) for sender in senders)) for claim in claims]
    assert sorted((c.alert.alert_id, c.channel) for c in sent) == sorted((i, c.name) for i in ids for c in (MAIL, CHAT))
    assert {claim.attempt for claim in sent} == {1}
    for other in others:
        await other.close()
    with closing(sqlite3.connect(ledger_path)) as db:
        assert db.execute("SELECT DISTINCT state FROM deliveries").fetchall() == [("delivered",)]
