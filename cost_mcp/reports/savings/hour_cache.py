"""Tokens kept in a cache for an hour that were used within five minutes each time."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cost_mcp.reports.savings.cell import Part
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import MEDIUM, Market, Suggestion, suggestion, whose
from cost_mcp.reports.savings.token_parts import parts
from cost_mcp.reports.savings.unit_prices import UnitPrices

NAME: str = "hour-cache"
TITLE: str = "1 h cache used within 5 min"
UNIT: str = "call"


def suggestions(found: Gathered, _: Market, /) -> Iterator[Suggestion]:
    """For each subject, what its one-hour cache writes cost above five-minute ones where these would have done.

    Every use keeps what is cached for another five minutes without a charge. So a write for an hour was only needed where the
    session's next use came more than five minutes (and at most an hour) after the call before it. Of a session that did read
    from the cache, what was written for an hour counts until such a use, or until the session ended without one::

        saved = Σ tokens written for an hour × (price of a one-hour write − price of a five-minute write)

    at the unit prices stored with the calls. Writes nobody read at all belong to the rule for these. Medium: another session may
    have come back later for the same beginning. Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
    (1.25 and 2 times input; refreshed at no additional charge each time it is used), read 2026-11-22.
    """
    for subject, part in parts(found, lambda cell: cell.kept_long, _saved):
        yield suggestion(
            NAME,
            subject,
            part,
            confidence=MEDIUM,
            reason="Every use in the session came within five minutes of the last; another session may have come back later.",
            advice=f"Write for five minutes instead of an hour: {whose(subject)}.",
        )


def _saved(part: Part, prices: UnitPrices) -> Decimal:
    return part.first * (prices.at("cache_write_1h") - prices.at("cache_write_5m"))


def blind(found: Gathered, /) -> str | None:
    """Why it cannot tell."""
    written = any(cell.written for cell in found.cells)
    return None if written or not found.calls else "No call tells of tokens written to a cache."
