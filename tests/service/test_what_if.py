from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cost_mcp.config.settings import Settings
from cost_mcp.errors import ConfigError, CostError, InvalidInput, UnknownName
from cost_mcp.model.call import Call, Rank
from cost_mcp.model.money import nanos
from cost_mcp.model.usage import USAGE_FIELDS, Usage
from cost_mcp.pricing.catalog import BookText, open_catalog
from cost_mcp.service.opening import open_quick
from cost_mcp.service.repricing import Pricer
from cost_mcp.service.service import Service
from cost_mcp.service.what_if import WhatIfAnswer

if TYPE_CHECKING:
    from tests.service.conftest import MovedClock, Opener

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

BOOK = """
prices:
  - {provider: acme, model: whole, input: 3, output: 15, cache_read: 0.3, cache_write_5m: 3.75, above: {200000: {input: 6, output: 22.5}}}
  - {provider: acme, model: broken, input: 0.0375, output: 0.1505, cache_read: 0.01875, above: {90000: {input: 0.0755, output: 0.3}}}
  - {provider: acme, model: flat, input: 1, output: 2, request: 0.001, web_search: 0.01}
  - {provider: acme, model: heard, input: 1, output: 2, input_audio: 10}
  - {provider: acme, model: silent, input: 1}
  - {provider: acme, model: daytime, input: 1, output: 1, from: 2026-11-01, hours: ["08:00-20:00"]}
  - {provider: acme, model: daytime, input: 9, output: 9, from: 2026-11-01, hours: ["20:00-08:00"]}
"""
MODELS = ("whole", "broken", "flat", "heard", "silent", "daytime")


Asker = Callable[..., WhatIfAnswer]


@pytest.fixture
def asked(tmp_path: Path, clock: MovedClock) -> Asker:
    """Asks what-if questions of what was recorded."""

    def ask(book: str | None = BOOK, **fields: object) -> WhatIfAnswer:
        quick = open_quick(Settings(db=str(tmp_path / "ledger.db"), timezone="UTC"), clock=clock)
        answer = quick.what_if({"period": "today", **fields}, None if book is None else ("book.yaml", book))
        quick.close()
        return answer

    return ask


async def told(service: Service, call_id: str, rank: Rank = Rank.LOG, **fields: object) -> None:
    call: dict[str, object] = {"model": "acme-1", "provider": "acme", "input_tokens": 1000, "output_tokens": 100}
    await service.record(call | {"call_id": call_id} | fields, source="python", rank=rank)


async def test_a_period_at_another_models_prices_by_hand(opened: Opener, asked: Asker):
    async with opened() as service:
        await told(service, "a", cost_usd="0.05", cache_read_input_tokens=400)
        await told(service, "b", cost_usd="0.05", input_tokens=200_001, output_tokens=10)
    answer = asked(model="acme/whole")

    # 600 × $3 + 400 × $0.30 + 100 × $15 per million = 0.00342; above 200,000 tokens 200,001 × $6 + 10 × $22.50 = 1.200231.
    assert answer.api.cost_usd == Decimal("0.1")
    assert answer.api.would_cost_usd == Decimal("0.00342") + Decimal("1.200231")
    assert {one.meter: (one.quantity, one.cost_usd) for one in answer.meters} == {
        "input": (200_601, Decimal("1.201806")),
        "output": (110, Decimal("0.001725")),
        "cache_read": (400, Decimal("0.00012")),
    }
    (model,) = answer.models
    assert (model.model, model.into, model.repriced.compared) == ("acme-1", "acme/whole", 2)


async def test_nothing_is_written_and_calls_of_other_models_stay_as_they_are(opened: Opener, asked: Asker):
    async with opened() as service:
        await told(service, "a", cost_usd="1")
        await told(service, "b", model="other-2", cost_usd="10")
        before = await service.cost_report({"period": "total"})
        answer = asked(model="acme/flat", **{"from": "acme-*"})
        after = await service.cost_report({"period": "total"})

    assert after.report == before.report
    assert (answer.api.calls, answer.api.cost_usd, answer.period_usd) == (1, 1, 11)
    assert answer.api.would_cost_usd == Decimal("0.0022")  # 1000 × $1 + 100 × $2 per million, and $0.001


async def test_what_has_no_price_on_either_side_is_left_out_and_counted(opened: Opener, asked: Asker):
    async with opened() as service:
        await told(service, "known", cost_usd="1")
        await told(service, "unknown")
        await told(service, "covered", cost_usd="1", billing="subscription")
        no_output = asked(model="acme/silent")
        whole = asked(model="acme/whole")
        nobody = asked(model="acme/nobody")

    assert (no_output.api.compared, no_output.api.unknown_now, no_output.api.was_usd) == (0, 2, 1)
    assert any("no price for output" in warning for warning in no_output.warnings)
    assert (whole.api.compared, whole.api.unknown_then, whole.api.would_be_known_usd) == (1, 1, Decimal("0.0045"))
    assert (whole.subscription.compared, whole.subscription.would_cost_usd) == (1, Decimal("0.0045"))
    assert (nobody.api.unknown_now, nobody.models[0].into) == (2, None)


async def test_a_corrected_call_counts_as_it_now_is(opened: Opener, asked: Asker):
    async with opened() as service:
        await told(service, "a", cost_usd="1", input_tokens=5000)
        await told(service, "a", cost_usd="2", input_tokens=1000, rank=Rank.RESPONSE)
        answer = asked(model="acme/whole")

    assert (answer.api.calls, answer.api.compared, answer.api.cost_usd) == (1, 1, 2)
    assert answer.api.would_cost_usd == Decimal("0.0045")
    assert [one.repriced.calls for one in answer.models] == [1]


async def test_prices_are_those_of_the_calls_own_time_unless_told_otherwise(opened: Opener, asked: Asker):
    async with opened() as service:
        await told(service, "night", cost_usd="1", occurred_at="2026-11-22T07:59:59Z")
        await told(service, "day", cost_usd="1", occurred_at="2026-11-22T08:00:00Z")
        of_the_time = asked(model="acme/daytime")
        by_day = asked(model="acme/daytime", at="2026-11-20T10:00:00Z")
        too_early = asked(model="acme/daytime", at="2026-10-20T10:00:00Z")

    assert of_the_time.api.would_cost_usd == Decimal("0.0099") + Decimal("0.0011")
    assert by_day.api.would_cost_usd == Decimal("0.0022")
    assert too_early.api.unknown_now == 2


async def test_where_a_call_was_made_counts_as_it_did(opened: Opener, asked: Asker):
    async with opened() as service:
        for number, place in enumerate(({}, {"inference_geo": "us"})):
            await told(
                service,
                f"c{number}",
                model="claude-opus-4-6",
                provider="anthropic",
                cache_read_input_tokens=500,
                metadata=place,
            )
        same = asked(book=None, model="claude-opus-4-6")
        other = asked(book=None, model="gpt-5")

    # 500 × $5 + 500 × $0.50 + 100 × $25 per million, once and 1.1 times: the same model costs what it did.
    assert same.api.cost_usd == same.api.would_cost_usd == Decimal("0.00525") * Decimal("2.1")
    assert (other.api.compared, other.partial_calls) == (2, 0)


async def test_a_model_without_a_price_is_priced_as_the_one_that_answered(opened: Opener, asked: Asker):
    async with opened() as service:
        await told(service, "a", cost_usd="1", model="acme-fast", response_model="acme-1")
        answer = asked(book="prices: [{provider: acme, model: acme-1, input: 1, output: 1}]")

    assert (answer.api.would_cost_usd, answer.models[0].into) == (Decimal("0.0011"), "acme/acme-1")


async def test_a_genai_prices_table_stands_in_for_the_packaged_one(opened: Opener, asked: Asker):
    model = {"id": "acme-1", "match": {"equals": "acme-1"}, "prices": {"input_mtok": 2, "output_mtok": 3}}
    table = [{"id": "acme", "name": "Acme", "api_pattern": "acme", "model_match": {"starts_with": "acme"}, "models": [model]}]
    async with opened() as service:
        await told(service, "a", cost_usd="1")
        answer = asked(book=json.dumps(table))
    with pytest.raises(InvalidInput):
        asked(book='[{"id": 1}]')

    assert answer.api.would_cost_usd == Decimal("0.0023")


@pytest.mark.parametrize(
    ("narrowed", "calls"),
    [({"agent": "a1"}, 2), ({"task": "T-1"}, 1), ({"tags": {"team": "red"}}, 2), ({"tags": {"team": "red"}, "agent": "a1"}, 1)],
)
async def test_filters_narrow_what_is_priced(opened: Opener, asked: Asker, narrowed: dict[str, object], calls: int):
    async with opened() as service:
        await told(service, "a", cost_usd="1", agent="a1", task_id="T-1", tags={"team": "red"})
        await told(service, "b", cost_usd="1", agent="a1", tags={"team": "blue"})
        await told(service, "c", cost_usd="1", agent="a2", tags={"team": "red", "x": "y"})
        answer = asked(model="acme/whole", **narrowed)

    assert (answer.api.calls, answer.period_usd) == (calls, calls)


async def test_only_a_book_prices_calls_as_their_own_model(opened: Opener, asked: Asker):
    async with opened() as service:
        await told(service, "a", cost_usd="1")
        answer = asked(book="prices: [{provider: acme, model: acme-1, input: 1, output: 1}]")

    assert (answer.api.would_cost_usd, answer.models[0].into, answer.book) == (Decimal("0.0011"), "acme/acme-1", "book.yaml")


@pytest.mark.parametrize(
    ("book", "fields", "error", "field"),
    [
        (None, {}, InvalidInput, "model"),
        ("prices: [{provider: acme, model: x, input: many}]", {}, ConfigError, "price_book"),
        (BOOK, {"model": ""}, InvalidInput, "model"),
        (BOOK, {"from": "a*b"}, InvalidInput, "scope"),
        (BOOK, {"period": "someday"}, UnknownName, "period"),
        (BOOK, {"period": None, "start": "2026-11-02", "end": "2026-11-01"}, InvalidInput, "end"),
        (BOOK, {"at": "noon"}, InvalidInput, "at"),
    ],
)
def test_bad_input_is_refused_by_name(
    asked: Asker, book: str | None, fields: dict[str, object], error: type[CostError], field: str
):
    with pytest.raises(error) as refused:
        asked(book=book, **fields)
    assert refused.value.field == field


@pytest.mark.parametrize("period", ["today", "2030-01"])
def test_a_period_without_calls_answers_in_the_same_shape(asked: Asker, period: str):
    answer = asked(model="acme/whole", period=period)

    assert (answer.models, answer.meters, answer.api.calls, answer.period_usd) == ((), (), 0, 0)
    assert answer.notes


counts = st.integers(0, 300_000)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    read, written, reasoned, heard = (draw(st.sampled_from((0, 1, 7, 90_001))) for _ in range(4))
    return Usage(
        input_tokens=read + written + heard + draw(counts),
        output_tokens=reasoned + draw(counts),
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
        cache_creation_1h_input_tokens=draw(st.sampled_from((0, written))),
        reasoning_output_tokens=reasoned,
        input_audio_tokens=draw(st.sampled_from((0, heard))),
        web_search_requests=draw(st.sampled_from((0, 2))),
    )


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(
    st.lists(st.tuples(usages(), st.integers(0, 60 * 24 * 40), st.booleans()), max_size=12),
    st.sampled_from(MODELS),
    st.sampled_from(("standard", "batch")),
)
def test_sums_are_charged_to_the_nano_dollar_as_every_call_alone(rows: list[tuple[Usage, int, bool]], model: str, tier: str):
    catalog = open_catalog([BookText(text=BOOK, file="book.yaml")])
    pricer = Pricer(catalog, [("acme", model)], tier, None)
    would = unknown = 0
    for usage, minutes, taken_back in sorted(rows, key=lambda row: row[1]):
        at = NOON - timedelta(days=40) + timedelta(minutes=minutes)
        values = [getattr(usage, name) for name in USAGE_FIELDS]
        for sign in (1, -1) if taken_back else (1,):
            pricer.take((1, tier, None, sign, int(at.timestamp()) * 10**6, sign * 1000, 0, *(sign * value for value in values)))
        pricer.ease()
        call = Call(
            call_id="c", occurred_at=at, model=model, usage=usage, source="t", rank=Rank.LOG, provider="acme", service_tier=tier
        )
        cost = catalog.price(call).cost_usd
        if not taken_back:
            would, unknown = would + (0 if cost is None else nanos(cost)), unknown + (cost is None)
    pricer.finish()

    found = pricer.repriced
    assert (nanos(found.would_cost_usd), found.unknown_now) == (would, unknown)
    assert found.calls == found.compared + found.unknown_now == sum(not taken_back for *_, taken_back in rows)
    assert sum(cost for _, cost in pricer.meters.values()) == would
    assert found == replace(found, cost_usd=Decimal(found.compared * 1000) / 10**9)


async def test_many_calls_are_read_in_portions_and_none_twice(opened: Opener, asked: Asker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cost_mcp.ledger.usage_rows.PORTION", 3)
    async with opened() as service:
        await asyncio.gather(
            *(told(service, f"c{n}", cost_usd="1", occurred_at=f"2026-11-22T0{n // 5}:00:00Z") for n in range(20))
        )
        answer = asked(model="acme/whole")

    assert (answer.api.calls, answer.api.would_cost_usd) == (20, Decimal("0.09"))
