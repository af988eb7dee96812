"""What a past period would have cost with another model or other prices; the ledger is only read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cost_mcp.errors import ConfigError, InvalidInput
from cost_mcp.ledger.usage_rows import UsageAsked
from cost_mcp.model.call import Context
from cost_mcp.model.model_name import model_names
from cost_mcp.model.moment import parse_instant
from cost_mcp.model.money import usd
from cost_mcp.model.name import clean_name
from cost_mcp.model.scope import Covered, Scope
from cost_mcp.reports.what_if import Repriced, RepricedMeter, RepricedModel, total
from cost_mcp.service.fields import Fields, present
from cost_mcp.service.question import read_report_question
from cost_mcp.service.repricing import Pricer

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.ledger.readings import Readings
    from cost_mcp.model.report import ReportQuery
    from cost_mcp.pricing.catalog import Catalog

SAME_TOKENS = (
    "The same tokens at other prices: another model counts and answers differently, caches otherwise, and may not do the work."
)

_OWN = ("model", "from", "at")
_MOST_WARNINGS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfQuestion:
    """Which calls to price otherwise, and how: as ``model`` (None: as their own), at the prices of ``at`` (None: of their time).

    ``only`` is the model the calls were made with, a prefix where it ends in ``*``; None for all.
    """

    query: ReportQuery
    model: str | None
    only: str | None
    at: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfAnswer:
    """What the calls cost and would have cost, by the model they were made with, dearest first.

    ``period_usd`` is everything that was billed by use in the period and the filters, the calls of other models than ``only``
    included. ``partial_calls`` of the compared calls have a price only for a part of what they used: their cost is a lower bound.
    ``meters`` say what the compared calls that were billed by use would have been charged for; ``books`` by which prices.
    """

    question: WhatIfQuestion
    models: tuple[RepricedModel, ...] = ()
    meters: tuple[RepricedMeter, ...] = ()
    period_usd: Decimal = Decimal(0)
    partial_calls: int = 0
    books: tuple[str, ...] = ()
    book: str | None = None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def api(self) -> Repriced:
        """The calls that were billed by use."""
        return total(self.models, "api")

    @property
    def subscription(self) -> Repriced:
        """The calls that a plan covers, at list price."""
        return total(self.models, "subscription")


def read_what_if_question(fields: Fields, settings: Settings, now: datetime, *, book: bool) -> WhatIfQuestion:
    """A what-if's question from raw fields; ``book`` says that a price book was given.

    Raises:
        InvalidInput, UnknownName: a field that is missing or cannot be taken; it is named.
    """
    given = present(fields)
    if "model" not in given and not book:
        raise InvalidInput(
            "neither a model nor a price book was given.", field="model", hint="Give --model NAME, --price-book FILE, or both."
        )
    rest = {name: value for name, value in given.items() if name not in _OWN}
    usual = {} if rest.keys() & {"period", "start", "end"} else {"period": "last_month"}
    query = read_report_question({**usual, **rest}, settings, now).query
    only = clean_name(given["from"], "from") if "from" in given else None
    if only is not None:
        Scope.of({"model": only})  # a * that cannot match is told before anything is read
    return WhatIfQuestion(
        query=query,
        model=clean_name(given["model"], "model") if "model" in given else None,
        only=only,
        at=parse_instant(given["at"], "at") if "at" in given else None,
        now=now,
    )


def what_if(question: WhatIfQuestion, readings: Readings, catalog: Catalog, *, book: str | None = None) -> WhatIfAnswer:
    """Read the period's calls and price them otherwise; ``book`` names the price book that was given.

    Memory does not grow with the number of calls.
    """
    query = question.query
    repricing = _Repricing(question, catalog)
    asked = UsageAsked(tenant=query.tenant, start=query.period.start, end=query.period.end, filters=query.filters)
    readings.read_usage(asked, repricing)
    return repricing.answer(readings.report(query).totals.cost_usd, book)


def catalog_with(settings: Settings, text: str, file: str, now: datetime) -> Catalog:
    """The prices in force with a book over them, or with a genai-prices table in place of the first tables.

    Raises:
        ConfigError: something in the book cannot be read: a comparison with half of its prices would be none.
        InvalidInput: a table that cannot be read.
    """
    from cost_mcp.config.books import price_books
    from cost_mcp.pricing.catalog import BookText, open_catalog
    from cost_mcp.pricing.tables import check_tables, looks_like_tables, open_tables
    from cost_mcp.service.opening import load_tables

    given = price_books(settings)
    books = [BookText(text=one.text, file=str(one.file), layer=one.layer) for one in given.books]
    if looks_like_tables(text):
        tables = open_tables(check_tables(text, fetched_on=now.date()).text)
        return open_catalog(books, tables=lambda: tables, problems=given.problems)
    catalog = open_catalog([BookText(text=text, file=file, layer="project")])
    if catalog.problems:
        raise ConfigError(
            f"the price book cannot be read in full: {catalog.problems[0].sentence}",
            field="price_book",
            hint="`cost-mcp prices validate FILE` lists what is wrong.",
        )
    books.append(BookText(text=text, file=file, layer="project"))
    return open_catalog(books, tables=load_tables, problems=given.problems)


@dataclass(frozen=True, slots=True)
class _Kind:
    """Calls that are priced by the same rules."""

    provider: str
    model: str
    response_model: str
    billing: str
    tier: str
    place: str | None


class _Repricing:
    """Takes the rows of a period and gives each to the pricer of its kind."""

    def __init__(self, question: WhatIfQuestion, catalog: Catalog) -> None:
        self._question = question
        self._catalog = catalog
        self._only = None if question.only is None else Scope.of({"model": question.only})
        self._names: dict[int, Mapping[str, str]] = {}
        self._kinds: dict[_Kind, Pricer] = {}
        self._pricers: dict[tuple[Any, ...], Pricer] = {}

    def wants(self, series_id: int, names: Mapping[str, str]) -> bool:
        models = model_names(names["model"], names["response_model"] or None, names["catalog_model"] or None)
        if self._only is not None and not self._only.covers(Covered(context=Context(), models=models)):
            return False
        self._names[series_id] = names
        return True

    def take(self, rows: Sequence[Sequence[Any]]) -> None:
        known = self._pricers
        for row in rows:
            key = tuple(row[:3])
            pricer = known.get(key)
            if pricer is None:
                pricer = known[key] = self._pricer(*key)
            pricer.take(row)
        for pricer in self._kinds.values():
            pricer.ease()

    def _pricer(self, series_id: int, tier: str, place: str | None) -> Pricer:
        names = self._names[series_id]
        kind = _Kind(names["provider"], names["model"], names["response_model"], names["billing"], tier, place)
        if kind not in self._kinds:
            provider = kind.provider or None
            if self._question.model is not None:
                asked: list[tuple[str | None, str]] = [(None, self._question.model)]
            else:
                asked = [(provider, kind.model)] + ([(provider, kind.response_model)] if kind.response_model else [])
            self._kinds[kind] = Pricer(self._catalog, asked, tier, place, self._question.at)
        return self._kinds[kind]

    def answer(self, period_usd: Decimal, book: str | None) -> WhatIfAnswer:
        """Everything that was taken, summed by model."""
        models: dict[tuple[str, str, str, str | None], Repriced] = {}
        meters: dict[str, tuple[int, int]] = {}
        warnings: dict[str, int] = {}
        books: dict[str, None] = {}
        partial = 0
        for kind, pricer in self._kinds.items():
            pricer.finish()
            key = (kind.provider, kind.model, kind.billing, pricer.into)
            models[key] = models.get(key, Repriced()) + pricer.repriced
            partial += pricer.partial_calls
            books |= pricer.books
            for sentence, count in pricer.warnings.items():
                warnings[sentence] = warnings.get(sentence, 0) + count
            for meter, (quantity, cost) in pricer.meters.items() if kind.billing == "api" else ():
                before = meters.get(meter, (0, 0))
                meters[meter] = (before[0] + quantity, before[1] + cost)
        found = [
            RepricedModel(provider=provider or None, model=model, billing=billing, into=into, repriced=repriced)
            for (provider, model, billing, into), repriced in models.items()
            if repriced.calls
        ]
        found.sort(key=lambda one: (-one.repriced.cost_usd - one.repriced.was_usd, one.model, one.provider or "", one.billing))
        priced = [
            RepricedMeter(meter=name, quantity=each[0], cost_usd=usd(each[1])) for name, each in meters.items() if any(each)
        ]
        return WhatIfAnswer(
            question=self._question,
            models=tuple(found),
            meters=tuple(sorted(priced, key=lambda one: (-one.cost_usd, one.meter))),
            period_usd=period_usd,
            partial_calls=partial,
            books=tuple(books),
            book=book,
            warnings=_said(warnings),
            notes=_notes(self._question, found),
        )


def _said(warnings: Mapping[str, int]) -> tuple[str, ...]:
    said = [f"{count:,} {sentence}" if count else sentence for sentence, count in warnings.items()]
    more = len(said) - _MOST_WARNINGS
    return (*said[:_MOST_WARNINGS], *((f"{more:,} more remarks of this kind.",) if more > 0 else ()))


def _notes(question: WhatIfQuestion, models: Sequence[RepricedModel]) -> tuple[str, ...]:
    notes: list[str] = []
    period = question.query.period
    if period.start > question.now:
        notes.append("The period lies in the future: nothing is recorded for it yet.")
    elif not models:
        what = "no call of that model" if question.only is not None else "no call"
        notes.append(f"There is {what} in this period.")
    if question.model is not None:
        notes.append(SAME_TOKENS)
    return tuple(notes)
