"""``prices``: what models cost, why a call cost what it cost, and the books that say so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

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
from cost_mcp.views.terminal_page import Span, line


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
    """Say what is wrong in a price book, by line, or in a genai-prices table.

    Exit code 0 when nothing is, 1 when an entry would be refused.
    """
    from cost_mcp.cli.fetching import text_of
    from cost_mcp.cli.price_file import read_price_file

    given = read_price_file(text_of(file), file, ctx.ensure_object(Surroundings).clock().date())
    if as_json:
        put_json(given.shape)
    else:
        put_page(given.page)
    if given.problems:
        ctx.exit(REFUSED)


@prices.command()
@click.argument("source", metavar="FILE|URL", required=False)
@click.option("--reset", is_flag=True, help="Forget what was fetched: the packaged prices count again.")
@as_json
@click.pass_context
def update(ctx: click.Context, source: str | None, reset: bool, as_json: bool) -> None:
    """Fetch newer prices and let them count.

    Takes a genai-prices table (its data.json), which then stands in for the packaged one, or a price book, which counts
    above the tables and below your own. Either replaces what was fetched before of its kind, and only when all of it can be
    read. URLs are https only.
    """
    from cost_mcp.cli.fetching import text_of
    from cost_mcp.cli.newer_prices import forget, take
    from cost_mcp.pricing.tables import URL

    if reset == (source is not None):
        raise InvalidInput(
            "give a file or URL, or --reset, not both." if reset else "no file or URL was given.",
            field="source",
            hint=f"The newest table is at {URL}.",
        )
    done = forget() if source is None else take(text_of(source), ctx.ensure_object(Surroundings).clock().date())
    if as_json:
        put_json(done.shape)
    else:
        put_page(done.page)
    if not done.kept:
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
