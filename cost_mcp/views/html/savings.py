"""Savings: what could have cost less, most money first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.reports.savings.registry import RULES
from cost_mcp.views.html.rendering import rendered
from cost_mcp.views.text_savings import OVERLAP, measured_words, nothing_words, unseen_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cost_mcp.reports.savings.measuring import Measured
    from cost_mcp.service.savings import SavingsAnswer
    from cost_mcp.views.html.frame import Frame


def savings_page(answer: SavingsAnswer, measured: Sequence[Measured], frame: Frame) -> str:
    """The suggestions of the period, and what those that were applied saved since."""
    return rendered(
        "savings.html.j2",
        frame=frame,
        answer=answer,
        titles={name: rule.TITLE for name, rule in RULES.items()},
        nothing=None if answer.suggestions else nothing_words(answer),
        overlap=OVERLAP,
        unseen=unseen_words(answer),
        measured=[(one, measured_words(one)) for one in measured],
    )
