"""Every fixture folder of every source: the logs in it tell exactly the calls that were worked out by hand beside them.

A folder is one trap: ``truth.json`` (``why``, ``calls`` by key with the facts and counts they must have, ``totals``, ``skipped``
by reason) and beside it log files as they lie below the agent's own folder.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from cost_mcp.capture.logs.formats import FORMATS
from cost_mcp.capture.logs.sighting import FileFacts, LogFormat, LogParser, Read, Sighting, Skip
from cost_mcp.model.usage import USAGE_FIELDS

FOLDERS = {source: Path(__file__).parent / source.replace("-", "_") for source in FORMATS}
TRAPS = sorted(path.parent for folder in FOLDERS.values() for path in folder.glob("*/truth.json"))
LINED = [
    (trap, file)
    for trap in TRAPS
    for file in sorted(trap.rglob("*.jsonl"))
    if not FORMATS[trap.parent.name.replace("_", "-")].is_whole(FileFacts(file.parts))
]


def name(value: Path | tuple[Path, Path]) -> str:
    trap = value if isinstance(value, Path) else value[0]
    return f"{trap.parent.name}/{trap.name}"


def truth_of(trap: Path) -> dict[str, Any]:
    return json.loads((trap / "truth.json").read_text())


def format_of(trap: Path) -> LogFormat:
    return FORMATS[trap.parent.name.replace("_", "-")]


def facts_of(trap: Path, file: Path) -> FileFacts:
    return FileFacts(file.relative_to(trap).parts)


def fed(parser: LogParser, lines: list[bytes], cares: LogFormat, first: int = 1) -> Iterator[Read]:
    for number, line in enumerate(lines, start=first):
        if cares.cares(line):
            yield from parser.feed(line, number)


def reads_of(trap: Path) -> list[Read]:
    """All that the logs of a folder tell, file after file; a line that has no end yet is not there yet."""
    known, reads = format_of(trap), list[Read]()
    for file in sorted(path for path in trap.rglob("*") if path.is_file() and path.name != "truth.json"):
        facts, content = facts_of(trap, file), file.read_bytes()
        parser = known.open(facts, None)
        reads.extend(fed(parser, [content] if known.is_whole(facts) else content.split(b"\n")[:-1], known))
        reads.extend(parser.finish())
    return reads


def calls_of(reads: list[Read]) -> dict[str, Sighting]:
    """What a ledger keeps of each call: the final sighting, of provisional ones the one that saw more, else the first."""
    best: dict[str, Sighting] = {}
    for read in reads:
        if isinstance(read, Sighting):
            best[read.key] = max(best.get(read.key, read), read, key=standing)
    return best


def standing(seen: Sighting) -> tuple[bool, int]:
    return (not seen.provisional, seen.usage.total_tokens if seen.provisional else 0)


def told(call: Sighting, fact: str) -> Any:
    if fact in USAGE_FIELDS:
        return getattr(call.usage, fact)
    value = getattr(call, fact)
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(cast("tuple[object, ...]", value))
    return str(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("source", FOLDERS)
def test_every_source_has_fixtures_of_its_traps(source: str):
    assert len([trap for trap in TRAPS if trap.parent == FOLDERS[source]]) >= 3


@pytest.mark.parametrize("trap", TRAPS, ids=name)
def test_a_log_tells_the_calls_that_were_worked_out_by_hand(trap: Path):
    expected, calls = truth_of(trap)["calls"], calls_of(reads_of(trap))
    assert {key: {fact: told(call, fact) for fact in expected.get(key, ())} for key, call in calls.items()} == expected


@pytest.mark.parametrize("trap", TRAPS, ids=name)
def test_a_log_comes_to_the_totals_beside_it(trap: Path):
    expected, calls = truth_of(trap)["totals"], calls_of(reads_of(trap))
    totals = {fact: sum(getattr(call.usage, fact) for call in calls.values()) for fact in USAGE_FIELDS}
    assert {"calls": len(calls), **{fact: totals[fact] for fact in expected if fact != "calls"}} == expected


@pytest.mark.parametrize("trap", TRAPS, ids=name)
def test_what_makes_no_call_is_said_with_a_declared_reason_and_a_sentence(trap: Path):
    skips = [read for read in reads_of(trap) if isinstance(read, Skip)]
    assert dict(Counter(skip.reason for skip in skips)) == truth_of(trap)["skipped"]
    assert {skip.reason for skip in skips} <= set(format_of(trap).reasons)
    assert all(skip.detail.endswith(".") for skip in skips)


@pytest.mark.parametrize("trap", TRAPS, ids=name)
def test_no_content_of_a_log_is_kept(trap: Path):
    assert "SECRET" not in repr(reads_of(trap))


@pytest.mark.parametrize("trap", TRAPS, ids=name)
def test_a_log_read_twice_tells_the_same_calls(trap: Path):
    assert calls_of([*reads_of(trap), *reads_of(trap)]) == calls_of(reads_of(trap))


@pytest.mark.parametrize(("trap", "file"), LINED, ids=lambda path: path.name[:40])
def test_a_log_read_in_two_sittings_tells_the_same_calls_wherever_it_is_cut(trap: Path, file: Path):
    known, facts, lines = format_of(trap), facts_of(trap, file), file.read_bytes().split(b"\n")[:-1]
    at_once = known.open(facts, None)
    expected = calls_of([*fed(at_once, lines, known), *at_once.finish()])
    for cut in range(1, len(lines)):
        first = known.open(facts, None)
        reads = [*fed(first, lines[:cut], known), *first.finish()]
        state, start = json.loads(json.dumps(first.state())), cut
        if state is None:  # it starts over when the file has grown
            start = 0
        second = known.open(facts, state)
        reads += [*fed(second, lines[start:], known, first=start + 1), *second.finish()]
        assert calls_of(reads) == expected
