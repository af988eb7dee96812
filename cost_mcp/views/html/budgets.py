"""The budgets: where they stand, how they are set, what changed; and the form that sets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cost_mcp.model.budget import BUDGET_MODES, BUDGET_PERIODS, DEFAULT_THRESHOLDS, Budget
from cost_mcp.model.scope import EACH_DIMENSIONS
from cost_mcp.model.unpriced import UNPRICED_POLICIES
from cost_mcp.views.html.rendering import rendered

if TYPE_CHECKING:
    from cost_mcp.ledger.contract import BudgetChange
    from cost_mcp.model.budget import Standing, Thresholds
    from cost_mcp.views.html.frame import Frame

HISTORY_MAX = 200
"""The newest changes that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """Every budget in force with its windows, tightest first, and every change, newest first."""

    budgets: Sequence[Budget]
    standings: Sequence[Standing]
    changes: Sequence[BudgetChange]


def budgets_page(shown: Budgets, frame: Frame, timezone: str) -> str:
    """The whole page. What was typed and refused stands in its form again."""
    windows: dict[str, list[Mapping[str, object]]] = {}
    for standing in shown.standings:
        windows.setdefault(standing.budget.name, []).append(budget_bar(standing))
    blank = empty_form(timezone)
    refused = {**dict.fromkeys(blank, ""), **frame.typed}
    typed = frame.typed.get("name")
    return rendered(
        "budgets.html.j2",
        frame=frame,
        rows=[
            (budget, windows.get(budget.name, []), refused if typed == budget.name else form_of(budget))
            for budget in shown.budgets
        ],
        new=refused if frame.typed and typed not in {budget.name for budget in shown.budgets} else blank,
        typed=typed,
        changes=shown.changes[:HISTORY_MAX],
        hidden=max(0, len(shown.changes) - HISTORY_MAX),
        periods=BUDGET_PERIODS,
        modes=BUDGET_MODES,
        each=EACH_DIMENSIONS,
        policies=UNPRICED_POLICIES,
        said=said,
    )


def budget_bar(standing: Standing) -> Mapping[str, object]:
    """A window with the parts of its bar: spent and reserved, in percent of the limit."""
    limit = standing.budget.limit
    return {
        "standing": standing,
        "parts": {f"spent {standing.state}": standing.used_percent, "reserved": standing.reserved * 100 / limit},
    }


def form_of(budget: Budget) -> Mapping[str, str]:
    """The texts a form shows of a budget."""
    return {
        "name": budget.name,
        "limit": f"{budget.limit:f}",
        "unit": budget.unit,
        "period": budget.period,
        "mode": budget.mode,
        "scope": ", ".join(f"{name}={value}" for name, value in budget.scope.conditions),
        "each": budget.each or "",
        "timezone": budget.timezone,
        "week_start": str(budget.week_start),
        "thresholds": _steps(budget.thresholds),
        "unpriced": budget.unpriced,
        "assume_input": "" if budget.assumed is None else f"{budget.assumed.input:f}",
        "assume_output": "" if budget.assumed is None else f"{budget.assumed.output:f}",
        "include_subscription": "yes" if budget.include_subscription else "",
    }


def empty_form(timezone: str) -> Mapping[str, str]:
    """The texts of a form for a new budget."""
    blank = dict.fromkeys(
        ("name", "limit", "scope", "each", "week_start", "unpriced", "assume_input", "assume_output", "include_subscription"),
        "",
    )
    usual = {"unit": "usd", "period": "day", "mode": "alert", "timezone": timezone, "thresholds": _steps(DEFAULT_THRESHOLDS)}
    return {**blank, **usual}


def said(budget: Budget | None) -> str:
    """A budget in one line; a dash where there is none."""
    if budget is None:
        return "—"
    unit = "$" if budget.unit == "usd" else ""
    after = "" if budget.unit == "usd" else f" {budget.unit}"
    each = f", each {budget.each}" if budget.each else ""
    return f"{unit}{budget.limit:,f}{after} {budget.per}, {budget.mode}, {budget.scope}{each}, {_steps(budget.thresholds)} %"


def _steps(steps: Thresholds) -> str:
    return ", ".join(f"{step:f}" for step in (steps.info, steps.warning, steps.critical, steps.exceeded))
