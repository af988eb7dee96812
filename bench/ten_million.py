"""The wallet over ten million calls against the same over ten thousand."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

from bench.reserving import ORDERS
from bench.stdio import OURS, environment
from bench.table import Row, median, ratio_row
from bench.wire import Wire

LARGE, SMALL = 10_000_000, 10_000
ASKED: dict[str, object] = {"project": "project-3", "agent": "agent-3", "task_id": "T-3"}
RESERVED = ORDERS["an amount"] | ASKED


def over_stdio(small: Path, large: Path, rounds: int = 500) -> list[Row]:
    """Budget status and reservation over stdio, on both ledgers in turns; what is held is given back outside the timing."""
    wires = [Wire(OURS, environment(db)) for db in (small, large)]
    for wire in wires:
        wire.initialize()
    asked: tuple[list[float], list[float]] = ([], [])
    reserved: tuple[list[float], list[float]] = ([], [])
    for n in range(rounds + 50):
        for wire, asking, reserving in zip(wires, asked, reserved, strict=True):
            status = wire.call("get_budget_status", ASKED)
            hold, answer = wire.answered("reserve_budget", RESERVED)
            wire.call("release_reservation", {"reservation_id": answer["reservation_id"]})
            if n >= 50:
                asking.append(status)
                reserving.append(hold)
    for wire in wires:
        wire.close()
    return [_row("`get_budget_status` over stdio", asked), _row("`reserve_budget` over stdio", reserved)]


def in_process(small: Path, large: Path, rounds: int = 500) -> list[Row]:
    """The same without a server between: what grew would show here first."""
    asked, reserved = asyncio.run(_in_process((small, large), rounds))
    return [_row("budget status, in process", asked), _row("reservation, in process", reserved)]


async def _in_process(ledgers: tuple[Path, Path], rounds: int) -> tuple[tuple[list[float], list[float]], ...]:
    from cost_mcp.config.settings import Settings
    from cost_mcp.service.opening import open_service

    asked: tuple[list[float], list[float]] = ([], [])
    reserved: tuple[list[float], list[float]] = ([], [])
    async with AsyncExitStack() as stack:
        services = [await stack.enter_async_context(open_service(Settings(db=str(db)))) for db in ledgers]
        for n in range(rounds + 50):
            for service, asking, reserving in zip(services, asked, reserved, strict=True):
                began = time.perf_counter()
                await service.budget_status(ASKED)
                answered = time.perf_counter()
                admission = await service.reserve_budget(RESERVED)
                held = time.perf_counter()
                assert admission.reservation is not None, admission.why
                await service.release_reservation({"reservation_id": admission.reservation.reservation_id})
                if n >= 50:
                    asking.append(answered - began)
                    reserving.append(held - answered)
    return asked, reserved


def _row(what: str, times: tuple[list[float], list[float]]) -> Row:
    small, large = times
    return ratio_row(f"{what}, {LARGE:,} calls (against {SMALL:,})", median(large), median(small), "s", 1.2)
