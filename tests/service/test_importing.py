"""One import at work: how far it is, where it may be left, and that the way files come in changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cost_mcp.budgets.windows import window_of
from cost_mcp.capture.logs.formats import FORMATS
from cost_mcp.config.settings import Settings
from cost_mcp.ledger.intake import Intake
from cost_mcp.service.import_order import ImportOrder, Machine, open_importing
from cost_mcp.service.import_summary import ImportSummary
from cost_mcp.service.importing import Listener
from cost_mcp.service.opening import open_quick
from cost_mcp.sources.places import files_named
from cost_mcp.views.shape import report_shape

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOGS = Path(__file__).parents[1] / "capture" / "logs"
CALLS, FILLER = 40, 100_000


def said(number: int) -> bytes:
    usage = {"input_tokens": 1000, "output_tokens": 100, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    message: dict[str, Any] = {"id": f"msg_{number}", "type": "message", "role": "assistant", "content": []}
    message["model"] = "claude-sonnet-4-6"
    entry = {"type": "assistant", "sessionId": "s1", "cwd": "/nowhere/shop", "timestamp": "2026-11-20T10:00:00Z"}
    return json.dumps(entry | {"message": message | {"stop_reason": "end_turn", "usage": usage}}).encode() + b"\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """One long log: forty calls, a hundred kilobytes of what was said before each."""
    path = tmp_path / ".claude" / "projects" / "p" / "s1.jsonl"
    path.parent.mkdir(parents=True)
    talk = b'{"type":"user","message":"' + b"x" * FILLER + b'"}\n'
    path.write_bytes(b"".join(talk + said(number) for number in range(CALLS)))
    return path


Import = Callable[..., ImportSummary]


def run(ledger: Path, source: str, path: Path, listener: Listener, rest_every: int) -> ImportSummary:
    order = ImportOrder(sources=(source,), paths=(path,))
    machine = Machine(environ={}, home=ledger.parent)
    with open_importing(order, Settings(db=str(ledger)), machine, lambda: NOON, listener) as importing:
        importing.rest_every = rest_every
        importing.take(files_named(source, path))
        return importing.finish(0.0)


@pytest.fixture
def imported(tmp_path: Path, log: Path) -> Import:
    """Imports the log, resting every megabyte."""

    def call(rest_every: int = 1 << 20, **heard: Any) -> ImportSummary:
        return run(tmp_path / "ledger.db", "claude-code", log, Listener(**heard), rest_every)

    return call


def total(ledger: Path) -> dict[str, object]:
    quick = open_quick(Settings(db=str(ledger)), clock=lambda: NOON)
    try:
        shape = report_shape(quick.cost_report({"period": "total", "group_by": ["model", "agent", "day"]}))
    finally:
        quick.close()
    return {name: shape[name] for name in ("calls", "total_cost_usd", "unpriced_calls", "groups")} | {
        "provisional": shape.get("provisional_calls", 0)
    }


def way(imported: Import) -> list[tuple[int, int]]:
    """How far an import said that it was, of how much."""
    heard: list[tuple[int, int]] = []

    def progress(done: int, whole: int) -> None:
        heard.append((done, whole))

    imported(progress=progress)
    return heard


def test_a_single_long_file_moves_the_bar_byte_by_byte_to_its_end(imported: Import, log: Path):
    heard = way(imported)
    size = log.stat().st_size
    assert {whole for _, whole in heard} == {size}
    assert heard[0][0] == 0
    assert heard[-1][0] == size
    steps = [later - earlier for (earlier, _), (later, _) in pairwise(heard)]
    assert all(0 <= step <= 2 << 20 for step in steps)


def test_what_was_read_before_is_no_part_of_the_way(imported: Import, log: Path):
    imported()
    added = said(CALLS) * 2
    with log.open("ab") as file:
        file.write(added)
    heard = way(imported)
    assert (heard[0], heard[-1]) == ((0, len(added)), (len(added), len(added)))


def stopped_at(part: float) -> Callable[[int, int], None]:
    """Someone who interrupts when so much was read."""

    def heard(done: int, whole: int) -> None:
        if done >= whole * part:
            raise KeyboardInterrupt

    return heard


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_an_import_that_is_interrupted_within_a_file_goes_on_near_where_it_was(
    imported: Import, log: Path, tmp_path: Path, part: float
):
    size = log.stat().st_size
    with pytest.raises(KeyboardInterrupt):
        imported(progress=stopped_at(part))
    rest = imported().total
    assert rest.bytes_read <= size * (1 - part) + (2 << 20)
    assert (rest.merged, rest.failed) == (0, 0)
    assert (total(tmp_path / "ledger.db")["calls"], imported().total.unchanged) == (CALLS, 1)


def test_a_file_that_was_written_over_after_an_interruption_is_read_from_its_beginning(
    imported: Import, log: Path, tmp_path: Path
):
    with pytest.raises(KeyboardInterrupt):
        imported(progress=stopped_at(0.5))
    log.write_bytes(b"".join(said(number) for number in range(1000, 1003)) + b" " * log.stat().st_size)
    imported()
    ids = {f"msg_{number}" for number in range(1000, 1003)}
    quick = open_quick(Settings(db=str(tmp_path / "ledger.db")), clock=lambda: NOON)
    assert {quick.explain(call_id).priced.call.call_id for call_id in ids} == ids
    quick.close()


@pytest.mark.parametrize(
    "state", ["{}", '{"thread": 5}', '[0, {"recent": []}]', "[1, null]", "[1]", "null", '[1, {"recent": 5}]']
)
def test_a_state_of_another_version_is_not_gone_on_from(imported: Import, log: Path, tmp_path: Path, state: str):
    imported()
    with Intake(tmp_path / "ledger.db", now=NOON, window_of=window_of) as intake:
        (cursor,) = intake.cursors("default")
        intake.bring_in("default", [], NOON, read=[replace(cursor, state=state)])
    with log.open("ab") as file:
        file.write(said(CALLS))
    found = imported().total
    assert (found.calls, found.failed) == (1, 0)
    assert total(tmp_path / "ledger.db")["calls"] == CALLS + 1


def test_who_is_told_to_end_ends_within_a_long_file_and_loses_nothing(imported: Import, tmp_path: Path):
    far = 0

    def progress(done: int, _: int) -> None:
        nonlocal far
        far = done

    first = imported(progress=progress, ended=lambda: far > 2 << 20).total
    assert 0 < first.calls < CALLS
    second = imported().total
    assert first.calls + second.calls == CALLS
    assert total(tmp_path / "ledger.db")["calls"] == CALLS


# Whatever way files come in, and however often: the same ledger. Only whose session a copied call is goes by who told of it first,
# where the copy does not say (ARCHITECTURE.md, 17).


def traps(source: str) -> list[Path]:
    return sorted(path.parent for path in (LOGS / source.replace("-", "_")).glob("*/truth.json"))


def files_of(trap: Path) -> list[Path]:
    return sorted(path for path in trap.rglob("*") if path.is_file() and path.name != "truth.json")


@cache
def plainly(trap: Path, source: str) -> dict[str, object]:
    with TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.db"
        with taking(ledger, source) as take:
            for file in files_of(trap):
                take(file)
        return total(ledger)


@contextmanager
def taking(ledger: Path, source: str) -> Generator[Callable[[Path], None]]:
    """Imports into one ledger, file by file."""
    order, machine = ImportOrder(sources=(source,)), Machine(environ={}, home=ledger.parent)
    with open_importing(order, Settings(db=str(ledger)), machine, lambda: NOON, Listener()) as importing:

        def take(path: Path) -> None:
            importing.take(files_named(source, path))
            importing.finish(0.0)

        yield take


@st.composite
def ways(draw: st.DrawFn, files: int) -> list[tuple[int, str, float]]:
    """Which file comes next, into which of two machines' folders, and how much of it is written by then; in the end all is."""
    step = st.tuples(st.integers(0, files - 1), st.sampled_from(["here", "there"]), st.floats(0, 1))
    steps = draw(st.lists(step, max_size=6))
    return [*steps, *((file, "here", 1.0) for file in draw(st.permutations(range(files))))]


@pytest.mark.parametrize("source", FORMATS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_ledger_is_the_same_whatever_way_logs_came_into_it(source: str, data: st.DataObject):
    trap = data.draw(st.sampled_from(traps(source)))
    files = files_of(trap)
    with TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.db"
        with taking(ledger, source) as take:
            for number, machine, part in data.draw(ways(len(files))):
                content = files[number].read_bytes()
                path = Path(folder) / machine / files[number].relative_to(trap)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content[: round(len(content) * part)])
                take(path)
        assert total(ledger) == plainly(trap, source)
