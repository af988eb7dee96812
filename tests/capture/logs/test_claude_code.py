"""Claude Code's log against fixtures, one a trap, whose true totals were worked out by hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cost_mcp.capture.logs.claude_code import FORMAT
from cost_mcp.capture.logs.claude_counts import counts_of
from cost_mcp.capture.logs.sighting import FileFacts, LogParser, Read, Sighting, Skip
from cost_mcp.capture.usage import read_usage
from cost_mcp.errors import InvalidInput
from cost_mcp.model.usage import USAGE_FIELDS

TRAPS = sorted(folder for folder in (Path(__file__).parent / "claude_code").iterdir() if folder.is_dir())
Jsonish = Mapping[str, Any]


class Log(NamedTuple):
    """A fixture's file: where it lies below the agent's folder, and its whole lines."""

    facts: FileFacts
    lines: tuple[bytes, ...]


def logs_of(trap: Path) -> list[Log]:
    files = sorted(path for path in trap.rglob("*.jsonl"))
    return [Log(FileFacts(path.relative_to(trap).parts), tuple(path.read_bytes().split(b"\n")[:-1])) for path in files]


def fed(parser: LogParser, lines: Iterable[tuple[int, bytes]]) -> list[Read]:
    told: list[Read] = []
    for number, line in lines:
        if FORMAT.cares(line):
            told.extend(parser.feed(line, number))
    return [*told, *parser.finish()]


def read(log: Log) -> list[Read]:
    return fed(FORMAT.open(log.facts, None), enumerate(log.lines, 1))


def sightings(told: Iterable[Read]) -> list[Sighting]:
    return [each for each in told if isinstance(each, Sighting)]


def kept(told: Iterable[Sighting]) -> dict[str, Sighting]:
    """What a ledger keeps of reports of one rank: the final one, of provisional ones the one that saw more, else the first."""
    best: dict[str, Sighting] = {}
    for each in told:
        old = best.get(each.key)
        if old is None or _standing(each) > _standing(old):
            best[each.key] = each
    return best


def _standing(told: Sighting) -> tuple[bool, int]:
    return (not told.provisional, told.usage.total_tokens if told.provisional else 0)


def facts_of(told: Sighting) -> dict[str, object]:
    plain: dict[str, object] = {name: getattr(told, name) for name in Sighting.__dataclass_fields__ if name != "usage"}
    plain |= {name: getattr(told.usage, name) for name in USAGE_FIELDS}
    plain |= {"occurred_at": told.occurred_at.isoformat(), "uncounted": list(told.uncounted), "notes": list(told.notes)}
    return plain | {"metadata": dict(told.metadata), "tags": dict(told.tags)}


def counted(told: Mapping[str, Sighting]) -> dict[str, object]:
    """What decides the money; who made the call may depend on which of two copies was read first."""
    return {key: (each.model, each.usage, each.provisional, each.service_tier, each.occurred_at) for key, each in told.items()}


def by_name(trap: Path) -> str:
    return trap.name


@pytest.mark.parametrize("trap", TRAPS, ids=by_name)
def test_a_log_comes_to_its_true_totals(trap: Path):
    truth: Jsonish = json.loads((trap / "truth.json").read_bytes())
    told = [each for log in logs_of(trap) for each in read(log)]
    calls = kept(sightings(told))
    assert calls.keys() == truth["calls"].keys()
    for key, expected in truth["calls"].items():
        facts = facts_of(calls[key])
        assert {name: facts[name] for name in expected} == expected, key
    totals = {name: sum(getattr(each.usage, name) for each in calls.values()) for name in USAGE_FIELDS}
    named = {
        name: total for name, total in totals.items() if name in truth["totals"] or name in {"input_tokens", "output_tokens"}
    }
    assert {"calls": len(calls), **named} == truth["totals"]
    assert Counter(each.reason for each in told if isinstance(each, Skip)) == truth["skipped"]


def test_every_skip_has_a_reason_that_is_declared_and_a_sentence():
    skips = [each for trap in TRAPS for log in logs_of(trap) for each in read(log) if isinstance(each, Skip)]
    assert {each.reason for each in skips} <= FORMAT.reasons.keys()
    assert all(each.detail.endswith(".") for each in skips)


def test_nothing_of_what_was_said_is_kept():
    told = repr([read(log) for trap in TRAPS for log in logs_of(trap)])
    assert not [words for words in ("Go on", "I look", "Overloaded", "It is written", "command", "Grü") if words in told]


@pytest.mark.parametrize("trap", TRAPS, ids=by_name)
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_a_file_read_in_pieces_tells_the_same_calls(trap: Path, data: st.DataObject):
    """As it grows: the held lines are told at each present end, and the state goes through JSON."""
    for log in logs_of(trap):
        whole = kept(sightings(read(log)))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(log.lines)), max_size=4)))
        told, state = list[Read](), None
        for start, end in zip([0, *cuts], [*cuts, len(log.lines)], strict=True):
            parser = FORMAT.open(log.facts, state)
            told += fed(parser, list(enumerate(log.lines, 1))[start:end])
            state = json.loads(json.dumps(parser.state()))
        assert kept(sightings(told)) == whole


@pytest.mark.parametrize("trap", TRAPS, ids=by_name)
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_files_in_any_order_read_any_number_of_times_tell_the_same_calls(trap: Path, data: st.DataObject):
    logs = logs_of(trap)
    once = counted(kept(each for log in logs for each in sightings(read(log))))
    order = [*data.draw(st.permutations(logs)), *data.draw(st.lists(st.sampled_from(logs), max_size=3))]
    assert counted(kept(each for log in order for each in sightings(read(log)))) == once


@pytest.mark.parametrize("trap", TRAPS, ids=by_name)
def test_a_file_that_was_split_in_two_tells_the_same_counts(trap: Path):
    for log in logs_of(trap):
        whole = kept(sightings(read(log)))
        for cut in range(len(log.lines)):
            parts = (log._replace(lines=log.lines[cut:]), log._replace(lines=log.lines[:cut]))
            told = kept(each for part in parts for each in sightings(read(part)))
            assert {key: each.usage for key, each in told.items()} == {key: each.usage for key, each in whole.items()}


def test_a_state_of_another_kind_is_no_state():
    log = logs_of(TRAPS[0])[0]
    for state in ({}, {"recent": 5}, {"recent": [["a"], 7, ["b", "c", "d"]]}):
        assert sightings(fed(FORMAT.open(log.facts, state), enumerate(log.lines, 1))) == sightings(read(log))


def entry(usage: object, content: object = None, **more: object) -> bytes:
    message = {"model": "claude-opus-4-6", "id": "msg_1", "role": "assistant", "content": content, "stop_reason": "end_turn"}
    row = {"cwd": "/w", "sessionId": "s", "message": {**message, "usage": usage}, "type": "assistant"}
    return json.dumps({**row, "timestamp": "2026-10-05T10:00:00Z", **more}, separators=(",", ":")).encode()


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(['"content":[', '],"stop_reason":', '"usage":{']),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["content", "stop_reason", "message", "usage", "id", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(content=st.lists(NESTED, max_size=4), after=NESTED)
def test_what_a_model_wrote_changes_nothing_of_what_is_read(content: list[object], after: object):
    usage = {"input_tokens": 5, "output_tokens": 7}
    written = entry(usage, content, toolUseResult=after)
    assert [facts_of(each) for each in sightings(read(Log(FileFacts(("s.jsonl",)), (written,))))] == [
        facts_of(each) for each in sightings(read(Log(FileFacts(("s.jsonl",)), (entry(usage),))))
    ]


COUNT = st.none() | st.integers(0, 5_000)
USAGES = st.fixed_dictionaries(
    {"input_tokens": st.integers(0, 5_000), "output_tokens": st.integers(0, 5_000)},
    optional={
        "cache_creation_input_tokens": COUNT,
        "cache_read_input_tokens": COUNT,
        "cache_creation": st.none()
        | st.fixed_dictionaries({}, optional={"ephemeral_5m_input_tokens": COUNT, "ephemeral_1h_input_tokens": COUNT}),
        "output_tokens_details": st.none() | st.fixed_dictionaries({}, optional={"thinking_tokens": COUNT}),
        "server_tool_use": st.none()
        | st.fixed_dictionaries({}, optional={"web_search_requests": COUNT, "web_fetch_requests": COUNT}),
        "service_tier": st.sampled_from([None, "standard", "priority", "batch", "flex", "turbo", ""]),
        "speed": st.sampled_from([None, "standard", "fast", "slow"]),
        "inference_geo": st.sampled_from([None, "", "us", "US", "global", "eu", 5]),
        "total_tokens": COUNT,
        "iterations": st.none() | st.just([]),
    },
)


@given(usage=USAGES, model=st.sampled_from(["claude-opus-4-6", "kimi-k2.5"]), identity=st.sampled_from(["msg_1", "msg_bdrk_1"]))
def test_the_short_way_reads_what_the_declared_convention_reads(usage: dict[str, object], model: str, identity: str):
    message = {"type": "message", "model": model, "id": identity, "stop_reason": "end_turn"}
    try:
        read = read_usage({**message, "usage": {"service_tier": None, "cache_read_input_tokens": 0, **usage}})
    except InvalidInput:
        with pytest.raises(InvalidInput):
            counts_of(message, usage, None)
        return
    (counts,) = counts_of(message, usage, None)
    assert (counts.usage, counts.provider, counts.service_tier) == (read.usage, read.provider, read.service_tier or "standard")
    assert (counts.inference_geo, counts.notes, counts.uncounted) == (read.inference_geo, read.notes, read.uncounted)


@given(data=st.data())
@settings(max_examples=60)
def test_a_damaged_line_is_skipped_or_read_and_never_breaks_off(data: st.DataObject):
    line = bytearray(
        data.draw(st.sampled_from([line for trap in TRAPS for log in logs_of(trap) for line in log.lines if line]))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(line) - 1))
        line[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    for told in read(Log(FileFacts(("s.jsonl",)), (bytes(line),))):
        assert isinstance(told, Skip) or (isinstance(told, Sighting) and min(told.usage.as_dict().values(), default=1) > 0)
