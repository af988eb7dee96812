"""Handing alerts to senders: who may send which alert to which channel now, and what came of it.

An alert raised before is offered to a channel for a day. A sender has what it claimed until its lease is over; then, whatever
became of it, the next one may try. An acknowledged alert is not sent any more, unless somebody asks for it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cost_mcp.errors import CostError
from cost_mcp.ledger.alert_row import ALERT_COLUMNS, alert_by_id, alert_of, kept_reason, no_such_alert
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.plan import Plan, run_plan
from cost_mcp.model.alert import Alert, Channel, Claim
from cost_mcp.model.moment import MAX_AHEAD, micros

OFFERED_FOR = timedelta(hours=24)
"""An older alert is not news: a channel that never saw it, added later perhaps, is spared it."""

_ACKNOWLEDGED = "acknowledged before it was sent"

# What was touched later than it now is was touched before the clock stepped back: its time is worth nothing.
_IS_DUE = "d.next_at IS NOT NULL AND (d.next_at <= ? OR d.touched_at > ?)"
_ALERT = ", ".join(f"a.{column}" for column in ALERT_COLUMNS)
_DUE = (
    f"SELECT d.channel, d.attempts, {_ALERT} FROM deliveries d "
    f"JOIN alerts a ON a.tenant = d.tenant AND a.alert_id = d.alert_id WHERE d.tenant = ? AND {_IS_DUE}"
)
_OFFERED = (
    "SELECT (SELECT group_concat(d.channel, char(10)) FROM deliveries d WHERE d.tenant = a.tenant "
    f"AND d.alert_id = a.alert_id), {_ALERT} FROM alerts a WHERE tenant = ? AND offered_at > ?"
)
_TAKE = "INSERT INTO deliveries (tenant, alert_id, channel, state, attempts, next_at, touched_at) VALUES (?, ?, ?, 'sending', 1, ?, ?)"
_TAKE_AGAIN = (
    "UPDATE deliveries SET state = 'sending', attempts = attempts + 1, next_at = ?, touched_at = ? "
    "WHERE tenant = ? AND alert_id = ? AND channel = ?"
)
_FIND = (
    "SELECT d.state, d.attempts, a.offered_at FROM deliveries d JOIN alerts a ON a.tenant = d.tenant AND a.alert_id = d.alert_id "
    "WHERE d.tenant = ? AND d.alert_id = ? AND d.channel = ?"
)
_DELIVERED = (
    "UPDATE deliveries SET state = 'delivered', next_at = NULL, touched_at = ?, delivered_at = ?, error = NULL "
    "WHERE tenant = ? AND alert_id = ? AND channel = ?"
)
_FAILED = (
    "UPDATE deliveries SET state = ?, next_at = ?, touched_at = ?, error = ? WHERE tenant = ? AND alert_id = ? AND channel = ?"
)
# No time is as long ago as 0: from now on it is offered to no channel.
_ACKNOWLEDGE = (
    "UPDATE alerts SET acknowledged_at = ?, acknowledged_by = ?, offered_at = 0 "
    "WHERE tenant = ? AND alert_id = ? AND acknowledged_at IS NULL"
)
_STOP = (
    "UPDATE deliveries SET state = 'dead', next_at = NULL, touched_at = ?, error = ? "
    "WHERE tenant = ? AND alert_id = ? AND state = 'waiting'"
)
_OFFER = "UPDATE alerts SET offered_at = ? WHERE tenant = ? AND alert_id = ?"
_RETRY = (
    "UPDATE deliveries AS d SET state = 'waiting', attempts = 0, next_at = ?, touched_at = ?, error = NULL "
    f"WHERE d.tenant = ? AND d.alert_id = ? AND (d.state IN ('dead', 'waiting') OR {_IS_DUE})"
)


@dataclass(frozen=True, slots=True)
class Due:
    """An alert that may be sent to a channel now, after so many attempts before."""

    seq: int
    alert: Alert
    channel: str
    attempts: int
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of a claim, as ``Ledger.finish_delivery`` takes it."""

    error: str | None
    next_at: datetime | None
    attempt: int | None


def due(tenant: str, channels: Sequence[Channel], now: datetime) -> Plan[tuple[Due, ...]]:
    """What may be sent now: what was never tried first, so that a channel that is down keeps nobody waiting; then by age."""
    at, ahead = micros(now), micros(now + MAX_AHEAD)
    names = {channel.name for channel in channels}
    rows = yield _DUE, (tenant, at, ahead)
    found = [
        Due(row[0], alert_of(row), channel, attempts, is_new=False) for channel, attempts, *row in rows if channel in names
    ]
    rows = yield _OFFERED, (tenant, micros(now - OFFERED_FOR))
    for seen, *row in rows:
        unseen = [channel for channel in channels if channel.name not in (seen or "").split("\n")]
        if unseen:
            found += _wanted(row, unseen)
    return tuple(sorted(found, key=lambda one: (one.attempts, one.seq, one.channel)))


def claim_deliveries(
    book: Book, tenant: str, channels: Sequence[Channel], now: datetime, lease_seconds: float, most: int
) -> tuple[Claim, ...]:
    """Take up to ``most`` of what is due for this sender alone until its lease is over."""
    at, until = micros(now), micros(now + timedelta(seconds=lease_seconds))
    claims: list[Claim] = []
    for one in run_plan(book.db, due(tenant, channels, now))[:most]:
        key = (tenant, one.alert.alert_id, one.channel)
        book.db.execute(*((_TAKE, (*key, until, at)) if one.is_new else (_TAKE_AGAIN, (until, at, *key))))
        claims.append(Claim(alert=one.alert, channel=one.channel, attempt=one.attempts + 1))
    return tuple(claims)


def finish_delivery(book: Book, key: tuple[str, str, str], now: datetime, came: Came) -> CostError | None:
    """Note what came of a claim; ``key`` is tenant, alert and channel. What was delivered stays delivered.

    A failure counts only for the sender that still has the claim: another one may be sending meanwhile.
    """
    row = book.db.execute(_FIND, key).fetchone()
    if row is None:
        return no_such_alert()
    state, attempts, offered_at = row
    at = micros(now)
    if came.error is None:
        if state != "delivered":
            book.db.execute(_DELIVERED, (at, at, *key))
    elif state == "sending" and came.attempt in (None, attempts):
        due_at = micros(came.next_at) if came.next_at is not None and offered_at > 0 else None
        book.db.execute(_FAILED, ("dead" if due_at is None else "waiting", due_at, at, kept_reason(came.error), *key))
    return None


def acknowledge_alert(book: Book, tenant: str, alert_id: str, now: datetime, by: str) -> Alert | CostError:
    """Note that somebody has seen it; what still waits is not sent any more. The first to acknowledge stays named."""
    if book.db.execute(_ACKNOWLEDGE, (micros(now), by, tenant, alert_id)).rowcount:
        book.db.execute(_STOP, (micros(now), _ACKNOWLEDGED, tenant, alert_id))
    return run_plan(book.db, alert_by_id(tenant, alert_id)) or no_such_alert()


def retry_alert(book: Book, tenant: str, alert_id: str, now: datetime) -> Alert | CostError:
    """Make due at once what is dead or waits, its attempts forgotten, and offer the alert anew to channels that never saw it."""
    at, ahead = micros(now), micros(now + MAX_AHEAD)
    book.db.execute(_OFFER, (at, tenant, alert_id))
    book.db.execute(_RETRY, (at, at, tenant, alert_id, at, ahead))
    return run_plan(book.db, alert_by_id(tenant, alert_id)) or no_such_alert()


def _wanted(row: Sequence[Any], channels: Sequence[Channel]) -> list[Due]:
    alert = alert_of(row)
    return [Due(row[0], alert, channel.name, 0, is_new=True) for channel in channels if channel.wants(alert)]
