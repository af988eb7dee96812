"""Reasoning out of proportion to what was answered."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import LOW, Market, Suggestion, suggestion, whose
from cost_mcp.reports.savings.token_parts import parts

NAME: str = "reasoning"
TITLE: str = "Reasoning tokens out of proportion"
UNIT: str = "call"

ALLOWED = 2_000
"""Reasoning tokens that are never held against a call: a short answer may need some thought."""

TIMES = 4
"""Reasoning beyond four times the visible answer is out of proportion. Our own bound, chosen wide."""


def suggestions(found: Gathered, _: Market, /) -> Iterator[Suggestion]:
    """For each subject, what reasoning beyond proportion cost.

    Of each call, with answer = output − reasoning tokens::

        excess = reasoning − max(ALLOWED, TIMES × answer), where that is positive
        saved  = Σ excess × unit price of reasoning (of output, where it has none of its own)

    at the prices stored with the calls. Low: hard questions have short answers. The rule is our own.
    """
    for subject, part in parts(found, lambda cell: cell.reasoning, lambda part, prices: part.first * prices.at("reasoning")):
        yield suggestion(
            NAME,
            subject,
            part,
            confidence=LOW,
            reason=f"Reasoning was more than {TIMES} times the answer; a hard question may need it.",
            advice=f"Lower the reasoning effort or its token limit for {whose(subject)}.",
        )


def blind(found: Gathered, /) -> str | None:
    """Why it cannot tell."""
    seen = any(cell.prices is not None and cell.prices.at("output") > Decimal(0) for cell in found.cells)
    return None if seen or not found.calls else "No call has a price per output token."
