"""``make bench``: everything, or the parts named.

``python -m bench start record shared large today definitions reserve reserves ten_million hook import export statusline insight dashboard savings``
"""

from __future__ import annotations

import asyncio
import compileall
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    bulk,
    commands,
    dashboard,
    exporting,
    hook,
    importing,
    insight,
    large,
    reserving,
    savings,
    shared_file,
    statusline,
    stdio,
    ten_million,
)
from bench.table import Row, markdown

KEPT = Path(".bench")


def compile_package() -> None:
    """Leave Python nothing to compile at a start: an installed package has that behind it, an edited checkout has not."""
    import cost_mcp

    compileall.compile_dir(Path(cost_mcp.__file__).parent, quiet=2)


def prepare(db: Path, mode: str = "alert") -> None:
    """A new ledger with three budgets that cover every call."""
    from cost_mcp.config.settings import Settings
    from cost_mcp.service.opening import open_service

    async def make() -> None:
        async with open_service(Settings(db=str(db))) as service:
            for name in ("day", "week", "month"):
                given = {"name": name, "limit": "1000000", "period": name, "mode": mode}
                await service.set_budget(given, changed_by="bench")

    asyncio.run(make())


def ledgers() -> tuple[Path, Path]:
    """The small and the large ledger, made once a month and kept."""
    KEPT.mkdir(exist_ok=True)
    month = datetime.now(UTC).strftime("%Y-%m")
    small, big = KEPT / f"small-{month}.db", KEPT / f"large-{month}.db"
    large.fill(small, large.SMALL, prepare)
    large.fill(big, large.LARGE, prepare)
    return small, big


def wallets() -> tuple[Path, Path]:
    """The ledgers of ten thousand and of ten million calls with enforcing budgets, made once a month and kept."""
    KEPT.mkdir(exist_ok=True)
    month = datetime.now(UTC).strftime("%Y-%m")
    small, big = KEPT / f"ten_thousand-{month}.db", KEPT / f"ten_million-{month}.db"
    large.fill(small, ten_million.SMALL, enforcing)
    bulk.load(big, ten_million.LARGE, enforcing)
    return small, big


def year() -> Path:
    """The ledger of ten million calls over a year, made once a month and kept."""
    KEPT.mkdir(exist_ok=True)
    db = KEPT / f"year-{datetime.now(UTC):%Y-%m}.db"
    bulk.load(db, insight.CALLS, prepare, insight.A_YEAR)
    return db


def wasteful() -> Path:
    """The ledger of ten million calls over a year in which every savings rule finds something, made once a month and kept."""
    KEPT.mkdir(exist_ok=True)
    return savings.load(KEPT / f"savings-{datetime.now(UTC):%Y-%m}.db", prepare)


def enforcing(db: Path) -> None:
    """As ``prepare``, but the budgets enforce."""
    prepare(db, "enforce")


def enforced(folder: Path) -> Path:
    """A new ledger with three enforcing budgets."""
    enforcing(folder / "reserve.db")
    return folder / "reserve.db"


def new(folder: Path, name: str) -> Path:
    """A new ledger with three budgets."""
    prepare(folder / f"{name}.db")
    return folder / f"{name}.db"


def with_ledger(folder: Path, measure: Callable[[Path], Row], name: str) -> list[Row]:
    """One measurement on a new ledger of its own."""
    return [measure(new(folder, name))]


def main(parts: list[str]) -> int:
    """Measure the parts and print the table; 1 when a bound is missed."""
    compile_package()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        known: dict[str, Callable[[], list[Row]]] = {
            "start": lambda: with_ledger(folder, stdio.start_up, "start"),
            "record": lambda: with_ledger(folder, stdio.record_call, "record"),
            "shared": lambda: shared_file.shared_file(folder, prepare),
            "large": lambda: [*large.same_price(*ledgers()), large.report_against_scan(ledgers()[1])],
            "today": lambda: [commands.today(ledgers()[1])],
            "definitions": lambda: with_ledger(folder, stdio.definitions, "definitions"),
            "reserve": lambda: reserving.reserve_budget(enforced(folder)),
            "reserves": lambda: reserving.reserves(folder),
            "ten_million": lambda: [*ten_million.over_stdio(*wallets()), *ten_million.in_process(*wallets())],
            "hook": lambda: hook.hook(folder),
            "import": lambda: importing.importing(KEPT, folder),
            "export": lambda: exporting.exporting(ledgers()[1], folder),
            "statusline": lambda: statusline.statusline(ledgers()[1]),
            "insight": lambda: insight.insight(year()),
            "dashboard": lambda: dashboard.dashboard(ledgers()[1], new(folder, "dashboard")),
            "savings": lambda: savings.rules_over_a_month(wasteful()),
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
