"""What providers bill, by day and model, from the tables their consoles export."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from cost_mcp.capture.tables.cell import count, dollars, moment
from cost_mcp.capture.tables.row import Row, RowProblem
from cost_mcp.errors import CostError, InvalidInput

_UTC = ZoneInfo("UTC")
_DAY = timedelta(days=1)
_CENTS = 2

Figures = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """What one row bills: ``figures`` by the names sums have in reports; empty for a day of nothing.

    ``model`` is None where the row names none. ``slack_usd`` is how far its dollars may be off because the export rounds them.
    """

    day: date
    model: str | None
    figures: Figures
    slack_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One kind of export: whose it is, the columns it is known by, and the figures that a ledger is held against."""

    name: str
    title: str
    provider: str
    known_by: frozenset[str]
    measures: tuple[str, ...]
    read: Callable[[Mapping[str, object]], Billed]


def export_of(columns: Sequence[str]) -> Export:
    """The kind of export that has these columns; which of its figures it really has is in its ``measures``.

    Raises:
        InvalidInput: none that is known.
    """
    given = frozenset(columns)
    if given == _NOTHING.known_by:
        return _NOTHING
    for export in EXPORTS:
        if export.known_by <= given:
            return replace(export, measures=tuple(m for m in export.measures if not given.isdisjoint(_COLUMNS_OF[m])))
    raise InvalidInput(
        "the table is no billing export that is known.",
        field="file",
        hint="Known are the usage and cost exports (CSV) of platform.openai.com and of the Claude Console, unchanged.",
    )


def is_export(columns: Sequence[str]) -> bool:
    """Whether a table of these columns is an export that is known."""
    given = frozenset(columns)
    return given == _NOTHING.known_by or any(export.known_by <= given for export in EXPORTS)


def billed_rows(rows: Iterable[Row | RowProblem], export: Export) -> Generator[Billed]:
    """What each row bills.

    Raises:
        InvalidInput: a row that cannot be read: with a part of a bill nothing can be compared.
    """
    for row in rows:
        if isinstance(row, RowProblem):
            raise InvalidInput(f"row {row.row}: {row.reason}", field="file", hint=row.hint)
        try:
            yield export.read(row.cells)
        except CostError as error:
            raise InvalidInput(f"row {row.number}: {error.sentence}", field="file", hint=error.hint) from None


def _anthropic_usage(cells: Mapping[str, object]) -> Billed:
    def tokens(*columns: str) -> Decimal:
        return Decimal(sum(count(cells.get(column), column) or 0 for column in columns))

    read = tokens("usage_input_tokens_cache_read")
    # One column of writes before there were two lengths of keeping them.
    written = tokens("usage_input_tokens_cache_write", "usage_input_tokens_cache_write_5m", "usage_input_tokens_cache_write_1h")
    figures = {
        "input_tokens": tokens("usage_input_tokens_no_cache") + read + written,
        "output_tokens": tokens("usage_output_tokens"),
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
        "web_search_requests": tokens("web_search_count"),
    }
    return Billed(day=_day(cells, "usage_date_utc"), model=_model(cells, "model_version"), figures=figures)


def _anthropic_cost(cells: Mapping[str, object]) -> Billed:
    amount = dollars(_unsigned(cells, "cost_usd"), "cost_usd") or Decimal(0)
    places = max(_CENTS, -int(amount.as_tuple().exponent))
    return Billed(
        day=_day(cells, "usage_date_utc"),
        model=_model(cells, "model"),
        figures={"cost_usd": _signed(cells, "cost_usd", amount)},
        slack_usd=Decimal(5).scaleb(-places - 1),
    )


def _openai_usage(cells: Mapping[str, object]) -> Billed:
    day = _bucket(cells)
    model = _model(cells, "model")
    found = {measure: count(cells.get(column), column) for measure, (column, *_) in _OPENAI_COUNTS.items()}
    if model is None and not any(found.values()):
        return Billed(day=day, model=None, figures={})
    return Billed(day=day, model=model, figures={measure: Decimal(value or 0) for measure, value in found.items()})


def _openai_cost(cells: Mapping[str, object]) -> Billed:
    day = _bucket(cells)
    amount = dollars(_unsigned(cells, "amount_value"), "amount_value")
    if amount is None:
        return Billed(day=day, model=None, figures={})
    currency = cells.get("amount_currency")
    if not isinstance(currency, str) or currency.strip().lower() != "usd":
        raise InvalidInput("amount_currency is not usd.", field="amount_currency", hint="Only dollars can be compared.")
    item = cells.get("line_item")
    model = _line_item_model(item) if isinstance(item, str) else None
    return Billed(day=day, model=model, figures={"cost_usd": _signed(cells, "amount_value", amount)})


def _openai_nothing(cells: Mapping[str, object]) -> Billed:
    return Billed(day=_bucket(cells), model=None, figures={})


_OPENAI_COUNTS: Mapping[str, tuple[str, ...]] = {
    "input_tokens": ("input_tokens",),
    "output_tokens": ("output_tokens",),
    "cache_read_input_tokens": ("input_cached_tokens",),
    "calls": ("num_model_requests",),
}
_COLUMNS_OF: Mapping[str, tuple[str, ...]] = {
    "input_tokens": ("input_tokens", "usage_input_tokens_no_cache"),
    "output_tokens": ("output_tokens", "usage_output_tokens"),
    "cache_read_input_tokens": ("input_cached_tokens", "usage_input_tokens_cache_read"),
    "cache_creation_input_tokens": ("usage_input_tokens_cache_write", "usage_input_tokens_cache_write_5m"),
    "web_search_requests": ("web_search_count",),
    "cost_usd": ("cost_usd", "amount_value"),
}
_TOKENS = ("input_tokens", "output_tokens", "cache_read_input_tokens")

_NOTHING = Export(
    name="openai-empty",
    title="OpenAI export without usage",
    provider="openai",
    known_by=frozenset({"start_time", "end_time", "start_time_iso", "end_time_iso"}),
    measures=_TOKENS,
    read=_openai_nothing,
)
EXPORTS: tuple[Export, ...] = (
    Export(
        name="anthropic-usage",
        title="Claude Console usage export",
        provider="anthropic",
        known_by=frozenset({"usage_date_utc", "model_version", "usage_input_tokens_no_cache", "usage_output_tokens"}),
        measures=(*_TOKENS, "cache_creation_input_tokens", "web_search_requests"),
        read=_anthropic_usage,
    ),
    Export(
        name="anthropic-cost",
        title="Claude Console cost export",
        provider="anthropic",
        known_by=frozenset({"usage_date_utc", "model", "token_type", "cost_usd"}),
        measures=("cost_usd",),
        read=_anthropic_cost,
    ),
    Export(
        name="openai-cost",
        title="OpenAI cost export",
        provider="openai",
        known_by=frozenset({"start_time", "end_time", "amount_value", "amount_currency"}),
        measures=("cost_usd",),
        read=_openai_cost,
    ),
    Export(
        name="openai-usage",
        title="OpenAI usage export",
        provider="openai",
        known_by=frozenset({"start_time", "end_time", "num_model_requests", "input_tokens"}),
        measures=_TOKENS,
        read=_openai_usage,
    ),
)
"""The exports that are read.

Anthropic, Claude Console, Usage and Cost pages, ``claude_api_tokens_*.csv``: usage_date_utc, model_version, api_key, workspace,
usage_type, context_window, usage_input_tokens_no_cache, usage_input_tokens_cache_write_5m, usage_input_tokens_cache_write_1h,
usage_input_tokens_cache_read, usage_output_tokens, web_search_count, inference_geo, speed. ``claude_api_cost_*.csv``:
usage_date_utc, model (a display name), workspace, api_key, usage_type, context_window, token_type, cost_usd (whole cents, one
row for each token type), list_price_usd, cost_type, inference_geo, speed, since 2026-08 also api_key_id, api_key_status.

OpenAI, platform.openai.com/usage, ``completions_usage_*.csv``: start_time, end_time (Unix seconds), start_time_iso,
end_time_iso, project_id, num_model_requests, user_id, api_key_id, model, batch, service_tier, input_tokens (cached ones
included), output_tokens, input_cached_tokens, input_uncached_tokens and parts by modality; counts are written ``59200.0``, a
bucket of nothing has only its times, and an export of nothing only those columns. ``cost_*.csv``: the same times,
amount_value, amount_currency, since 2026-09 quantity and quantity_unit, line_item (``gpt-5.5-2026-04-23, cached input``;
``web search tool calls``; empty where the export is not grouped), ids and names.

Source: neither provider documents its columns. Exports and readers of them in public repositories, read 2026-11-22, written
between 2025-10 and 2026-09: https://github.com/xavierjflanagan/Guardian (an OpenAI usage and cost export of 2025-10-12, as it
came); the fixtures of a Claude Console importer with the header of 2026-08; an OpenAI cost export of 2026-09-28; for the forms
of line_item, readers of the organization costs API of 2026-05 and later. That both count days in UTC:
https://support.claude.com/en/articles/9534590-cost-and-usage-reporting-in-the-claude-console, and the times in the exports.
"""


def _day(cells: Mapping[str, object], column: str) -> date:
    found = moment(cells.get(column), column, _UTC)
    if found is None:
        raise InvalidInput(f"{column} is empty.", field=column, hint="Export it again, whole.")
    return found.date()


def _bucket(cells: Mapping[str, object]) -> date:
    start, end = (_bound(cells, name) for name in ("start_time", "end_time"))
    if not start < end <= datetime.combine(start.date(), datetime.min.time(), UTC) + _DAY:
        raise InvalidInput(
            "start_time and end_time are not within one day of UTC.",
            field="start_time",
            hint="Export it by day, hour or minute.",
        )
    return start.date()


def _bound(cells: Mapping[str, object], column: str) -> datetime:
    found = moment(cells.get(column), column, _UTC)
    if found is None:
        raise InvalidInput(f"{column} is empty.", field=column, hint="Export it again, whole.")
    return found


def _model(cells: Mapping[str, object], column: str) -> str | None:
    value = cells.get(column)
    return value.strip() or None if isinstance(value, str) else None


def _line_item_model(item: str) -> str | None:
    # "priority | gpt-5.6-sol, output, long context", "gpt-audio-mini-2025-12-15 audio, input"; tools have no comma.
    found = re.fullmatch(r"(?:[\w ]+ \| )?([\w.:-]+)(?: [a-z]+)?, .+", item.strip())
    return found[1] if found else None


def _unsigned(cells: Mapping[str, object], column: str) -> object:
    value = cells.get(column)
    return value.strip().removeprefix("-") if isinstance(value, str) and value.strip() != "-" else value


def _signed(cells: Mapping[str, object], column: str, amount: Decimal) -> Decimal:
    value = cells.get(column)  # a credit is billed as less than nothing
    return -amount if isinstance(value, str) and value.strip().startswith("-") else amount
