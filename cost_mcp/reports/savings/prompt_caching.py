"""Prompts that begin as the one before did, and are paid in full again."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cost_mcp.reports.savings.cell import Part
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import LOW, MEDIUM, Market, Suggestion, suggestion, whose
from cost_mcp.reports.savings.token_parts import parts
from cost_mcp.reports.savings.unit_prices import UnitPrices

NAME: str = "prompt-caching"
TITLE: str = "Prompt caching for repeated prefixes"
UNIT: str = "call"

MIN_PREFIX = 4_096
"""The shortest prefix that counts: the most that any model asks for (Claude from 512 to 4,096 tokens by model, OpenAI 1,024).

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching and
https://developers.openai.com/api/docs/guides/prompt-caching.md, read 2026-11-22.
"""


def suggestions(found: Gathered, _: Market, /) -> Iterator[Suggestion]:
    """For each subject, what its uncached sessions would have cost less with the prompt's beginning kept in a cache.

    A call counts whose session (or task) had one of the same series within five minutes before, neither of them with any cached
    token, and whose prompt is at least as long: a conversation sends all of itself again, so what was sent before is the
    beginning of what is sent now. ``shared`` is the length of the prompt before; what is new, and the first prompt of such a
    stretch, would have been written to the cache::

        saved = Σ shared × (price of input − price of a cache read)
              − Σ written × (price of a five-minute write − price of input)

    at the unit prices stored with the calls; without a lower price for reads nothing is claimed. Medium where caching has to be
    asked for (a price for writes is stated), low where the provider does it unasked and did not: then prompts probably differ
    at their beginning. The formula follows from how both providers charge (sources at ``MIN_PREFIX``).
    """
    for subject, part in parts(found, lambda cell: cell.reused, _saved):
        asked = any(cell.prices is not None and cell.prices.stated("cache_write_5m") for cell in part.cells)
        yield suggestion(
            NAME,
            subject,
            part,
            confidence=MEDIUM if asked else LOW,
            reason=(
                "Each prompt was at least as long as the one before it in the session; texts are not kept, so that it began alike "
                "is inferred."
                if asked
                else "The provider caches by itself and did not: the beginnings of the prompts probably differ."
            ),
            advice=(
                f"Ask for prompt caching: {whose(subject)}."
                if asked
                else f"Put what never changes first in the prompt, and what does (time, user) last: {whose(subject)}."
            ),
        )


def _saved(part: Part, prices: UnitPrices) -> Decimal:
    cheaper = prices.at("input") - prices.at("cache_read")
    dearer = prices.at("cache_write_5m") - prices.at("input")
    return part.first * cheaper - part.second * dearer


def blind(found: Gathered, /) -> str | None:
    """Why it does not see all calls."""
    if found.calls and not any(cell.caches for cell in found.cells):
        return "No price entry of these calls has a lower price for cache reads."
    return found.without_chain()
