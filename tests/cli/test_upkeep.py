from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Cli


def test_a_ledger_as_it_was_written_is_sound(spent: Cli):
    spent("budget", "--daily", "1")

    ran = spent("verify")

    assert ran.code == 0
    assert ran.out.startswith("Sound: 5 calls, ")
    assert spent("verify", "--json").json["sound"] is True
    assert spent("rebuild", "--json").json["differences"] == []


def test_a_total_somebody_changed_is_found_and_made_anew(spent: Cli, home: Path):
    spent("budget", "--daily", "1")
    with closing(sqlite3.connect(home / "ledger.db")) as db:
        table, column = tampered(db)
        db.execute(f"UPDATE {table} SET {column} = {column} + 1")  # noqa: S608 (names from the schema itself)
        db.commit()

    found = spent("verify")
    rebuilt = spent("rebuild")
    after = spent("verify")

    assert found.code == 1
    assert found.out.startswith("Not sound: ")
    assert "Wrong before:" in rebuilt.out
    assert after.code == 0


def tampered(db: sqlite3.Connection) -> tuple[str, str]:
    """The table of budget windows, and a column of sums in it."""
    columns = [row[1] for row in db.execute("PRAGMA table_info(budget_windows)")]
    return "budget_windows", next(column for column in columns if "calls" in column)
