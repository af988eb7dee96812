"""Work nobody waited for, at the price of work somebody does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cost_mcp.reports.savings.cell import Cell, Tally
from cost_mcp.reports.savings.comparing import compared
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import LOW, MEDIUM, Market, Suggestion, suggestion, whose

NAME: str = "batch"
TITLE: str = "Batch for work nobody waited for"
UNIT: str = "call"

CROWD = 60
"""So many calls of one series within a clock hour, each alone in its session or task: nobody reads an answer a minute."""

STANDARD = "standard"
_WORDS = re.compile(
    r"(?<![a-z])(batch|nightly|backfill|back-fill|offline|cron|scheduled|eval|evals|evaluation|benchmark|index|indexing|enrich|"
    r"enrichment|label|labeling|labelling|tagging|migration|crawl|crawler)(?![a-z])"
)


def suggestions(found: Gathered, market: Market, /) -> Iterator[Suggestion]:
    """For each subject, what its crowds of lone calls would have cost less as a batch.

    Calls that stand alone in their session or task, and those with neither, were no step before another one. Where a series has
    at least ``CROWD`` of them in an hour, at the standard tier::

        saved = Σ tokens × unit price charged − Σ tokens × unit price of the batch tier

    by meter, with the batch prices of the books; a model without any claims nothing. Providers answer batches within 24 hours at
    half the price. Medium where a name of the calls (task type, feature, purpose, agent) is a word for such work, low else: users
    of a product may have waited. The test is our own; the prices: https://platform.claude.com/docs/en/build-with-claude/batch-processing,
    https://help.openai.com/en/articles/9197833-batch-api-faq (50 % off, within 24 hours), read 2026-11-22.
    """
    for subject, part in compared(found, _standard, market.batch):
        named = any(_is_background(cell) for cell in part.cells)
        reason = (
            "A name of these calls says that it is background work."
            if named
            else "No answer was followed by another call and there were more than one person reads; users may still have waited."
        )
        yield suggestion(
            NAME,
            subject,
            part,
            confidence=MEDIUM if named else LOW,
            reason=reason,
            advice=f"Send the work of {whose(subject)} as a batch where an answer within a day is soon enough.",
        )


def blind(found: Gathered, /) -> str | None:
    """Why it does not see all calls."""
    return found.without_chain()


def _standard(cell: Cell) -> Tally | None:
    return cell.alone if cell.entry is not None and cell.entry.service_tier == STANDARD else None


def _is_background(cell: Cell) -> bool:
    names: Iterable[str] = (cell.names.task_type, cell.names.feature, cell.names.purpose, cell.names.agent)
    return any(_WORDS.search(name.lower().replace("_", "-")) for name in names)
