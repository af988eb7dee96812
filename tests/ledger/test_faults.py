"""Ledgers that cannot be opened, read or written say why and what to do, and are left as they were."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import LedgerCorrupt, LedgerError, LedgerNewer, LedgerUnavailable
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.budget import Budget
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.receipt import Receipt


class CallOf(Protocol):
    """The fixture's builder of priced calls."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


def _write_nonsense(path: Path) -> None:
    path.write_bytes(b"this is no database at all, but it is long enough to look like one" * 40)


def _write_newer(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript("PRAGMA application_id = 0x434D4350; PRAGMA user_version = 999; CREATE TABLE t (x);")
    db.close()


def _write_foreign(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript("CREATE TABLE of_someone_else (x); INSERT INTO of_someone_else VALUES (1);")
    db.close()


def _make_folder(path: Path) -> None:
    path.mkdir()


def _contents(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _overwrite_all_but_the_first_page(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\x5a" * (len(whole) - 4096))


def _touch(path: Path) -> None:
    path.touch()


BAD: list[Any] = [
    (_write_nonsense, LedgerCorrupt, "move it aside"),
    (_write_newer, LedgerNewer, "Upgrade"),
    (_write_foreign, LedgerUnavailable, "untouched"),
    (_make_folder, LedgerUnavailable, "COST_MCP_DB"),
]


@pytest.mark.parametrize(("spoil", "error", "hint"), BAD)
async def test_a_file_that_is_no_ledger_of_ours_is_refused_and_left_alone(
    ledger_path: Path, now: datetime, spoil: Callable[[Path], None], error: type[LedgerError], hint: str
):
    spoil(ledger_path)
    before = _contents(ledger_path)
    with pytest.raises(error, match=hint):
        await open_ledger(ledger_path, now=now, window_of=window_of)
    with pytest.raises(error, match=hint):
        open_readings(ledger_path, window_of=window_of)
    assert _contents(ledger_path) == before


async def test_a_page_overwritten_on_disk_is_called_damage(ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime):
    await ledger.record([call_of(f"c{n}") for n in range(300)], now)
    await ledger.close()
    _overwrite_all_but_the_first_page(ledger_path)
    with pytest.raises(LedgerCorrupt, match="backup"):
        await open_ledger(ledger_path, now=now, window_of=window_of)
    with pytest.raises(LedgerCorrupt, match="backup"):
        open_readings(ledger_path, window_of=window_of).call("default", "c1")


async def test_an_empty_file_becomes_a_ledger(ledger_path: Path, call_of: CallOf, now: datetime):
    _touch(ledger_path)
    quick = open_readings(ledger_path, window_of=window_of)
    assert quick.call("default", "c1") is None
    quick.close()
    ledger = await open_ledger(ledger_path, now=now, window_of=window_of)
    await ledger.record([call_of("c1")], now)
    await ledger.close()


async def test_a_folder_that_is_not_there_is_made_private(tmp_path: Path, now: datetime):
    ledger = await open_ledger(tmp_path / "new" / "deep" / "ledger.db", now=now, window_of=window_of)
    await ledger.close()
    assert [(tmp_path / part).stat().st_mode & 0o777 for part in ("new", "new/deep")] == [0o700, 0o700]


async def test_a_full_disk_refuses_calls_and_recording_goes_on_once_there_is_space(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime
):
    # A limit on the size of files this program may write stands for the disk: SQLite sees a failing write either way.
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    (first,) = await ledger.record([call_of("c1")], now)
    assert isinstance(first, Receipt)
    old, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = ledger_path.with_name("ledger.db-wal").stat().st_size
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
        attempts = [asyncio.create_task(ledger.record([call_of(f"full-{n}")], now)) for n in range(5)]
        answers = await asyncio.gather(*attempts, return_exceptions=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    assert [type(answer) for answer in answers] == [LedgerUnavailable] * 5
    assert "disk" in str(answers[0])
    await ledger.record([call_of("c2")], now)
    verification = await ledger.verify()
    assert (verification.calls, verification.differences) == (2, ())


async def test_a_program_that_holds_the_database_makes_it_unavailable_not_lost(
    ledger_path: Path, call_of: CallOf, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cost_mcp.ledger.file.BUSY_SECONDS", 0.0)
    impatient = await open_ledger(ledger_path, now=now, window_of=window_of)
    other = sqlite3.connect(ledger_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerUnavailable, match="another program"):
        await impatient.record([call_of("c1")], now)
    other.execute("ROLLBACK")
    other.close()
    (answer,) = await impatient.record([call_of("c1")], now)
    assert isinstance(answer, Receipt)
    await impatient.close()


@pytest.fixture
def shown_to_all(call_of: CallOf, now: datetime) -> Iterator[Path]:
    """A ledger in a folder that every user may read and only its owner may write."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"

        async def fill() -> None:
            ledger = await open_ledger(path, now=now, window_of=window_of)
            await ledger.record([call_of("c1")], now)
            await ledger.close()

        asyncio.run(fill())
        Path(folder).chmod(0o755)
        path.chmod(0o644)
        path.with_name("ledger.db.lock").chmod(0o644)
        yield path


AS_NOBODY = """
import asyncio, concurrent.futures.thread, os, sys  # all of it while the library can still be read
from datetime import UTC, datetime
from pathlib import Path
from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import LedgerUnavailable
from cost_mcp.ledger.quick import open_readings
from cost_mcp.ledger.sqlite import open_ledger
os.setgid(65534); os.setuid(65534)
path = Path(sys.argv[1])
print(open_readings(path, window_of=window_of).call("default", "c1") is not None)
try:
    asyncio.run(open_ledger(path, now=datetime(2026, 11, 22, tzinfo=UTC), window_of=window_of))
except LedgerUnavailable as error:
    print(error)
"""


def test_who_may_only_read_reads_and_is_told_what_writing_takes(shown_to_all: Path):
    before = sorted(shown_to_all.parent.iterdir())
    command = [sys.executable, "-c", AS_NOBODY, str(shown_to_all)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "True"
    assert "right to read and write" in done.stdout.splitlines()[1]
    assert sorted(shown_to_all.parent.iterdir()) == before


async def test_errors_quote_nothing_of_what_was_recorded(ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime):
    await ledger.set_budget(Budget(name="b", period="day", limit_usd=Decimal(1)), now, "tester")
    other = sqlite3.connect(ledger_path, isolation_level=None)
    other.execute("DROP TABLE budget_windows")
    other.close()
    with pytest.raises(LedgerError) as caught:
        await ledger.record([call_of("c1", task_title="my secret prompt", agent="my secret agent")], now)
    assert "secret" not in str(caught.value)
    assert "verify" in str(caught.value)


async def test_verify_names_what_differs_and_rebuild_puts_it_right(
    ledger: Ledger, ledger_path: Path, call_of: CallOf, now: datetime
):
    await ledger.set_budget(Budget(name="b", period="day", limit_usd=Decimal(100)), now, "tester")
    await ledger.record([call_of(f"c{n}") for n in range(300)], now)
    other = sqlite3.connect(ledger_path, isolation_level=None)
    other.execute("UPDATE budget_windows SET cost_nanos = cost_nanos + 1")
    other.execute("UPDATE rollups SET calls = calls - 1 WHERE grain = 4")
    other.execute(
        "INSERT INTO budget_windows SELECT tenant, 'gone', 0, '', 'api', 's', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 FROM budget_windows"
    )
    other.close()
    found = await ledger.rebuild()
    assert [sentence.partition(",")[0] for sentence in found.differences] == [
        "the sums kept for 60 minutes from 2026-11-22T10:00:00Z (tenant default) are not those of the calls.",
        "budget b (tenant default)",
        "1 budget windows belong to no budget.",
    ]
    after = await ledger.verify()
    assert (after.calls, after.windows, after.rollups, after.differences) == (300, 1, 19, ())
