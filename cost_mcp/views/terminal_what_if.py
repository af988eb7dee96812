"""A past period at other prices, for people: by model and by meter, with what could not be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.model.money import display_usd
from cost_mcp.views.terminal_page import BLANK, Cell, Column, Line, Page, Span, Table, line
from cost_mcp.views.terminal_picture import BAR, share_bar
from cost_mcp.views.terminal_words import period_days, period_title
from cost_mcp.views.text_what_if import change_words, left_out, otherwise

if TYPE_CHECKING:
    from cost_mcp.reports.what_if import Repriced, RepricedModel
    from cost_mcp.service.what_if import WhatIfAnswer


def what_if_page(answer: WhatIfAnswer) -> Page:
    """What would have been, the models, the meters, and what is left out."""
    query = answer.question.query
    only = [f"{name.removesuffix('_id').replace('_', ' ')} {value}" for name, value in query.filters.items()]
    parts = [
        part
        for part in (period_days(query.period) or period_title(query.period), query.period.timezone, *only, otherwise(answer))
        if part
    ]
    page: list[Line | Table] = [
        line(Span("What if", "strong"), Span("".join(f"  ·  {p}" for p in parts), "dim")),
        BLANK,
        _sentence(answer.api),
        *(line(said) for said in left_out(answer)),
    ]
    if answer.models:
        page += [BLANK, _models(answer)]
    if answer.meters:
        page += [BLANK, _meters(answer)]
    if answer.question.only is not None and answer.api.compared:
        would = answer.period_usd + answer.api.difference_usd
        page += [
            BLANK,
            line(f"The whole period cost {display_usd(answer.period_usd)} and would have cost {display_usd(would)}."),
        ]
    remarks = [line(Span(warning, "warning")) for warning in answer.warnings]
    remarks += [line(Span(note, "dim")) for note in answer.notes]
    if answer.books:
        remarks.append(line(Span(f"Prices: {', '.join(answer.books)}. Nothing was changed.", "dim")))
    return (*page, *([BLANK, *remarks] if remarks else []))


def _sentence(repriced: Repriced) -> Line:
    words = change_words(repriced)
    if not repriced.compared:
        return line(Span(words[:1].upper() + words[1:], "warning"))
    return line(Span(words, "ok" if repriced.difference_usd < 0 else "strong"))


def _models(answer: WhatIfAnswer) -> Table:
    plans = any(one.billing == "subscription" for one in answer.models)
    unknown = any(one.repriced.compared < one.repriced.calls for one in answer.models)
    most = max((max(one.repriced.cost_usd, one.repriced.would_cost_usd) for one in answer.models), default=None)
    columns = (
        Column(title="Model", shortens=True),
        *([Column(title="Billing", yields=3)] if plans else []),
        Column(title="Priced as", shortens=True, yields=2),
        Column(title="Calls", align="right", yields=1),
        *([Column(title="Compared", align="right", yields=1)] if unknown else []),
        Column(title="Cost", align="point"),
        Column(title="Would cost", align="point"),
        Column(title="Change", align="right"),
        Column(title="", yields=4, draws=BAR),
    )

    def row(one: RepricedModel) -> tuple[Cell, ...]:
        repriced = one.repriced
        return (
            line(Span(one.model, "name")),
            *([line(Span("plan" if one.billing == "subscription" else "by use", "dim"))] if plans else []),
            line(Span(one.into or "no price known", "" if one.into else "warning")),
            line(f"{repriced.calls:,}"),
            *([line(f"{repriced.compared:,}")] if unknown else []),
            line(Span(display_usd(repriced.cost_usd), "money") if repriced.compared else Span("–", "dim")),
            line(Span(display_usd(repriced.would_cost_usd), "strong") if repriced.compared else Span("–", "dim")),
            _change(repriced),
            () if most is None else share_bar(repriced.would_cost_usd, most),
        )

    return Table(columns=columns, rows=tuple(row(one) for one in answer.models))


def _change(repriced: Repriced) -> Line:
    if repriced.percent_change is None:
        return line(Span("–", "dim"))
    return line(Span(f"{repriced.percent_change:+f} %", "ok" if repriced.difference_usd < 0 else ""))


def _meters(answer: WhatIfAnswer) -> Table:
    columns = (
        Column(title="Meter"),
        Column(title="Quantity", align="right"),
        Column(title="Would cost", align="point"),
    )
    rows = tuple(
        (line(one.meter.replace("_", " ")), line(f"{one.quantity:,}"), line(Span(display_usd(one.cost_usd), "money")))
        for one in answer.meters
    )
    return Table(columns=columns, rows=rows)
