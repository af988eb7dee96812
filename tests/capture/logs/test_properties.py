"""What holds of every kind of log, whatever is in it: how it is read changes nothing of what it tells, and nothing breaks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.capture.logs.formats import FORMATS
from cost_mcp.capture.logs.sighting import FileFacts, LogFormat, Read, Sighting, Skip
from cost_mcp.ledger.repeat import corrects
from cost_mcp.model.call import Call
from cost_mcp.model.usage import Usage

HERE = Path(__file__).parent
SECRET = "zzsecretzz"


@dataclass(frozen=True)
class File:
    """One log: its format, its place below the agent's folder, its lines (one, where it is read as a whole)."""

    form: LogFormat = field(repr=False)
    facts: FileFacts
    lines: tuple[bytes, ...]

    def sittings(self, cuts: Iterable[int], rests: Iterable[int] = ()) -> Iterator[Read]:
        """What it tells when it is read up to each cut, put aside as its state says, and read on; at rests by the same parser."""
        parser, start, kept = self.form.open(self.facts, None), 0, frozenset(rests)
        for end in [*sorted(cut for cut in {*cuts, *kept} if cut < len(self.lines)), len(self.lines)]:
            for number, line in enumerate(self.lines[start:end], start=start + 1):
                if self.form.cares(line):
                    yield from parser.feed(line, number)
            yield from parser.finish()
            state = parser.state()
            start = 0 if state is None else end
            if state is None or end not in kept:
                parser = self.form.open(self.facts, json.loads(json.dumps(state)))


def read_in(source: str, trap: Path, path: Path) -> File:
    form, facts = FORMATS[source], FileFacts(path.relative_to(trap).parts)
    content = path.read_bytes()
    return File(form, facts, (content,) if form.is_whole(facts) else tuple(content.split(b"\n")[:-1]))


FOLDERS: list[tuple[File, ...]] = [
    tuple(
        read_in(source, trap.parent, path)
        for path in sorted(trap.parent.rglob("*"))
        if path.is_file() and path.name != "truth.json"
    )
    for source in FORMATS
    for trap in sorted((HERE / source.replace("-", "_")).glob("*/truth.json"))
]
folders = st.sampled_from(FOLDERS)


def call_of(seen: Sighting, form: LogFormat) -> Call:
    return Call(
        call_id=seen.key,
        occurred_at=seen.occurred_at,
        model=seen.model,
        usage=seen.usage,
        source=form.source,
        rank=form.rank,
        provider=seen.provider,
        response_model=seen.response_model,
        service_tier=seen.service_tier,
        billing=seen.billing or "api",
        metadata=seen.metadata,
        stated_cost_usd=seen.stated_cost_usd,
        provisional=seen.provisional,
    )


def ledger_of(reads: Iterable[tuple[File, Read]]) -> dict[str, tuple[Usage, bool]]:
    """What a ledger holds of each call after all this was recorded, by the ledger's own rule."""
    calls: dict[str, Call] = {}
    for file, read in reads:
        if isinstance(read, Sighting):
            new = call_of(read, file.form)
            old = calls.get(read.key)
            calls[read.key] = new if old is None or corrects(old, new) else old
    return {key: (call.usage, call.provisional) for key, call in calls.items()}


def plainly(files: Iterable[File]) -> dict[str, tuple[Usage, bool]]:
    return ledger_of((file, read) for file in files for read in file.sittings([]))


@st.composite
def ways_of_reading(draw: st.DrawFn, files: tuple[File, ...]) -> list[tuple[File, Read]]:
    """All files in any order, each any number of times, in any sittings; and copies made before a file was at its end."""
    again = draw(st.lists(st.sampled_from(files), max_size=3))
    order = draw(st.permutations([*files, *again]))
    reads: list[tuple[File, Read]] = []
    for file in order:
        places = st.lists(st.integers(0, len(file.lines)), max_size=3)
        reads += [(file, read) for read in file.sittings(draw(places), draw(places))]
    return reads


@given(data=st.data(), files=folders)
def test_order_repetition_and_sittings_change_nothing(data: st.DataObject, files: tuple[File, ...]):
    assert ledger_of(data.draw(ways_of_reading(files))) == plainly(files)


@given(data=st.data(), files=folders)
def test_a_copy_of_a_log_that_was_made_too_early_adds_nothing(data: st.DataObject, files: tuple[File, ...]):
    file = data.draw(st.sampled_from(files))
    length = len(file.lines) if len(file.lines) == 1 else data.draw(st.integers(0, len(file.lines)))
    early = File(file.form, file.facts, file.lines[:length])
    for order in ((early, *files), (*files, early)):
        assert ledger_of((one, read) for one in order for read in one.sittings([])) == plainly(files)


WRONG: tuple[Any, ...] = (
    None, True, -1, 0, 7, 10**13, 10**400, 1.5, "", "none", SECRET, SECRET * 300, "a\nb\x00", [], [1], {}, {"a": {"b": []}},
)  # fmt: skip


def places(inside: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value at which something could stand that should not."""
    found = [path] if path else []
    if isinstance(inside, dict):
        for key, item in cast("dict[str, object]", inside).items():
            found += places(item, (*path, key))
    elif isinstance(inside, list):
        for place, item in enumerate(cast("list[object]", inside)):
            found += places(item, (*path, place))
    return found


def with_wrong_value(draw: st.DrawFn, line: bytes) -> bytes:
    try:
        whole: Any = json.loads(line)
    except (ValueError, RecursionError):
        return line
    if not (paths := places(whole)):
        return line
    *way, last = draw(st.sampled_from(paths))
    inside = whole
    for step in way:
        inside = inside[step]
    if draw(st.booleans()):
        inside[last] = draw(st.sampled_from(WRONG))
    elif isinstance(inside, dict):
        del inside[last]
    return json.dumps(whole).encode()


def with_wrong_bytes(draw: st.DrawFn, line: bytes) -> bytes:
    start = draw(st.integers(0, len(line)))
    length = draw(st.integers(0, 40))
    return line[:start] + draw(st.binary(max_size=8)).replace(b"\n", b" ") + line[start + length :]


HOW = ("value", "value", "bytes", "torn", "out", "twice", "joined")


def spoil(draw: st.DrawFn, lines: list[bytes], first: int) -> None:
    """Spoils one line from the ``first`` on, breaks it off, leaves it out, doubles it or lets it run into the next."""
    at, how = draw(st.integers(first, len(lines) - 1)), draw(st.sampled_from(HOW))
    line = lines[at]
    if how == "value":
        lines[at] = with_wrong_value(draw, line)
    elif how == "bytes":
        lines[at] = with_wrong_bytes(draw, line)
    elif how == "torn":
        lines[at] = line[: draw(st.integers(0, len(line)))]
    elif how == "joined":
        lines[at : at + 2] = [b"".join(lines[at : at + 2])]
    elif how == "twice":
        lines.insert(draw(st.integers(at, len(lines))), line)
    else:
        del lines[at]


@st.composite
def spoilt(draw: st.DrawFn, file: File, first: int = 0, most: int = 4) -> File:
    """The log with a few lines spoilt; a document that is read as a whole stays one."""
    lines = list(file.lines)
    for _ in range(draw(st.integers(1, most))):
        if len(lines) > first:
            spoil(draw, lines, first)
    return File(file.form, file.facts, (b"".join(lines),) if file.form.is_whole(file.facts) else tuple(lines))


spoilt_logs = folders.flatmap(st.sampled_from).flatmap(spoilt)


@given(file=spoilt_logs)
def test_whatever_is_in_a_log_what_it_tells_can_be_recorded_and_explained(file: File):
    for read in file.sittings([]):
        if isinstance(read, Sighting):
            call_of(read, file.form)  # refuses what no ledger takes: counts below nothing, parts above their whole
        elif isinstance(read, Skip):
            assert read.reason in file.form.reasons
            assert SECRET not in read.detail
            assert 1 <= read.line <= len(file.lines)


@given(data=st.data(), file=spoilt_logs)
def test_however_a_spoilt_log_is_read_it_tells_the_same(data: st.DataObject, file: File):
    assert ledger_of(data.draw(ways_of_reading((file,)))) == plainly([file])


@given(data=st.data(), files=folders)
def test_a_spoilt_copy_beside_a_sound_log_adds_no_more_than_what_was_spoilt(data: st.DataObject, files: tuple[File, ...]):
    """The head of a log, which says whose it is, is left alone: under another name everything in it is another's."""
    file = data.draw(st.sampled_from(files))
    copy = data.draw(spoilt(file, first=2, most=1))
    sound, both = plainly(files), plainly([*files, copy])
    assert sound.keys() <= both.keys()
    assert len(both) <= len(sound) + 2
