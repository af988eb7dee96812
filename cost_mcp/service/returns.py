"""Whether an investment in cheaper work pays: what tasks cost before and after, from the ledger's own rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.errors import InvalidInput, UnknownName
from cost_mcp.model.call import check_choice
from cost_mcp.model.money import parse_usd, usd
from cost_mcp.model.outcome import OUTCOMES
from cost_mcp.model.period import PERIOD_NAMES, Period
from cost_mcp.reports.roi import DAYS_PER_MONTH, Return, work_out
from cost_mcp.service.fields import Fields, present, whole_number
from cost_mcp.service.question import read_report_question

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.ledger.task_costs import TaskSum
    from cost_mcp.model.report import ReportQuery

MAX_INVESTMENT = Decimal(1_000_000_000)
MAX_TASKS_PER_MONTH = 100_000_000

_OWN = ("baseline", "current", "investment", "tasks_per_month", "outcome")
ANY_OUTCOME = "any"
_AMOUNT = re.compile(r"\$?\s*(?!20\d\d$|21\d\d$)-?[0-9.]+|\$.*")
"""An amount of money: with a dollar sign or a point, or a number that is no year."""

_BETWEEN = ".."
_DAY = Decimal(86_400)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnQuestion:
    """What is compared with what: ``before`` is a query, or an amount per task.

    ``outcome`` narrows both sides to tasks that ended so, ``any`` to those that were noted to have ended; None: all tasks.
    """

    before: ReportQuery | Decimal
    after: ReportQuery
    investment: Decimal
    tasks_per_month: int | None
    now: datetime
    outcome: str | None = None

    @property
    def filters(self) -> Mapping[str, str]:
        """What both sides are narrowed to."""
        return self.after.filters

    def queries(self) -> tuple[ReportQuery, ...]:
        """What the ledger is asked, the side before first."""
        return (self.after,) if isinstance(self.before, Decimal) else (self.before, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The tasks of one period: what each cost, and what is left out of it.

    ``without_task_usd`` was spent by calls that name no task. ``unpriced_tasks`` have calls without a known price: what they cost
    nobody knows.
    ``other_usd`` is of the billing mode that was not asked about: covered by a plan, at list price, where use is compared.
    ``ended_otherwise`` are tasks left out because their outcome is another one than was asked for, or not noted.
    """

    period: Period
    costs: tuple[Decimal, ...]
    task_ids: frozenset[str]
    calls: int = 0
    unpriced_tasks: int = 0
    without_task_usd: Decimal = Decimal(0)
    other_usd: Decimal = Decimal(0)
    ended_otherwise: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAnswer:
    """The comparison with both its sides; ``before`` is None where the baseline is an amount."""

    question: ReturnQuestion
    before: Side | None
    after: Side
    result: Return
    notes: tuple[str, ...] = ()


def read_return_question(fields: Fields, settings: Settings, now: datetime, *, project: str | None = None) -> ReturnQuestion:
    """A return's question from raw fields.

    Raises:
        InvalidInput, UnknownName: a field that is missing or cannot be taken, or periods that overlap; it is named.
    """
    given = present(fields)
    for name, hint in (
        ("baseline", "Give a period such as last_month or 2026-09, or what a task cost before, such as 12.50."),
        ("investment", "Give what the change cost, in US dollars; 0 if nothing."),
    ):
        if name not in given:
            raise InvalidInput(f"{name} is missing.", field=name, hint=hint)
    rest = {name: value for name, value in given.items() if name not in _OWN}
    amount = _amount(given["baseline"])
    after = _query(given.get("current", "month"), "current", rest, settings, now, project)
    before = amount if amount is not None else _query(given["baseline"], "baseline", rest, settings, now, project)
    if not isinstance(before, Decimal) and before.period.start < after.period.end and after.period.start < before.period.end:
        raise InvalidInput(
            "baseline and current overlap: the same calls would stand on both sides.",
            field="baseline",
            hint="Let the one end where the other begins: 2026-10-01..2026-11-01 ends before 1 November.",
        )
    tasks = given.get("tasks_per_month")
    return ReturnQuestion(
        before=before,
        after=after,
        investment=parse_usd(given["investment"], "investment", maximum=MAX_INVESTMENT),
        tasks_per_month=None if tasks is None else whole_number(tasks, "tasks_per_month", low=0, high=MAX_TASKS_PER_MONTH),
        now=now,
        outcome=check_choice(given["outcome"], (*OUTCOMES, ANY_OUTCOME), "outcome") if "outcome" in given else None,
    )


def _amount(value: object) -> Decimal | None:
    if isinstance(value, str):
        text = value.strip()
        return parse_usd(text.lstrip("$"), "baseline") if _AMOUNT.fullmatch(text) and _BETWEEN not in text else None
    return parse_usd(value, "baseline") if isinstance(value, int | float | Decimal) else None


def _query(
    value: object, field: str, rest: Mapping[str, object], settings: Settings, now: datetime, project: str | None
) -> ReportQuery:
    """The query of one side's period; what is wrong with it is told under the side's own name."""
    first, between, last = value.partition(_BETWEEN) if isinstance(value, str) else ("", "", "")
    period = {"start": first.strip(), "end": last.strip()} if between else {"period": value}
    try:
        return read_report_question({**rest, **period}, settings, now, project=project).query
    except InvalidInput as error:
        if error.field not in ("period", "start", "end"):
            raise
        bound = error.field != "period"
        sentence = f"{field}: {error.sentence}" if bound else error.sentence.replace("period is", f"{field} is", 1)
        if isinstance(error, UnknownName):
            hint = f"Use {', '.join(PERIOD_NAMES)}, 7d, 2026-11, or 2026-09-01..2026-10-01 (the last day excluded)."
            raise UnknownName(sentence, field=field, hint=hint) from None
        raise InvalidInput(sentence, field=field, hint=error.hint) from None


def return_of(question: ReturnQuestion, sums: Iterable[tuple[TaskSum, ...]]) -> ReturnAnswer:
    """The answer, from what ``task_costs`` says of each of the question's queries."""
    sides = [_side(query, found, question.outcome) for query, found in zip(question.queries(), sums, strict=True)]
    after = sides[-1]
    before = sides[0] if len(sides) > 1 else None
    per_month = None if question.tasks_per_month is None else Decimal(question.tasks_per_month)
    result = work_out(
        question.before if isinstance(question.before, Decimal) else sides[0].costs,
        after.costs,
        question.investment,
        per_month if per_month is not None else tasks_per_month(len(after.costs), after.period, question.now),
    )
    return ReturnAnswer(question=question, before=before, after=after, result=result, notes=_notes(question, before, after))


def tasks_per_month(tasks: int, period: Period, now: datetime) -> Decimal | None:
    """How many tasks a month of 30.436875 days has at the pace of a period: tasks × month / days of it that have passed.

    None where none of it has passed.
    """
    passed = (min(period.end, now) - period.start).total_seconds()
    if passed <= 0:
        return None
    return (tasks * DAYS_PER_MONTH * _DAY / Decimal(passed)).quantize(Decimal("0.01"))


def _side(query: ReportQuery, sums: Iterable[TaskSum], outcome: str | None) -> Side:
    billing = query.filters.get("billing", "api")
    costs: dict[str, int] = {}
    calls = loose = other = unpriced = ended_otherwise = 0
    for found in sums:
        if found.billing != billing:
            other += found.cost_nanos
        elif found.task_id is None:
            loose += found.cost_nanos
        elif found.calls > 0 and not (
            outcome is None or found.outcome == outcome or (found.outcome and outcome == ANY_OUTCOME)
        ):
            ended_otherwise += 1
        elif found.calls > 0 and found.unpriced_calls > 0:
            unpriced += 1
        elif found.calls > 0:
            costs[found.task_id] = found.cost_nanos
            calls += found.calls
    return Side(
        period=query.period,
        costs=tuple(usd(nanos) for nanos in costs.values()),
        task_ids=frozenset(costs),
        calls=calls,
        unpriced_tasks=unpriced,
        without_task_usd=usd(loose),
        other_usd=usd(other),
        ended_otherwise=ended_otherwise,
    )


def _notes(question: ReturnQuestion, before: Side | None, after: Side) -> tuple[str, ...]:
    notes: list[str] = []
    for name, side in (("baseline", before), ("current period", after)):
        if side is not None and side.period.start > question.now:
            notes.append(f"The {name} lies in the future: nothing is recorded for it yet.")
    if question.outcome is None and after.costs and after.period.end > question.now:
        notes.append("The current period is still running: tasks that have not ended count with what they cost so far.")
    both = 0 if before is None else len(before.task_ids & after.task_ids)
    if both:
        said = (
            "1 task has calls in both periods and stands"
            if both == 1
            else f"{both:,} tasks have calls in both periods and stand"
        )
        notes.append(f"{said} on both sides, each with what it cost there.")
    return tuple(notes)
