"""The second door: the same figures, nothing written, nothing heavy imported."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Context
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.period import named_period
from cost_mcp.model.report import GROUP_DIMENSIONS, ReportQuery
from cost_mcp.model.scope import Covered


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


async def test_both_doors_answer_alike(ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime):
    await ledger.set_budget(Budget(name="b", period="week", limit_usd=Decimal(5), each="agent"), now, "tester")
    calls = [
        call_of(
            f"c{n}", cost=f"0.{n}1", agent=f"a{n % 3}", task_id=f"t{n % 4}", session_id=f"s{n % 2}", at=now - timedelta(hours=n)
        )
        for n in range(30)
    ]
    await ledger.record(calls, now)
    quick = open_readings(ledger_path, window_of=window_of)
    for dimension in GROUP_DIMENSIONS:
        query = ReportQuery(period=named_period("month", now, "Asia/Kathmandu"), group_by=(dimension,))
        assert quick.report(query) == await ledger.report(query)
    assert quick.task_cost("default", "t1") == await ledger.task_cost("default", "t1")
    assert quick.task_cost("default", "t9") == await ledger.task_cost("default", "t9")
    assert quick.call("default", "c1") == await ledger.call("default", "c1")
    assert quick.budgets("default") == await ledger.budgets("default")
    assert quick.budget_history("default", None) == await ledger.budget_history("default", None)
    for asking in (None, Covered(context=Context(agent="a1"))):
        assert quick.standings("default", asking, now) == await ledger.standings("default", asking, now)
    quick.close()


def test_a_ledger_that_is_not_there_answers_empty_and_is_not_made(ledger_path: Path, now: datetime):
    quick = open_readings(ledger_path, window_of=window_of)
    assert quick.report(ReportQuery(period=named_period("month", now), group_by=("day",))).totals.calls == 0
    assert not quick.task_cost("default", "t").known
    assert quick.standings("default", None, now) == ()
    assert quick.call("default", "c1") is None
    quick.close()
    assert list(ledger_path.parent.iterdir()) == []


@pytest.mark.parametrize("left_behind", [True, False], ids=["with -wal and -shm", "without"])
async def test_it_reads_while_a_writer_is_open_and_after_it_closed(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime, *, left_behind: bool
):
    await ledger.record([call_of("c1")], now)
    if not left_behind:
        await ledger.close()
        assert not ledger_path.with_name("ledger.db-wal").exists()
    quick = open_readings(ledger_path, window_of=window_of)
    assert quick.call("default", "c1") is not None
    quick.close()


@pytest.fixture
async def closed_ledger(ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime) -> Path:
    """A ledger of one call that nobody has open."""
    await ledger.record([call_of("c1", task_id="t")], now)
    await ledger.close()
    return ledger_path


def test_it_imports_nothing_heavy(closed_ledger: Path):
    program = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from cost_mcp.budgets.windows import window_of; from cost_mcp.ledger.quick import open_readings\n"
        "from cost_mcp.model.period import named_period; from cost_mcp.model.report import ReportQuery\n"
        "now = datetime(2026, 11, 22, 10, tzinfo=UTC); door = open_readings(Path(sys.argv[1]), window_of=window_of)\n"
        "assert door.report(ReportQuery(period=named_period('month', now), group_by=('day', 'model'))).totals.calls == 1\n"
        "assert door.task_cost('default', 't').known and door.call('default', 'c1'); door.standings('default', None, now)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(closed_ledger)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not {"asyncio", "aiosqlite", "pydantic", "mcp", "genai_prices", "click", "rich", "yaml"} & set(done.stdout.split())
