"""The JSON shape of what made a difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text
from cost_mcp.reports.explanation import Contribution, Explanation

if TYPE_CHECKING:
    from cost_mcp.service.explaining import ExplainedAlert

Shape = dict[str, object]


def explained_shape(explained: ExplainedAlert) -> Shape:
    """An alert, and what made the window it is about unusual, as the ledger knows it now."""
    alert, window = explained.alert, explained.window
    return {
        "alert_id": alert.alert_id,
        "subject": alert.subject,
        "level": alert.level,
        "window": window.kind,
        "window_start": instant_text(window.start),
        "window_end": instant_text(window.end),
        **explanation_shape(explained.explanation),
    }


def explanation_shape(explanation: Explanation) -> Shape:
    """A whole beside what is usual, and by dimension (``by_agent`` …) the names that made the difference, largest part first."""
    shape: Shape = {
        "spent_usd": usd_text(explanation.spent),
        "usual_usd": usd_text(explanation.usual),
        "more_usd": usd_text(explanation.more),
        "samples": explanation.samples,
    }
    for dimension, parts in explanation.parts.items():
        shape[f"by_{dimension.removesuffix('_id')}"] = [_part(part) for part in parts]
    return shape


def _part(part: Contribution) -> Shape:
    shape: Shape = {
        "name": part.name,
        "spent_usd": usd_text(part.spent),
        "usual_usd": usd_text(part.usual),
        "more_usd": usd_text(part.more),
    }
    if part.percent is not None:
        shape["percent"] = int(part.percent)
    return {**shape, "new": True} if part.new else shape
