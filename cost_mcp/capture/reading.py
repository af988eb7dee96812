"""What is seen of a response, and what is read from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from cost_mcp.capture.fields import NO_FIELDS, UNCHANGED, Fields
from cost_mcp.errors import InvalidInput
from cost_mcp.model.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadUsage:
    """One call's usage in our convention, and what else its response tells.

    ``provider`` is the catalog's id: the one stated, else the one the response gives away, else None. ``service_tier`` is
    None when the response does not say. ``stated_cost_usd`` is what the provider says it charged. ``convention`` names the
    dialect that was read and how it counts; ``notes`` say what a reader of the figures should know. ``provisional`` means
    that these counts are known to be an early placeholder: the call's final usage is still to come. ``uncounted`` are the notes
    that tell of a cost which is in no count; ``inference_geo`` is where the inference was bound to, if that has a price of its
    own. No content is kept.
    """

    usage: Usage
    provider: str | None
    model: str | None
    response_id: str | None
    service_tier: str | None
    stated_cost_usd: Decimal | None
    convention: str
    notes: tuple[str, ...]
    provisional: bool = False
    uncounted: tuple[str, ...] = ()
    inference_geo: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One response as it came: the response object, the usage object in it, and the provider as stated (catalog's id).

    ``response`` is empty when only a usage object was given. ``batch`` says that it came as a line of a batch's results.
    """

    usage: Fields
    response: Fields = NO_FIELDS
    provider: str | None = None
    batch: bool = False

    @property
    def model(self) -> str | None:
        """The model the response names."""
        return self.response.name("model", "modelVersion", "model_version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a dialect makes of one response; ``tier`` and ``provider`` only where the response itself gives them away.

    ``provisional`` says that the response itself is known to come before the final counts. ``uncounted`` are notes on what is
    billed and in no count.
    """

    usage: Usage
    provider: str | None = None
    model: str | None = None
    response_id: str | None = None
    tier: str | None = None
    notes: tuple[str, ...] = ()
    provisional: bool = False
    uncounted: tuple[str, ...] = ()
    inference_geo: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way of telling usage: how to recognise it, how it counts (``convention``), how it is converted.

    ``providers`` are those whose own API speaks it.
    """

    name: str
    convention: str
    matches: Callable[[Seen], bool]
    read: Callable[[Seen], Counts]
    providers: tuple[str, ...] = ()


def usage_of(**counts: int) -> Usage:
    """The usage of the counts.

    Raises:
        InvalidInput: impossible sums that the dialect's own checks left; the field is ``usage``.
    """
    try:
        return Usage(**counts)
    except InvalidInput as problem:
        raise InvalidInput(f"usage is impossible: {problem.sentence}", field="usage", hint=UNCHANGED) from None
