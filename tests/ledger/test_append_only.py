"""The database itself refuses to forget or to change what was recorded."""

from __future__ import annotations

import sqlite3
import stat
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.errors import LedgerError
from cost_mcp.ledger.contract import Ledger
from cost_mcp.model.budget import Budget
from cost_mcp.model.charge import PricedCall


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


REFUSED = [
    "DELETE FROM entries",
    "INSERT OR REPLACE INTO entries SELECT * FROM entries",
    "DELETE FROM price_entries",
    "INSERT OR REPLACE INTO price_entries SELECT * FROM price_entries",
    "DELETE FROM budget_changes",
    "INSERT OR REPLACE INTO budget_changes SELECT * FROM budget_changes",
    "DELETE FROM series",
    "INSERT OR REPLACE INTO series SELECT * FROM series",
    "REPLACE INTO entries SELECT * FROM entries LIMIT 1",
    "UPDATE entries SET cost_nanos = 0",
    "UPDATE OR REPLACE entries SET call_id = 'x'",
    "UPDATE price_entries SET contents = '{}'",
    "UPDATE budget_changes SET changed_by = 'nobody'",
    "UPDATE series SET agent = 'nobody'",
    "INSERT INTO entries SELECT * FROM entries",
]


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_database_refuses_to_change_what_was_recorded(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime, statement: str
):
    await ledger.set_budget(Budget(name="b", period="day", limit_usd=Decimal(1)), now, "tester")
    await ledger.record([call_of("c1")], now)
    other = sqlite3.connect(ledger_path, isolation_level=None)
    before = list(other.iterdump())
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement)
    assert list(other.iterdump()) == before
    other.close()


async def test_replacing_under_a_new_row_number_is_refused_too(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime
):
    await ledger.record([call_of("c1")], now)
    other = sqlite3.connect(ledger_path, isolation_level=None)
    columns = [row[1] for row in other.execute("PRAGMA table_info(entries)") if row[1] != "seq"]
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(f"INSERT OR REPLACE INTO entries ({', '.join(columns)}) SELECT {', '.join(columns)} FROM entries")  # noqa: S608 column names of our own table
    other.close()


@pytest.mark.parametrize("column", ["cost_nanos", "tokens"])
async def test_a_sum_past_64_bits_is_refused_and_not_made_a_float(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime, column: str
):
    await ledger.set_budget(Budget(name="b", period="day", limit_usd=Decimal(1)), now, "tester")
    await ledger.record([call_of("c1")], now)
    other = sqlite3.connect(ledger_path, isolation_level=None)
    other.execute(f"UPDATE budget_windows SET {column} = ?", (2**63 - 1,))  # noqa: S608 a name from the list above
    with pytest.raises(LedgerError, match="largest amount"):
        await ledger.record([call_of("c2")], now)
    held = other.execute(f"SELECT {column}, typeof({column}) FROM budget_windows").fetchall()  # noqa: S608 as above
    other.close()
    assert held == [(2**63 - 1, "integer")]
    assert await ledger.call("default", "c2") is None


async def test_the_ledgers_files_are_for_their_owner_only(ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime):
    await ledger.record([call_of("c1")], now)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in ledger_path.parent.iterdir()}
    assert modes == dict.fromkeys(("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock"), 0o600)
