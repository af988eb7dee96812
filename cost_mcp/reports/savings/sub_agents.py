"""Sub-agents that run on a model as dear as that of the agent that started them."""

from __future__ import annotations

from collections.abc import Iterator

from cost_mcp.reports.savings.comparing import compared
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import LOW, Market, Suggestion, suggestion, whose

NAME: str = "sub-agents"
TITLE: str = "Expensive sub-agents"
UNIT: str = "call of the sub-agent"


def suggestions(found: Gathered, market: Market, /) -> Iterator[Suggestion]:
    """For each sub-agent, what its calls would have cost less with the next cheaper model of the same provider.

    The agent whose call is the first in a session is its main agent; every other named one is a sub-agent there. Its calls count
    where a token of its output costs at least as much as one of the main agent's. By meter::

        saved = Σ tokens × unit price charged − Σ tokens × unit price of the cheaper model

    with prices as for a smaller model. The formula is our own: it states prices, so the confidence is always low. A sub-agent's
    small calls are among those of the smaller-model rule too.
    """
    for subject, part in compared(found, lambda cell: cell.dear, market.smaller):
        yield suggestion(
            NAME,
            subject,
            part,
            confidence=LOW,
            reason="It works for another agent at a price as high as that one's; whether less would do, no price tells.",
            advice=f"Give the sub-agent {part.instead} to work with: {whose(subject)}.",
        )


def blind(found: Gathered, /) -> str | None:
    """Why it cannot tell."""
    return None if found.sessions else "No call names its session: who worked for whom cannot be told."
