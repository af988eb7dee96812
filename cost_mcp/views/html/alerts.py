"""The alerts: what reached a level, who was told, who has seen it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cost_mcp.views.html.rendering import rendered
from cost_mcp.views.text_budget import amount_words

if TYPE_CHECKING:
    from cost_mcp.model.alert import Alert
    from cost_mcp.views.html.frame import Frame


def alerts_page(alerts: Sequence[Alert], frame: Frame, *, everything: bool, channels: bool) -> str:
    """The whole page: those nobody acknowledged, or ``everything``; ``channels`` says whether any way out is configured."""
    return rendered(
        "alerts.html.j2",
        frame=frame,
        alerts=alerts,
        everything=everything,
        channels=channels,
        amount=amount_words,
    )
