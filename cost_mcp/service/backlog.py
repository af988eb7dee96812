"""Whether agents' logs are still being read: said beside the ledger by who reads them, heard by everyone who reports."""

from __future__ import annotations

import json
from pathlib import Path
from time import time

STALE_SECONDS = 60.0
"""How old a word of the reader may be: one that was killed says nothing any more."""

SAY_SECONDS = 1.0


def backlog_path(ledger: Path) -> Path:
    """Where it is said how far the reading is."""
    return ledger.with_name(f"{ledger.name}.backlog")


def lock_path(ledger: Path) -> Path:
    """The lock of the one process that follows the logs."""
    return ledger.with_name(f"{ledger.name}.capture.lock")


class Backlog:
    """Says how far the reading of the backlog is, about once a second; nothing any more once ``done``."""

    def __init__(self, ledger: Path) -> None:
        self._path = backlog_path(ledger)
        self._said = 0.0

    def say(self, done: int, whole: int) -> None:
        """Bytes read, and to be read in all."""
        now = time()
        if now - self._said < SAY_SECONDS:
            return
        self._said = now
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            beside.write_text(json.dumps([done, whole]), encoding="utf-8")
            beside.replace(self._path)
        except OSError:
            self._said = float("inf")  # nobody hears how far it is; what is read counts all the same

    def done(self) -> None:
        """There is no backlog any more."""
        self._path.unlink(missing_ok=True)


def backlog_note(ledger: Path) -> str | None:
    """What to tell with figures of this ledger while the backlog is read, whoever reads it; None when nobody does."""
    told = backlog_left(ledger)
    if told is None:
        return None
    percent, whole = told
    return (
        f"Agents' logs on this machine are still being read ({percent} % of {whole / 1e6:,.0f} MB): "
        "these figures are not complete yet. Ask again in a minute."
    )


def backlog_notes(ledger: Path) -> tuple[str, ...]:
    """``backlog_note`` as one of an answer's notes."""
    note = backlog_note(ledger)
    return () if note is None else (note,)


def backlog_left(ledger: Path) -> tuple[int, int] | None:
    """How much of the backlog was read, in percent, and how many bytes it has in all; None when nobody reads one."""
    path = backlog_path(ledger)
    try:
        if time() - path.stat().st_mtime > STALE_SECONDS:
            return None
        told: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    match told:
        case [int(done), int(whole)] if whole > 0:
            return max(0, min(99, 100 * done // whole)), whole
        case _:
            return None
