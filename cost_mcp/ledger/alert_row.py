"""An alert and its deliveries as rows, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from cost_mcp.errors import NotFound
from cost_mcp.ledger.plan import Plan
from cost_mcp.model.alert import LEVELS, Alert, Delivery
from cost_mcp.model.moment import from_micros, micros

ALERT_COLUMNS = (
    "seq", "tenant", "alert_id", "kind", "level", "raised_at", "contents", "offered_at", "acknowledged_at", "acknowledged_by",
)  # fmt: skip
SELECT_ALERTS = f"SELECT {', '.join(ALERT_COLUMNS)} FROM alerts"
SELECT_ALERT = f"{SELECT_ALERTS} WHERE tenant = ? AND alert_id = ?"
INSERT_ALERT = (
    "INSERT INTO alerts (tenant, alert_id, kind, level, raised_at, contents, offered_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
SELECT_DELIVERIES = (
    "SELECT channel, state, attempts, next_at, delivered_at, error FROM deliveries WHERE tenant = ? AND alert_id = ? "
    "ORDER BY channel"
)
_NEWEST = f"{SELECT_ALERTS} WHERE tenant = ? ORDER BY seq DESC LIMIT ?"
_NEWEST_OPEN = f"{SELECT_ALERTS} WHERE tenant = ? AND acknowledged_at IS NULL ORDER BY seq DESC LIMIT ?"

_TEXTS = ("subject", "budget", "budget_id", "each", "each_value", "period", "mode", "unit")
_AMOUNTS = ("threshold_percent", "limit", "spent", "reserved")
_INSTANTS = ("window_start", "window_end")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S*", re.IGNORECASE)
MOST_ERROR = 300


def level_number(level: str) -> int:
    """1 for info to 4 for exceeded; 0 for ``ok``."""
    return LEVELS.index(level) + 1 if level in LEVELS else 0


def alert_values(alert: Alert, now: datetime) -> tuple[Any, ...]:
    """The parameters of ``INSERT_ALERT``; ``now`` is from when on it is offered to channels."""
    number = level_number(alert.level)
    contents = _contents_text(alert)
    return (alert.tenant, alert.alert_id, alert.kind, number, micros(alert.raised_at), contents, micros(now))


def alert_of(row: Sequence[Any], deliveries: Sequence[Sequence[Any]] = ()) -> Alert:
    """An alert from a row of ``SELECT_ALERTS`` and those of ``SELECT_DELIVERIES``."""
    _, tenant, alert_id, kind, number, raised_at, contents, _, acknowledged_at, acknowledged_by = row
    level = LEVELS[int(number) - 1]
    values: dict[str, Any] = json.loads(contents)
    for name in _AMOUNTS:
        if name in values:
            values[name] = Decimal(values[name])
    for name in _INSTANTS:
        if name in values:
            values[name] = from_micros(values[name])
    values["figures"] = MappingProxyType(values.get("figures", {}))
    return Alert(
        tenant=tenant,
        alert_id=alert_id,
        kind=kind,
        level=level,
        raised_at=from_micros(raised_at),
        acknowledged_at=_instant(acknowledged_at),
        acknowledged_by=acknowledged_by,
        deliveries=tuple(_delivery(delivery) for delivery in deliveries),
        **values,
    )


def alerts(tenant: str, *, open_only: bool, limit: int) -> Plan[tuple[Alert, ...]]:
    """The alerts of a tenant with their deliveries, newest first; the order is that of raising, whatever clocks said."""
    rows = yield (_NEWEST_OPEN if open_only else _NEWEST), (tenant, limit)
    found: list[Alert] = []
    for row in rows:
        deliveries = yield SELECT_DELIVERIES, (tenant, row[2])
        found.append(alert_of(row, deliveries))
    return tuple(found)


def alert_by_id(tenant: str, alert_id: str) -> Plan[Alert | None]:
    """The alert with this id and its deliveries."""
    rows = yield SELECT_ALERT, (tenant, alert_id)
    if not rows:
        return None
    deliveries = yield SELECT_DELIVERIES, (tenant, alert_id)
    return alert_of(rows[0], deliveries)


def no_such_alert() -> NotFound:
    """The error for an id that names no alert of the tenant."""
    return NotFound(
        "there is no alert with this id.", field="alert_id", hint="List alerts, the old ones too, to see their ids."
    )


def kept_reason(error: str) -> str:
    """Why a delivery failed, as it is kept: one short line, and no address, which may hold a secret."""
    plain = _ADDRESS.sub("(address)", " ".join(error.split()))
    return "".join(c for c in plain if c.isprintable())[:MOST_ERROR]


def _delivery(row: Sequence[Any]) -> Delivery:
    channel, state, attempts, next_at, delivered_at, error = row
    return Delivery(
        channel=channel,
        state=state,
        attempts=attempts,
        next_at=_instant(next_at),
        delivered_at=_instant(delivered_at),
        error=error,
    )


def _contents_text(alert: Alert) -> str:
    values: dict[str, Any] = {name: getattr(alert, name) for name in _TEXTS}
    for name in _AMOUNTS:
        amount = getattr(alert, name)
        values[name] = None if amount is None else str(amount)
    for name in _INSTANTS:
        instant = getattr(alert, name)
        values[name] = None if instant is None else micros(instant)
    values["unpriced_calls"] = alert.unpriced_calls or None
    values["figures"] = dict(alert.figures) or None
    return json.dumps({k: v for k, v in values.items() if v is not None}, separators=(",", ":"), ensure_ascii=False)


def _instant(value: int | None) -> datetime | None:
    return None if value is None else from_micros(value)
