"""Plain text of what stands beside a report: the period before, and how spend went."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.money import display_usd
from cost_mcp.reports.explanation import told_shortly
from cost_mcp.views.text_time import instant_words

if TYPE_CHECKING:
    from cost_mcp.model.totals import Totals
    from cost_mcp.reports.comparison import Change, Comparison
    from cost_mcp.reports.trend import Trend

_SHOWN_POINTS = 40


def change_words(change: Change) -> str:
    """A change in dollars and, where there is something to compare with, in percent: ``+$1.20 (+12.5 %)``."""
    percent = "" if change.percent is None else f" ({change.percent:+f} %)"
    return f"{'≈ ' if change.inexact else ''}{signed_usd(change.usd)}{percent}"


def signed_usd(amount: Decimal) -> str:
    """Dollars with their sign, ``±$0.00`` for none."""
    return f"+{display_usd(amount)}" if amount > 0 else display_usd(amount) if amount else "±$0.00"


def comparison_lines(comparison: Comparison) -> list[str]:
    """What changed since the period before, and between which instants."""
    whole, previous = comparison.whole, comparison.previous
    span = f"{instant_words(previous.start)} to {instant_words(previous.end)}"
    spans = f"{span}; this period until {instant_words(comparison.until)}"
    lines = [f"Before ({spans}): {_before(whole.previous)}; change {change_words(whole)}."]
    if whole.subscription_usd or whole.previous.subscription_usd:
        before = display_usd(whole.previous.subscription_usd)
        lines.append(f"Covered by subscriptions before: {before}; change {signed_usd(whole.subscription_usd)}.")
    if whole.inexact:
        lines.append("The change is not exact: calls without a known price are missing.")
    if comparison.explanation is not None and (told := told_shortly(comparison.explanation)):
        lines.append(f"What made the difference: {told}.")
    return lines


def trend_line(trend: Trend) -> str:
    """The series in one line, of a long one only what was spent in any; points left out cost nothing."""
    points = [(str(point.key[0]), point.totals) for point in trend.points]
    shown = points if len(points) <= _SHOWN_POINTS else [point for point in points if point[1].calls]
    told = ", ".join(f"{name} {_point(totals)}" for name, totals in shown[-_SHOWN_POINTS:])
    left = len(shown) - _SHOWN_POINTS
    return (
        f"By {trend.unit}{f' (the last {_SHOWN_POINTS} of {len(shown)} with calls)' if left > 0 else ''}: {told or 'nothing'}"
    )


def _point(totals: Totals) -> str:
    plan = f" (plan {display_usd(totals.subscription_usd)})" if totals.subscription_usd else ""
    return f"{'≥ ' if totals.unpriced_calls else ''}{display_usd(totals.cost_usd)}{plan}"


def _before(totals: Totals) -> str:
    bound = "≥ " if totals.unpriced_calls else ""
    return f"{bound}{display_usd(totals.cost_usd)}, {totals.calls:,} {'call' if totals.calls == 1 else 'calls'}"
