"""JSON shapes of what stands beside a report: the period before, and how spend went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text
from cost_mcp.reports.comparison import Change, Comparison
from cost_mcp.reports.explanation import told_shortly
from cost_mcp.reports.trend import Trend

if TYPE_CHECKING:
    from cost_mcp.model.report import Group

Shape = dict[str, object]


def comparison_shape(comparison: Comparison) -> Shape:
    """What changed, with the exact instants of both periods; ``change_percent`` is absent where nothing was billed before.

    ``inexact`` is there where calls without a known price are missing on either side, ``explained`` where some names make up a
    telling part of the difference.
    """
    whole = comparison.whole
    explained = "" if comparison.explanation is None else told_shortly(comparison.explanation)
    return {
        "compared_until": instant_text(comparison.until),
        "previous_start": instant_text(comparison.previous.start),
        "previous_end": instant_text(comparison.previous.end),
        "previous_cost_usd": usd_text(whole.previous.cost_usd),
        "previous_subscription_usd": usd_text(whole.previous.subscription_usd),
        "previous_calls": whole.previous.calls,
        "previous_total_tokens": whole.previous.total_tokens,
        **_changes(whole),
        "change_subscription_usd": usd_text(whole.subscription_usd),
        **({"explained": explained} if explained else {}),
    }


def change_shape(comparison: Comparison | None, group: Group) -> Shape:
    """What changed in one row; empty where rows were not compared."""
    change = None if comparison is None else comparison.groups.get(group.key)
    if change is None:
        return {}
    shape: Shape = {"previous_cost_usd": usd_text(change.previous.cost_usd), **_changes(change)}
    if change.subscription_usd or change.previous.subscription_usd:
        shape["change_subscription_usd"] = usd_text(change.subscription_usd)
    return shape


def trend_shape(trend: Trend) -> Shape:
    """Points in their order, none left out; each named by the text of its first moment, as a row grouped by ``unit`` is."""
    return {"unit": trend.unit, "points": [_point(trend.unit, point) for point in trend.points]}


def _point(unit: str, point: Group) -> Shape:
    totals = point.totals
    shape: Shape = {unit: point.key[0], "cost_usd": usd_text(totals.cost_usd), "calls": totals.calls}
    shape["total_tokens"] = totals.total_tokens
    if totals.subscription_usd:
        shape["subscription_usd"] = usd_text(totals.subscription_usd)
    if totals.unpriced_calls:
        shape.update(unpriced_calls=totals.unpriced_calls, lower_bound=True)
    return shape


def _changes(change: Change) -> Shape:
    shape: Shape = {"change_usd": usd_text(change.usd)}
    if change.percent is not None:
        shape["change_percent"] = float(change.percent)
    if change.inexact:
        shape["inexact"] = True
    return shape
