"""The JSON shape of an alert: what it is about, its figures, who has seen it, how far it has come."""

from __future__ import annotations

from collections.abc import Iterable

from cost_mcp.model.alert import Alert, Delivery
from cost_mcp.model.moment import instant_text
from cost_mcp.views.shape_budget import amount_value, percent_number


def alerts_shape(alerts: Iterable[Alert]) -> dict[str, object]:
    """Alerts, in the order given."""
    return {"alerts": [alert_shape(alert) for alert in alerts]}


def alert_shape(alert: Alert) -> dict[str, object]:
    """One alert; what it has not is absent.

    Amounts end in their unit, as those of budgets do: ``limit_usd``, ``spent_usd`` … as text, counts as whole numbers.
    """
    shape: dict[str, object] = {
        "alert_id": alert.alert_id,
        "kind": alert.kind,
        "level": alert.level,
        "subject": alert.subject,
        "raised_at": instant_text(alert.raised_at),
    }
    for name in ("budget", "each", "each_value", "period", "mode"):
        if (value := getattr(alert, name)) is not None:
            shape[name] = value
    shape["window_start"] = instant_text(alert.window_start)
    if alert.window_end is not None:
        shape["window_end"] = instant_text(alert.window_end)
    shape |= _amounts(alert)
    if alert.figures:
        shape["figures"] = dict(alert.figures)
    shape["open"] = alert.acknowledged_at is None
    if alert.acknowledged_at is not None:
        shape["acknowledged_at"] = instant_text(alert.acknowledged_at)
        shape["acknowledged_by"] = alert.acknowledged_by
    shape["deliveries"] = [_delivery_shape(delivery) for delivery in alert.deliveries]
    return shape


def is_lower_bound(alert: Alert) -> bool:
    """Whether more may have been spent than the alert shows."""
    return alert.unpriced_calls > 0


def _amounts(alert: Alert) -> dict[str, object]:
    shape: dict[str, object] = {}
    if alert.unit is None:
        return shape
    for name in ("limit", "spent", "reserved"):
        if (amount := getattr(alert, name)) is not None:
            shape[f"{name}_{alert.unit}"] = amount_value(amount, alert.unit)
    if alert.used_percent is not None:
        shape["used_percent"] = percent_number(alert.used_percent)
    if alert.threshold_percent is not None:
        shape["threshold_percent"] = float(alert.threshold_percent)
    if alert.unit == "usd":
        shape["unpriced_calls"] = alert.unpriced_calls
        shape["lower_bound"] = is_lower_bound(alert)
    return shape


def _delivery_shape(delivery: Delivery) -> dict[str, object]:
    shape: dict[str, object] = {"channel": delivery.channel, "state": delivery.state, "attempts": delivery.attempts}
    for name in ("next_at", "delivered_at"):
        if (instant := getattr(delivery, name)) is not None:
            shape[name] = instant_text(instant)
    if delivery.error is not None:
        shape["error"] = delivery.error
    return shape
