"""Small tasks given to a model that has a cheaper sibling."""

from __future__ import annotations

from collections.abc import Iterator

from cost_mcp.reports.savings.comparing import compared
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import LOW, Market, Suggestion, suggestion, whose

NAME: str = "smaller-model"
TITLE: str = "A smaller model for small tasks"
UNIT: str = "small call"

SMALL_INPUT, SMALL_OUTPUT = 4_000, 500
"""What is a small task: a prompt of some six pages at most, an answer of less than one, and no reasoning. Our own bounds: what a
model is asked in so little text is seldom what only the dearest can answer."""


def suggestions(found: Gathered, market: Market, /) -> Iterator[Suggestion]:
    """For each subject, what its small calls would have cost less with the next cheaper model of the same provider.

    Over all small calls, by meter::

        saved = Σ tokens × unit price charged − Σ tokens × unit price of the cheaper model

    The unit prices charged are those stored with the calls; the cheaper model's are those of the price books when the last call
    was made. The cheaper model is the dearest of those that cost less for the mean of the calls. Negative sums are no saving.
    The formula is our own: it states prices, not that the other model is good enough, so the confidence is always low.
    """
    for subject, part in compared(found, lambda cell: cell.small, market.smaller):
        yield suggestion(
            NAME,
            subject,
            part,
            confidence=LOW,
            reason="It compares prices: whether the smaller model is good enough for these calls, no price tells.",
            advice=f"Try {part.instead} for the small calls of {whose(subject)}.",
        )


def blind(found: Gathered, /) -> str | None:
    """Why it does not see all calls."""
    return found.without_prices()
