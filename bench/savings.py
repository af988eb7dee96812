"""All savings rules over a month of a ledger with ten million calls of a year, in which every rule has something to find."""

from __future__ import annotations

import gc
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from bench import bulk
from bench.table import Row, median, shown
from cost_mcp.model.call import Call, Context, Rank
from cost_mcp.model.charge import Charge, PricedCall, PriceEntry, Pricing
from cost_mcp.model.usage import Usage

CALLS, DAYS = 10_000_000, 365
BOUND_SECONDS = 2
MODELS = ("claude-opus-4-6", "claude-sonnet-4-6")
KINDS = ("uncached", "cached", "hour", "unread", "lone", "storm")
"""What the sessions are like in turn: ten run at once, of forty calls each, half a minute apart."""

_PRICES = {
    "claude-opus-4-6": {"input": "5", "cache_read": "0.5", "cache_write_5m": "6.25", "cache_write_1h": "10", "output": "25"},
    "claude-sonnet-4-6": {"input": "3", "cache_read": "0.3", "cache_write_5m": "3.75", "cache_write_1h": "6", "output": "15"},
}
"""Dollars for a million tokens. Source: https://platform.claude.com/docs/en/about-claude/pricing, read 2026-11-22."""

_SESSION = f"({bulk.NUMBER} / 400 * 10 + {bulk.NUMBER} % 10)"
_LONE = KINDS.index("lone")


def rules_over_a_month(db: Path, rounds: int = 7) -> list[Row]:
    """Every rule over the last whole month, prices looked up in the catalog included; and reading its rows alone."""
    from cost_mcp.config.settings import Settings
    from cost_mcp.service.opening import open_quick
    from cost_mcp.service.saving import suggest_savings_at_once

    gc.collect()
    gc.freeze()  # what other measurements left in this process is none of a command's
    taken: list[float] = []
    read: list[float] = []
    calls = 0
    for _ in range(rounds):
        began = time.perf_counter()
        quick = open_quick(Settings(db=str(db)))
        answer = suggest_savings_at_once(quick, {"period": "last_month", "timezone": "UTC", "limit": 1000})
        taken.append(time.perf_counter() - began)
        quick.close()
        calls = answer.totals.calls
        assert len({each.rule for each in answer.suggestions}) >= len(KINDS), "rules find what was put there"
        read.append(_reading_alone(db, answer.period.start, answer.period.end))
    ours = median(taken)
    what = f"all savings rules over a month, {calls:,} of {CALLS:,} calls (reading these rows one by one)"
    ratio = f"{ours / median(read):.2f} ×"
    return [Row(what, shown(ours, "s"), shown(median(read), "s"), ratio, f"≤ {BOUND_SECONDS} s", ours <= BOUND_SECONDS)]


def _reading_alone(db: Path, start: datetime, end: datetime) -> float:
    bounds = [int(at.timestamp() * 1e6) for at in (start, end)]
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as reading:
        began = time.perf_counter()
        for _ in reading.execute(
            "SELECT seq, occurred_at, series_id, session_id, input_tokens, output_tokens, cost_nanos FROM entries "
            "WHERE tenant = 'default' AND occurred_at >= ? AND occurred_at < ?",
            bounds,
        ):
            pass
        return time.perf_counter() - began


def load(db: Path, prepare: Callable[[Path], None]) -> Path:
    """The ledger, made once a month and kept."""
    bulk.load(db, CALLS, prepare, SHAPE)
    return db


def _call(call_id: str, at: datetime, n: int) -> PricedCall:
    session = n // 400 * 10 + n % 10
    step, kind = n % 400 // 10, KINDS[session % len(KINDS)]
    usage = _usage(kind, step)
    model = MODELS[session % len(MODELS)]
    lone = kind == "lone"
    agent = "scout" if kind == "cached" and step % 8 == 7 else f"agent-{session % 40}"
    context = Context(
        project="nightly" if lone else f"project-{session % 12}",
        task_id=f"T-{n // 100}",
        session_id=f"L-{n}" if lone else f"S-{session}",
        agent="indexer" if lone else agent,
        task_type=kind,
    )
    call = Call(
        call_id=call_id,
        occurred_at=at,
        model=model,
        usage=usage,
        source="mcp",
        rank=Rank.AGENT,
        provider="anthropic",
        context=context,
    )
    return PricedCall(call=call, pricing=_pricing(model, usage))


def _usage(kind: str, step: int) -> Usage:
    size = 20_000 + 1_500 * step
    if kind == "uncached":
        return Usage(input_tokens=size, output_tokens=600 + step)
    if kind == "lone":
        return Usage(input_tokens=1_500, output_tokens=200 + step)
    if kind == "storm":
        reasoning = 4_000 if step % 10 == 5 else 0
        return Usage(
            input_tokens=30_000 + step // 8 * 100, output_tokens=100 + step % 7 + reasoning, reasoning_output_tokens=reasoning
        )
    if kind == "unread":
        return Usage(input_tokens=size, output_tokens=300 + step, cache_creation_input_tokens=size - 2_000)
    hour = 1_500 if kind == "hour" else 0
    written = size - 100 if step == 0 else 1_500
    return Usage(
        input_tokens=size,
        output_tokens=500 + step,
        cache_read_input_tokens=0 if step == 0 else size - 1_600,
        cache_creation_input_tokens=written,
        cache_creation_1h_input_tokens=min(hour, written),
    )


@cache
def _entry(model: str) -> PriceEntry:
    return PriceEntry(
        entry_id=f"savings-{model}",
        provider="anthropic",
        model=model,
        service_tier="standard",
        unit_prices={meter: Decimal(price) / 1_000_000 for meter, price in _PRICES[model].items()},
        book="bench",
        source="made up",
        version="1",
        undated=True,
    )


def _pricing(model: str, usage: Usage) -> Pricing:
    entry = _entry(model)
    counts = {
        "input": usage.input_tokens - usage.cache_read_input_tokens - usage.cache_creation_input_tokens,
        "cache_read": usage.cache_read_input_tokens,
        "cache_write_5m": usage.cache_creation_5m_input_tokens,
        "cache_write_1h": usage.cache_creation_1h_input_tokens,
        "output": usage.output_tokens,
    }
    charges = tuple(
        Charge(meter=meter, quantity=count, unit_price_usd=price, cost_usd=count * price)
        for meter, count in counts.items()
        if count and (price := entry.unit_prices[meter])
    )
    total = sum((charge.cost_usd for charge in charges), Decimal(0))
    return Pricing(
        priced="list", cost_usd=total, charges=charges, entry=entry, list_cost_usd=total, provider="anthropic", model=model
    )


SHAPE = bulk.Shape(
    call_of=_call,
    differing={
        "session_id": f"CASE {_SESSION} % {len(KINDS)} WHEN {_LONE} THEN 'L-' || {bulk.NUMBER} ELSE 'S-' || {_SESSION} END",
        "task_id": f"'T-' || ({bulk.NUMBER} / 100)",
    },
    days=DAYS,
)
"""Twelve thousand calls made so, then repeated with sessions and tasks of their own."""
