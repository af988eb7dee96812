"""Many programs reserving on one file, some of them killed: what was promised holds at every moment and at the end."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Ledger, Verification
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Context
from cost_mcp.model.reservation import ReserveOrder
from cost_mcp.model.scope import Covered, Scope

SECONDS = float(os.environ.get("COST_MCP_SOAK_SECONDS", "20"))
STEADY, MORTAL = 12, 4
HELD = Decimal("0.02")
ROOM, CAPPED_CALLS = Decimal(1), 60
PROGRAM = Path(__file__).with_name("reserver.py")

# In one statement, so of one moment: what admitted calls came to since the last look and what is held of the room, and the same
# in calls of one agent. Calls that came too late for their reservation are left out: they were not admitted, and count all the same.
_COMMITTED = (
    "SELECT (SELECT MAX(seq) FROM entries), "
    "(SELECT SUM(charged_nanos) FROM entries WHERE unadmitted = 0 AND seq > :seen), "
    "(SELECT SUM(nanos) FROM held_sums s JOIN budgets b USING (tenant, budget_id) WHERE b.name = 'room'), "
    "(SELECT COUNT(*) FROM entries e NOT INDEXED JOIN series USING (series_id) "
    "WHERE agent = 'capped' AND unadmitted = 0 AND seq > :seen), "
    "(SELECT SUM(calls) FROM held_sums s JOIN budgets b USING (tenant, budget_id) WHERE b.name = 'capped')"
)


@dataclass(slots=True)
class Watched:
    """What was seen from outside: the most nano-dollars and calls ever committed at one moment, and how many were killed."""

    most_nanos: int = 0
    most_calls: int = 0
    kills: int = 0
    _seen: int = 0
    _nanos: int = 0
    _calls: int = 0

    def look(self, db: sqlite3.Connection) -> None:
        """Add what was entered since the last look; what is held is read anew."""
        found = db.execute(_COMMITTED, {"seen": self._seen}).fetchone()
        seen, nanos, held_nanos, calls, held_calls = [value or 0 for value in found]
        self._seen, self._nanos, self._calls = seen, self._nanos + nanos, self._calls + calls
        self.most_nanos = max(self.most_nanos, self._nanos + held_nanos)
        self.most_calls = max(self.most_calls, self._calls + held_calls)


def _start(path: Path, agent: str, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), str(path), agent, str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _say(program: subprocess.Popen[str]) -> None:
    """Wait until it is ready, then let it go."""
    assert program.stdin is not None
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n", program.communicate()
    program.stdin.write("go\n")
    program.stdin.flush()


def _kill(program: subprocess.Popen[str]) -> None:
    program.kill()
    program.communicate()


async def _open(path: Path) -> Ledger:
    return await open_ledger(path, now=datetime.now(UTC), window_of=window_of)


@pytest.mark.soak
async def test_no_budget_is_overrun_however_many_reserve_and_die(ledger_path: Path):
    ledger = await _open(ledger_path)
    now = datetime.now(UTC)
    await ledger.set_budget(Budget(name="room", period="total", limit_usd=ROOM, mode="enforce"), now, "tester")
    capped = Budget(name="capped", period="year", limit_calls=CAPPED_CALLS, mode="enforce", scope=Scope.of({"agent": "capped"}))
    await ledger.set_budget(capped, now, "tester")
    steady = [_start(ledger_path, "capped" if n == 0 else f"a{n}", SECONDS) for n in range(STEADY)]
    mortal = [_start(ledger_path, f"m{n}", 10 * SECONDS) for n in range(MORTAL)]
    for program in (*mortal, *steady):
        _say(program)
    try:
        watched = await _watch_and_kill(ledger, ledger_path, f"{ledger_path.as_uri()}?mode=ro", steady, mortal)
        ended = [(program, *program.communicate()) for program in steady]
    finally:
        for program in (*steady, *mortal):
            program.kill()
            program.communicate()

    assert [(program.returncode, err) for program, _, err in ended] == [(0, "")] * STEADY
    did: list[Counter[str]] = [Counter(json.loads(out)) for _, out, _ in ended]
    orders = sorted(one["orders"] for one in did[1:])
    verified = await ledger.verify()
    total = sum(did, Counter[str]())
    _tell(watched, total, orders[0] / orders[-1], verified)
    assert 0 < watched.most_nanos <= ROOM * 10**9
    assert 0 < watched.most_calls <= CAPPED_CALLS
    assert watched.kills
    assert orders[0] * 3 >= orders[-1], orders
    assert verified.differences == ()
    await _nothing_is_left_behind(ledger)
    await ledger.close()


def _tell(watched: Watched, did: Counter[str], share: float, verified: Verification) -> None:
    sys.stdout.write(
        f"\n{STEADY + MORTAL} processes for {SECONDS:g} s, {watched.kills} killed. The {STEADY} that lived: {did['orders']:,} orders, "
        f"{did['denied']:,} denied, {did['settled']:,} settled, {did['released']:,} released, {did['extended']:,} extended, "
        f"{did['forgotten']:,} forgotten; slowest / fastest {share:.2f}.\n"
        f"At most ${Decimal(watched.most_nanos) / 10**9:f} of ${ROOM} committed at once, {watched.most_calls} of {CAPPED_CALLS} calls. "
        f"verify: {verified.calls:,} calls, {len(verified.differences)} differences.\n"
    )


async def _watch_and_kill(
    ledger: Ledger, path: Path, uri: str, steady: list[subprocess.Popen[str]], mortal: list[subprocess.Popen[str]]
) -> Watched:
    """Look on until the steady ones end, while others die and budgets come and go."""
    chance = random.Random(20261122)  # noqa: S311 (when they die is decided by the machine all the same)
    watched, turn, due = Watched(), 0, time.monotonic()
    with closing(sqlite3.connect(uri, uri=True, timeout=30)) as db:
        while any(program.poll() is None for program in steady):
            watched.look(db)
            assert all(s.reserved >= 0 for s in await ledger.standings("default", None, datetime.now(UTC)))
            if time.monotonic() >= due:
                due, turn = time.monotonic() + chance.uniform(0.2, 1), turn + 1
                await _change(ledger, turn)
                number = chance.randrange(MORTAL)
                _kill(mortal[number])
                watched.kills += 1
                mortal[number] = _start(path, f"m{number}", 10 * SECONDS)
                _say(mortal[number])
    return watched


async def _change(ledger: Ledger, turn: int) -> None:
    """A budget of another shape every time, and none every third time, while holds it covers come and go."""
    now = datetime.now(UTC)
    if turn % 3 == 2:
        await ledger.remove_budget("default", "moving", now, "tester")
        return
    each = "agent" if turn % 2 else None
    await ledger.set_budget(Budget(name="moving", period="hour", limit_calls=10, each=each), now, "tester")


async def _nothing_is_left_behind(ledger: Ledger) -> None:
    now = datetime.now(UTC)
    later = now + timedelta(seconds=3)  # past the longest time anyone asked for
    assert [s.reserved for s in await ledger.standings("default", None, later)].count(Decimal(0)) >= 2
    (room,) = [s for s in await ledger.standings("default", None, later) if s.budget.name == "room"]
    assert (room.reserved, room.spent < ROOM) == (0, True)
    order = ReserveOrder(
        covered=Covered(context=Context(agent="last")),
        amount_usd=room.remaining,
        created_at=later,
        expires_at=later + timedelta(seconds=1),
    )
    assert (await ledger.reserve(order, later)).reservation is not None
    assert (await ledger.verify()).differences == ()


async def test_what_a_killed_program_held_is_free_when_its_time_is_over(ledger_path: Path):
    ledger = await _open(ledger_path)
    now = datetime.now(UTC)
    await ledger.set_budget(Budget(name="room", period="total", limit_usd=HELD * 3 / 2, mode="enforce"), now, "tester")
    program = _start(ledger_path, "k", 0)
    assert program.stdout is not None
    reservation_id = program.stdout.readline().strip()
    _kill(program)

    def order(at: datetime, key: str | None = None) -> ReserveOrder:
        return ReserveOrder(
            covered=Covered(context=Context(agent="k"), provider="openai", models=("gpt-5",)),
            amount_usd=HELD,
            created_at=at,
            expires_at=at + timedelta(hours=1),
            idempotency_key=key,
        )

    now = datetime.now(UTC)
    denied = await ledger.reserve(order(now), now)
    retried = await ledger.reserve(order(now, "k"), now)
    later = now + timedelta(hours=1)
    admitted = await ledger.reserve(order(later), later)
    differences = (await ledger.verify()).differences
    await ledger.close()
    assert (denied.decision, admitted.reservation is not None) == ("deny", True)
    assert retried.reservation is not None
    assert (retried.repeated, retried.reservation.reservation_id) == (True, reservation_id)
    assert differences == ()
