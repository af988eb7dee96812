"""Sums for people: what was spent in one line, per name in a table, and what must be said beside it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from cost_mcp.model.money import display_usd
from cost_mcp.model.report import NONE_GROUP
from cost_mcp.model.totals import ZERO, Totals
from cost_mcp.views.terminal_page import Cell, Column, Line, Span, Table, line
from cost_mcp.views.terminal_picture import BAR, COVERED, SPENT, share_bar
from cost_mcp.views.text import calls_words, sum_text

Named = Sequence[tuple[str, Totals]]


def spent_line(totals: Totals) -> Line:
    """What a sum comes to: dollars, calls, tokens."""
    amount = Span(display_usd(totals.cost_usd), "money")
    bound = Span("at least ", "warning") if totals.unpriced_calls else ""
    return line(bound, amount, Span(f"  ·  {calls_words(totals.calls)}  ·  {totals.total_tokens:,} tokens", "dim"))


def notes(totals: Totals) -> list[Line]:
    """What a reader of the sum must know: unpriced calls, provisional ones, what a plan covers; empty when all is plain."""
    lines: list[Line] = []
    if totals.unpriced_calls:
        has = "has" if totals.unpriced_calls == 1 else "have"
        said = f"{calls_words(totals.unpriced_calls)} {has} no known price: the true cost is higher."
        lines.append(line(Span(said, "warning"), Span(" See `cost-mcp prices show MODEL`.", "dim")))
    if totals.provisional_calls:
        amount = display_usd(totals.provisional_usd)
        lines.append(
            line(f"{amount} of it is provisional: the final usage of {calls_words(totals.provisional_calls)} is not known.")
        )
    if totals.subscription_usd:
        lines.append(
            line(f"A subscription covers {display_usd(totals.subscription_usd)} more (at list prices), not in the sum.")
        )
    if totals.web_search_requests:
        lines.append(line(Span(f"{totals.web_search_requests:,} web searches.", "dim")))
    return lines


def token_table(
    titles: Sequence[str],
    rows: Sequence[tuple[Sequence[str], Totals]],
    *,
    whole: Totals | None = None,
    changes: Sequence[Line] = (),
) -> Table:
    """Rows of sums with their tokens; ``whole`` adds a last row for all of them, ``changes`` what became of each since before.

    A column for plans, and one for cache writes, appear only where there are some; the bar shows each row's share of what was billed and, in another form, of what plans covered.
    """
    shown = [totals for _, totals in rows]
    plans = any(t.subscription_usd for t in shown)
    written = any(t.cache_creation_input_tokens for t in shown)
    most = max((t.cost_usd + t.subscription_usd for t in shown), default=ZERO)
    columns = [
        *(Column(title=title, shortens=True) for title in titles),
        Column(title="Calls", align="right", yields=2),
        Column(title="Prompt", align="right", yields=3),
        Column(title="Cached", align="right", yields=4),
        *([Column(title="Cache write", align="right", yields=5)] if written else []),
        Column(title="Completion", align="right", yields=3),
        *([Column(title="Plan", align="point", yields=4)] if plans else []),
        Column(title="Cost", align="point"),
        *([Column(title="Change", align="right", yields=1)] if changes else []),
        Column(title="", yields=6, draws=BAR),
    ]

    def cells(names: Sequence[str], totals: Totals, bar: Cell, style: str, change: Line = ()) -> tuple[Cell, ...]:
        counts = [totals.calls, totals.input_tokens, totals.cache_read_input_tokens]
        counts += [totals.cache_creation_input_tokens] if written else []
        return (
            *((Span(name, style or ("dim" if name == NONE_GROUP else "name")),) for name in names),
            *((Span(f"{count:,}", style if count else "dim"),) for count in (*counts, totals.output_tokens)),
            *([line(Span(display_usd(totals.subscription_usd), "dim")) if totals.subscription_usd else ()] if plans else []),
            cost_cell(totals),
            *([change] if changes else []),
            bar,
        )

    body = [
        cells(names, totals, worth_bar(totals, most), "", changes[number] if changes else ())
        for number, (names, totals) in enumerate(rows)
    ]
    foot = ["Total", *[""] * (len(titles) - 1)]
    return Table(
        columns=tuple(columns),
        rows=tuple(body),
        total=None if whole is None or len(rows) < 2 else cells(foot, whole, (), "strong"),
        key=worth_key(shown),
    )


def named_table(title: str, named: Named) -> Table:
    """Names with their calls and cost, largest first."""
    columns = (Column(title=title, shortens=True), Column(title="Calls", align="right"), Column(title="Cost", align="point"))
    rows = (
        ((Span(name, "dim" if name == NONE_GROUP else "name"),), (Span(f"{totals.calls:,}"),), cost_cell(totals))
        for name, totals in named
    )
    return Table(columns=columns, rows=tuple(rows))


def cost_cell(totals: Totals) -> Line:
    """A sum's dollars: ``unpriced`` where no call of it has a price, ``≥`` where some have none."""
    if totals.unpriced:
        return line(Span("unpriced", "warning"))
    return line(Span(sum_text(totals), "warning" if totals.unpriced_calls else "money"))


def worth_bar(totals: Totals, most: Decimal) -> Cell:
    """A sum's share of the largest: what was billed by use, and behind it in another form what plans covered."""
    return share_bar(totals.cost_usd, most, covered=totals.subscription_usd)


def worth_key(shown: Sequence[Totals]) -> Line:
    """What the two forms in bars mean, where both are to be seen."""
    if not (any(t.subscription_usd for t in shown) and any(t.cost_usd for t in shown)):
        return ()
    return line(Span(f"{SPENT} billed by use  {COVERED} covered by a plan, at list prices", "dim"))


def tells_apart(named: Named) -> bool:
    """Whether a breakdown says anything: it tells at least two kinds of calls apart."""
    return len(named) > 1
