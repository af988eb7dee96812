"""What is taken from a provider's response: its usage, its id and the words that price it. Never its content."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

MAX_WORD = 256
"""Characters of a word that is taken over: ids, models, tiers."""

_WORDS = ("id", "object", "type", "model", "service_tier", "status", "provider", "system_fingerprint")
_UNFINISHED = frozenset({"queued", "in_progress"})


def look(thing: object, name: str) -> Any:
    """An entry of a JSON object or an attribute of an SDK's object; None where there is none."""
    if isinstance(thing, Mapping):
        return cast("Mapping[str, object]", thing).get(name)
    return getattr(thing, name, None)


def essence(response: object) -> dict[str, object]:
    """Of a response, SDK object or JSON, what a recording needs; ``usage`` is absent where the response has none.

    Searches that OpenAI's Responses list among the output are taken by kind and status, because they are billed by number.
    Perplexity, xAI, OpenRouter and Groq put what they bill into ``usage`` (Groq's chunks into ``x_groq``).
    """
    taken: dict[str, object] = {}
    for name in _WORDS:
        value = look(response, name)
        if isinstance(value, str) and len(value) <= MAX_WORD:
            taken[name] = value
    if taken.get("type") == "message":
        reason = look(response, "stop_reason")  # null says that the message has not ended
        taken["stop_reason"] = reason if isinstance(reason, str) and len(reason) <= MAX_WORD else None
    usage = counts(look(response, "usage"))
    if usage and isinstance(usage, dict):
        taken["usage"] = usage
    groq = counts(look(response, "x_groq"))
    if isinstance(groq, dict) and "usage" in groq:
        taken["x_groq"] = groq
    if taken.get("object") == "response":
        _take_searches(response, taken)
    return taken


def has_usage(taken: Mapping[str, object]) -> bool:
    """Whether there is something to count."""
    return "usage" in taken or "x_groq" in taken


def is_to_come(taken: Mapping[str, object]) -> bool:
    """Whether this is a response in the background, whose usage comes when it is asked for again."""
    return taken.get("status") in _UNFINISHED


def counts(thing: object) -> Any:
    """Numbers, flags and single words of an object, however deep; whatever else is in it is left out."""
    if thing is None or isinstance(thing, bool | int | float):
        return thing
    if isinstance(thing, str):
        return thing if len(thing) <= MAX_WORD and "\n" not in thing else None
    dump = getattr(thing, "model_dump", None)
    if callable(dump):
        thing = dump(mode="json", exclude_none=True, warnings=False)
    if isinstance(thing, Mapping):
        given = cast("Mapping[object, object]", thing)
        return {key: kept for key, value in given.items() if isinstance(key, str) and (kept := counts(value)) is not None}
    if isinstance(thing, list | tuple):
        return [kept for value in cast("Iterable[object]", thing) if (kept := counts(value)) is not None]
    return None


def from_body(body: bytes) -> dict[str, object]:
    """``essence`` of a response's JSON; empty where it is none."""
    try:
        return essence(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def as_object(thing: object) -> Mapping[str, object]:
    """A JSON object; an empty one for anything else."""
    return cast("Mapping[str, object]", thing) if isinstance(thing, Mapping) else {}


def characters(thing: object) -> int:
    """How long the texts in a request are together, pictures and files left out; what a guess at its tokens rests on."""
    if isinstance(thing, str):
        return 0 if thing.startswith("data:") else len(thing)
    if isinstance(thing, Mapping):
        given = cast("Mapping[str, object]", thing)
        return sum(characters(value) for name, value in given.items() if name not in {"data", "file_data", "type", "role"})
    if isinstance(thing, list | tuple):
        return sum(characters(item) for item in cast("Iterable[object]", thing))
    return 0


def _take_searches(response: object, taken: dict[str, object]) -> None:
    output = look(response, "output")
    if isinstance(output, list | tuple):
        items = [item for item in cast("Iterable[object]", output) if look(item, "type") == "web_search_call"]
        if items:
            taken["output"] = [_search(item) for item in items]
    told = counts(look(response, "tool_usage"))
    if told:
        taken["tool_usage"] = told


def _search(item: object) -> dict[str, object]:
    kept: dict[str, object] = {"type": "web_search_call", "status": look(item, "status")}
    kind = look(look(item, "action"), "type")
    return {**kept, "action": {"type": kind}} if isinstance(kind, str) else kept
