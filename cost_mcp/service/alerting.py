"""What is asked about alerts, and seeing to one or to all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cost_mcp.model.name import clean_name
from cost_mcp.service.fields import Fields, flag, present, refuse_unknown, whole_number

if TYPE_CHECKING:
    from cost_mcp.ledger.contract import Ledger
    from cost_mcp.model.alert import Alert

ALERT_FIELDS = ("all", "limit")
DEFAULT_ALERTS, MOST_ALERTS = 50, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertQuestion:
    """Which alerts are asked for."""

    open_only: bool
    limit: int


def read_alert_question(fields: Fields) -> AlertQuestion:
    """The question in raw fields: ``all`` asks for the acknowledged ones too, ``limit`` for so many of the newest.

    Raises:
        InvalidInput: a value that cannot be taken, or an unknown field.
    """
    given = present(fields)
    refuse_unknown(given, ALERT_FIELDS, "alerts")
    limit = whole_number(given.get("limit", DEFAULT_ALERTS), "limit", low=1, high=MOST_ALERTS)
    return AlertQuestion(open_only=not flag(given.get("all"), "all"), limit=limit)


def read_alert_id(alert_id: object) -> str:
    """The id of an alert.

    Raises:
        InvalidInput: nothing that can be one.
    """
    return clean_name(alert_id, "alert_id")


async def acknowledge_all(ledger: Ledger, tenant: str, now: datetime, by: str) -> tuple[Alert, ...]:
    """Acknowledge every open alert; those that were, newest first."""
    done: list[Alert] = []
    while some := await ledger.alerts(tenant, open_only=True, limit=MOST_ALERTS):
        done += [await ledger.acknowledge_alert(tenant, alert.alert_id, now, by) for alert in some]
    return tuple(done)


async def retry_all(ledger: Ledger, tenant: str, now: datetime) -> tuple[Alert, ...]:
    """Try the open alerts again that did not arrive everywhere; those that were, newest first."""
    found = await ledger.alerts(tenant, open_only=True, limit=MOST_ALERTS)
    late = [alert for alert in found if any(delivery.state in ("waiting", "dead") for delivery in alert.deliveries)]
    return tuple([await ledger.retry_alert(tenant, alert.alert_id, now) for alert in late])
