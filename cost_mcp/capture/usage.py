"""Reading a provider's usage object, whichever provider it comes from."""

from __future__ import annotations

from cost_mcp.capture.dialects import (
    anthropic,
    bedrock,
    deepseek,
    gemini,
    generic,
    groq,
    mistral,
    ollama,
    openai_chat,
    openai_responses,
    openrouter,
    xai,
)
from cost_mcp.capture.envelope import SHAPES, open_envelope
from cost_mcp.capture.reading import Dialect, ReadUsage, Seen
from cost_mcp.capture.stated import BESIDE_TOKENS, is_interim, stated_cost
from cost_mcp.capture.unread import notes_of, unread
from cost_mcp.errors import InvalidInput
from cost_mcp.model.provider import canonical_provider
from cost_mcp.model.usage import Usage

__all__ = ["DIALECTS", "ReadUsage", "read_usage"]

DIALECTS: tuple[Dialect, ...] = (
    gemini.DIALECT,
    ollama.NATIVE,
    ollama.COMPATIBLE,
    openrouter.DIALECT,
    deepseek.DIALECT,
    xai.DIALECT,
    groq.DIALECT,
    mistral.DIALECT,
    openai_chat.DIALECT,
    bedrock.DIALECT,
    generic.OURS,
    openai_responses.DIALECT,
    anthropic.DIALECT,
    generic.PLAIN,
)
"""Every dialect, in the order they are tried: the first that matches is read."""

WHOLES: dict[str, tuple[str, ...]] = {
    "input_tokens": (*generic.WORDS["input_tokens"], "prompt_tokens", *gemini.PROMPT, "prompt_eval_count"),
    "output_tokens": (*generic.WORDS["output_tokens"], "completion_tokens", *gemini.ANSWER, "eval_count"),
}
"""All input and all output → every word some dialect counts it (or most of it) by."""

_HOMES = frozenset(home for known in DIALECTS for home in known.providers)
NO_KEY = "The response's id cannot serve as a key and is left out; give call_id, or a repeat of this call is counted again."
UNLIKE = "The object has not the shape of the stated provider's own API; it was read by its shape."


def read_usage(raw: object, provider: str | None = None) -> ReadUsage:
    """One call's usage, from the provider's usage object or its whole response as JSON.

    The shape decides how it is read; ``provider`` decides only between imitators of one shape, and a note says where the
    two differ. ``input_tokens`` and ``output_tokens`` beside Anthropic's cache fields count as Anthropic does (the cache
    stands apart); beside ``…_details`` or any word of ours they include it.

    Args:
        raw: A JSON object; nulls count as absent. No content in it is kept or quoted.
        provider: By any name it goes by.

    Raises:
        InvalidInput: no known shape, no count of output where its API always gives one, a count that is none, an impossible
            sum, words of several dialects that differ. ``field`` is ``usage``, or the path of the provider's own field
            (``usage.prompt_tokens_details.cached_tokens``).
    """
    stated = None if provider is None else canonical_provider(provider)
    seen = open_envelope(raw, stated)
    dialect = next((dialect for dialect in DIALECTS if dialect.matches(seen)), None)
    if dialect is None:
        raise InvalidInput("usage has no token counts that are known here.", field="usage", hint=SHAPES)
    return _read(seen, dialect)


def _read(seen: Seen, dialect: Dialect) -> ReadUsage:
    counts = dialect.read(seen)
    _check_words(seen, counts.usage)
    left = unread(seen.usage, counts.usage)
    if left and not counts.usage.output_tokens and not seen.usage.has(*WHOLES["output_tokens"]):
        raise InvalidInput(
            f"usage has no count of output that is known here. {left[0]} is not understood.",
            field="usage",
            hint=SHAPES,
        )
    cost, cost_notes = stated_cost(seen)
    identity, identity_notes = (counts.response_id, ()) if counts.response_id else _response_id(seen)
    found = None if counts.provider is None else canonical_provider(counts.provider)
    return ReadUsage(
        usage=counts.usage,
        provider=seen.provider or found,
        model=counts.model or seen.model,
        response_id=identity,
        service_tier="batch" if seen.batch else counts.tier,
        stated_cost_usd=cost,
        convention=dialect.convention,
        notes=(*_unlike(seen, dialect), *counts.notes, *counts.uncounted, *notes_of(left), *cost_notes, *identity_notes),
        provisional=counts.provisional or is_interim(seen),
        uncounted=(*counts.uncounted, *(note for note in cost_notes if note == BESIDE_TOKENS)),
        inference_geo=counts.inference_geo,
    )


def _check_words(seen: Seen, usage: Usage) -> None:
    """Refuses an object that counts more by another dialect's word than was read: those tokens would be lost unseen.

    What is read includes the cache and reasoning, so that no convention's word for the same call can be above it.
    """
    for ours, words in WHOLES.items():
        read: int = getattr(usage, ours)
        for word in words:
            stated = seen.usage.values.get(word)
            if isinstance(stated, int) and stated > read:
                raise InvalidInput(
                    f"{seen.usage.at(word)} is more than the {read} that the object's other counts make {ours}.",
                    field=seen.usage.at(word),
                    hint="Pass one provider's object as it came, not a mixture; or give input_tokens and output_tokens.",
                )


def _response_id(seen: Seen) -> tuple[str | None, tuple[str, ...]]:
    """The response's id; one that is no name (gateways make some of many hundred characters) is left out, with a note.

    A call is not refused for it: its tokens were spent all the same, and the caller may have a key of its own.
    """
    try:
        return seen.response.name("id"), ()
    except InvalidInput:
        return None, (NO_KEY,)


def _unlike(seen: Seen, dialect: Dialect) -> tuple[str, ...]:
    """A note where the stated provider's own API speaks otherwise; shapes that name no provider contradict none."""
    differs = bool(dialect.providers) and seen.provider in _HOMES and seen.provider not in dialect.providers
    return (UNLIKE,) if differs else ()
