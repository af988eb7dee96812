"""Lists of single calls and of tasks: the newest first, page by page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from cost_mcp.errors import InvalidInput
from cost_mcp.model.activity import ListedCalls, ListedTasks, ListQuery, Position
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.reports.page import MAX_LIMIT, Snapshot, read_cursor, write_cursor
from cost_mcp.service.fields import Fields, present, refuse_unknown, whole_number
from cost_mcp.service.grouping import FILTER_FIELDS, read_filters
from cost_mcp.service.question import PERIOD_FIELDS, read_period

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings

LIST_FIELDS = (*PERIOD_FIELDS, "limit", "cursor", *FILTER_FIELDS)
USUAL_LIMIT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuestion:
    """Which page of a list is wanted; ``asked`` identifies the question for its cursors, ``offset`` is how many came before."""

    query: ListQuery
    asked: dict[str, object]
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsAnswer:
    """A page of single calls, newest first, those that do not count among them."""

    question: ListQuestion
    page: ListedCalls
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksAnswer:
    """A page of tasks, the one with the newest call first."""

    question: ListQuestion
    page: ListedTasks
    next_cursor: str | None = None


def read_list_question(fields: Fields, settings: Settings, now: datetime, what: str) -> ListQuestion:
    """A list's question from raw fields; ``what`` is the name of the list, without which its cursors belong to nobody.

    Raises:
        InvalidInput, UnknownName: a field that cannot be taken; it is named.
    """
    given = present(fields)
    refuse_unknown(given, LIST_FIELDS, what)
    asked: dict[str, object] = {name: value for name, value in given.items() if name not in ("limit", "cursor")}
    asked["list"] = what
    filters, period = read_filters(given), read_period(given, settings, now)
    place = read_cursor(given.get("cursor"), asked)
    limit = whole_number(given.get("limit", USUAL_LIMIT), "limit", low=1, high=MAX_LIMIT)
    query = ListQuery(period=period, limit=limit, tenant=settings.tenant, filters=filters)
    if place is None:
        return ListQuestion(query=query, asked=asked)
    start, end = from_micros(place.snapshot.start), from_micros(place.snapshot.end)
    as_of, after = _position(place.snapshot.as_of)
    query = replace(query, period=replace(period, start=start, end=end), after=after, as_of=as_of)
    return ListQuestion(query=query, asked=asked, offset=place.offset)


def calls_answer(page: ListedCalls, question: ListQuestion) -> CallsAnswer:
    """A page of calls with the cursor of the next."""
    after = _cursor(question, page.following, page.as_of, len(page.calls))
    return CallsAnswer(question=question, page=page, next_cursor=after)


def tasks_answer(page: ListedTasks, question: ListQuestion) -> TasksAnswer:
    """A page of tasks with the cursor of the next."""
    after = _cursor(question, page.following, page.as_of, len(page.tasks))
    return TasksAnswer(question=question, page=page, next_cursor=after)


def _cursor(question: ListQuestion, following: Position | None, as_of: str, shown: int) -> str | None:
    if following is None:
        return None
    period = question.query.period
    marks = f"{as_of}.{following[0]}.{following[1]}"
    snapshot = Snapshot(start=micros(period.start), end=micros(period.end), as_of=marks)
    return write_cursor(question.asked, question.offset + shown, snapshot)


def _position(marks: str) -> tuple[str, Position]:
    as_of, *place = marks.split(".")
    if len(place) != 2 or not all(part.isdecimal() and len(part) <= 18 for part in place):
        raise InvalidInput("cursor is not one of ours.", field="cursor", hint="Give next_cursor as it was answered.")
    return as_of, (int(place[0]), int(place[1]))
