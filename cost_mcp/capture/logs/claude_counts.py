"""The counts of one message in Claude Code's log: its own, and those of other models that answered inside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

from cost_mcp.capture.dialects.anthropic import TOKENS, served_by
from cost_mcp.capture.usage import read_usage
from cost_mcp.capture.writes import HOUR, MINUTES
from cost_mcp.model.usage import Usage

Json = Mapping[str, object]

SUMMED = "The message's counts leave out tokens of its own rounds; the rounds' sum is taken."

_PLAIN = frozenset({
    *TOKENS, "cache_creation", "output_tokens_details", "service_tier", "speed", "inference_geo", "server_tool_use", "iterations",
})  # fmt: skip
_SPLIT, _DETAILS = frozenset({HOUR, MINUTES}), frozenset({"thinking_tokens"})
_PLACES = (None, "", "not_available", "global", "us")
_NO_FIELDS: Json = {}
_STRANGE: Json = {"web_search_requests": -1, "thinking_tokens": -1, HOUR: -1}


@dataclass(frozen=True, slots=True)
class Counts:
    """What one model used. ``model`` is None for the message's own; ``part`` tells several others of a message apart."""

    usage: Usage
    provider: str | None
    service_tier: str
    model: str | None = None
    part: str = ""
    inference_geo: str | None = None
    notes: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()


class Round(NamedTuple):
    """One of the ``iterations`` a message was made in."""

    kind: str
    model: str | None
    fields: Json


def an_object(value: object) -> Json | None:
    """The value when it is an object of decoded JSON. Every line is asked several times; an abstract class is slow to ask."""
    return cast("Json", value) if type(value) is dict else None


def token_sum(usage: Json) -> int | None:
    """All tokens a usage object counts; None where one of its counts is no count."""
    total = 0
    for name in TOKENS:
        value = usage.get(name)
        if value is None:
            continue
        if type(value) is not int or value < 0:
            return None
        total += value
    return total


def counts_of(message: Json, usage: Json, advisor: str | None) -> tuple[Counts, ...]:
    """The message's own counts first, then those of each other model that answered inside it.

    An advisor reads the whole conversation at its own price and stands in no total; of a request that one model declined and
    another answered, the totals hold the one that answered, and the first is billed only if it wrote something. Where a message's rounds come to more than its totals, the rounds
    are believed: both are the provider's, and a total that was put together from a stream can miss some.

    Raises:
        InvalidInput: impossible counts.

    Source: https://github.com/anthropics/claude-code/issues/81620 and https://github.com/ccusage/ccusage/issues/1115 (advisor
    rounds and totals), https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback (rounds of a fallback). Read
    2026-11-22.
    """
    model, identity = _text(message.get("model")), _text(message.get("id"))
    plain = _plain(usage, model, identity)
    if plain is not None:
        return (plain,)
    return _rounds(message, usage, model, advisor)


def _plain(usage: Json, model: str, identity: str) -> Counts | None:
    """The counts of a message as nearly all are; None where there is more to be read. It says what ``read_usage`` says."""
    if not usage.keys() <= _PLAIN or _has_rounds(usage):
        return None
    split, tools, details = (_inner(usage.get(name)) for name in ("cache_creation", "server_tool_use", "output_tokens_details"))
    tier, place = _tier(usage), usage.get("inference_geo")
    counts = (
        usage.get("input_tokens"),
        usage.get("output_tokens"),
        usage.get("cache_creation_input_tokens") or 0,
        usage.get("cache_read_input_tokens") or 0,
        split.get(HOUR) or 0,
        split.get(MINUTES) or 0,
        details.get("thinking_tokens") or 0,
        tools.get("web_search_requests") or 0,
    )
    if (
        tier is None
        or place not in _PLACES
        or not (split.keys() <= _SPLIT and details.keys() <= _DETAILS and _are_counts(counts))
    ):
        return None
    fresh, output, written, cached, hour, minutes, thinking, searches = cast("tuple[int, ...]", counts)
    if hour + minutes > written:
        return None
    counted = Usage(
        input_tokens=fresh + cached + written,
        output_tokens=output,
        cache_read_input_tokens=cached,
        cache_creation_input_tokens=written,
        cache_creation_1h_input_tokens=hour,
        reasoning_output_tokens=thinking,
        web_search_requests=searches,
    )
    return Counts(counted, served_by(model, identity), tier, inference_geo="us" if place == "us" else None)


def _inner(value: object) -> Json:
    """The object; where something else stands, one that no plain message has."""
    return _NO_FIELDS if value is None else cast("Json", value) if type(value) is dict else _STRANGE


def _are_counts(values: Sequence[object]) -> bool:
    for value in values:  # noqa: SIM110 all() over a generator costs twice as much, and every message of a log is asked
        if type(value) is not int or value < 0:
            return False
    return True


def _tier(usage: Json) -> str | None:
    """The tier of a plain message; None where it takes more to tell."""
    tier = usage.get("service_tier") or "standard"
    if tier not in ("standard", "priority", "batch"):
        return None
    speed = usage.get("speed") or "standard"
    return "fast" if speed == "fast" else cast("str", tier) if speed == "standard" else None


def _has_rounds(usage: Json) -> bool:
    """Whether the rounds tell something that the totals do not."""
    rounds = usage.get("iterations")
    if not rounds:
        return False
    rows = cast("list[object]", rounds) if isinstance(rounds, list) else []
    if len(rows) != 1:
        return True
    only = an_object(rows[0]) or _NO_FIELDS
    return only.get("type") != "message" or "model" in only or any(only.get(name) != usage.get(name) for name in TOKENS)


def _rounds(message: Json, usage: Json, model: str, advisor: str | None) -> tuple[Counts, ...]:
    own, others, rest = list[Round](), list[Round](), list[object]()
    rows = usage.get("iterations")
    for row in cast("list[object]", rows) if isinstance(rows, list) else ():
        found = _round(row, advisor)
        if found is None or (found.kind == "advisor_message" and found.model is None):
            rest.append(row)  # a compaction step, or what only a note can be made of: read by the dialect
        elif found.kind != "advisor_message" and _same(found.model, model):
            own.append(found)
        elif found.kind == "advisor_message" or found.fields.get("output_tokens") != 0:
            others.append(found)  # a model that declined before it wrote anything is not billed
    totals, notes = _totals(usage, own)
    kept = [{**entry.fields, "type": "message"} for entry in own]
    read = read_usage({**_head(message), "usage": {**totals, "iterations": [*kept, *rest]}})
    mine = Counts(
        usage=read.usage,
        provider=read.provider,
        service_tier=read.service_tier or "standard",
        inference_geo=read.inference_geo,
        notes=(*notes, *read.notes),
        uncounted=read.uncounted,
    )
    return (mine, *(_other(message, usage, entry, place) for place, entry in enumerate(others)))


def _round(row: object, advisor: str | None) -> Round | None:
    fields = an_object(row)
    if fields is None:
        return None
    kind, model = fields.get("type"), _text(fields.get("model")) or None
    if not isinstance(kind, str) or kind not in {"advisor_message", "message", "fallback_message"}:
        return None
    return Round(kind, (model or advisor) if kind == "advisor_message" else model, fields)


def _same(named: str | None, model: str) -> bool:
    """Whether a round's model is the message's, be one of them dated."""
    return named is None or named == model or named.startswith(f"{model}-2") or model.startswith(f"{named}-2")


def _totals(usage: Json, own: Sequence[Round]) -> tuple[Json, tuple[str, ...]]:
    """The message's usage, with the sum of its own rounds where that is more."""
    sums = {name: sum(_count(entry.fields.get(name)) for entry in own) for name in TOKENS}
    if not own or sum(sums.values()) <= sum(_count(usage.get(name)) for name in TOKENS):
        return usage, ()
    splits = [an_object(entry.fields.get("cache_creation")) or _NO_FIELDS for entry in own]
    split = {name: sum(_count(part.get(name)) for part in splits) for name in (HOUR, MINUTES)}
    return {**usage, **sums, "cache_creation": split}, (SUMMED,)


def _other(message: Json, usage: Json, entry: Round, place: int) -> Counts:
    """Another model's counts; it answers on the same platform, at the standard speed and tier."""
    told = {name: value for name, value in entry.fields.items() if name in {*TOKENS, "cache_creation", "output_tokens_details"}}
    read = read_usage({**_head(message), "model": entry.model, "usage": {**told, "inference_geo": usage.get("inference_geo")}})
    return Counts(
        usage=read.usage,
        provider=read.provider,
        service_tier="standard",
        model=entry.model,
        part=f"{entry.kind}:{place}",
        inference_geo=read.inference_geo,
        notes=read.notes,
        uncounted=read.uncounted,
    )


def _head(message: Json) -> dict[str, object]:
    """What the reader of usage objects looks at beside the usage; never content. The stop reason is judged elsewhere."""
    return {"type": "message", "stop_reason": "end_turn", "id": message.get("id"), "model": message.get("model")}


def _count(value: object) -> int:
    return value if type(value) is int and value >= 0 else 0


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
