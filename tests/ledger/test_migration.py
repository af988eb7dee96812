"""A ledger of an earlier schema goes on being the ledger."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.migrate import APPLICATION_ID, SCHEMA, migrate, migrations, schema_of
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.moment import micros

if TYPE_CHECKING:
    from conftest import CallOf

SCHEMA_WITHOUT_OWNERS = 11


def _earlier_schema(path: Path, now: datetime, schema: int, **more: object) -> None:
    """A ledger as an earlier schema left it, one call in it, recorded under the first."""
    values: dict[str, object] = {
        "rank": 20,
        "tenant": "default",
        "source": "python",
        "billing": "api",
        "model": "gpt-5",
        **more,
    }
    values |= {"call_id": "c", "revision": 1, "sign": 1, "counted": 1, "series_id": 1, "occurred_at": micros(now)}
    values |= {
        "recorded_at": micros(now),
        "service_tier": "standard",
        "priced": "list",
        "charges": '[["input",1,"0.5",500000000]]',
    }
    values |= {"cost_nanos": 500_000_000, "charged_nanos": 500_000_000}
    with closing(sqlite3.connect(path)) as db:
        db.executescript(migrations()[0][2])
        for table in ("series", "entries"):
            columns = [
                row for row in db.execute(f"PRAGMA table_info({table})") if row[3] or row[5] or row[1] in more
            ]  # those that need a value
            row = [values.get(name, 1 if key else 0 if kind == "INTEGER" else "") for _, name, kind, _, _, key in columns]
            names = ", ".join(column[1] for column in columns)
            db.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' for _ in row)})", row)  # noqa: S608 (schema's names)
        db.commit()
        for number, name, sql in migrations()[:schema]:
            if number > 1:
                db.executescript(sql)
            db.execute("INSERT INTO migrations VALUES (?, ?, 0)", (number, name))
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {schema}")
        db.commit()


@pytest.mark.parametrize("schema", range(1, SCHEMA))
async def test_a_ledger_of_an_earlier_schema_is_brought_up_to_date_and_keeps_its_calls(
    ledger_path: Path, now: datetime, schema: int
):
    _earlier_schema(ledger_path, now, schema)
    ledger = await open_ledger(ledger_path, now=now, window_of=window_of)
    stored = await ledger.call("default", "c")
    verification = await ledger.verify()
    await ledger.set_budget(Budget(name="daily", period="day", limit_usd=Decimal("0.8")), now, "tester")
    alerts = await ledger.alerts("default", open_only=True, limit=9)
    await ledger.close()

    with closing(sqlite3.connect(ledger_path)) as db:
        assert schema_of(db) == SCHEMA
    assert stored is not None
    assert (stored.unadmitted, stored.priced.pricing.cost_usd == 0) == (False, False)
    assert (verification.calls, verification.differences) == (1, ())
    assert [(alert.level, alert.spent) for alert in alerts] == [("info", Decimal("0.5"))]


@pytest.mark.parametrize("schema", [1, SCHEMA - 1])
def test_whoever_looks_first_after_an_upgrade_brings_the_ledger_up_to_date(ledger_path: Path, now: datetime, schema: int):
    _earlier_schema(ledger_path, now, schema)
    readings = open_readings(ledger_path, window_of=window_of)
    stored = readings.call("default", "c")
    readings.close()
    assert stored is not None
    with closing(sqlite3.connect(ledger_path)) as db:
        assert schema_of(db) == SCHEMA
    assert not [left.name for left in ledger_path.parent.iterdir() if left.name.endswith("-wal")]


def _of_an_agent(call_of: CallOf) -> PricedCall:
    return call_of("made", source="mcp", product="codex", unshared=True, session_id="s1")


async def test_logs_that_were_imported_before_own_their_sessions(ledger_path: Path, now: datetime, call_of: CallOf):
    _earlier_schema(ledger_path, now, SCHEMA_WITHOUT_OWNERS, rank=int(Rank.LOG), source="codex", session_id="s1")
    ledger = await open_ledger(ledger_path, now=now, window_of=window_of)
    await ledger.record([_of_an_agent(call_of)], now)
    stored = await ledger.call("default", "made")
    assert stored is not None
    assert stored.owner == "codex"
    assert not (await ledger.verify()).differences
    await ledger.close()


def test_a_reader_sees_the_schema_before_or_after_and_nothing_between(tmp_path: Path, now: datetime):
    path = tmp_path / "ledger.db"
    writing, reading = sqlite3.connect(path, isolation_level=None), sqlite3.connect(path, isolation_level=None)
    writing.execute("PRAGMA journal_mode = WAL")
    seen: list[int] = []
    writing.set_trace_callback(lambda _: seen.append(reading.execute("PRAGMA user_version").fetchone()[0]))
    migrate(writing, now)
    seen.append(reading.execute("PRAGMA user_version").fetchone()[0])
    writing.close()
    reading.close()
    assert len(seen) > SCHEMA
    assert set(seen) == {0, SCHEMA}
