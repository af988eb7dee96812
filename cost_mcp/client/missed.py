"""Calls of Python programs that could not be recorded, by reason: counted in a small file beside the ledger."""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from threading import RLock
from typing import cast

from cost_mcp.config.folders import replace_file
from cost_mcp.errors import ConfigError

KEPT_DAYS = 30
MOST_BYTES = 64 * 1024
"""Above this the lines are put together, one for each day and reason."""

_log = logging.getLogger("cost_mcp")


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedCalls:
    """How many calls were not recorded since ``since``, the earliest day kept; by reason, most first."""

    since: date
    by_reason: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_reason.values())


@dataclass(slots=True)
class Missed:
    """What one process failed to record: told once a reason through logging, counted, and written down beside the ledger."""

    file: Path | None = None
    counts: Counter[str] = field(default_factory=Counter[str])
    _unwritten: Counter[str] = field(default_factory=Counter[str])
    _told: set[str] = field(default_factory=set[str])
    _lock: RLock = field(default_factory=RLock, repr=False)  # a call may end while the garbage collector interrupts another

    def note(self, reason: str, sentence: str, *, calls: int = 1) -> None:
        """Count calls that are missing; ``sentence`` never quotes what was sent or received."""
        with self._lock:
            self.counts[reason] += calls
            self._unwritten[reason] += calls
        self.warn(reason, f"A model call was not recorded: {sentence}")

    def warn(self, reason: str, sentence: str) -> None:
        """Say something once."""
        if reason not in self._told:
            self._told.add(reason)
            _log.warning("%s Said once; `cost-mcp doctor` counts what is missing.", sentence)

    def write_down(self, today: date) -> None:
        """Put what was counted since the last time beside the ledger; where that cannot be done it stays with the log."""
        if self.file is None or not self._unwritten:
            return
        with self._lock:
            unwritten, self._unwritten = self._unwritten, Counter()
        text = "".join(_line(today, reason, count) for reason, count in unwritten.items())
        try:
            _append(self.file, text)
            if self.file.stat().st_size > MOST_BYTES:
                _condense(self.file, today)
        except (OSError, ConfigError):
            with self._lock:
                self._unwritten += unwritten
            self.warn("unwritten", f"How many calls are missing cannot be written to {self.file}.")


def missed_file(ledger: Path) -> Path:
    """Where the counts of a ledger stand."""
    return ledger.with_name(ledger.name + ".missed")


def read_missed(ledger: Path, today: date) -> MissedCalls:
    """What programs failed to record in the last 30 days; nothing where there is no such file.

    Raises:
        OSError: the file is there and cannot be read.
    """
    sums: Counter[str] = Counter()
    days = _read(missed_file(ledger), today)
    for (_, reason), count in days.items():
        sums[reason] += count
    since = min((day for day, _ in days), default=today)
    return MissedCalls(since=since, by_reason=dict(sums.most_common()))


def _append(file: Path, text: str) -> None:
    # One write to a file opened for appending: lines of several processes do not mix.
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _condense(file: Path, today: date) -> None:
    # What another process appends between reading and replacing is lost: a few of a thousand failures.
    lines = "".join(_line(day, reason, count) for (day, reason), count in _read(file, today).items())
    replace_file(file, lines.encode())


def _line(day: date, reason: str, count: int) -> str:
    return json.dumps({"day": day.isoformat(), "reason": reason, "calls": count}) + "\n"


def _read(file: Path, today: date) -> Counter[tuple[date, str]]:
    found: Counter[tuple[date, str]] = Counter()
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return found
    for line in text.splitlines():
        row = _row(line)
        if row is not None and row[0] > today - timedelta(days=KEPT_DAYS):
            found[row[0], row[1]] += row[2]
    return found


def _row(line: str) -> tuple[date, str, int] | None:
    """A line's day, reason and count; None where a disk that was full cut it off."""
    try:
        given = cast("dict[str, object]", json.loads(line))
        day, reason, count = given["day"], given["reason"], given["calls"]
        return (date.fromisoformat(str(day)), str(reason), count) if isinstance(count, int) else None
    except (ValueError, TypeError, KeyError):
        return None
