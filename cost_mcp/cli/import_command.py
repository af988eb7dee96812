"""``import``: what agents' own logs tell, into the ledger."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

import click

from cost_mcp.cli.options import as_json, pass_surroundings
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.errors import InvalidInput
from cost_mcp.model.moment import parse_instant, zone
from cost_mcp.model.name import clean_name
from cost_mcp.service.import_order import ImportOrder, Machine, open_importing, read_order, take_anew
from cost_mcp.service.importing import Listener, Narrowed, Told

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.service.import_summary import ImportSummary


@click.command("import")
@click.argument("words", metavar="[SOURCE|all]... [PATH]...", nargs=-1)
@click.option("--since", metavar="DAY|INSTANT", help="Only calls from this day (2026-11-01) or instant on.")
@click.option("--project", help="Only calls of this project.")
@click.option("--watch", is_flag=True, help="Go on: bring in what is written from now on, within a second.")
@click.option("--dry-run", is_flag=True, help="Say what would be imported; write nothing.")
@click.option("--explain", is_flag=True, help="Read everything anew, and say what became of each line that made no new call.")
@click.option("--until-eof", is_flag=True, hidden=True, help="With --watch: until standard input ends, beside a server.")
@as_json
@pass_surroundings
def import_logs(
    around: Surroundings,
    words: tuple[str, ...],
    since: str | None,
    project: str | None,
    watch: bool,
    dry_run: bool,
    explain: bool,
    until_eof: bool,
    as_json: bool,
) -> None:
    """Import what agents' own logs tell.

    Sources are claude-code, codex, gemini-cli, opencode and copilot; `import csv` and `import jsonl` take tables and have options
    of their own. Without a path, the agents' own folders are looked through. Every call is counted once, however often it is imported, and
    only what is new in a file is read. Nothing of what was said in a conversation is kept.
    """
    if watch and (dry_run or explain or as_json):
        raise click.UsageError("--watch goes with none of --dry-run, --explain and --json.")
    settings = around.load().settings
    sources, paths = read_order(words, around.cwd)
    narrowed = Narrowed(
        since=None if since is None else _since(since, settings),
        project=None if project is None else clean_name(project, "project"),
    )
    order = ImportOrder(sources=sources, paths=paths, narrowed=narrowed, anew=explain, dry_run=dry_run)
    if not settings.enabled:
        raise InvalidInput(
            "tracking is off: nothing is imported.",
            field="enabled",
            hint="Switch it on where it was switched off: COST_MCP_ENABLED.",
        )
    machine = Machine(environ=around.environ, home=_home(around))
    if watch:
        from cost_mcp.cli.import_watch import watch_for_a_server, watch_logs

        if until_eof:
            watch_for_a_server(order, settings, machine, around)
        else:
            watch_logs(order, settings, machine, around, Event())
        return
    summary = run_import(order, settings, machine, around, told=None if as_json or not explain else _explain)
    if as_json:
        from cost_mcp.views.shape_import import import_shape

        put_json(import_shape(summary))
    else:
        from cost_mcp.views.terminal_import import import_page

        put_page(import_page(summary))
    if summary.alerts:
        deliver(around, settings)


def run_import(
    order: ImportOrder,
    settings: Settings,
    machine: Machine,
    around: Surroundings,
    *,
    told: Callable[[Told], None] | None = None,
) -> ImportSummary:
    """One import from the files as they now are; with a bar on a terminal."""
    began = monotonic()
    gc.disable()  # what is made for a call is let go of with it: looking for circles costs an eighth and finds none
    with _bar() as progress:
        listener = Listener(told=told, progress=progress)
        with open_importing(order, settings, machine, around.clock, listener) as importing:
            take_anew(importing, order, machine, None)
            return importing.finish(began)


def deliver(around: Surroundings, settings: Settings) -> None:
    """Send the alerts an import raised, where there is a channel."""
    if settings.notifications:
        around.within(lambda service: service.deliver_briefly())


def _explain(told: Told) -> None:
    from cost_mcp.views.terminal_import import told_line

    put_page((told_line(told),))


def _since(text: str, settings: Settings) -> datetime:
    """An instant, or the beginning of a day in the zone that days follow."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone(settings.timezone))
    except ValueError:
        return parse_instant(text, "since")
    return parse_instant(day, "since")


def _home(around: Surroundings) -> Path:
    named = around.environ.get("HOME")
    return Path(named) if named else Path.home()


@contextmanager
def _bar() -> Generator[Callable[[int, int], None] | None]:
    """How far the import is, how fast and for how long still, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("reading logs"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading logs", total=None)

        def show(done: int, whole: int) -> None:
            bar.update(task, completed=done, total=whole)

        yield show
