"""FOCUS rows, worked out by hand from the specification's sentences."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.model.call_row import CallRow, PriceMark, SeriesNames
from cost_mcp.model.moment import micros
from cost_mcp.model.money import nanos, usd
from cost_mcp.reports.focus import focus_rows, is_left_out
from cost_mcp.reports.focus_columns import COLUMNS, FOCUS_COLUMNS, LAST, NUMBERS, OF_CALL, OF_CHARGE, OWN_COLUMNS

CHARGES = '[["input",1200,"0.000003",3600000],["cache_read",50,"0.0000000375",1875],["output",7,"0.000015",105000]]'
NAMES = SeriesNames(
    series_id=1,
    tenant="default",
    billing="api",
    source="mcp",
    project="shop",
    agent="",
    provider="anthropic",
    model="claude-sonnet-4-5",
    feature="",
    purpose="plan",
    task_type="",
    response_model="",
    catalog_provider="anthropic",
    catalog_model="claude-sonnet-4-5",
)
BASE = CallRow(
    names=NAMES,
    price=PriceMark("price_1"),
    seq=1,
    call_id="msg_1",
    revision=1,
    sign=1,
    occurred_at=micros(datetime(2026, 12, 31, 23, 59, 59, 250_000, tzinfo=UTC)),
    recorded_at=micros(datetime(2027, 1, 2, 8, 0, 0, tzinfo=UTC)),
    task_id="T-1",
    task_title=None,
    session_id=None,
    service_tier="standard",
    priced="list",
    cost_nanos=3_706_875,
    list_cost_nanos=3_706_875,
    stated_cost_nanos=None,
    unpriced_calls=0,
    provisional_calls=0,
    input_tokens=1250,
    output_tokens=7,
    cache_read_input_tokens=50,
    cache_creation_input_tokens=0,
    cache_creation_1h_input_tokens=0,
    reasoning_output_tokens=0,
    input_audio_tokens=0,
    cache_read_input_audio_tokens=0,
    output_audio_tokens=0,
    input_image_tokens=0,
    output_image_tokens=0,
    web_search_requests=0,
    reservation_id=None,
    charges=CHARGES,
    tags='{"team":"a"}',
    metadata=None,
    inference_geo=None,
)


@dataclass(frozen=True)
class Told:
    """A row by the names of its columns."""

    cells: dict[str, str | None]

    def __getitem__(self, name: str) -> str | None:
        return self.cells[name]

    def number(self, name: str) -> Decimal:
        """A cell that holds a number."""
        return Decimal(self.cells[name] or "")


def told(row: CallRow) -> list[Told]:
    return [Told(dict(zip(COLUMNS, cells, strict=True))) for cells in focus_rows(row)]


def test_a_call_has_a_row_for_each_meter_with_its_quantity_price_and_cost():
    rows = told(BASE)

    assert [row["SkuMeter"] for row in rows] == ["Input Tokens", "Cached Input Tokens", "Output Tokens"]
    assert [row.number("ConsumedQuantity") for row in rows] == [1200, 50, 7]
    assert {row["ConsumedUnit"] for row in rows} == {"Tokens"}
    assert {row["PricingUnit"] for row in rows} == {"1000000 Tokens"}
    assert [row.number("PricingQuantity") for row in rows] == [Decimal("0.0012"), Decimal("0.00005"), Decimal("0.000007")]
    assert [row.number("ListUnitPrice") for row in rows] == [3, Decimal("0.0375"), 15]
    assert [row.number("BilledCost") for row in rows] == [Decimal("0.0036"), Decimal("0.000001875"), Decimal("0.000105")]
    for row in rows:
        assert row["EffectiveCost"] == row["BilledCost"]
        assert row["ContractedUnitPrice"] == row["ListUnitPrice"]
        assert row.number("ListCost") == row.number("ListUnitPrice") * row.number("PricingQuantity")
        assert row.number("ContractedCost") == row.number("ContractedUnitPrice") * row.number("PricingQuantity")


def test_a_row_says_who_sold_what_to_whom_and_when():
    row = told(BASE)[0]

    assert (row["ProviderName"], row["PublisherName"], row["InvoiceIssuerName"]) == ("Anthropic", "Anthropic", "Anthropic")
    assert (row["ServiceCategory"], row["ServiceSubcategory"]) == ("AI and Machine Learning", "Generative AI")
    assert (row["ServiceName"], row["SkuId"]) == ("Claude API", "anthropic/claude-sonnet-4-5/input")
    assert row["SkuPriceId"] == "anthropic/claude-sonnet-4-5/input/standard"
    assert (row["ChargeCategory"], row["ChargeFrequency"], row["PricingCategory"]) == ("Usage", "Usage-Based", "Standard")
    assert (row["BillingAccountId"], row["BillingCurrency"], row["ChargeClass"]) == ("default", "USD", None)
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z")
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
    assert (row["x_CallId"], row["x_TaskId"], row["x_Purpose"], row["x_Agent"]) == ("msg_1", "T-1", "plan", None)
    assert all("." in (row[name] or "") for name in NUMBERS - {"x_Revision"})
    assert (row["x_RecordedAt"], row["x_Revision"], row["x_PriceEntryId"]) == ("2027-01-02T08:00:00Z", "1", "price_1")
    assert json.loads(row["Tags"] or "") == {"team": "a"}


def test_the_list_cost_is_the_exact_product_where_the_billed_one_is_rounded():
    (row,) = told(BASE._replace(charges='[["cache_read",1,"0.0000000375",38]]'))

    assert row["BilledCost"] == "0.000000038"
    assert row["ListCost"] == row["ContractedCost"] == "0.0000000375"


def test_what_a_plan_covers_is_billed_nothing_and_listed_at_its_price():
    rows = told(BASE._replace(names=NAMES._replace(billing="subscription")))

    assert {row.number("BilledCost") for row in rows} == {row.number("EffectiveCost") for row in rows} == {Decimal(0)}
    assert sum(row.number("ListCost") for row in rows) == Decimal("0.003706875")
    assert {row["PricingCategory"] for row in rows} == {"Other"}
    assert {row["ServiceName"] for row in rows} == {"Anthropic Subscription"}


def test_a_reversal_is_a_correction_with_everything_negative_but_prices():
    rows = told(BASE._replace(sign=-1, cost_nanos=-3_706_875))

    for row, taken in zip(rows, told(BASE), strict=True):
        assert row["ChargeClass"] == "Correction"
        assert row["ListUnitPrice"] == taken["ListUnitPrice"]
        for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "PricingQuantity", "ConsumedQuantity"):
            assert row.number(name) == -taken.number(name)


def test_what_stands_in_place_of_a_reversed_report_is_a_correction_too():
    assert {row["ChargeClass"] for row in told(BASE._replace(revision=2))} == {"Correction"}


def test_a_cost_that_was_told_is_one_request_beside_its_list_cost():
    stated = '[["stated",1,"0.002",2000000]]'
    (row,) = told(BASE._replace(priced="stated", charges=stated, cost_nanos=2_000_000, stated_cost_nanos=2_000_000))

    assert (row["SkuMeter"], row["PricingUnit"], row["PricingQuantity"]) == ("Stated Cost", "Requests", "1.0")
    assert (row.number("BilledCost"), row.number("ContractedUnitPrice")) == (Decimal("0.002"), Decimal("0.002"))
    assert row.number("ListCost") == row.number("ListUnitPrice") == Decimal("0.003706875")


def test_what_nobody_knows_the_cost_of_has_no_row():
    unknown = BASE._replace(priced="unpriced", charges="[]", cost_nanos=0, unpriced_calls=1)

    assert is_left_out(unknown)
    assert focus_rows(unknown) == []
    assert not is_left_out(BASE)


def test_a_cost_of_which_a_part_is_missing_says_so():
    assert {row["x_LowerBound"] for row in told(BASE._replace(unpriced_calls=1))} == {"true"}


@pytest.mark.parametrize(
    ("changed", "ends"),
    [
        ({"service_tier": "batch"}, "/batch"),
        ({"price": PriceMark("price_2", 200_000)}, "/standard/above-200000"),
        ({"inference_geo": "us"}, "/standard/us"),
    ],
)
def test_a_sku_has_a_price_for_each_tier_size_and_region(changed: dict[str, object], ends: str):
    row, usual = told(BASE._replace(**changed))[0], told(BASE)[0]

    assert row["SkuId"] == usual["SkuId"]
    assert row["SkuPriceId"] == f"{usual['SkuId']}{ends}"
    assert row["SkuPriceDetails"] != usual["SkuPriceDetails"] or ends == "/standard"


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", ("Amazon Web Services", "Anthropic", "Amazon Bedrock")),
        ("openrouter", "deepseek/deepseek-v3", ("OpenRouter", "DeepSeek", "OpenRouter API")),
        ("openai", "gpt-5", ("OpenAI", "OpenAI", "OpenAI API")),
        ("acme", "acme-9", ("acme", "acme", "acme API")),
        ("", "acme-9", ("Unknown", "Unknown", "Unknown API")),
    ],
)
def test_who_sells_a_model_and_who_makes_it_are_told_apart(provider: str, model: str, expected: tuple[str, str, str]):
    row = told(BASE._replace(names=NAMES._replace(provider=provider, model=model, catalog_model="")))[0]

    assert (row["ProviderName"], row["PublisherName"], row["ServiceName"]) == expected


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["input", "cache_read", "output", "web_search", "request"]),
            st.integers(0, 10**9),
            st.decimals(0, 1, places=12),
        ),
        max_size=5,
    ),
    st.sampled_from([1, -1]),
)
def test_billed_costs_sum_to_the_calls_cost_and_list_costs_are_exact_products(
    charges: list[tuple[str, int, Decimal]], sign: int
):
    costs = [nanos(quantity * price) for _, quantity, price in charges]
    stored = [[meter, quantity, str(price), cost] for (meter, quantity, price), cost in zip(charges, costs, strict=True)]
    rows = told(BASE._replace(charges=json.dumps(stored), cost_nanos=sign * sum(costs), sign=sign))

    assert sum((row.number("BilledCost") for row in rows), Decimal(0)) == usd(sign * sum(costs))
    for row in rows:
        assert row.number("ListCost") == row.number("ListUnitPrice") * row.number("PricingQuantity")


def test_the_specifications_columns_come_first_in_order_and_ours_say_so():
    assert list(FOCUS_COLUMNS) == sorted(FOCUS_COLUMNS)
    assert all(name.startswith("x_") for name in OWN_COLUMNS)
    assert set(COLUMNS) >= NUMBERS
    assert set(OF_CHARGE) <= NUMBERS
    assert COLUMNS[-len(LAST) :] == LAST
    assert not {*OF_CALL, *OF_CHARGE} & set(LAST)
