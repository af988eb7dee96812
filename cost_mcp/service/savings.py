"""What could have been saved, what was done about it, and what that truly saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.errors import NotFound
from cost_mcp.model.moment import EARLIEST, micros
from cost_mcp.model.period import Period
from cost_mcp.model.saving import AppliedSaving, CallBehind, ScanQuery
from cost_mcp.model.totals import Totals
from cost_mcp.reports.savings import sub_agents
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.gathering import Gathering
from cost_mcp.reports.savings.measuring import BASELINE_DAYS, Measured, measured, subject_from, yardstick
from cost_mcp.reports.savings.registry import RULES, at_most, named, ranked, unseen
from cost_mcp.reports.savings.rule import Suggestion
from cost_mcp.service.savings_market import Market
from cost_mcp.service.steps import Steps

if TYPE_CHECKING:
    from cost_mcp.model.report import CostReport
    from cost_mcp.service.cheaper import Priced
    from cost_mcp.service.savings_question import SavingsQuestion

_PARTS_OF_SESSIONS = ("agent", "provider", "model", "feature", "purpose", "task_type", "source", "task_id")
"""Filters that let through some of the calls of one session."""

KEPT = 3
"""How many calls of each finding are kept where nobody asks for more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsAnswer:
    """The suggestions for a period, most money first; ``left_off`` are more than were asked for.

    ``total_usd`` is what they save together at most: rules may find money in the same call. ``unseen`` says, by rule, of which
    calls it cannot tell. ``applied`` are the suggestions acted upon, by id.
    """

    question: SavingsQuestion
    totals: Totals
    suggestions: tuple[Suggestion, ...] = ()
    left_off: int = 0
    total_usd: Decimal = Decimal(0)
    unseen: dict[str, str]
    applied: dict[str, AppliedSaving]

    @property
    def period(self) -> Period:
        """The period that was looked at."""
        return self.question.period


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingShown:
    """One suggestion with the first of the calls behind it, and since when it is applied."""

    question: SavingsQuestion
    suggestion: Suggestion
    calls: tuple[CallBehind, ...]
    applied: AppliedSaving | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingNoted:
    """What was noted about a suggestion; ``outcome`` is ``applied``, ``dropped``, or ``exists`` where it was noted before."""

    saving: AppliedSaving
    outcome: str


def suggest(question: SavingsQuestion, prices: Callable[[], Priced], now: datetime) -> Steps[SavingsAnswer]:
    """The suggestions for a period; without any where less was spent than a suggestion has to save."""
    report: CostReport = yield lambda door: door.report(question.query)
    applied: Sequence[AppliedSaving] = yield lambda door: door.applied_savings(question.query.tenant)
    live = {saving.saving_id: saving for saving in applied if saving.dropped_at is None}
    totals = report.totals
    spent = totals.cost_usd if question.billing == "api" else totals.subscription_usd
    if not totals.calls or spent < question.least:
        return SavingsAnswer(question=question, totals=totals, unseen={}, applied=live)
    found = yield from _gathered(question.scan, now, KEPT)
    every = ranked(found, Market(prices), question.rules, question.least)
    return SavingsAnswer(
        question=question,
        totals=totals,
        suggestions=every[: question.limit],
        left_off=max(0, len(every) - question.limit),
        total_usd=at_most(found, every),
        unseen=unseen(found, question.rules) | _unseen_through(question),
        applied=live,
    )


def show(question: SavingsQuestion, prices: Callable[[], Priced], now: datetime) -> Steps[SavingShown]:
    """One suggestion with the calls behind it.

    Raises:
        NotFound: no rule makes a suggestion of this id for the period.
    """
    found = yield from _gathered(question.scan, now, question.limit)
    suggestion = named(found, Market(prices), question.saving_id or "")
    if suggestion is None:
        raise NotFound(
            "no suggestion of this id is made for this period.",
            field="saving_id",
            hint="Ask for the period it was shown for, with the same filters: `cost-mcp savings show ID --period last_month`.",
        )
    tenant, seqs = question.query.tenant, suggestion.seqs
    calls: tuple[CallBehind, ...] = yield lambda door: door.calls_behind(tenant, seqs)
    applied: Sequence[AppliedSaving] = yield lambda door: door.applied_savings(tenant)
    live = next((each for each in applied if each.saving_id == question.saving_id and each.dropped_at is None), None)
    return SavingShown(question=question, suggestion=suggestion, calls=calls, applied=live)


def to_apply(
    tenant: str, saving_id: str, prices: Callable[[], Priced], times: tuple[datetime, datetime], by: str
) -> Steps[SavingNoted]:
    """A suggestion as it is to be noted, with the yardstick of the 30 days before; ``exists`` where it is applied already.

    Args:
        tenant: whose calls.
        saving_id: its id.
        prices: the catalog, asked for when it is needed.
        times: since when it is applied, and now.
        by: who says so.

    Raises:
        NotFound: no rule makes such a suggestion for these 30 days.
    """
    at, now = times
    applied: Sequence[AppliedSaving] = yield lambda door: door.applied_savings(tenant)
    for saving in applied:
        if saving.saving_id == saving_id and saving.dropped_at is None:
            return SavingNoted(saving=saving, outcome="exists")
    start = max(EARLIEST, at - timedelta(days=BASELINE_DAYS))
    found = yield from _gathered(ScanQuery(tenant=tenant, start=start, end=at), at, KEPT)
    market = Market(prices)
    suggestion = named(found, market, saving_id)
    if suggestion is None:
        raise NotFound(
            f"no suggestion of this id is made for the {BASELINE_DAYS} days before it is said to be applied.",
            field="saving_id",
            hint="See the ids with `cost-mcp savings --period 30d`; say with --at since when it is applied.",
        )
    baseline = yardstick(found, market, RULES[suggestion.rule], suggestion.subject, (start, at))
    saving = AppliedSaving(
        saving_id=saving_id,
        rule=suggestion.rule,
        subject=suggestion.named(),
        applied_at=at,
        baseline=baseline,
        noted_at=now,
        noted_by=by,
    )
    return SavingNoted(saving=saving, outcome="applied")


def measure(tenant: str, prices: Callable[[], Priced], now: datetime) -> Steps[tuple[Measured, ...]]:
    """What every applied suggestion saved since, or until it was dropped; in the order in which they were applied."""
    applied: Sequence[AppliedSaving] = yield lambda door: door.applied_savings(tenant)
    market = Market(prices)
    told: list[Measured] = []
    for saving in applied:
        start, end = saving.applied_at, max(saving.applied_at, saving.dropped_at or now)
        whose = {name: value for name, value in saving.subject.items() if name in ("agent", "task_type")}
        if saving.rule == sub_agents.NAME:  # who worked for whom is seen by all the calls of a session
            whose = {}
        found = yield from _gathered(ScanQuery(tenant=tenant, start=start, end=end, filters=whose), end, KEPT)
        since = yardstick(found, market, RULES[saving.rule], subject_from(saving.subject), (start, end))
        told.append(measured(saving, since))
    return tuple(told)


def _unseen_through(question: SavingsQuestion) -> dict[str, str]:
    """What a rule cannot tell because only some of a session's calls are looked at."""
    if sub_agents.NAME not in question.rules or question.filters.keys().isdisjoint(_PARTS_OF_SESSIONS):
        return {}
    return {sub_agents.NAME: "Only some calls of each session are looked at: who worked for whom cannot be told."}


def _gathered(query: ScanQuery, now: datetime, kept: int) -> Steps[Gathered]:
    gathering = Gathering(kept=kept)
    yield lambda door: door.scan_calls(query, gathering)
    return gathering.end(micros(max(query.start, min(query.end, now))))
