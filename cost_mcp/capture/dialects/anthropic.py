"""Anthropic Messages: the cache stands apart from input."""

from __future__ import annotations

from cost_mcp.capture.fields import Fields, check_parts
from cost_mcp.capture.reading import Counts, Dialect, Seen, usage_of
from cost_mcp.capture.tier import read_tier
from cost_mcp.capture.writes import settle_writes
from cost_mcp.errors import InvalidInput

MARKS = (
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "cache_creation",
    "server_tool_use",
    "service_tier",
    "speed",
    "iterations",
    "inference_geo",
)
TOKENS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
EARLY = "This is message_start, a message that has not stopped yet: its output count is only a beginning. The last message_delta carries the final one."
COMPACTED = "The tokens of {n} compaction step(s), which Anthropic bills but leaves out of the totals, are added."
OTHER_MODEL = (
    "{tokens} tokens were used by another model ({kind}); they are billed at its prices: record them as a call of their own."
)


def matches(seen: Seen) -> bool:
    """Whether the usage has Anthropic's fields, or its response is a Messages object.

    Asked after the inclusive dialects, which know themselves by words that Anthropic does not use.
    """
    if not seen.usage.has("input_tokens", "output_tokens"):
        return False
    return seen.usage.has(*MARKS) or seen.response.word("type") in {"message", "message_start", "message_delta"}


def read(seen: Seen) -> Counts:
    """Anthropic's counts with the cache put into input; compaction steps are added, an advisor's tokens are told apart.

    Source: anthropic-sdk-python ``types/usage.py`` and ``types/beta/beta_usage.py`` (commit 009b0353);
    https://platform.claude.com/docs/en/build-with-claude/prompt-caching (total input = input + read + creation);
    https://platform.claude.com/docs/en/build-with-claude/compaction-threshold (totals leave compaction out);
    https://github.com/anthropics/claude-code/issues/81620 (305 advisor calls: totals are the sum of the ``message``
    iterations); https://platform.claude.com/docs/en/manage-claude/data-residency (inference_geo). Read 2026-11-22.
    """
    usage = seen.usage
    kept, kept_1h = _written(usage)
    read_from_cache = usage.count("cache_read_input_tokens")
    fresh, output = usage.needed("input_tokens"), usage.needed("output_tokens")
    _check_total(usage, fresh, read_from_cache + kept, output)
    thinking = usage.inner("output_tokens_details").count("thinking_tokens")
    check_parts([(usage.at("output_tokens_details.thinking_tokens"), thinking)], (usage.at("output_tokens"), output))
    extra, notes, others = _iterations(usage)
    tier, tier_notes = _tier(seen)
    return Counts(
        usage=usage_of(
            input_tokens=fresh + read_from_cache + kept + extra[0],
            output_tokens=output + extra[1],
            cache_read_input_tokens=read_from_cache + extra[2],
            cache_creation_input_tokens=kept + extra[3],
            cache_creation_1h_input_tokens=kept_1h + extra[4],
            reasoning_output_tokens=thinking,
            web_search_requests=usage.inner("server_tool_use").count("web_search_requests"),
        ),
        provider=served_by(seen.model or "", seen.response.name("id") or ""),
        tier=tier,
        notes=(*notes, *tier_notes, *((EARLY,) if _is_early(seen) else ())),
        provisional=_is_early(seen),
        uncounted=others,
        inference_geo="us" if usage.word("inference_geo") == "us" else None,
    )


def _written(usage: Fields) -> tuple[int, int]:
    """Cache writes, and those of them kept for an hour; a breakdown without a total is the total."""
    whole = (usage.at("cache_creation_input_tokens"), usage.count("cache_creation_input_tokens"))
    (_, total), hour = settle_writes(whole, usage.inner("cache_creation"))
    return total, hour


def _check_total(usage: Fields, fresh: int, cached: int, output: int) -> None:
    """Refuses a total that contradicts the convention; Anthropic sends none, gateways that imitate it do."""
    total = usage.count("total_tokens")
    if not total or total == fresh + cached + output or (total == fresh + output and cached > fresh):
        return
    if total == fresh + output:
        raise InvalidInput(
            "usage does not say whether input_tokens includes the cache: total_tokens speaks for it, the field names against.",
            field="usage.total_tokens",
            hint="Leave total_tokens out if the cache stands apart (Anthropic); use prompt_tokens and cached_tokens if not.",
        )
    raise InvalidInput(
        f"usage.total_tokens is {total}, but its parts come to {fresh + cached + output}.",
        field="usage.total_tokens",
        hint="Pass the provider's object as it came, of one call only.",
    )


def _iterations(usage: Fields) -> tuple[tuple[int, int, int, int, int], tuple[str, ...], tuple[str, ...]]:
    """What compaction steps add (input, output, cache read, cache written, of it for an hour), a note on them, and one on
    the tokens of each other model, which are counted nowhere here.
    """
    added, steps, others = [0, 0, 0, 0, 0], 0, list[str]()
    rows = usage.rows("iterations")
    own = sum(_tokens(row) for row in rows if row.word("type") == "message")
    included = _tokens(usage) > own > 0
    for row in rows:
        kind = row.word("type")
        if kind == "compaction":
            steps += 1
            written, hour = _written(row)
            cached = row.count("cache_read_input_tokens")
            values = (row.count("input_tokens") + cached + written, row.count("output_tokens"), cached, written, hour)
            added = [a + b for a, b in zip(added, values, strict=True)]
        elif kind in {"advisor_message", "fallback_message"}:
            words = "an advisor" if kind == "advisor_message" else "a fallback"
            others.append(OTHER_MODEL.format(tokens=_tokens(row), kind=words))
    if not steps or (included and _tokens(usage) == own + added[0] + added[1]):
        return (0, 0, 0, 0, 0), (), tuple(others)
    return (added[0], added[1], added[2], added[3], added[4]), (COMPACTED.format(n=steps),), tuple(others)


def _tokens(fields: Fields) -> int:
    return sum(fields.count(name) for name in TOKENS)


def _tier(seen: Seen) -> tuple[str | None, tuple[str, ...]]:
    if seen.usage.word("speed") == "fast":
        return "fast", ()
    return read_tier(seen.usage, "service_tier")


def served_by(model: str, identity: str) -> str | None:
    """Who served a Claude model, by the form of the message's id; other makers' models imitate the shape."""
    if not model.startswith("claude"):
        return "aws" if identity.startswith("msg_bdrk_") else None
    clouds = {"msg_bdrk_": "aws", "msg_vrtx_": "google"}
    return next((cloud for form, cloud in clouds.items() if identity.startswith(form)), "anthropic")


def _is_early(seen: Seen) -> bool:
    """Whether this is message_start or the message in it, which is told by a stop_reason of null.

    Source: anthropic-sdk-python ``types/message.py`` (commit 009b0353): stop_reason is null in message_start only. Read
    2026-11-22.
    """
    kind, response = seen.response.word("type"), seen.response
    return kind == "message_start" or (
        kind == "message" and "stop_reason" in response.values and not response.has("stop_reason")
    )


DIALECT = Dialect(
    name="anthropic",
    convention="Anthropic Messages: input_tokens leaves out cache reads and writes; output_tokens includes thinking.",
    matches=matches,
    read=read,
    providers=("anthropic",),
)
