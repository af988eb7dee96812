"""``import csv`` and ``import jsonl``: calls from tables."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import click

from cost_mcp.capture.tables.calls import Wish
from cost_mcp.capture.tables.columns import read_constants, read_map
from cost_mcp.cli.failure import REFUSED, WRONG, tell
from cost_mcp.cli.options import F, as_json, pairs
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.cli.table_file import open_table
from cost_mcp.errors import CostError
from cost_mcp.model.moment import zone
from cost_mcp.service.table_import import CSV, JSONL, TableOrder, TableSummary, import_table
from cost_mcp.views.shape_table_import import table_shape
from cost_mcp.views.terminal_table_import import table_page


def _options(command: F) -> F:
    for added in (
        click.option(
            "--timezone", help="Zone of times that name none: UTC, Europe/Berlin … Without it such times are refused."
        ),
        click.option(
            "--set", "constants", multiple=True, metavar="FIELD=TEXT", help="The same for every row, as project=shop."
        ),
        click.option(
            "--map",
            "said",
            multiple=True,
            metavar="FIELD=COLUMN,…",
            help='Which column is what: model=Model,input_tokens="Tokens, in",tag.team=Team. The rest goes by common names.',
        ),
        click.option("--dry-run", is_flag=True, help="Say what would come of it; write nothing."),
    ):
        command = added(command)
    return command


@click.command("csv")
@click.argument("file", metavar="FILE|-")
@_options
@click.option("--delimiter", help="What stands between cells (default: found out of comma, semicolon, tab and |).")
@as_json
@click.pass_context
def import_csv(ctx: click.Context, file: str, delimiter: str | None, **given: object) -> None:
    """Import calls from a CSV file, one a row; its first row names the columns.

    A row counts once, however often it is imported: under the id in its column, else under one made of what it says. Rows that
    cannot be taken are told with their number and left out. The exit code is 0 when all rows count, 1 when some were refused,
    2 when the file cannot be imported.
    """
    if delimiter is not None:
        delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
        if len(delimiter) != 1:
            raise click.UsageError("--delimiter takes one character, or tab.")
    _import(ctx, file, CSV, delimiter, given)


@click.command("jsonl")
@click.argument("file", metavar="FILE|-")
@_options
@as_json
@click.pass_context
def import_jsonl(ctx: click.Context, file: str, **given: object) -> None:
    """Import calls from a JSONL file, one object a line.

    A provider's usage object under "usage" is read as record reads it; a path leads into nested objects:
    --map usage=response.body. Otherwise as `cost-mcp import csv`.
    """
    _import(ctx, file, JSONL, None, given)


def _import(ctx: click.Context, file: str, kind: str, delimiter: str | None, given: dict[str, object]) -> None:
    as_json, around = bool(given["as_json"]), ctx.ensure_object(Surroundings)
    try:
        summary = _imported(around, file, _order(kind, delimiter, given))
    except CostError as error:
        tell(error, as_json=as_json)
        ctx.exit(WRONG)  # 1 would be rows that were refused
    if as_json:
        put_json(table_shape(summary))
    else:
        put_page(table_page(summary))
    if summary.alerts:
        from cost_mcp.cli.import_command import deliver

        deliver(around, around.load().settings)
    if summary.tally.refused:
        ctx.exit(REFUSED)


def _order(kind: str, delimiter: str | None, given: dict[str, object]) -> TableOrder:
    said = cast("tuple[str, ...]", given["said"])
    constants = cast("tuple[str, ...]", given["constants"])
    timezone = cast("str | None", given["timezone"])
    if timezone is not None:
        zone(timezone)
    wish = Wish(said=read_map(said), constants=read_constants(pairs(constants, "set") or {}), timezone=timezone)
    return TableOrder(kind=kind, wish=wish, delimiter=delimiter, dry_run=bool(given["dry_run"]))


def _imported(around: Surroundings, file: str, order: TableOrder) -> TableSummary:
    from cost_mcp.service.opening import load_catalog

    settings = around.load().settings
    with open_table(file) as lines, _bar(file) as seen:
        return import_table(seen(lines), order, settings, load_catalog(settings), around.clock)


@contextmanager
def _bar(file: str) -> Generator[Callable[[Iterator[str]], Iterator[str]]]:
    """How far the import is, on a terminal; nothing elsewhere, nor for what has no known end."""
    if file == "-" or not sys.stderr.isatty():
        yield lambda lines: lines
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading the table", total=Path(file).stat().st_size)

        def seen(lines: Iterator[str]) -> Iterator[str]:
            for line in lines:
                progress.advance(task, len(line))
                yield line

        yield seen
