"""A power cut at any moment loses nothing that was acknowledged.

The recorders run under strace, which tells in what order they wrote to the ledger's files, synced them and acknowledged calls.
Power is then cut, in emulation, at many moments: what was synced is there, of what was only written some is and some is not,
in whole sectors and in no order. What is left must open as a sound ledger that holds every call acknowledged by then.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SECTOR = 512
PROCESSES = 3
CALLS = 12
RECORDER = """
import asyncio, os, sys
from datetime import UTC, datetime
from pathlib import Path
import cost_mcp

async def main() -> None:
    environ = {"COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}
    async with cost_mcp.open(Path(sys.argv[1]), environ=environ) as cost:
        async def record(n: int) -> None:
            receipt = await cost.record(model="llama3", provider="ollama", input_tokens=n, output_tokens=1,
                                        call_id=f"c-{sys.argv[2]}-{n}")
            os.write(2, f"acknowledged {receipt.call_id}\\n".encode())
        for first in range(0, int(sys.argv[3]), 3):
            await asyncio.gather(*(record(n) for n in range(first, first + 3)))

asyncio.run(main())
"""


@dataclass(frozen=True)
class Event:
    """One thing that happened: ``write``, ``truncate``, ``remove``, ``sync-start``, ``synced`` or ``acknowledged``."""

    kind: str
    file: str = ""
    data: bytes = b""
    offset: int = 0
    who: str = ""


@dataclass
class Disk:
    """The files as they surely are, and the writes the drive may or may not have taken."""

    sure: dict[str, bytearray] = field(default_factory=dict[str, bytearray])
    pending: dict[str, list[Event]] = field(default_factory=dict[str, list[Event]])
    started: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])

    def take(self, event: Event) -> None:
        """What an event makes of the disk."""
        waiting = self.pending.setdefault(event.file, [])
        if event.kind in ("write", "truncate"):
            waiting.append(event)
        elif event.kind == "remove":
            self.sure.pop(event.file, None)
            waiting.clear()
        elif event.kind == "sync-start":
            self.started[event.who] = (event.file, len(waiting))
        elif event.kind == "synced":
            file, covered = self.started.pop(event.who)
            # Another sync of the same file may have taken some of them meanwhile.
            content = self.sure.setdefault(file, bytearray())
            done = self.pending[file][:covered]
            for write in done:
                apply(content, write)
            del self.pending[file][: len(done)]
            for who, (other, count) in list(self.started.items()):
                if other == file:
                    self.started[who] = (other, max(0, count - len(done)))

    def after_the_cut(self, chance: random.Random) -> dict[str, bytes]:
        """The files as they may be found: each unsynced sector is there or not."""
        found: dict[str, bytes] = {}
        for file in {*self.sure, *self.pending}:
            content = bytearray(self.sure.get(file, b""))
            for write in self.pending.get(file, []):
                for sector in sectors(write):
                    if chance.random() < 0.5:
                        apply(content, sector)
            found[file] = bytes(content)
        return found


def apply(content: bytearray, write: Event) -> None:
    if write.kind == "truncate":
        del content[write.offset :]
        content.extend(b"\0" * (write.offset - len(content)))
        return
    content.extend(b"\0" * (write.offset + len(write.data) - len(content)))
    content[write.offset : write.offset + len(write.data)] = write.data


def sectors(write: Event) -> Iterator[Event]:
    if write.kind == "truncate":
        yield write
        return
    start = write.offset
    while start < write.offset + len(write.data):
        end = min((start // SECTOR + 1) * SECTOR, write.offset + len(write.data))
        yield Event("write", write.file, write.data[start - write.offset : end - write.offset], start)
        start = end


FD = r"\d+<([^>]*)>"
LINE = re.compile(r"^(\d+) +(\w+)\((.*)$", re.DOTALL)
RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>")
WRITE = re.compile(rf'{FD}, "([^"]*)", \d+(?:, (\d+))?')
SYNCS = ("fsync", "fdatasync")


def traced(log: Path, name: str) -> Iterator[Event]:
    """The events of a trace, in order; only those on the ledger's database and log, and the acknowledgements.

    A write that was interrupted in the trace counts from its end, a sync covers what was written before its beginning.
    """
    unfinished: dict[str, Event] = {}
    with log.open() as lines:
        for line in lines:
            if resumed := RESUMED.match(line):
                who, call = resumed.groups()
                if call in SYNCS:
                    yield Event("synced", who=who)
                elif who in unfinished:
                    yield unfinished.pop(who)
            elif started := LINE.match(line):
                who, call, arguments = started.groups()
                event = event_of(who, call, arguments, name)
                if event is None or " = -1 " in line:
                    continue
                if "<unfinished" in line and event.kind in ("write", "truncate"):
                    unfinished[who] = event
                    continue
                yield event
                if call in SYNCS and "<unfinished" not in line:
                    yield Event("synced", who=who)


def event_of(who: str, call: str, arguments: str, name: str) -> Event | None:
    if call == "unlink":
        return Event("remove", f"{name}-wal") if f"{name}-wal" in arguments else None
    if call in SYNCS:
        return Event("sync-start", groups(FD, arguments)[0], who=who)
    if call == "ftruncate":
        file, size = groups(rf"{FD}, (\d+)", arguments)
        return Event("truncate", file, offset=int(size)) if file in (name, f"{name}-wal") else None
    file, text, offset = groups(WRITE, arguments)
    if file in (name, f"{name}-wal"):
        return Event("write", file, unescaped(text), int(offset))
    data = unescaped(text)
    return Event("acknowledged", data=data.split()[1]) if data.startswith(b"acknowledged ") else None


def groups(pattern: str | re.Pattern[str], text: str) -> tuple[str, ...]:
    """What a pattern captures, the first of it a file: only its name."""
    match = re.match(pattern, text)
    assert match is not None, text[:200]
    file, *others = match.groups()
    # strace -xx escapes file names too.
    return (Path(os.fsdecode(unescaped(file))).name, *others)


def unescaped(text: str) -> bytes:
    r"""Bytes from strace's ``\x6c\x65`` form."""
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()


@pytest.fixture
def strace() -> str:
    found = shutil.which("strace")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("strace is missing: the continuous integration installs it.")
        pytest.skip("strace is missing: without it nobody sees what was synced when.")
    return found


def test_a_power_cut_loses_nothing_that_was_acknowledged(strace: str, tmp_path: Path):
    db, log = tmp_path / "ledger.db", tmp_path / "trace"
    recorders = " & ".join(f'"$0" -c "$1" "{db}" {number} {CALLS}' for number in range(PROCESSES))
    watched = "trace=pwrite64,write,fsync,fdatasync,ftruncate,unlink"
    command = [strace, "-f", "-qq", "-y", "-xx", "-s", "9999999", "-e", watched, "-o", str(log)]
    subprocess.run(
        [*command, "/bin/sh", "-c", f"{recorders} & wait", sys.executable, RECORDER], check=True, capture_output=True
    )

    events = list(traced(log, db.name))
    assert sum(event.kind == "acknowledged" for event in events) == PROCESSES * CALLS
    chance = random.Random(20261122)  # noqa: S311 (the same cuts every time)
    acknowledgements = [n for n, event in enumerate(events) if event.kind == "acknowledged"]
    cuts = {*acknowledgements, *chance.sample(range(len(events)), 60)}

    disk, acknowledged = Disk(), set[str]()
    for n, event in enumerate(events):
        disk.take(event)
        if event.kind == "acknowledged":
            acknowledged.add(event.data.decode())
        if n in cuts:
            check(disk.after_the_cut(chance), acknowledged, tmp_path / f"cut-{n}", db.name)


def check(files: dict[str, bytes], acknowledged: set[str], folder: Path, name: str) -> None:
    folder.mkdir()
    for file in (name, f"{name}-wal"):
        (folder / file).write_bytes(files.get(file, b""))
    if not acknowledged:
        return
    found = sqlite3.connect(folder / name)
    try:
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert acknowledged <= {call_id for (call_id,) in found.execute("SELECT call_id FROM entries")}
    finally:
        found.close()
    shutil.rmtree(folder)
