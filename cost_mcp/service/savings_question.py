"""From raw fields to what is asked about savings."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from cost_mcp.errors import InvalidInput, UnknownName
from cost_mcp.model.moment import parse_instant
from cost_mcp.model.money import parse_usd
from cost_mcp.model.name import EMPTY_TAGS, clean_name
from cost_mcp.model.period import Period
from cost_mcp.model.report import FILTER_DIMENSIONS, GROUP_ALIASES, ReportQuery
from cost_mcp.model.saving import ScanQuery
from cost_mcp.reports.savings.registry import RULES
from cost_mcp.service.fields import Fields, present, refuse_unknown, whole_number
from cost_mcp.service.question import read_report_question

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings

NARROWING = ("period", "start", "end", "timezone", *FILTER_DIMENSIONS, *GROUP_ALIASES)
SAVINGS_FIELDS = (*NARROWING, "min_savings", "rule", "limit")
SHOW_FIELDS = (*NARROWING, "saving_id", "limit")
DEFAULT_LEAST = Decimal(1)
DEFAULT_LIMIT, MOST = 20, 1000
DEFAULT_CALLS, MOST_CALLS = 20, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsQuestion:
    """Which calls are looked at, by which rules, and what is worth showing.

    ``saving_id`` asks for one suggestion with its calls; ``limit`` is then how many of them.
    """

    query: ReportQuery
    rules: tuple[str, ...] = tuple(RULES)
    least: Decimal = DEFAULT_LEAST
    limit: int = DEFAULT_LIMIT
    saving_id: str | None = None
    billing: str = "api"
    filters: Mapping[str, str] = field(default_factory=lambda: EMPTY_TAGS)

    @property
    def period(self) -> Period:
        """The period the calls are of."""
        return self.query.period

    @property
    def scan(self) -> ScanQuery:
        """The calls, as the ledger is asked for them."""
        return ScanQuery(
            tenant=self.query.tenant,
            start=self.period.start,
            end=self.period.end,
            billing=self.billing,
            filters=self.filters,
        )


def read_savings_question(fields: Fields, settings: Settings, now: datetime, *, project: str | None = None) -> SavingsQuestion:
    """What to suggest, from raw fields; ``project`` is the one a server is bound to.

    Raises:
        InvalidInput, UnknownName: a field that cannot be taken; it is named.
    """
    given = present(fields)
    refuse_unknown(given, SAVINGS_FIELDS, "suggest_savings")
    least = parse_usd(given["min_savings"], "min_savings") if "min_savings" in given else DEFAULT_LEAST
    limit = whole_number(given.get("limit", DEFAULT_LIMIT), "limit", low=1, high=MOST)
    return _question(given, settings, now, project, rules=_rules(given.get("rule")), least=least, limit=limit)


def read_show_question(fields: Fields, settings: Settings, now: datetime, *, project: str | None = None) -> SavingsQuestion:
    """Which suggestion to show with its calls, from raw fields.

    Raises:
        InvalidInput, UnknownName: a field that cannot be taken; it is named.
    """
    given = present(fields)
    refuse_unknown(given, SHOW_FIELDS, "savings show")
    limit = whole_number(given.get("limit", DEFAULT_CALLS), "limit", low=1, high=MOST_CALLS)
    saving_id = read_saving_id(given.get("saving_id"))
    return _question(given, settings, now, project, least=Decimal(0), limit=limit, saving_id=saving_id)


def read_saving_id(value: object) -> str:
    """The id of a suggestion.

    Raises:
        InvalidInput: nothing that can be one.
    """
    name = clean_name(value, "saving_id")
    if not name.startswith("sav_"):
        raise InvalidInput(
            "saving_id is not the id of a suggestion.", field="saving_id", hint="Ids begin with sav_: see `cost-mcp savings`."
        )
    return name


def read_applied_at(value: object, now: datetime) -> datetime:
    """Since when a suggestion is applied; now where nothing is said.

    Raises:
        InvalidInput: not a time, or one that has not come.
    """
    if value is None:
        return now
    at = parse_instant(value, "at")
    if at > now + timedelta(minutes=5):
        raise InvalidInput(
            "at has not come yet.", field="at", hint="Say it once it is applied: nothing can be measured before."
        )
    return min(at, now)


def _question(
    given: dict[str, object],
    settings: Settings,
    now: datetime,
    project: str | None,
    *,
    least: Decimal,
    limit: int,
    rules: tuple[str, ...] = tuple(RULES),
    saving_id: str | None = None,
) -> SavingsQuestion:
    narrowing = {name: value for name, value in given.items() if name in NARROWING}
    query = read_report_question(narrowing, settings, now, project=project).query
    filters = {name: value for name, value in query.filters.items() if name != "billing"}
    billing = query.filters.get("billing", "api")
    return SavingsQuestion(
        query=query, rules=rules, least=least, limit=limit, saving_id=saving_id, billing=billing, filters=filters
    )


def _rules(value: object) -> tuple[str, ...]:
    if value is None:
        return tuple(RULES)
    parts: Sequence[object] = value.split(",") if isinstance(value, str) else ()
    if isinstance(value, list | tuple):
        parts = cast("Sequence[object]", value)
    names = [part.strip().lower().replace("_", "-") for part in parts if isinstance(part, str) and part.strip()]
    if not names or len(names) < len(parts):
        raise InvalidInput("rule is not a rule's name.", field="rule", hint=f"Use any of: {', '.join(RULES)}.")
    for name in names:
        if name not in RULES:
            near = difflib.get_close_matches(name, RULES, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise UnknownName("rule is not a known rule.", field="rule", hint=f"{hint}Use any of: {', '.join(RULES)}.")
    return tuple(dict.fromkeys(names))
