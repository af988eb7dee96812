"""Reserving: over stdio against recording, and in process with many orders in flight on one budget."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from bench.stdio import CALL, OURS, environment
from bench.table import Row, median, percentile, ratio_row, shown
from bench.wire import Wire

NAMES = {name: CALL[name] for name in ("task_id", "agent", "project")}
ORDERS: dict[str, dict[str, object]] = {
    "an amount": {"amount_usd": "0.01", **NAMES},
    "a model with tokens": {"model": "claude-opus-4-6", "input_tokens": 41_200, "max_output_tokens": 300, **NAMES},
}
IN_FLIGHT = 32


def reserve_budget(db: Path, rounds: int = 1000) -> list[Row]:
    """``reserve_budget`` against ``record_call`` of the same server, in turns; what is held is given back outside the timing."""
    wire = Wire(OURS, environment(db))
    wire.initialize()
    reserved: dict[str, list[float]] = {order: [] for order in ORDERS}
    recorded: list[float] = []
    for n in range(rounds + 50):
        taken = {"": wire.call("record_call", {**CALL, "call_id": f"bench-{n}"})}
        for order, arguments in ORDERS.items():
            taken[order], answer = wire.answered("reserve_budget", arguments)
            wire.call("release_reservation", {"reservation_id": answer["reservation_id"]})
        if n >= 50:
            recorded.append(taken[""])
            for order, times in reserved.items():
                times.append(taken[order])
    wire.close()
    what = "`reserve_budget` of {} over stdio, durable, three budgets, p50 (against `record_call`)"
    return [ratio_row(what.format(order), median(times), median(recorded), "s", 1.1) for order, times in reserved.items()]


def reserves(folder: Path, rounds: int = 3, seconds: float = 5) -> list[Row]:
    """Durable reserves a second in one process with 32 in flight on one enforcing budget: the median of rounds."""
    runs = [asyncio.run(_reserve_all(folder / f"reserves-{n}.db", seconds)) for n in range(rounds)]
    rate = median([len(latencies) / seconds for latencies in runs])
    slow = median([percentile(latencies, 99) for latencies in runs])
    what = f"in process, {IN_FLIGHT} in flight on one budget: durable reserves/s"
    return [
        Row(what, f"{rate:,.0f} /s", "", "", "≥ 2,000 /s", rate >= 2000),
        Row("… 99th percentile of one reserve", shown(slow, "s"), "", "", "≤ 20 ms", slow <= 0.02),
    ]


async def _reserve_all(db: Path, seconds: float) -> list[float]:
    """The latencies of every reserve that began within the time; each holds and none is given back meanwhile."""
    from cost_mcp.config.settings import Settings
    from cost_mcp.service.opening import open_service

    latencies: list[float] = []
    async with open_service(Settings(db=str(db))) as service:
        one = {"name": "one", "limit": "100000000", "period": "month", "mode": "enforce"}
        await service.set_budget(one, changed_by="bench")

        async def work(until: float) -> None:
            while (began := time.perf_counter()) < until:
                admission = await service.reserve_budget(ORDERS["an amount"])
                assert admission.reservation is not None, admission.why
                latencies.append(time.perf_counter() - began)

        await service.reserve_budget(ORDERS["an amount"])
        until = time.perf_counter() + seconds
        await asyncio.gather(*(work(until) for _ in range(IN_FLIGHT)))
    return latencies
