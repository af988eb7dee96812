"""LiteLLM's price table as our supplement: the models the first tables do not know, and where the two disagree."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal
from typing import Any, cast

from cost_mcp.errors import InvalidInput
from cost_mcp.model.money import usd_text
from cost_mcp.model.provider import canonical_provider
from cost_mcp.pricing.library import Library
from cost_mcp.pricing.rate import CALL_METERS, Rate

SOURCE = "https://github.com/BerriAI/litellm"
_MODES = ("chat", "completion", "responses", "embedding")
_DIGITS = Context(prec=15)

_METERS: Mapping[str, str] = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write_5m",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "input_cost_per_audio_token": "input_audio",
    "cache_read_input_audio_token_cost": "cache_read_audio",
    "output_cost_per_audio_token": "output_audio",
    "input_cost_per_image_token": "input_image",
    "output_cost_per_image_token": "output_image",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_request": "request",
}
"""LiteLLM's names of meters, in dollars per token or request.

Source: model_prices_and_context_window.json of litellm 1.109.1, and its ``sample_spec``. Read 2026-11-22.
"""

_TIERS = {"batches": "batch", "flex": "flex", "priority": "priority"}
_KEY = re.compile(
    rf"^({'|'.join(sorted(map(re.escape, _METERS), key=len, reverse=True))})"
    r"(?:_above_(\d+)k_tokens)?(?:_(batches|flex|priority))?$"
)

_HOSTS: Mapping[str, str] = {
    "amazon_nova": "amazon_nova",
    "bedrock_mantle": "aws",
    "chatgpt": "chatgpt-plan",
    "codestral": "codestral",
}
"""LiteLLM's provider names that mean something else than the alias of the same name (a plan, a separate endpoint)."""

_ENDPOINTS = frozenset({"azure_ai"})
"""Endpoints that callers name before a model, and that may price a model otherwise than the provider's main one."""

_FIRST = ("gemini", "azure", "bedrock_converse", "bedrock", "openai", "mistral")
"""Of several rows that come to the same name, those of the provider's main endpoint count."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One model and meter both tables price, with both figures in dollars per million tokens."""

    provider: str
    model: str
    meter: str
    ours: Decimal
    theirs: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What came of a table: the supplement's text, the conflicts as a page, and how many models went where.

    ``skipped`` maps a reason to the rows left out for it.
    """

    supplement_text: str
    conflicts_text: str
    added: int
    known: int
    conflicting: int
    skipped: Mapping[str, int]


def import_litellm(text: str, *, version: str, read_on: date, library: Library | None = None) -> Import:
    """The supplement made of LiteLLM's JSON table; figures only, each with source, version and date.

    A model the first tables know is left out; where prices of the two differ, the first tables' count and the difference is
    listed. A row whose input or output price is zero is left out too: the table writes zero for unknown.

    Args:
        text: the table, a JSON object of model → row.
        version: of the LiteLLM release it comes from.
        read_on: the day it was taken.
        library: the first tables; left out, the installed ones.

    Raises:
        InvalidInput: the text is not such a table.
    """
    rows = _rows_of(text)
    first = library if library is not None else Library()
    at = datetime.combine(read_on, time(), UTC)
    models: dict[str, dict[str, dict[str, Any]]] = {}
    conflicts: list[Conflict] = []
    skipped: Counter[str] = Counter()
    known = added = 0
    for provider, name, row in _placed(rows, skipped):
        rates, tiers = _read(row)
        entry = first.find(provider, name, shorten=False)
        card = None if entry is None else entry.card(at)
        if card is not None:
            known += 1
            conflicts += _conflicts(provider, name, card.rates, rates)
        elif (reason := _unusable(rates, str(row.get("mode")))) is not None:
            skipped[reason] += 1
        elif (taken := models.setdefault(provider, {}).get(name)) is not None:
            endpoint = f"{row['litellm_provider']}/{name}"
            if row["litellm_provider"] not in _ENDPOINTS or taken == _shape(rates, tiers):
                skipped["the same name again, from another endpoint of the provider"] += 1
            else:  # priced otherwise than at the main endpoint: found under its own prefix
                models[provider][endpoint] = _shape(rates, tiers)
                added += 1
        else:
            models[provider][name] = _shape(rates, tiers)
            added += 1
    return Import(
        supplement_text=_supplement(models, version, read_on),
        conflicts_text=_page(conflicts, version, read_on, first.version),
        added=added,
        known=known,
        conflicting=len({(conflict.provider, conflict.model) for conflict in conflicts}),
        skipped=dict(sorted(skipped.items())),
    )


def place(key: str, row: Mapping[str, Any]) -> tuple[str, str] | None:
    """The provider and the model name a row stands for, or None when the row names neither."""
    given = row.get("litellm_provider")
    if not isinstance(given, str) or not given:
        return None
    host = given.split("-")[0] if given.startswith("vertex_ai-") else given
    provider = _HOSTS.get(host) or canonical_provider(host)
    first, slash, rest = key.partition("/")
    if slash and (first in {host, given} or canonical_provider(first) == canonical_provider(host)):
        return provider, rest.lower()
    return provider, key.lower()


def _rows_of(text: str) -> dict[str, dict[str, Any]]:
    try:
        table: object = json.loads(text, parse_float=Decimal)
    except ValueError:
        table = None
    if not isinstance(table, dict):
        raise InvalidInput("the table is not a JSON object.", field="file", hint="Give model_prices_and_context_window.json.")
    whole = cast("dict[str, object]", table)
    rows = {key: cast("dict[str, Any]", row) for key, row in whole.items() if isinstance(row, dict) and key != "sample_spec"}
    if not any("litellm_provider" in row for row in rows.values()):
        raise InvalidInput("no row names a litellm_provider.", field="file", hint="Give model_prices_and_context_window.json.")
    return rows


def _placed(rows: Mapping[str, dict[str, Any]], skipped: Counter[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Provider, name and row of each row that prices tokens; rows of main endpoints first, else in the table's order."""

    def rank(row: Mapping[str, Any]) -> int:
        given = row.get("litellm_provider")
        return _FIRST.index(given) if given in _FIRST else len(_FIRST)

    for key, row in sorted(rows.items(), key=lambda item: rank(item[1])):
        placed = place(key, row)
        if row.get("mode") not in _MODES:
            skipped["another mode than chat, completion, responses or embedding"] += 1
        elif placed is None or "*" in key:
            skipped["no single model"] += 1
        else:
            yield *placed, row


def _read(row: Mapping[str, Any]) -> tuple[dict[str, Rate], dict[str, dict[str, Rate]]]:
    """A row's standard rates, and those of each service tier, in dollars per token or request."""
    bases: dict[tuple[str | None, str], Decimal] = {}
    steps: dict[tuple[str | None, str], list[tuple[int, Decimal]]] = {}
    for key, value in row.items():
        found = _KEY.match(key)
        price = _number(value)
        if found is None or price is None:
            continue
        place_of = (_TIERS.get(found[3]), _METERS[found[1]])
        if found[2] is None:
            bases[place_of] = price
        else:
            steps.setdefault(place_of, []).append((int(found[2]) * 1000, price))
    _read_ranges(row, bases, steps)
    search = row.get("search_context_cost_per_query")
    if isinstance(search, dict):
        price = _number(cast("dict[str, object]", search).get("search_context_size_medium"))
        if price:
            bases[None, "web_search"] = price
    rates: dict[str, Rate] = {}
    tiers: dict[str, dict[str, Rate]] = {}
    for (tier, meter), base in bases.items():
        rate = Rate(base, tuple(sorted(steps.get((tier, meter), []))))
        (rates if tier is None else tiers.setdefault(tier, {}))[meter] = rate
    return rates, tiers


def _read_ranges(
    row: Mapping[str, Any],
    bases: dict[tuple[str | None, str], Decimal],
    steps: dict[tuple[str | None, str], list[tuple[int, Decimal]]],
) -> None:
    """Prices given per range of input tokens (``tiered_pricing``): the first range is the base, the others are steps."""
    ranges = row.get("tiered_pricing")
    if not isinstance(ranges, list):
        return
    for position, item in enumerate(cast("list[dict[str, Any]]", ranges)):
        for key, value in item.items():
            meter, price = _METERS.get(key), _number(value)
            if meter is None or price is None:
                continue
            if position == 0:
                bases[None, meter] = price
            elif (None, meter) in bases:
                steps.setdefault((None, meter), []).append((int(item["range"][0]), price))


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = _DIGITS.plus(Decimal(value)).normalize(_DIGITS)
    return number if number.is_finite() and number >= 0 else None


def _unusable(rates: Mapping[str, Rate], mode: str) -> str | None:
    """Why rates cannot be used, or None."""
    needed = ("input",) if mode == "embedding" else ("input", "output")
    if any(meter not in rates for meter in needed):
        return "no price per input or output token"
    if any(not rates[meter].base for meter in needed):
        return "a price of zero, which the table also writes for unknown"
    return None


def _conflicts(provider: str, name: str, ours: Mapping[str, Rate], theirs: Mapping[str, Rate]) -> Iterator[Conflict]:
    for meter, rate in theirs.items():
        if meter in ours and meter not in CALL_METERS and rate.base and ours[meter].base != rate.base:
            yield Conflict(provider, name, meter, ours[meter].base.scaleb(6), rate.base.scaleb(6))


def _shape(rates: Mapping[str, Rate], tiers: Mapping[str, Mapping[str, Rate]]) -> dict[str, Any]:
    shape: dict[str, Any] = {meter: _rate_shape(meter, rate) for meter, rate in rates.items()}
    if tiers:
        shape["tiers"] = {tier: {m: _rate_shape(m, rate) for m, rate in tiers[tier].items()} for tier in sorted(tiers)}
    return shape


def _rate_shape(meter: str, rate: Rate) -> object:
    exponent = 0 if meter in CALL_METERS else 6
    base = usd_text(rate.base.scaleb(exponent))
    if not rate.steps:
        return base
    return [base, *([above, usd_text(price.scaleb(exponent))] for above, price in rate.steps)]


def _supplement(models: Mapping[str, Mapping[str, Any]], version: str, read_on: date) -> str:
    """One model per line, sorted, so that a newer table shows as a readable difference."""
    head = {"source": SOURCE, "version": f"litellm {version}", "read": read_on.isoformat()}
    blocks: list[str] = []
    for provider in sorted(models):
        lines = [
            f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in sorted(models[provider].items())
        ]
        if lines:
            blocks.append(f"{json.dumps(provider)}:{{\n" + ",\n".join(lines) + "\n}")
    return json.dumps(head)[:-1] + ', "providers": {\n' + ",\n".join(blocks) + "\n}}\n"


def _page(conflicts: list[Conflict], version: str, read_on: date, ours: str) -> str:
    """The disagreements as a table in Markdown, largest providers' names first in the alphabet."""
    lines = [
        "# Where genai-prices and LiteLLM disagree",
        "",
        f"US dollars per million tokens, standard tier, at {read_on.isoformat()}. genai-prices {ours} counts; LiteLLM {version}",
        "(model_prices_and_context_window.json) is kept here to be looked into. Models may differ because one table lists a",
        "region, an endpoint or a date that the other does not.",
        "",
        "| provider | model | meter | genai-prices | LiteLLM |",
        "|---|---|---|---|---|",
    ]
    lines += sorted(
        {f"| {c.provider} | {c.model} | {c.meter} | {usd_text(c.ours)} | {usd_text(c.theirs)} |" for c in conflicts}
    )
    return "\n".join(lines) + "\n"
