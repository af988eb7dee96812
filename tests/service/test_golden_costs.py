"""Real responses priced end to end: what capture reads, the catalog charges as worked out by hand."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cost_mcp.capture.usage import read_usage
from cost_mcp.model.call import Call, Rank
from cost_mcp.model.charge import Pricing
from cost_mcp.model.money import usd_text
from cost_mcp.pricing.catalog import Catalog, open_catalog

CASES = sorted((Path(__file__).parents[1] / "capture" / "cases").glob("*/*.json"))


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


PRICED = [path for path in CASES if load(path)["cost"] is not None]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return open_catalog(())


def price(catalog: Catalog, case: dict[str, Any]) -> Pricing:
    read = read_usage(case["response"], case["provider"])
    call = Call(
        call_id=read.response_id or "golden",
        occurred_at=datetime.fromisoformat(case["cost"]["occurred_at"]),
        model=read.model or case["cost"]["model"],
        provider=read.provider,
        service_tier=read.service_tier or "standard",
        usage=read.usage,
        stated_cost_usd=read.stated_cost_usd,
        source="golden",
        rank=Rank.RESPONSE,
    )
    return catalog.price(call)


@pytest.mark.parametrize("path", PRICED, ids=name)
def test_a_real_response_costs_what_was_worked_out_by_hand(catalog: Catalog, path: Path):
    case = load(path)
    pricing = price(catalog, case)
    assert pricing.cost_usd is not None, pricing.warnings
    charged = [
        {
            "meter": charge.meter,
            "quantity": charge.quantity,
            "unit_price_usd": usd_text(charge.unit_price_usd),
            "cost_usd": usd_text(charge.cost_usd),
        }
        for charge in pricing.charges
    ]
    assert charged == case["cost"]["charges"]
    assert usd_text(pricing.cost_usd) == case["cost"]["cost_usd"]


@pytest.mark.parametrize("path", PRICED, ids=name)
def test_the_figures_worked_out_by_hand_agree_with_themselves(path: Path):
    cost = load(path)["cost"]
    for charge in cost["charges"]:
        assert Decimal(charge["unit_price_usd"]) * charge["quantity"] == Decimal(charge["cost_usd"])
    assert sum(Decimal(charge["cost_usd"]) for charge in cost["charges"]) == Decimal(cost["cost_usd"])
    assert "2026-11-22" in cost["worked"]
