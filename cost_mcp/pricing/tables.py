"""Newer genai-prices tables: the published JSON, checked row by row, trimmed to what prices a call, and opened again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from cost_mcp.errors import InvalidInput
from cost_mcp.pricing.library import Library

if TYPE_CHECKING:
    from genai_prices.types import ConditionalPrice, MatchLogic, ModelInfo, ModelPrice, PriceVariant, Provider

URL = "https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/new_data/v2/data.json"
"""Where the tables are published, for messages; nothing here fetches.

Source: genai_prices.update_prices.DEFAULT_UPDATE_URL 0.2.3, read 2026-11-22.
"""

_MAX_PRICE = Decimal(1_000_000)
_LOWEST = -20
"""No price is above a dollar per token, and none that is not zero is below this power of ten."""

_PROVIDER_KEYS = ("id", "name", "api_pattern", "model_match", "provider_match", "fallback_model_providers", "models")
_MODEL_KEYS = ("id", "match", "prices", "price_variants")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Checked tables: the text to store (``open_tables`` reads it), their version, and how much they hold."""

    text: str
    version: str
    providers: int
    models: int


def looks_like_tables(text: str) -> bool:
    """Whether a text is meant as a published table, a JSON list: a price book is a mapping."""
    return text.lstrip("\ufeff \t\r\n").startswith("[")


def listed_models(library: Library) -> frozenset[tuple[str, str]]:
    """Every (provider, model) of some tables, to compare them with others."""
    return frozenset((provider, model) for provider in library.providers for model in library.models(provider))


def check_tables(text: str, *, fetched_on: date) -> Tables:
    """What to store of a published table.

    Raises:
        InvalidInput: it is not such a table; the first row that cannot be read is named by its position.
    """
    rows = _rows(text)
    providers = [_kept(row, _PROVIDER_KEYS) for row in rows]
    for provider in providers:
        provider["models"] = [_kept(model, _MODEL_KEYS) for model in _listed(provider.get("models"))]
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    version = f"{fetched_on.isoformat()} {digest}"
    try:
        stored = json.dumps({"version": version, "providers": providers}, separators=(",", ":"), default=str)
    except RecursionError:
        raise _refusal("it is nested too deeply") from None
    library = open_tables(stored)
    models = sum(len(library.models(provider)) for provider in library.providers)
    if not models:
        raise _refusal("it holds no model")
    return Tables(text=stored, version=version, providers=len(library.providers), models=models)


def open_tables(text: str) -> Library:
    """The tables that ``check_tables`` stored, for ``open_catalog(tables=…)``.

    Raises:
        InvalidInput: the text is damaged.
    """
    try:
        whole = json.loads(text, parse_float=Decimal)
        version, rows = _text(whole["version"]), _objects(whole["providers"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _refusal("it was not stored by this program") from None
    providers: list[Provider] = []
    for position, row in enumerate(rows, start=1):
        try:
            providers.append(_provider(row))
        except (KeyError, ValueError, TypeError, ArithmeticError, AttributeError, RecursionError, re.error):
            raise _refusal(f"provider {position} of {len(rows)} is not in a form this version reads") from None
    return Library(providers, version)


def _refusal(reason: str) -> InvalidInput:
    return InvalidInput(f"the price table cannot be used: {reason}.", field="file", hint=f"Take it from {URL}.")


def _rows(text: str) -> list[dict[str, Any]]:
    try:
        rows: object = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise _refusal("it is not JSON") from None
    try:
        return _objects(rows)
    except TypeError:
        raise _refusal("it is not a list of providers") from None


def _objects(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in cast("list[object]", value)):
        raise TypeError
    return cast("list[dict[str, Any]]", value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _listed(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise _refusal("a provider lists no models")
    return cast("list[Any]", value)


def _kept(row: object, keys: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise _refusal("a row is not an object")
    found = cast("dict[str, Any]", row)
    return {key: found[key] for key in keys if found.get(key) is not None}


def _provider(row: Mapping[str, Any]) -> Provider:
    from genai_prices.types import Provider

    return Provider(
        id=_text(row["id"]),
        name=_text(row["name"]),
        api_pattern=_text(row["api_pattern"]),
        model_match=_match(row["model_match"]) if "model_match" in row else None,
        fallback_model_providers=[_text(maker) for maker in row.get("fallback_model_providers", ())],
        models=[_model(model) for model in row["models"]],
    )


def _model(row: Mapping[str, Any]) -> ModelInfo:
    from genai_prices.types import ModelInfo

    prices: object = row["prices"]
    conditional = cast("list[dict[str, Any]]", prices) if isinstance(prices, list) else None
    return ModelInfo(
        id=_text(row["id"]),
        match=_match(row["match"]),
        prices=_prices(row["prices"]) if conditional is None else [_conditional(item) for item in conditional],
        price_variants=[_variant(item) for item in row.get("price_variants", ())],
    )


def _match(row: Mapping[str, Any]) -> MatchLogic:
    from genai_prices import types

    (kind, value), *more = row.items()
    if more:
        raise ValueError
    if kind in {"or", "and"}:
        parts = [_match(part) for part in value]
        return types.ClauseOr(or_=parts) if kind == "or" else types.ClauseAnd(and_=parts)
    clauses = {
        "equals": types.ClauseEquals,
        "starts_with": types.ClauseStartsWith,
        "ends_with": types.ClauseEndsWith,
        "contains": types.ClauseContains,
        "regex": types.ClauseRegex,
    }
    if not isinstance(value, str):
        raise TypeError
    if kind == "regex":
        re.compile(value)  # what cannot be compiled is refused here, not when a model's name is looked up
    return clauses[kind](value)


def _prices(row: Mapping[str, Any]) -> ModelPrice:
    from genai_prices.types import ModelPrice, Tier, TieredPrices

    prices: dict[str, Decimal | TieredPrices] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            given = cast("dict[str, Any]", value)
            tiers = [Tier(start=int(tier["start"]), price=_price(tier["price"])) for tier in given["tiers"]]
            prices[key] = TieredPrices(base=_price(given["base"]), tiers=tiers)
        elif value is not None:
            prices[key] = _price(value)
    return ModelPrice(**prices)


def _price(value: Any) -> Decimal:
    price = Decimal(value)
    if not price.is_finite() or not 0 <= price <= _MAX_PRICE or (price and price.adjusted() < _LOWEST):
        raise ValueError
    return price


def _conditional(row: Mapping[str, Any]) -> ConditionalPrice:
    from genai_prices.types import ConditionalPrice

    return ConditionalPrice(constraint=_constraint(row.get("constraint")), prices=_prices(row["prices"]))


def _variant(row: Mapping[str, Any]) -> PriceVariant:
    from genai_prices.types import PriceVariant

    return PriceVariant(when=row["when"], prices=_prices(row["prices"]), constraint=_constraint(row.get("constraint")))


def _constraint(row: Mapping[str, Any] | None) -> Any:
    from genai_prices.types import StartDateConstraint, TimeOfDateConstraint

    if row is None:
        return None
    if "start_date" in row:
        return StartDateConstraint(start_date=date.fromisoformat(row["start_date"]))
    return TimeOfDateConstraint(start_time=time.fromisoformat(row["start_time"]), end_time=time.fromisoformat(row["end_time"]))
