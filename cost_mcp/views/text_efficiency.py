"""Efficiency in sentences: a task beside its baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.model.money import display_usd
from cost_mcp.reports.efficiency import Baseline, Efficiency
from cost_mcp.views.text_time import instant_words

if TYPE_CHECKING:
    from cost_mcp.service.answer import TaskAnswer


def efficiency_lines(answer: TaskAnswer) -> list[str]:
    """How a task ended, and what it came to beside its baseline; nothing where neither is known."""
    lines: list[str] = []
    if answer.outcomes:
        lines.append(f"Outcome: {answer.outcomes[-1].outcome}, {instant_words(answer.outcomes[-1].done_at)}.")
    if answer.efficiency is not None:
        lines.append(f"{efficiency_words(answer.efficiency)}.")
    return lines


def efficiency_words(efficiency: Efficiency) -> str:
    """``Efficiency 1.25 so far (1 is usual): 12 earlier tasks of its type cost $0.50, give or take $0.10``; else why not."""
    so_far = " so far" if efficiency.so_far else ""
    if efficiency.score is None:
        return f"Efficiency{so_far}: not known, {efficiency.why}"
    usual = f": {baseline_words(efficiency.baseline)}" if efficiency.baseline is not None else ""
    return f"Efficiency{so_far} {efficiency.score:f} (1 is usual, above is cheaper){usual}"


def baseline_words(baseline: Baseline) -> str:
    """What is usual, in how many tasks, and how far from it they typically lie."""
    usual, spread = display_usd(baseline.median), display_usd(baseline.spread)
    return f"{baseline.sample} earlier tasks of its type cost {usual} (median), give or take {spread}"


def score_words(tasks: int) -> str:
    """What a report's score means, and how many tasks it was worked out from."""
    those = "one that finished last" if tasks == 1 else f"{tasks:,} that finished last"
    return f"where 1 is usual for tasks of their types (the {those})"
