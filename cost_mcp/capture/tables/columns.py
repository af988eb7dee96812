"""Which column of a table means what: as a person says it, else by the names that tables commonly have."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cost_mcp.errors import InvalidInput, UnknownName
from cost_mcp.model.call import CONTEXT_NAMES
from cost_mcp.model.usage import USAGE_FIELDS

UNCACHED_INPUT = "uncached_input_tokens"
WRITTEN_5M = "cache_creation_5m_input_tokens"
PARTS = (UNCACHED_INPUT, WRITTEN_5M)
"""Counts that a table may give instead of a whole: input without what is cached, cache writes that are kept for five minutes."""

COUNTS = (*USAGE_FIELDS, *PARTS)
OBJECTS = ("usage", "metadata")
NAMES = ("model", "provider", "response_model", "service_tier", "billing", "call_id", *CONTEXT_NAMES)
FIELDS = ("occurred_at", *NAMES, *COUNTS, "cost_usd", *OBJECTS)
TAG = "tag."
"""A field of this beginning is a tag of that name: ``tag.team=Team``."""

COMMON_NAMES: Mapping[str, tuple[str, ...]] = {
    "occurred_at": (
        "occurred_at", "timestamp", "timestamp_utc", "created_at", "created_at_utc", "datetime", "datetime_utc", "date_time",
        "time", "time_utc", "start_time", "started_at", "request_time", "created", "date", "date_utc", "day",
    ),
    "model": ("model", "model_name", "model_id", "model_version", "request_model", "gen_ai_request_model", "model_permaslug"),
    "provider": ("provider", "provider_name", "vendor", "llm_provider", "gen_ai_provider_name", "gen_ai_system"),
    "response_model": ("response_model", "gen_ai_response_model"),
    "service_tier": ("service_tier", "tier"),
    "billing": ("billing", "billing_mode"),
    "call_id": ("call_id", "response_id", "request_id", "generation_id", "message_id", "completion_id", "gen_ai_response_id"),
    "input_tokens": (
        "input_tokens", "prompt_tokens", "tokens_prompt", "tokens_in", "input_token_count", "prompt_token_count", "tokens_input",
        "gen_ai_usage_input_tokens",
    ),
    UNCACHED_INPUT: ("uncached_input_tokens", "input_uncached_tokens", "input_tokens_no_cache"),
    "output_tokens": (
        "output_tokens", "completion_tokens", "tokens_completion", "tokens_out", "output_token_count", "tokens_output",
        "completion_token_count", "gen_ai_usage_output_tokens",
    ),
    "cache_read_input_tokens": (
        "cache_read_input_tokens", "cached_tokens", "cache_read_tokens", "cached_input_tokens", "input_cached_tokens",
        "tokens_cached", "cached_prompt_tokens", "gen_ai_usage_cache_read_input_tokens",
    ),
    "cache_creation_input_tokens": (
        "cache_creation_input_tokens", "cache_write_tokens", "cache_creation_tokens", "cache_write_input_tokens",
        "gen_ai_usage_cache_creation_input_tokens",
    ),
    "cache_creation_1h_input_tokens": ("cache_creation_1h_input_tokens", "cache_write_1h_tokens"),
    WRITTEN_5M: ("cache_creation_5m_input_tokens", "cache_write_5m_tokens"),
    "reasoning_output_tokens": (
        "reasoning_output_tokens", "reasoning_tokens", "thinking_tokens", "tokens_reasoning", "gen_ai_usage_reasoning_output_tokens",
    ),
    "web_search_requests": ("web_search_requests", "web_search_count", "web_searches"),
    "cost_usd": ("cost_usd", "cost", "total_cost", "total_cost_usd", "cost_total", "spend", "spend_usd", "amount_usd", "price_usd"),
    "project": ("project", "project_name"),
    "task_id": ("task_id", "task"),
    "session_id": ("session_id", "session", "conversation_id", "thread_id"),
    "agent": ("agent", "agent_name"),
}  # fmt: skip
"""Field → the names under which columns are taken for it, the first that a table has; every other field by its own name.

``id`` is not among them: in most tables it counts rows, and would join rows of different files into one call.
"""

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FIELD_OF = {name: field for field in FIELDS for name in (*COMMON_NAMES.get(field, ()), field)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Field → column, in the order of the table; ``unused`` are the columns nothing is taken from."""

    of: Mapping[str, str]
    unused: tuple[str, ...] = ()


def read_map(texts: Iterable[str]) -> dict[str, str]:
    """Field → column from texts as ``model=Model,input_tokens="Tokens, in"``.

    Raises:
        InvalidInput: a part without ``=``, a field named twice, a quote that does not end.
        UnknownName: a field that calls do not have; the nearest is named.
    """
    found: dict[str, str] = {}
    for text in texts:
        for part in _parts(text):
            name, equals, column = part.partition("=")
            if not equals or not column.strip():
                raise InvalidInput(
                    "a part of map is not FIELD=COLUMN.", field="map", hint='As in model=Model,task_id="Ticket no".'
                )
            field = _field(name.strip())
            if field in found:
                raise InvalidInput(f"map names {field} twice.", field="map", hint="A field comes from one column.")
            found[field] = column.strip()
    return found


def read_constants(given: Mapping[str, str]) -> dict[str, str]:
    """Field → text that counts for every row, by fields as ``read_map`` takes them.

    Raises:
        UnknownName: a field that calls do not have.
        InvalidInput: a field that cannot be the same for every row, or is given twice.
    """
    found: dict[str, str] = {}
    for name, text in given.items():
        field = _field(name)
        if field in OBJECTS or field == "call_id":
            raise InvalidInput(f"{field} cannot be the same for every row.", field="set", hint="Name its column with --map.")
        if field in found:
            raise InvalidInput(f"{field} is set twice.", field="set", hint="Set it once.")
        found[field] = text
    return found


def choose(columns: Sequence[str], said: Mapping[str, str], *, leave: Iterable[str] = ()) -> Columns:
    """What each column means: what was said counts, then the common names; ``leave`` are fields not to look for.

    Raises:
        InvalidInput: a column that was said is not there, or there twice.
    """
    chosen = {field: _said(field, column, columns) for field, column in said.items()}
    taken = set(chosen.values())
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain_name(column), column)
    for field in FIELDS:
        if field in chosen or field in leave:
            continue
        for name in (*COMMON_NAMES.get(field, ()), field):
            column = by_name.get(name)
            if column is not None and column not in taken and columns.count(column) == 1:
                chosen[field] = column
                taken.add(column)
                break
    _leave_parts(chosen, said)
    used = set(chosen.values())
    places = {column: place for place, column in enumerate(columns)}
    ordered = dict(sorted(chosen.items(), key=lambda item: places.get(item[1], 0)))
    return Columns(of=ordered, unused=tuple(column for column in columns if column.strip() and column not in used))


def _leave_parts(chosen: dict[str, str], said: Mapping[str, str]) -> None:
    # A whole and its part tell the same tokens: only one of them may count, and what a person said comes first.
    for whole, part in (("input_tokens", UNCACHED_INPUT), ("cache_creation_input_tokens", WRITTEN_5M)):
        if whole in chosen and part in chosen and not (whole in said and part in said):
            del chosen[whole if part in said else part]
    if "usage" in chosen:
        for field in COUNTS:
            if field in chosen and field not in said:
                del chosen[field]


@lru_cache(maxsize=1024)
def plain_name(column: str) -> str:
    """A column's name in lower case with single underscores: ``Input Tokens``, ``inputTokens`` → ``input_tokens``."""
    return re.sub(r"[^a-z0-9]+", "_", _WORD.sub("_", column).casefold()).strip("_")


def _said(field: str, column: str, columns: Sequence[str]) -> str:
    # As it is written, else as it is meant. A path into nested objects is looked for in each row.
    same = [name for name in columns if name == column] or [name for name in columns if plain_name(name) == plain_name(column)]
    if len(same) == 1:
        return same[0]
    if same:
        raise InvalidInput(
            f"the table has the column for {field} more than once.", field="map", hint="Give its columns names of their own."
        )
    near = difflib.get_close_matches(column, columns, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]}?" if near else "Check the table's first row, and --delimiter."
    raise InvalidInput(f"the table has no column of the name given for {field}.", field="map", hint=hint)


def _field(name: str) -> str:
    if name.startswith(TAG) and name.removeprefix(TAG).strip():
        return name
    field = _FIELD_OF.get(plain_name(name))
    if field is not None:
        return field
    near = difflib.get_close_matches(plain_name(name), FIELDS, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise UnknownName(
        "map names a field that calls do not have.", field="map", hint=f"{hint}Fields: {', '.join(FIELDS)}, tag.NAME."
    )


def _parts(text: str) -> list[str]:
    words = shlex.shlex(text, posix=True)
    words.whitespace, words.whitespace_split = ",", True
    words.commenters, words.escape, words.quotes = "", "", '"'
    try:
        return [part for part in words if part.strip()]
    except ValueError:
        raise InvalidInput("a quote in map does not end.", field="map", hint='As in task_id="Ticket, no".') from None
