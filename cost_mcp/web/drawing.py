"""Every page by its path: what it asks of the reading verbs, and the view that draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cost_mcp.service.opening import load_catalog
from cost_mcp.service.saving import measure_savings_at_once, suggest_savings_at_once
from cost_mcp.views.html.activity import call_page, calls_page, task_page, tasks_page
from cost_mcp.views.html.alerts import alerts_page
from cost_mcp.views.html.budgets import Budgets, budgets_page
from cost_mcp.views.html.frame import Frame
from cost_mcp.views.html.overview import overview_page
from cost_mcp.views.html.prices import prices_page
from cost_mcp.views.html.savings import savings_page
from cost_mcp.web.overview import read_overview
from cost_mcp.web.pages import Asked

if TYPE_CHECKING:
    from cost_mcp.service.quick import Quick

ALERTS_MAX = 200
"""The newest alerts that are shown."""

ROWS = 100
"""Calls or tasks on one page."""

Own = Mapping[str, str]
"""A page's own parameters, beside those that all share."""

Drawn = Callable[["Quick", Asked, Frame, Own], str]


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its title, how it is drawn, which filters it takes, and the page it belongs to where it is not in the menu."""

    title: str
    drawn: Drawn
    filters: tuple[str, ...] = ("period", "project", "agent", "timezone")
    under: str | None = None


def _overview(quick: Quick, asked: Asked, frame: Frame, own: Own) -> str:
    return overview_page(read_overview(quick, asked, own.get("by") or "model"), frame)


def _calls(quick: Quick, asked: Asked, frame: Frame, own: Own) -> str:
    answer = quick.calls({**asked.fields, "limit": ROWS, "cursor": own.get("cursor") or None})
    return calls_page(answer, frame, ever=bool(answer.page.calls) or _ever(quick))


def _call(quick: Quick, asked: Asked, frame: Frame, own: Own) -> str:  # noqa: ARG001 (as every page is drawn)
    return call_page(quick.explain(own.get("id")), frame)


def _tasks(quick: Quick, asked: Asked, frame: Frame, own: Own) -> str:
    answer = quick.tasks({**asked.fields, "limit": ROWS, "cursor": own.get("cursor") or None})
    return tasks_page(answer, frame, ever=bool(answer.page.tasks) or _ever(quick))


def _task(quick: Quick, asked: Asked, frame: Frame, own: Own) -> str:  # noqa: ARG001 (as every page is drawn)
    return task_page(quick.task_cost(own.get("id")), frame)


def _budgets(quick: Quick, asked: Asked, frame: Frame, own: Own) -> str:  # noqa: ARG001 (as every page is drawn)
    shown = Budgets(
        budgets=quick.budgets(), standings=quick.budget_status({}).standings, changes=tuple(reversed(quick.budget_history()))
    )
    return budgets_page(shown, frame, quick.settings.timezone)


def _alerts(quick: Quick, asked: Asked, frame: Frame, own: Own) -> str:  # noqa: ARG001 (as every page is drawn)
    everything = own.get("all") == "yes"
    alerts = quick.alerts({"all": everything, "limit": ALERTS_MAX})
    return alerts_page(alerts, frame, everything=everything, channels=bool(quick.settings.notifications))


def _savings(quick: Quick, asked: Asked, frame: Frame, own: Own) -> str:  # noqa: ARG001 (as every page is drawn)
    return savings_page(suggest_savings_at_once(quick, asked.fields), measure_savings_at_once(quick), frame)


def _prices(quick: Quick, asked: Asked, frame: Frame, own: Own) -> str:
    model = own.get("model", "").strip()
    listing = load_catalog(quick.settings).listing(model, None, quick.clock()) if model else None
    shared = {name: value for name, value in asked.fields.items() if name != "model"}
    named = quick.cost_report(shared).report.breakdowns["by_model"]
    unpriced = [(name, totals) for name, totals in named if totals.unpriced_calls]
    return prices_page(frame, model=model, listing=listing, unpriced=unpriced)


def _ever(quick: Quick) -> bool:
    return bool(quick.cost_report({"period": "total"}).report.totals.calls)


PAGES: Mapping[str, Page] = {
    "/": Page("Overview", _overview),
    "/calls": Page("Calls", _calls, ("period", "project", "agent", "timezone", "model", "task_id")),
    "/call": Page("Call", _call, ("timezone",), under="/calls"),
    "/tasks": Page("Tasks", _tasks),
    "/task": Page("Task", _task, ("timezone",), under="/tasks"),
    "/budgets": Page("Budgets", _budgets, ("timezone",)),
    "/alerts": Page("Alerts", _alerts, ("timezone",)),
    "/savings": Page("Savings", _savings),
    "/prices": Page("Prices", _prices, ("period", "model")),
}
"""Every page that shows."""

TITLES = tuple((path, page.title) for path, page in PAGES.items() if page.under is None)
"""The pages one can go to from everywhere."""
