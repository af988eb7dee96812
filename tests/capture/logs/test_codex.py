from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest

from cost_mcp.capture.logs.codex import FORMAT
from cost_mcp.capture.logs.sighting import FileFacts, Read, Sighting, Skip
from cost_mcp.model.plan_limit import PlanLimit

LOGS = Path(__file__).parent / "codex"
TRAPS = sorted(folder.name for folder in LOGS.iterdir())
FILES = sorted(LOGS.rglob("*.jsonl"))


@dataclass
class Told:
    """What a set of logs tells when the best sighting of each key is kept, as the ledger keeps it."""

    calls: dict[str, Sighting]
    skips: list[Skip]
    limits: dict[str, PlanLimit]

    def total(self, name: str) -> int:
        """The sum of one count over all calls."""
        return sum(getattr(call.usage, name) for call in self.calls.values())


def better(one: Sighting, other: Sighting) -> bool:
    return (not one.provisional, one.usage.total_tokens) > (not other.provisional, other.usage.total_tokens)


def keep(reads: Iterable[Read]) -> Told:
    told = Told({}, [], {})
    for read in reads:
        if isinstance(read, Sighting):
            known = told.calls.get(read.key)
            told.calls[read.key] = read if known is None or better(read, known) else known
        elif isinstance(read, Skip):
            told.skips.append(read)
        else:
            newest = told.limits.get(read.window)
            told.limits[read.window] = read if newest is None or read.order > newest.order else newest
    return told


def facts_of(path: Path) -> FileFacts:
    return FileFacts(path.relative_to(LOGS).parts[1:])


def name_of(path: Path) -> str:
    return "/".join(path.relative_to(LOGS).parts[::3])


def read_file(path: Path) -> list[Read]:
    parser = FORMAT.open(facts_of(path), None)
    reads: list[Read] = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        reads.extend(parser.feed(line, number))
    return [*reads, *parser.finish()]


def written_otherwise(line: bytes) -> bytes:
    """The same object with blanks, its fields sorted; a line that breaks off stays as it is."""
    with suppress(ValueError):
        return json.dumps(json.loads(line), sort_keys=True).encode()
    return line


def trap_files(trap: str) -> list[Path]:
    return sorted((LOGS / trap).rglob("*.jsonl"))


def told_of(trap: str) -> Told:
    return keep(read for path in trap_files(trap) for read in read_file(path))


@pytest.mark.parametrize("trap", TRAPS)
def test_in_whichever_order_a_forks_and_its_parents_logs_are_read_the_same_is_told(trap: str):
    expected = told_of(trap).calls
    for order in permutations(trap_files(trap)):
        assert keep(read for path in order for read in read_file(path)).calls == expected


def test_a_plan_is_told_with_its_windows():
    limits = told_of("info-null").limits
    assert {window: str(limit.used_percent) for window, limit in limits.items()} == {"primary": "9.0", "secondary": "31.5"}
    assert limits["primary"] == PlanLimit(
        source="codex",
        name="codex",
        window="primary",
        used_percent=Decimal("9.0"),
        seen_at=datetime(2026, 11, 20, 10, 0, 10, tzinfo=UTC),
        window_minutes=300,
        resets_at=datetime(2026, 11, 22, 16, tzinfo=UTC),
        plan="pro",
    )
    assert limits["secondary"].window_minutes == 10080


def test_a_copy_whose_original_is_gone_still_counts_once():
    fork = trap_files("fork-in-a-rush")[1]
    told = keep([*read_file(fork), *read_file(fork)])
    assert (len(told.calls), told.total("input_tokens")) == (3, 40000)
    assert sum(call.provisional for call in told.calls.values()) == 2


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_log_read_in_two_goes_tells_the_same_plan_and_skips(path: Path):
    lines, whole = path.read_bytes().split(b"\n"), keep(read_file(path))
    for cut in range(len(lines) + 1):
        first = FORMAT.open(facts_of(path), None)
        reads = [read for number, line in enumerate(lines[:cut], start=1) for read in first.feed(line, number)]
        reads.extend(first.finish())
        state = json.dumps(first.state())
        second = FORMAT.open(facts_of(path), json.loads(state))
        reads.extend(read for number, line in enumerate(lines[cut:], start=cut + 1) for read in second.feed(line, number))
        parts = keep([*reads, *second.finish()])
        assert (parts.limits, parts.skips) == (whole.limits, whole.skips)
        assert len(state) < 2048


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_lines_it_does_not_care_for_change_nothing(path: Path):
    parser = FORMAT.open(facts_of(path), None)
    reads: list[Read] = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if FORMAT.cares(line):
            reads.extend(parser.feed(line, number))
    assert [*reads, *parser.finish()] == read_file(path)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_log_written_with_other_blanks_and_in_another_order_tells_the_same(path: Path):
    parser = FORMAT.open(facts_of(path), None)
    reads: list[Read] = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        reads.extend(parser.feed(written_otherwise(line), number))
    assert keep([*reads, *parser.finish()]).calls == keep(read_file(path)).calls


def test_the_beginning_of_a_log_may_be_gone():
    path = trap_files("cumulative-totals")[0]
    lines = path.read_bytes().splitlines()
    parser = FORMAT.open(facts_of(path), None)
    told = keep(read for number, line in enumerate(lines[5:], start=1) for read in parser.feed(line, number))
    whole = keep(read_file(path)).calls
    assert len(told.calls) == 2
    assert all(whole[key].usage == call.usage for key, call in told.calls.items())


def test_a_log_that_names_no_thread_is_not_guessed_at():
    lines = trap_files("cumulative-totals")[0].read_bytes().splitlines()
    parser = FORMAT.open(FileFacts(parts=("some.jsonl",)), None)
    told = keep(read for number, line in enumerate(lines[1:], start=1) for read in parser.feed(line, number))
    assert not told.calls
    assert {skip.reason for skip in told.skips} == {"unreadable"}


def test_a_call_by_a_plan_that_bills_by_use_is_not_part_of_a_fee():
    path = trap_files("cumulative-totals")[0]
    lines = path.read_bytes().replace(b'"plan_type":"pro"', b'"plan_type":"enterprise_cbp_usage_based"').splitlines()
    parser = FORMAT.open(facts_of(path), None)
    told = keep(read for number, line in enumerate(lines, start=1) for read in parser.feed(line, number))
    assert {call.billing for call in told.calls.values()} == {None}


def test_a_response_is_told_as_provisional_until_its_count_says_the_plan():
    path = trap_files("remote-compaction")[0]
    parser = FORMAT.open(facts_of(path), None)
    for number, line in enumerate(path.read_bytes().splitlines()[:3], start=1):
        assert not list(parser.feed(line, number))
    (held,) = (read for read in parser.finish() if isinstance(read, Sighting))
    assert (held.key, held.provisional, held.billing) == ("resp_001", True, None)
