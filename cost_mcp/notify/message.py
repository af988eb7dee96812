"""What an alert says: a title, one sentence with the numbers that made it one, and the same as a JSON object."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal

from cost_mcp.model.alert import Alert
from cost_mcp.model.budget import percent_words
from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import display_usd, usd_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent. ``delivery_id`` is the same however often it is sent to one channel: by it a receiver drops a repeat."""

    alert: Alert
    title: str
    text: str
    delivery_id: str


def message_of(alert: Alert, channel: str) -> Message:
    """The message that tells a channel of an alert."""
    if alert.kind == "test":
        title, text = (
            f"cost-mcp: test of {channel}",
            f"This is a test of the channel {channel}: alerts arrive here. Nothing was spent.",
        )
    elif alert.kind == "anomaly":
        title, text = f"cost-mcp: unusual spend of {_line(alert.subject)} ({alert.level})", _anomaly(alert)
    else:
        title, text = _budget_title(alert), _budget(alert)
    return Message(alert=alert, title=title, text=text, delivery_id=delivery_id(alert, channel))


def delivery_id(alert: Alert, channel: str) -> str:
    """The id of telling this channel of this alert: made of both, so that every attempt of every process has the same."""
    parts = f"{alert.tenant}\n{alert.alert_id}\n{channel}"  # no name holds a line break
    return f"alert_{hashlib.sha256(parts.encode()).hexdigest()[:32]}"


def alert_body(message: Message) -> dict[str, object]:
    """The alert as one JSON object without nulls; amounts are plain decimal text, instants RFC 3339 in UTC."""
    alert = message.alert
    given: dict[str, object] = {
        "type": f"cost_mcp.alert.{alert.kind}",
        "delivery_id": message.delivery_id,
        "alert_id": alert.alert_id,
        "tenant": alert.tenant,
        "kind": alert.kind,
        "level": alert.level,
        "title": message.title,
        "text": message.text,
        "raised_at": instant_text(alert.raised_at),
        "subject": alert.subject,
        "window_start": instant_text(alert.window_start),
        "window_end": None if alert.window_end is None else instant_text(alert.window_end),
        "threshold_percent": _plain(alert.threshold_percent),
        "used_percent": _hundredths(alert.used_percent),
        "budget": alert.budget,
        "budget_id": alert.budget_id,
        "each": alert.each,
        "each_value": alert.each_value,
        "period": alert.period,
        "mode": alert.mode,
        "unit": alert.unit,
        "limit": _plain(alert.limit),
        "spent": _plain(alert.spent),
        "reserved": _plain(alert.reserved),
        "unpriced_calls": alert.unpriced_calls,
        "figures": dict(alert.figures) or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _budget_title(alert: Alert) -> str:
    used = alert.used_percent
    share = "" if used is None else f" at {percent_words(used)}"
    return f"cost-mcp: budget {_line(alert.subject)}{share} ({alert.level})"


def _budget(alert: Alert) -> str:
    said = f"The budget {_line(alert.subject)} is {'exceeded' if alert.level == 'exceeded' else f'at its {alert.level} level'}"
    if alert.spent is not None and alert.limit is not None and alert.used_percent is not None:
        said += f": spent {_amount(alert.spent, alert.unit)} of {_amount(alert.limit, alert.unit)}"
        said += f" ({percent_words(alert.used_percent)}"
        said += ")" if alert.threshold_percent is None else f", the level begins at {_plain(alert.threshold_percent)} %)"
    if alert.reserved:
        said += f", {_amount(alert.reserved, alert.unit)} reserved on top"
    said += _unpriced(alert)
    if others := alert.figures.get("other_windows"):
        said += f"; {_line(others)} more of its windows rose too"
    end = "it has no end" if alert.window_end is None else f"its window ends {_when(alert.window_end)}"
    name = alert.budget or alert.subject
    return f"{said}; {end}; `cost-mcp budget status {shlex.quote(_line(name))}` shows where it stands now."


def _anomaly(alert: Alert) -> str:
    figures = {name: _line(text) for name, text in alert.figures.items()}
    window = f"from {_when(alert.window_start)}" + ("" if alert.window_end is None else f" to {_when(alert.window_end)}")
    said = f"The spend of {_line(alert.subject)} {window} is unusual"
    if alert.spent is not None:
        said += f": {_amount(alert.spent, alert.unit)}"
    if usual := figures.get("median_usd"):
        said += f", where {display_usd(Decimal(usual))} is usual"
    numbers = (("spread", "spread_usd", "$"), ("score", "score", ""), ("against", "compared_with", ""))
    known = [f"{word} {sign}{figures[name]}" for word, name, sign in numbers if name in figures]
    said += f" ({', '.join(known)})" if known else ""
    said += f", also for {figures['also']}" if "also" in figures else ""
    said += f"; what made the difference: {figures['explained']}" if "explained" in figures else ""
    return f"{said}{_unpriced(alert)}; `cost-mcp alerts explain {shlex.quote(_line(alert.alert_id))}` shows what it went to."


def _unpriced(alert: Alert) -> str:
    return f", not counting {alert.unpriced_calls:,} calls without a known price" if alert.unpriced_calls else ""


def _amount(amount: Decimal, unit: str | None) -> str:
    return display_usd(amount) if unit in {None, "usd"} else f"{amount.normalize():,f} {unit}"


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else usd_text(amount)


def _hundredths(percent: Decimal | None) -> str | None:
    return None if percent is None else usd_text(percent.quantize(Decimal("0.01"), rounding=ROUND_FLOOR))


def _when(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _line(text: str) -> str:
    """One line of text: names are, but a header or a chat must not depend on it."""
    return " ".join(text.split())
