"""The same call made again in the same session."""

from __future__ import annotations

from collections.abc import Iterator

from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import MEDIUM, Market, Suggestion, suggestion, whose
from cost_mcp.reports.savings.whole_calls import wasted

NAME: str = "repeated-calls"
TITLE: str = "Repeated identical calls"
UNIT: str = "call"


def suggestions(found: Gathered, _: Market, /) -> Iterator[Suggestion]:
    """For each subject, what its calls cost that repeat one before.

    A call repeats another when agent, model and everything else its series holds are the same, it belongs to the same session
    (or task) without an hour of silence between, and both its input and its output have exactly as many tokens. Then::

        saved = Σ cost of every such call but the first

    Texts are not kept, so equal counts are the sign: within one session prompts grow, and two different ones of equal length with
    answers of equal length are rare. Hence medium. The rule is our own.
    """
    for subject, part in wasted(found, lambda cell: cell.repeated):
        yield suggestion(
            NAME,
            subject,
            part,
            confidence=MEDIUM,
            reason="Input and output have the same number of tokens as an earlier call of the session; texts are not kept.",
            advice=f"Keep the answers and use them again: {whose(subject)}.",
        )


def blind(found: Gathered, /) -> str | None:
    """Why it does not see all calls."""
    return found.without_chain()
