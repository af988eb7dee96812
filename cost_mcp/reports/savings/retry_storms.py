"""The same prompt sent over and over within a minute."""

from __future__ import annotations

from collections.abc import Iterator

from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import MEDIUM, Market, Suggestion, suggestion, whose
from cost_mcp.reports.savings.run import MINUTE
from cost_mcp.reports.savings.whole_calls import wasted

NAME: str = "retry-storms"
TITLE: str = "Retry storms"
UNIT: str = "call"

LONGEST_PAUSE = MINUTE
"""A retry comes within a minute: clients wait less between their tries."""

STORM = 4
"""One call and three retries: the clients of providers try twice more by themselves (``max_retries`` 2 in the SDKs of OpenAI and
Anthropic), so that fewer are no sign of anything."""


def suggestions(found: Gathered, _: Market, /) -> Iterator[Suggestion]:
    """For each subject, what the retries of its storms cost.

    A storm is at least ``STORM`` calls of one series in one session (or task) with exactly as many input tokens, each at most
    ``LONGEST_PAUSE`` after the one before. The last is taken for the one that worked::

        saved = Σ cost of every call of a storm but its last

    An agent that goes on adds at least its own answer to the next prompt, so the same size again is the same prompt again. Calls
    whose output is of equal length too are the repeated-calls rule's and not counted here. The rule is our own; medium, since
    what failed is not recorded.
    """
    for subject, part in wasted(found, lambda cell: cell.retried):
        yield suggestion(
            NAME,
            subject,
            part,
            confidence=MEDIUM,
            reason="The prompt had the same size each time and came within a minute; what was wrong with the answers is not known.",
            advice=f"Look at why answers are asked for again, and wait longer between tries: {whose(subject)}.",
        )


def blind(found: Gathered, /) -> str | None:
    """Why it does not see all calls."""
    return found.without_chain()
