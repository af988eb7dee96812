"""``what-if``: a past period at other prices."""

from __future__ import annotations

import click

from cost_mcp.cli.options import F, as_json, option, pass_surroundings, tags, timezone
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.model.report import FILTER_DIMENSIONS


def _filters(command: F) -> F:
    # --model says what the calls are priced as, --from which model's calls they are.
    for name in reversed([each for each in FILTER_DIMENSIONS if each != "model"]):
        command = option(name, f"Only calls with this {name.removesuffix('_id').replace('_', ' ')}.")(command)
    return command


@click.command()
@click.option("--model", help="Price the calls as this model's; provider/model where several sell it.")
@click.option("--from", "from", metavar="MODEL", help="Only this model's calls; a prefix where it ends in *.")
@click.option("--price-book", metavar="FILE", help="A price book (or genai-prices table) that counts above all others.")
@click.option("--at", metavar="INSTANT", help="The prices in force then, RFC 3339 (default: at each call's time).")
@click.option("--period", help="today, yesterday, week, last_month, 7d, 2026-11 … (default: last_month)")
@click.option("--start", help="First day or instant, instead of a period.")
@click.option("--end", help="The day or instant after the last (default: now).")
@_filters
@tags
@timezone
@as_json
@pass_surroundings
def what_if(around: Surroundings, as_json: bool, price_book: str | None, **fields: object) -> None:
    """Price a past period's calls as another model or by other prices.

    Nothing is changed. Every call is priced with its own tokens; what cannot be priced is said and left out of the comparison.
    """
    from cost_mcp.cli.fetching import text_of
    from cost_mcp.views.shape_what_if import what_if_shape
    from cost_mcp.views.terminal_what_if import what_if_page

    text = None if price_book is None else text_of(price_book, "price_book")
    with around.quick() as quick:
        answer = quick.what_if(fields, None if price_book is None or text is None else (price_book, text))
        if as_json:
            put_json(what_if_shape(answer))
        else:
            put_page(what_if_page(answer))
