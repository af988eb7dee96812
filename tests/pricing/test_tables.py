"""Newer tables a user has fetched: checked, stored, and used in place of the installed ones."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from cost_mcp.errors import InvalidInput
from cost_mcp.pricing.catalog import Catalog, open_catalog
from cost_mcp.pricing.rule import Rule
from cost_mcp.pricing.tables import check_tables, open_tables

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FETCHED = date(2026, 11, 22)

ROWS: list[dict[str, Any]] = [
    {
        "id": "acme",
        "name": "Acme",
        "api_pattern": "https://api\\.acme\\.com",
        "model_match": {"starts_with": "rocket-"},
        "extractors": [{"api_flavor": "default", "root": "usage", "mappings": []}],
        "models": [
            {
                "id": "rocket-1",
                "description": "fast",
                "match": {"or": [{"equals": "rocket-1"}, {"and": [{"starts_with": "rocket-1-"}, {"regex": "^(?!.*tts)"}]}]},
                "prices": [
                    {"prices": {"input_mtok": 1.1, "output_mtok": 4}},
                    {"constraint": {"start_date": "2026-06-01"}, "prices": {"input_mtok": 2.2, "output_mtok": 8}},
                    {
                        "constraint": {"start_time": "01:00:00Z", "end_time": "02:00:00Z"},
                        "prices": {"input_mtok": 3.3, "output_mtok": 9},
                    },
                ],
                "price_variants": [{"when": {"processing": "batch"}, "prices": {"input_mtok": 0.6}}],
            },
            {
                "id": "rocket-2",
                "match": {"contains": "rocket-2"},
                "prices": {"input_mtok": {"base": 1, "tiers": [{"start": 1000, "price": 2}]}, "output_mtok": 3},
            },
        ],
    }
]


def opened(rows: object = ROWS) -> Catalog:
    stored = check_tables(json.dumps(rows), fetched_on=FETCHED)
    return open_catalog(tables=lambda: open_tables(stored.text))


def rate_of(catalog: Catalog, model: str, *, tier: str = "standard", at: datetime = NOON) -> Decimal:
    rule = catalog.resolve(None, model, tier, at)
    assert isinstance(rule, Rule)
    return rule.rates["input"].base * 1_000_000


def test_what_is_stored_says_how_much_it_holds_and_which_version_it_is():
    stored = check_tables(json.dumps(ROWS), fetched_on=FETCHED)
    assert (stored.providers, stored.models) == (1, 2)
    assert stored.version.startswith("2026-11-22 ")
    assert "extractors" not in stored.text
    assert open_tables(stored.text).version == stored.version


def test_newer_tables_take_the_place_of_the_installed_ones():
    catalog = opened()
    assert rate_of(catalog, "rocket-1") == Decimal("2.2")
    assert rate_of(catalog, "rocket-1-20260101", at=datetime(2026, 1, 2, 12, tzinfo=UTC)) == Decimal("1.1")
    assert rate_of(catalog, "rocket-1", at=datetime(2026, 11, 20, 1, 30, tzinfo=UTC)) == Decimal("3.3")
    assert rate_of(catalog, "rocket-1", tier="batch") == Decimal("0.6")
    rule = catalog.resolve("acme", "rocket-2", "standard", NOON)
    assert isinstance(rule, Rule)
    assert (rule.rates["input"].at(1_000), rule.rates["input"].at(1_001)) == (Decimal("0.000001"), Decimal("0.000002"))
    assert not isinstance(catalog.resolve("openai", "gpt-3.5-turbo-0613", "standard", NOON), Rule)


def changed(path: list[Any], value: object) -> list[dict[str, Any]]:
    rows = deepcopy(ROWS)
    place: Any = rows
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return rows


@pytest.mark.parametrize(
    "rows",
    [
        {},
        [],
        [1],
        changed([0, "models"], "many"),
        changed([0, "models"], []),
        changed([0, "models", 0], "rocket"),
        changed([0, "models", 1, "match"], {"sounds_like": "rocket"}),
        changed([0, "models", 1, "match"], {"equals": 2}),
        changed([0, "models", 1, "prices"], {"input_mtok": -1}),
        changed([0, "models", 1, "prices"], {"input_mtok": "cheap"}),
        changed([0, "models", 0, "prices", 1, "constraint"], {"start_date": "soon"}),
        changed([0, "models", 0, "prices", 1, "constraint"], {"moon": "full"}),
        changed([0, "models", 1, "match"], {"regex": "(rocket"}),
        changed([0, "models", 1, "prices"], {"input_mtok": "1e9999999"}),
        changed([0, "models", 1, "prices"], {"input_mtok": "1e-9999999"}),
        changed([0, "models", 1, "id"], 5),
        changed([0, "id"], None),
        changed([0, "fallback_model_providers"], [5]),
    ],
    ids=range(18),
)
def test_tables_in_another_form_are_refused_whole(rows: object):
    with pytest.raises(InvalidInput) as caught:
        check_tables(json.dumps(rows), fetched_on=FETCHED)
    assert caught.value.field == "file"
    assert caught.value.hint


@pytest.mark.parametrize(
    "text", ["", "not json", "[1, 2", '{"version": "x"}', '{"version": 1, "providers": []}', "[" * 100_000]
)
def test_a_damaged_store_is_refused(text: str):
    with pytest.raises(InvalidInput):
        open_tables(text)
