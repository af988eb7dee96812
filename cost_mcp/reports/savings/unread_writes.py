"""Cache writes that nothing read before they were gone."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cost_mcp.reports.savings.cell import Part
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import HIGH, MEDIUM, Market, Suggestion, suggestion, whose
from cost_mcp.reports.savings.token_parts import parts
from cost_mcp.reports.savings.unit_prices import UnitPrices

NAME: str = "unread-cache-writes"
TITLE: str = "Cache writes never read"
UNIT: str = "call"


def suggestions(found: Gathered, _: Market, /) -> Iterator[Suggestion]:
    """For each subject, what its writes to a cache cost above plain input where nothing was read afterwards.

    What a session (or task) wrote counts when no later call of the same series in it read anything from a cache before the
    tokens were gone: five minutes (or the hour that was paid for) after its last call. The tokens would have been paid as input
    anyway::

        saved = Σ tokens written × (price of the write − price of input)

    for five-minute and one-hour writes each at their own price, as stored with the calls. Where a session did read, its last
    writes are the price of being able to and do not count. What was written too shortly before the end of the period is not judged.
    High where no call of the subject read anything in the whole period; medium else, since another session may have read the same
    beginning. The formula follows from how writes are charged: 1.25 and 2 times input at Anthropic
    (https://platform.claude.com/docs/en/build-with-claude/prompt-caching, read 2026-11-22).
    """
    for subject, part in parts(found, lambda cell: cell.unread, _saved):
        never = not any(cell.read for cell in part.cells)
        yield suggestion(
            NAME,
            subject,
            part,
            confidence=HIGH if never else MEDIUM,
            reason=(
                "None of these calls read anything from a cache in the whole period."
                if never
                else "Nothing in the same session read it; another session may have read the same beginning."
            ),
            advice=f"Leave caching out where a session has one call only, or comes back too late: {whose(subject)}.",
        )


def _saved(part: Part, prices: UnitPrices) -> Decimal:
    five = prices.at("cache_write_5m") - prices.at("input")
    hour = prices.at("cache_write_1h") - prices.at("input")
    return part.first * five + part.second * hour


def blind(found: Gathered, /) -> str | None:
    """Why it cannot tell."""
    written = any(cell.written for cell in found.cells)
    return None if written or not found.calls else "No call tells of tokens written to a cache."
