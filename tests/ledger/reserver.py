"""A program of its own that reserves, settles, releases, extends and forgets, for tests that race and kill programs.

Usage: reserver.py LEDGER AGENT SECONDS. It prints ``ready``, waits for a line, works with four orders in flight until the
seconds are over, and prints how often it did what, as JSON. With SECONDS 0 it reserves once under the key ``AGENT``, prints
the reservation's id and waits to be killed.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import Conflict
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.call import Call, Context, Rank, new_id
from cost_mcp.model.charge import Charge, PricedCall, Pricing
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.reservation import Reservation, ReserveOrder
from cost_mcp.model.scope import Covered
from cost_mcp.model.usage import Usage

HELD = Decimal("0.02")
IN_FLIGHT = 4


def _now() -> datetime:
    return datetime.now(UTC)


def _order(agent: str, seconds: float, key: str | None = None) -> ReserveOrder:
    now = _now()
    return ReserveOrder(
        covered=Covered(context=Context(agent=agent), provider="openai", models=("gpt-5",)),
        amount_usd=HELD,
        created_at=now,
        expires_at=now + timedelta(seconds=seconds),
        idempotency_key=key,
    )


def _call(agent: str, reservation: Reservation, cost: Decimal) -> PricedCall:
    call = Call(
        call_id=new_id("call"),
        occurred_at=_now(),
        model="gpt-5",
        usage=Usage(input_tokens=10),
        source="python",
        rank=Rank.AGENT,
        context=Context(agent=agent),
        reservation_id=reservation.reservation_id,
    )
    charge = Charge(meter="input", quantity=10, unit_price_usd=cost / 10, cost_usd=cost)
    return PricedCall(call=call, pricing=Pricing(priced="list", cost_usd=cost, charges=(charge,)))


async def _one_order(ledger: Ledger, agent: str, chance: random.Random, most_nanos: int, done: Counter[str]) -> None:
    admission = await ledger.reserve(_order(agent, chance.choice((0.2, 1, 2))), _now())
    done["orders"] += 1
    held = admission.reservation
    if held is None:
        done["denied"] += 1
        return
    what = chance.random()
    if what < 0.03:
        done["forgotten"] += 1  # only its time ends it
        return
    if what < 0.25:
        await ledger.release_reservation("default", held.reservation_id, _now())
        done["released"] += 1
        return
    if what < 0.35:
        try:
            await ledger.extend_reservation("default", held.reservation_id, _now() + timedelta(seconds=2), _now())
        except Conflict:
            done["forgotten"] += 1  # it had expired: this program was not let run for long enough
            return
        done["extended"] += 1
    cost = Decimal(chance.randrange(most_nanos)) / 10**9
    (answer,) = await ledger.record([_call(agent, held, cost)], _now())
    assert isinstance(answer, Receipt), answer
    done["settled"] += 1


async def _work(ledger: Ledger, agent: str, seconds: float, done: Counter[str]) -> None:
    until = time.monotonic() + seconds
    chance = random.Random()  # noqa: S311 (any course will do: what is checked holds on all of them)
    most_nanos = max(2, int(20_000 / max(20.0, seconds)))  # so that the room lasts, however long this goes on
    while time.monotonic() < until:
        await _one_order(ledger, agent, chance, most_nanos, done)


async def main() -> None:
    path, agent, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    ledger = await open_ledger(path, now=_now(), window_of=window_of)
    if not seconds:
        admission = await ledger.reserve(_order(agent, 3600, agent), _now())
        assert admission.reservation is not None
        sys.stdout.write(f"{admission.reservation.reservation_id}\n")
        sys.stdout.flush()
        sys.stdin.read()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    done: Counter[str] = Counter()
    await asyncio.gather(*(_work(ledger, agent, seconds, done) for _ in range(IN_FLIGHT)))
    sys.stdout.write(f"{json.dumps(done)}\n")
    await ledger.close()


asyncio.run(main())
