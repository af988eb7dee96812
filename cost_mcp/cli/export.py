"""``export``: the calls themselves, for spreadsheets, programs and FinOps tools."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import BinaryIO

import click

from cost_mcp.cli.new_file import check_free, new_file
from cost_mcp.cli.options import as_json, filters, pass_surroundings, period, timezone
from cost_mcp.cli.output import put_json, writing
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.errors import CostError
from cost_mcp.model.export_format import FOCUS, PARQUET, read_format
from cost_mcp.service.exporting import Export
from cost_mcp.service.quick import Quick
from cost_mcp.views.export import export_sentence, export_shape, left_out_sentence, open_writer

TOLD_EVERY_SECONDS = 0.2
STANDARD_OUTPUT = "-"


@click.command()
@click.argument("name", metavar="[csv|json|jsonl|focus|parquet]", required=False)
@period
@filters
@timezone
@click.option("--output", "-o", metavar="FILE", help="Where to; a file only you can read (default: standard output).")
@click.option("--force", is_flag=True, help="Replace the file that is there.")
@click.option(
    "--on-exit", is_flag=True, hidden=True, help="For a server that ends: replace, leave no empty file, note a failure."
)
@as_json
@pass_surroundings
def export(
    around: Surroundings,
    name: str | None,
    output: str | None,
    force: bool,
    on_exit: bool,
    as_json: bool,
    **fields: object,
) -> None:
    """Export the calls of a period.

    Without a format, the name of the file says it: .csv, .json, .jsonl, .focus.csv, .parquet. A call that was corrected has
    a row for its first report, one that takes it back and one for what is true, so that sums are right; --json says what
    was written to a file.
    """
    place = None if output in (None, STANDARD_OUTPUT) else around.cwd / str(output)
    kind = read_format(name, place)
    if place is None:
        _to_stdout(around, kind, fields, as_json=as_json)
        return
    with _failure_noted(place, noted=on_exit), _ended_by_signals(), around.quick() as quick:
        _to_file(quick, kind, fields, place, force=force or on_exit, empty=not on_exit, as_json=as_json)


def _to_stdout(around: Surroundings, kind: str, fields: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        raise click.UsageError("--json tells of a file that was written: give --output.")
    if kind == PARQUET and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for terminals: give --output.")
    with around.quick() as quick, writing():
        found = quick.export(fields)
        _write(quick, found, kind, sys.stdout.buffer)
    _warn_of_left_out(found, kind)


def _to_file(
    quick: Quick,
    kind: str,
    fields: dict[str, object],
    place: Path,
    *,
    force: bool,
    empty: bool,
    as_json: bool,
) -> None:
    found = quick.export(fields)
    check_free(place, force=force)
    if not empty and found.is_empty(quick.readings):
        return
    with new_file(place, force=force) as out:
        lines = _write(quick, found, kind, out, told=sys.stderr.isatty())
    if as_json:
        put_json(export_shape(found, kind, lines, str(place)))
    else:
        with writing():
            print(export_sentence(found, lines, str(place)))
    _warn_of_left_out(found, kind)


def _write(quick: Quick, export: Export, kind: str, out: BinaryIO, *, told: bool = False) -> int:
    writer = open_writer(kind, out, export)
    lines, tell_at = 0, monotonic() + TOLD_EVERY_SECONDS
    gc.disable()  # what is made for a row is let go of with it: looking for circles finds none
    try:
        for rows in export.batches(quick.readings):
            lines += writer.put(rows)
            if told and monotonic() >= tell_at:
                print(f"\r{lines:,} rows …", end="", file=sys.stderr, flush=True)
                tell_at = monotonic() + TOLD_EVERY_SECONDS
    finally:
        gc.enable()
    writer.close()
    if told and lines:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    return lines


def _warn_of_left_out(export: Export, kind: str) -> None:
    sentence = left_out_sentence(export) if kind == FOCUS else None
    if sentence is not None:
        print(f"warning: {sentence}", file=sys.stderr)


@contextmanager
def _ended_by_signals() -> Generator[None]:
    """Whatever ends the process politely leaves no half-written file."""

    def stop(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
    before = [(number, signal.signal(number, stop)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def _failure_noted(place: Path, *, noted: bool) -> Generator[None]:
    """Where nobody reads what the process says, why it failed stands beside the file, until it succeeds."""
    note = place.with_name(f"{place.name}.failed.txt")
    try:
        yield
    except CostError as error:
        if noted:
            with suppress(OSError):  # where even that cannot be written, nothing can be said
                note.write_text(f"{error}\n", encoding="utf-8")
        raise
    if noted:
        with suppress(OSError):
            note.unlink(missing_ok=True)
