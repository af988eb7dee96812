"""Codex's token counts: what one response used, or a thread so far."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add, sub
from typing import NamedTuple

from cost_mcp.capture.fields import as_object
from cost_mcp.errors import InvalidInput
from cost_mcp.model.usage import Usage, check_quantity


class Counts(NamedTuple):
    """Tokens as Codex counts them: ``cached`` and ``written`` are parts of ``given``, ``reasoned`` of ``made``.

    Source: ``TokenUsage`` in codex-rs/protocol/src/protocol.rs (github.com/openai/codex; ``non_cached_input`` there subtracts
    ``cached_input_tokens`` from ``input_tokens``), read 2026-11-22.
    """

    given: int
    cached: int
    written: int
    made: int
    reasoned: int

    @property
    def nothing(self) -> bool:
        """Whether no model was called: Codex also writes estimates of its context, which have a total and no parts."""
        return not self.given and not self.made

    def minus(self, other: Counts) -> Counts | None:
        """What was added since ``other``; None where any count went down, so that the two do not follow on one another."""
        rest = Counts(*map(sub, self, other))
        return None if min(rest) < 0 else rest

    def plus(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(*map(add, self, other))

    def alike(self, other: Counts) -> bool:
        """Whether both tell of one response; only the two counts that every version of Codex writes are compared."""
        return self.given == other.given and self.made == other.made

    def usage(self) -> Usage:
        """The same in our words.

        Raises:
            InvalidInput: parts that are greater than their whole.
        """
        return Usage(
            input_tokens=self.given,
            cache_read_input_tokens=self.cached,
            cache_creation_input_tokens=self.written,
            output_tokens=self.made,
            reasoning_output_tokens=self.reasoned,
        )


class Moved(NamedTuple):
    """A running total that has moved: where it is now, the call that moved it, what the log calls the ``last`` response, and
    what was ``added`` since the line before; the latter three None where it cannot be known.
    """

    total: Counts
    call: Counts | None
    last: Counts | None
    added: Counts | None

    def echo(self, echoes: Sequence[Counts]) -> str:
        """Which of the two repeats responses that had lines of their own: ``added`` (all of it), ``last``, or '' for none.

        Not every response that has a line is in the total (compactions, the analysis of an image), and ``last`` may be less
        than the response (where a search on the server's side read the context again): so either will do.
        """
        if not echoes:
            return ""
        together = reduce(Counts.plus, echoes)
        if self.added is None or any(self.added.alike(one) for one in (*echoes, together)):
            return "added"
        return "last" if self.last is not None and any(self.last.alike(one) for one in echoes) else ""

    def lost(self) -> tuple[Counts, Counts] | None:
        """The running total before the last response, and what was added up to there; None where nothing was."""
        if self.last is None or self.added is None:
            return None
        rest, earlier = self.added.minus(self.last), self.total.minus(self.last)
        return None if rest is None or earlier is None or rest.nothing else (earlier, rest)


_FIELDS = ("input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens", "reasoning_output_tokens")


def read_counts(raw: object) -> Counts | None:
    """The counts of one of Codex's usage objects; a count that is absent or null is none. None when there is no object.

    Raises:
        InvalidInput: a count that is not a whole number from 0 to 10^12, or no object where one belongs.
    """
    if raw is None:
        return None
    usage = as_object(raw)
    if usage is None:
        raise InvalidInput("The usage is not an object.", field="usage", hint="Pass the line as Codex wrote it.")
    return Counts(*(check_quantity(usage.get(name) or 0, name) for name in _FIELDS))
