"""All rules, and what they find together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from cost_mcp.model.money import usd
from cost_mcp.reports.savings import (
    batch,
    hour_cache,
    long_context,
    prompt_caching,
    reasoning,
    repeated_calls,
    retry_storms,
    smaller_model,
    sub_agents,
    unread_writes,
)
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import CONFIDENCES, Market, Rule, Subject, Suggestion, by_subject, saving_id_of, subject_of

_RULES: tuple[Rule, ...] = (
    smaller_model,
    prompt_caching,
    unread_writes,
    hour_cache,
    batch,
    long_context,
    repeated_calls,
    retry_storms,
    reasoning,
    sub_agents,
)
RULES: Mapping[str, Rule] = {rule.NAME: rule for rule in _RULES}
"""Every rule by its name."""


def ranked(found: Gathered, market: Market, rules: Iterable[str], least: Decimal) -> tuple[Suggestion, ...]:
    """What the rules named find at ``least`` dollars in: most money first, of equal amounts the surer one.

    Nothing saves more than was spent, so subjects of less are left aside: asking the price books about each takes its time.
    """
    worth = [cells for cells in by_subject(found.cells).values() if usd(sum(cell.nanos for cell in cells)) >= least]
    narrowed = replace(found, cells=tuple(cell for cells in worth for cell in cells))
    made = [suggestion for name in rules for suggestion in RULES[name].suggestions(narrowed, market)]
    kept = [suggestion for suggestion in made if suggestion.saved_usd >= least and suggestion.saved_usd > 0]
    return tuple(sorted(kept, key=lambda each: (-each.saved_usd, -CONFIDENCES.index(each.confidence), each.saving_id)))


def named(found: Gathered, market: Market, saving_id: str) -> Suggestion | None:
    """The suggestion of this id, whatever it saves; None where no rule makes it of these calls."""
    for subject, cells in by_subject(found.cells).items():
        for name, rule in RULES.items():
            if saving_id_of(name, subject) == saving_id:
                return next(rule.suggestions(replace(found, cells=tuple(cells)), market), None)
    return None


def at_most(found: Gathered, suggestions: Iterable[Suggestion]) -> Decimal:
    """What suggestions can save together, as an upper bound: no more of a subject than was spent on it.

    Rules may find money in the same call (a prompt sent again is neither cached nor needed); which of them is acted upon first,
    nobody knows, so it is not shared out among them.
    """
    spent: dict[Subject, int] = {}
    for cell in found.cells:
        subject = subject_of(cell)
        spent[subject] = spent.get(subject, 0) + cell.nanos
    saved: dict[Subject, Decimal] = {}
    for suggestion in suggestions:
        saved[suggestion.subject] = saved.get(suggestion.subject, Decimal(0)) + suggestion.saved_usd
    return sum((min(amount, usd(spent[subject])) for subject, amount in saved.items()), Decimal(0))


def unseen(found: Gathered, rules: Iterable[str]) -> dict[str, str]:
    """Rule → why it cannot tell, or not of all calls; only those that cannot."""
    return {name: sentence for name in rules if (sentence := RULES[name].blind(found)) is not None}
