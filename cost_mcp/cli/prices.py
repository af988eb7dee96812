"""``prices``: what models cost, why a call cost what it cost, and the books that say so."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cost_mcp.cli.failure import REFUSED
from cost_mcp.cli.options import as_json, pass_surroundings, timezone
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.errors import InvalidInput
from cost_mcp.model.moment import parse_instant
from cost_mcp.model.name import clean_name
from cost_mcp.views.shape_call import call_shape
from cost_mcp.views.shape_listing import listing_shape
from cost_mcp.views.terminal_call import call_page
from cost_mcp.views.terminal_listing import listing_page
from cost_mcp.views.terminal_page import BLANK, Page, Span, line

if TYPE_CHECKING:
    from cost_mcp.pricing.parsing import Parsed


@click.group()
def prices() -> None:
    """See prices, explain costs, keep price books."""


@prices.command()
@click.argument("model")
@click.option("--provider", help="anthropic, openai, google … where several sell it.")
@click.option("--at", metavar="INSTANT", help="Prices in force at this time, RFC 3339 (default: now).")
@as_json
@click.pass_context
def show(ctx: click.Context, model: str, provider: str | None, at: str | None, as_json: bool) -> None:
    """Show every price known for a model, and which applies.

    Exit code 1 when none is known.
    """
    from cost_mcp.service.opening import load_catalog

    around = ctx.ensure_object(Surroundings)
    instant = around.clock() if at is None else parse_instant(at, "at")
    sold_by = None if provider is None else clean_name(provider, "provider")
    listing = load_catalog(around.load().settings).listing(clean_name(model, "model"), sold_by, instant)
    if as_json:
        put_json(listing_shape(listing))
    else:
        put_page(listing_page(listing))
    if not listing.prices:
        ctx.exit(REFUSED)


@prices.command()
@click.argument("call_id", metavar="CALL_ID")
@timezone
@as_json
@pass_surroundings
def explain(around: Surroundings, call_id: str, timezone: str | None, as_json: bool) -> None:
    """Explain what one call cost: meter by meter, with its price entry and source."""
    with around.quick() as quick:
        stored = quick.explain(call_id)
        if as_json:
            put_json(call_shape(stored))
        else:
            put_page(call_page(stored, timezone or quick.settings.timezone))


@prices.command()
@click.argument("file")
@as_json
@click.pass_context
def validate(ctx: click.Context, file: str, as_json: bool) -> None:
    """Say what is wrong in a price book, by line.

    Exit code 0 when nothing is, 1 when an entry would be refused.
    """
    from cost_mcp.cli.fetching import text_of
    from cost_mcp.pricing.parsing import parse_book

    parsed = parse_book(text_of(file), file, layer="user")
    if as_json:
        put_json(_book_shape(parsed))
    else:
        put_page(_book_page(parsed))
    if parsed.problems:
        ctx.exit(REFUSED)


@prices.command()
@click.argument("source", metavar="FILE|URL")
@as_json
@click.pass_context
def update(ctx: click.Context, source: str, as_json: bool) -> None:
    """Fetch a price book and let it count, below your own.

    It replaces the one fetched before, only when every entry of it can be read. URLs are https only.
    """
    from cost_mcp.cli.fetching import text_of
    from cost_mcp.config.books import fetched_book
    from cost_mcp.config.folders import replace_file
    from cost_mcp.pricing.parsing import parse_book

    text = text_of(source)
    parsed = parse_book(text, "the fetched book", layer="user")
    kept = not parsed.problems and bool(parsed.entries)
    if kept:
        replace_file(fetched_book(), text.encode())
    if as_json:
        put_json({"kept": kept, "file": str(fetched_book()), **_book_shape(parsed)})
    else:
        said = line("It counts from now on: ", Span(str(fetched_book()), "name"))
        put_page(
            (*_book_page(parsed), said if kept else line(Span("Not kept; the prices in force stay as they were.", "warning")))
        )
    if not kept:
        ctx.exit(REFUSED)


@prices.group("import")
def import_prices() -> None:
    """Make a packaged table from another project's prices."""


@import_prices.command()
@click.argument("file")
@click.option("--version", help="The LiteLLM release a JSON table comes from; a wheel says it itself.")
@click.option("--read-on", metavar="DATE", help="The day it was taken (default: today).")
@click.option(
    "--into", default="pricing", metavar="FOLDER", help="The checkout's folder of packaged prices (default: pricing)."
)
@as_json
@pass_surroundings
def litellm(around: Surroundings, file: str, version: str | None, read_on: str | None, into: str, as_json: bool) -> None:
    """Make the supplement from LiteLLM's table: its wheel, or the JSON file alone.

    For maintainers: writes litellm.json, and where the two tables disagree conflicts/litellm.md.
    """
    from cost_mcp.cli.litellm_table import litellm_table
    from cost_mcp.config.folders import replace_file
    from cost_mcp.pricing.litellm import import_litellm

    folder = Path(into)
    if not folder.is_dir():
        raise InvalidInput("the folder is not there.", field="into", hint="Run it in a checkout, or give --into.")
    text, release = litellm_table(file, version)
    made = import_litellm(text, version=release, read_on=_day(read_on, around))
    replace_file(folder / "litellm.json", made.supplement_text.encode())
    replace_file(folder / "conflicts" / "litellm.md", made.conflicts_text.encode())
    counts: dict[str, object] = {"version": release, "added": made.added, "known": made.known, "conflicting": made.conflicting}
    if as_json:
        put_json({**counts, "skipped": dict(made.skipped)})
        return
    head = line(f"{made.added:,} models added, {made.known:,} known already, {made.conflicting:,} of them at other prices.")
    put_page((head, *(line(Span(f"  left out {count:,}: {reason}", "dim")) for reason, count in made.skipped.items())))


def _day(text: str | None, around: Surroundings) -> date:
    if text is None:
        return around.clock().date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("read-on is not a day.", field="read_on", hint="Give it as 2026-11-22.") from None


def _book_page(parsed: Parsed) -> Page:
    entries = f"{len(parsed.entries):,} {'entry' if len(parsed.entries) == 1 else 'entries'} can be read."
    problems = [line(Span(str(problem), "critical")) for problem in parsed.problems]
    warnings = [line(Span(f"warning: {warning}", "warning")) for warning in parsed.warnings]
    return (*problems, *warnings, *([BLANK] if problems or warnings else []), line(entries))


def _book_shape(parsed: Parsed) -> dict[str, object]:
    return {
        "entries": len(parsed.entries),
        "problems": [{"line": p.line, "reason": p.reason, "hint": p.hint or ""} for p in parsed.problems],
        "warnings": list(parsed.warnings),
    }
