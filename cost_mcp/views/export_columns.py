"""The columns of exported calls, the same ones under the same names in every format but FOCUS: the nouns of ``record_call``."""

from __future__ import annotations

from cost_mcp.model.call_row import CallRow
from cost_mcp.model.charge import UNPRICED

TEXT, COUNT, MONEY, INSTANT, FLAG, OBJECT = "text", "count", "money", "instant", "flag", "object"
"""What a column holds. ``MONEY`` is nano-dollars and ``INSTANT`` microseconds until a format writes them; ``OBJECT`` is JSON."""

COLUMNS: tuple[tuple[str, str], ...] = (
    ("call_id", TEXT),
    ("occurred_at", INSTANT),
    ("recorded_at", INSTANT),
    ("entry", TEXT),
    ("revision", COUNT),
    ("calls", COUNT),
    ("provider", TEXT),
    ("model", TEXT),
    ("response_model", TEXT),
    ("billing", TEXT),
    ("source", TEXT),
    ("project", TEXT),
    ("agent", TEXT),
    ("feature", TEXT),
    ("purpose", TEXT),
    ("task_type", TEXT),
    ("task_id", TEXT),
    ("task_title", TEXT),
    ("session_id", TEXT),
    ("service_tier", TEXT),
    ("input_tokens", COUNT),
    ("output_tokens", COUNT),
    ("total_tokens", COUNT),
    ("cache_read_input_tokens", COUNT),
    ("cache_creation_input_tokens", COUNT),
    ("cache_creation_1h_input_tokens", COUNT),
    ("reasoning_output_tokens", COUNT),
    ("input_audio_tokens", COUNT),
    ("cache_read_input_audio_tokens", COUNT),
    ("output_audio_tokens", COUNT),
    ("input_image_tokens", COUNT),
    ("output_image_tokens", COUNT),
    ("web_search_requests", COUNT),
    ("cost_usd", MONEY),
    ("subscription_usd", MONEY),
    ("list_cost_usd", MONEY),
    ("stated_cost_usd", MONEY),
    ("priced", TEXT),
    ("lower_bound", FLAG),
    ("provisional", FLAG),
    ("price_entry_id", TEXT),
    ("reservation_id", TEXT),
    ("tags", OBJECT),
    ("metadata", OBJECT),
)
"""Name and kind. ``entry`` is ``call`` or ``reversal``, ``calls`` 1 or -1, so that every column of numbers adds up.

``cost_usd`` is what was billed by use and ``subscription_usd`` the list-price equivalent of a call that a plan covers: a row has
one of them, or none while its cost is not known, and each adds up to what a report says under the same name.
"""

CALL, REVERSAL = "call", "reversal"
Cell = str | int | None


def cells_of(row: CallRow) -> list[Cell]:
    """A row's cells in the order of ``COLUMNS``; None for what it lacks, 1 or None for a flag."""
    names = row.names
    cost = None if row.priced == UNPRICED else row.cost_nanos
    by_use = names.billing == "api"
    return [
        row.call_id,
        row.occurred_at,
        row.recorded_at,
        CALL if row.sign > 0 else REVERSAL,
        row.revision,
        row.sign,
        names.provider or None,
        names.model,
        names.response_model or None,
        names.billing,
        names.source,
        names.project or None,
        names.agent or None,
        names.feature or None,
        names.purpose or None,
        names.task_type or None,
        row.task_id,
        row.task_title,
        row.session_id,
        row.service_tier,
        row.input_tokens,
        row.output_tokens,
        row.input_tokens + row.output_tokens,
        row.cache_read_input_tokens,
        row.cache_creation_input_tokens,
        row.cache_creation_1h_input_tokens,
        row.reasoning_output_tokens,
        row.input_audio_tokens,
        row.cache_read_input_audio_tokens,
        row.output_audio_tokens,
        row.input_image_tokens,
        row.output_image_tokens,
        row.web_search_requests,
        cost if by_use else None,
        None if by_use else cost,
        row.list_cost_nanos,
        row.stated_cost_nanos,
        row.priced,
        1 if row.unpriced_calls else None,
        1 if row.provisional_calls else None,
        row.price.entry_id,
        row.reservation_id,
        row.tags,
        row.metadata,
    ]
