"""``make bench``: everything, or the parts named: ``python -m bench start record shared large today definitions``."""

from __future__ import annotations

import asyncio
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import commands, large, shared_file, stdio
from bench.table import Row, markdown

KEPT = Path(".bench")


def prepare(db: Path) -> None:
    """A new ledger with three budgets that cover every call."""
    from cost_mcp.config.settings import Settings
    from cost_mcp.service.opening import open_service

    async def make() -> None:
        async with open_service(Settings(db=str(db))) as service:
            for name in ("day", "week", "month"):
                await service.set_budget({"name": name, "limit": "1000000", "period": name}, changed_by="bench")

    asyncio.run(make())


def ledgers() -> tuple[Path, Path]:
    """The small and the large ledger, made once a month and kept."""
    KEPT.mkdir(exist_ok=True)
    month = datetime.now(UTC).strftime("%Y-%m")
    small, big = KEPT / f"small-{month}.db", KEPT / f"large-{month}.db"
    large.fill(small, large.SMALL, prepare)
    large.fill(big, large.LARGE, prepare)
    return small, big


def with_ledger(folder: Path, measure: Callable[[Path], Row], name: str) -> list[Row]:
    """One measurement on a new ledger of its own."""
    db = folder / f"{name}.db"
    prepare(db)
    return [measure(db)]


def main(parts: list[str]) -> int:
    """Measure the parts and print the table; 1 when a bound is missed."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        known: dict[str, Callable[[], list[Row]]] = {
            "start": lambda: with_ledger(folder, stdio.start_up, "start"),
            "record": lambda: with_ledger(folder, stdio.record_call, "record"),
            "shared": lambda: shared_file.shared_file(folder, prepare),
            "large": lambda: [*large.same_price(*ledgers()), large.report_against_scan(ledgers()[1])],
            "today": lambda: [commands.today(ledgers()[1])],
            "definitions": lambda: with_ledger(folder, stdio.definitions, "definitions"),
        }
        rows: list[Row] = []
        for part in parts or known:
            print(f"measuring {part} …", file=sys.stderr, flush=True)
            rows += known[part]()
    print(f"\n{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()} {platform.machine()},")
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; medians of interleaved runs.\n")
    print(markdown(rows))
    return 0 if all(row.held is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
