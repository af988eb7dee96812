"""From raw fields to questions: which calls a report sums, which budgets are asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from cost_mcp.errors import ContextBound, InvalidInput, UnknownName
from cost_mcp.ledger.coverage import covered_by
from cost_mcp.model.call import CONTEXT_NAMES, Call, Context
from cost_mcp.model.charge import PricedCall, Pricing
from cost_mcp.model.decision import Spend
from cost_mcp.model.moment import from_micros
from cost_mcp.model.money import parse_usd
from cost_mcp.model.name import clean_name
from cost_mcp.model.period import Period, named_period, stated_period
from cost_mcp.model.provider import canonical_provider
from cost_mcp.model.report import ReportQuery
from cost_mcp.model.scope import Covered
from cost_mcp.model.usage import Usage
from cost_mcp.reports.page import MAX_LIMIT, Place, read_cursor, snapshot_marks
from cost_mcp.reports.trend import TREND_UNITS
from cost_mcp.service.call_to_come import TOKEN_FIELDS, call_to_come, largest_usage, refuse_without_output, spend_on
from cost_mcp.service.fields import Fields, context_of, flag, present, refuse_unknown, whole_number
from cost_mcp.service.grouping import FILTER_FIELDS, read_filters, read_group_by

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings

PERIOD_FIELDS = ("period", "start", "end", "timezone")
REPORT_FIELDS = (
    *PERIOD_FIELDS, "group_by", "compare", "top", "trend", "forecast", "limit", "cursor", *FILTER_FIELDS,
)  # fmt: skip
STATUS_FIELDS = (
    *CONTEXT_NAMES, "tags", "provider", "model", "service_tier", *TOKEN_FIELDS, "budget", "estimated_cost_usd", "estimated_tokens",
)  # fmt: skip
DEFAULT_LIMIT = 50

PriceOf = Callable[[Call], Pricing]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuestion:
    """A report's query, and which page of its groups is wanted; ``asked`` identifies the question for its cursors.

    A page after the first asks for what the first was cut from: the same period to the microsecond, the same rows, compared
    as at the same moment ``now``. ``top`` is how many groups are told apart (None: all), ``trend`` the unit of a series
    (``auto``: one that fits the period; None: no series). ``forecast`` asks for what the running period will come to.
    """

    query: ReportQuery
    limit: int
    place: Place | None
    asked: dict[str, object]
    now: datetime
    compare: bool = False
    top: int | None = None
    trend: str | None = None
    forecast: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusQuestion:
    """What a budget status is asked for.

    ``covered`` is None when nothing narrows it down, ``spend`` when no decision is wanted; ``asked`` is the call that the
    spend was worked out from.
    """

    covered: Covered | None
    budget: str | None
    spend: Spend | None
    asked: PricedCall | None


def read_report_question(fields: Fields, settings: Settings, now: datetime, *, project: str | None = None) -> ReportQuestion:
    """A report's question from raw fields; ``project`` is the one a server is bound to.

    Raises:
        InvalidInput, UnknownName: a field that cannot be taken; it is named.
    """
    given = present(fields)
    refuse_unknown(given, REPORT_FIELDS, "get_cost_report")
    filters = read_filters(given)
    if project is not None and filters.setdefault("project", project) != project:
        raise ContextBound("project differs from the one this server is bound to.", field="project", hint="Leave it out.")
    group_by = read_group_by(given.get("group_by"))
    asked = {name: value for name, value in given.items() if name not in ("limit", "cursor")}
    place = read_cursor(given.get("cursor"), asked)
    period = read_period(given, settings, now)
    as_of: str | None = None
    if place is not None:
        period = replace(period, start=from_micros(place.snapshot.start), end=from_micros(place.snapshot.end))
        as_of, now = snapshot_marks(place.snapshot)
    limit = whole_number(given.get("limit", DEFAULT_LIMIT), "limit", low=1, high=MAX_LIMIT)
    query = ReportQuery(
        period=period,
        tenant=settings.tenant,
        group_by=group_by,
        filters=filters,
        week_start=settings.week_start,
        as_of=as_of,
        limit=limit,
        offset=0 if place is None else place.offset,
    )
    return ReportQuestion(
        query=query,
        limit=limit,
        place=place,
        asked=asked,
        now=now,
        compare=flag(given.get("compare"), "compare"),
        top=_top(given, group_by),
        trend=_trend(given.get("trend")),
        forecast=flag(given.get("forecast"), "forecast"),
    )


def _top(given: dict[str, object], group_by: tuple[str, ...]) -> int | None:
    if "top" not in given:
        return None
    if not group_by:
        raise InvalidInput("top was given without group_by.", field="top", hint="Say by what: group_by model, for example.")
    return whole_number(given["top"], "top", low=1, high=MAX_LIMIT)


def _trend(value: object) -> str | None:
    if value is None or value is False:
        return None
    if value is True:
        return "auto"
    unit = value.lower() if isinstance(value, str) else ""
    if unit not in ("auto", *TREND_UNITS):
        hint = f"Use true, or one of: {', '.join(TREND_UNITS)}."
        raise UnknownName("trend is not a unit of time.", field="trend", hint=hint)
    return unit


def read_period(given: dict[str, object], settings: Settings, now: datetime, usual: str = "month") -> Period:
    """The period a question names, or the ``usual`` one.

    Raises:
        InvalidInput, UnknownName: one that cannot be taken.
    """
    timezone = clean_name(given.get("timezone", settings.timezone), "timezone")
    if "start" in given or "end" in given:
        if "period" in given:
            raise InvalidInput("period and start were both given.", field="period", hint="Give a period, or start and end.")
        if "start" not in given:
            raise InvalidInput("end was given without start.", field="start", hint="Give start too, or a period.")
        found = stated_period(given["start"], given.get("end"), now, timezone)
        if "end" not in given and found.start > now:
            raise InvalidInput(
                "start lies ahead, and there is no end.", field="start", hint="Give end too, or an earlier start."
            )
        return found
    return named_period(clean_name(given.get("period", usual), "period"), now, timezone, settings.week_start)


def read_status_question(
    fields: Fields, price_of: PriceOf, now: datetime, bind_context: Context | None = None
) -> StatusQuestion:
    """A budget question from raw fields; ``bind_context`` is what the environment binds.

    A model goes by every name a recorded call of it would: ``price_of`` says which, and what its tokens cost at most.

    Raises:
        InvalidInput, UnknownName: a field that cannot be taken; it is named.
    """
    given = present(fields)
    refuse_unknown(given, STATUS_FIELDS, "get_budget_status")
    context = bind_context if bind_context is not None else context_of(given)
    usage = _usage(given)
    stated = parse_usd(given["estimated_cost_usd"], "estimated_cost_usd") if "estimated_cost_usd" in given else None
    tokens = None if usage is None else usage.total_tokens
    spend = None if stated is None and tokens is None else Spend(usd=stated, tokens=tokens)
    asked: PricedCall | None = None
    if "model" in given:
        call = call_to_come(given, usage or Usage(), now, context)
        priced = PricedCall(call=call, pricing=price_of(call))
        covered = covered_by(priced)
        if usage is not None and stated is not None and not priced.pricing.lacks_price and "estimated_tokens" not in given:
            raise InvalidInput(
                "estimated_cost_usd and tokens of a model with a known price were both given.",
                field="estimated_cost_usd",
                hint="Give one of them: the amount to ask for, or the tokens to price.",
            )
        if usage is not None and stated is None:
            refuse_without_output(given)
            spend, asked = spend_on(priced), priced
    else:
        provider = canonical_provider(clean_name(given["provider"], "provider")) if "provider" in given else None
        covered = Covered(context=context, provider=provider)
    anything = bool(context.as_dict() or context.tags or covered.models or covered.provider is not None)
    return StatusQuestion(
        covered=covered if anything else None,
        budget=clean_name(given["budget"], "budget") if "budget" in given else None,
        spend=spend,
        asked=asked,
    )


def _usage(given: dict[str, object]) -> Usage | None:
    usage = largest_usage(given)
    if "estimated_tokens" not in given:
        return usage
    if usage is not None:
        raise InvalidInput(
            "estimated_tokens and tokens by kind were both given.",
            field="estimated_tokens",
            hint="Give input_tokens and max_output_tokens.",
        )
    # Of what kind they are is not said: the dearest.
    return Usage(output_tokens=whole_number(given["estimated_tokens"], "estimated_tokens", low=0, high=10**12))
