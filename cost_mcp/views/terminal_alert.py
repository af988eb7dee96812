"""Alerts for people: what was reached and when, whom it was sent to, and what to do about those that did not arrive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from cost_mcp.model.alert import Alert, Delivery
from cost_mcp.model.budget import Budget, percent_words
from cost_mcp.model.moment import zone
from cost_mcp.views.shape_alert import is_lower_bound
from cost_mcp.views.terminal_page import BLANK, Column, Line, Page, Span, Table, line
from cost_mcp.views.terminal_words import moment_words
from cost_mcp.views.text_budget import amount_words

_STATES = {"waiting": "warning", "sending": "dim", "delivered": "ok", "dead": "critical"}
_NO_CHANNEL = line("They are sent nowhere: the settings name no channel under ", Span("notifications", "name"), ".")
_SEE_ALL = line("See all of them   ", Span("cost-mcp alerts list --all", "name"))


def alerts_page(alerts: Sequence[Alert], timezone: str, now: datetime, *, channels: bool) -> Page:
    """One row per alert, in the order given, and under them why some did not arrive.

    ``channels`` says whether there is any that alerts could be sent to.
    """
    columns = (
        Column(title="When"),
        Column(title="Level"),
        Column(title="About", shortens=True),
        Column(title="Sent", shortens=True, yields=1),
        *([Column(title="Seen by", shortens=True, yields=2)] if any(alert.acknowledged_by for alert in alerts) else []),
        Column(title="Alert"),
    )
    tz, seen = zone(timezone), len(columns) == 6
    rows = tuple(
        (
            line(moment_words(alert.raised_at, tz, now)),
            line(Span(alert.level, alert.level)),
            _about(alert),
            _sent(alert.deliveries),
            *([line(Span(alert.acknowledged_by or "", "dim"))] if seen else []),
            line(Span(alert.alert_id, "dim")),
        )
        for alert in alerts
    )
    nowhere = () if channels or any(alert.deliveries for alert in alerts) else (BLANK, _NO_CHANNEL)
    return (Table(columns=columns, rows=rows), *_failures(alerts), *_lower_bounds(alerts), *nowhere)


def no_alerts_page(budgets: Sequence[Budget], *, earlier: bool) -> Page:
    """That there is none to show, and what would raise one. ``earlier``: there are some that were acknowledged."""
    if earlier:
        return (line("No alert is open: all were acknowledged."), BLANK, _SEE_ALL)
    watched = [budget for budget in budgets if budget.mode != "shadow"]
    if not watched:
        return (
            line("No alert was raised, and no budget is set that could raise one; unusual spend would, where it is watched."),
            BLANK,
            line("Watch a day   ", Span("cost-mcp budget --daily 10", "name")),
        )
    first = min(budget.thresholds.info for budget in watched)
    names = ", ".join(budget.name for budget in watched[:5]) + (" …" if len(watched) > 5 else "")
    return (
        line(
            f"No alert was raised: no budget reached its first level ({first:f} % of its limit or more) while it was watched."
        ),
        line(Span(f"Watched: {names}.", "dim")),
        BLANK,
        line("See where they stand   ", Span("cost-mcp budget status", "name")),
    )


def acknowledged_page(alerts: Sequence[Alert]) -> Page:
    """What was acknowledged, a line each."""
    if not alerts:
        return (line("No alert is open."),)
    return tuple(line("Acknowledged ", Span(a.alert_id, "dim"), ": ", *_about(a), f", {a.level}.") for a in alerts)


def retried_page(alerts: Sequence[Alert]) -> Page:
    """What is sent again, and where, a line each."""
    if not alerts:
        return (line("Nothing is to be tried again: no open alert waits, and none was given up."),)
    lines: list[Line] = []
    for alert in alerts:
        late = ", ".join(delivery.channel for delivery in alert.deliveries if delivery.state == "waiting")
        where = f"is sent again to {late}" if late else "is sent to channels that never saw it"
        lines.append(line(Span(alert.alert_id, "dim"), ": ", *_about(alert), f", {where}."))
    return tuple(lines)


def _about(alert: Alert) -> Line:
    subject = Span(alert.subject, "name")
    if alert.kind == "test":
        return line("a test of ", Span(alert.figures.get("channel", "every channel"), "name"))
    if alert.spent is None or alert.unit is None:
        return line(subject)
    bound = "≥ " if is_lower_bound(alert) else ""
    spent = f"{bound}{amount_words(alert.spent, alert.unit)}"
    if alert.limit is None or alert.used_percent is None:
        usual = alert.figures.get("median_usd")
        beside = f" ({amount_words(Decimal(usual), 'usd')} is usual)" if usual else ""
        return line(subject, f": {spent} is unusual{beside}")
    others = alert.figures.get("other_windows")
    more = f", and {others} more" if others else ""
    return line(subject, f": {bound}{percent_words(alert.used_percent)} of {amount_words(alert.limit, alert.unit)}{more}")


def _sent(deliveries: Sequence[Delivery]) -> Line:
    if not deliveries:
        return line(Span("nowhere", "dim"))
    spans: list[Span] = []
    for delivery in deliveries:
        spans += [Span(", ")] if spans else []
        spans.append(Span(f"{delivery.channel} {delivery.state}", _STATES[delivery.state]))
    return tuple(spans)


def _failures(alerts: Sequence[Alert]) -> list[Line]:
    """The last reason of each channel that did not take an open alert, and how to try again."""
    reasons = {
        delivery.channel: delivery
        for alert in reversed(alerts)
        if alert.acknowledged_at is None
        for delivery in alert.deliveries
        if delivery.error is not None and delivery.state in ("waiting", "dead")
    }
    lines = [
        line(Span(f"{channel}: {delivery.error} (tried {delivery.attempts}×)", _STATES[delivery.state]))
        for channel, delivery in sorted(reasons.items())
    ]
    return [BLANK, *lines, line("Try again   ", Span("cost-mcp alerts retry --all", "name"))] if lines else []


def _lower_bounds(alerts: Sequence[Alert]) -> list[Line]:
    if not any(is_lower_bound(alert) for alert in alerts):
        return []
    return [BLANK, line(Span("≥ marks a lower bound: some calls have no known price.", "warning"))]
