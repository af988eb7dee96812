"""Budgets as settings declare them: ``budgets:`` and ``cost.alerts`` in a file, ``COST_MCP_DAILY_LIMIT`` and its like.

What is read here is where everything stands, and what belongs where. Whether a limit, a zone or a period can be taken is
decided where every other budget is read, and its refusal then names the line that this found.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import cast

from cost_mcp.config.at import At
from cost_mcp.config.written import WrittenFile
from cost_mcp.errors import ConfigError

BUDGETS_KEY, COST_KEY = "budgets", "cost"
BUDGET_KEYS = (BUDGETS_KEY, COST_KEY)
FIELDS = (
    "limit", "limit_tokens", "limit_calls", "period", "scope", "each", "timezone", "week_start", "thresholds", "mode",
    "include_subscription", "unpriced", "assume_usd_per_mtok",
)  # fmt: skip
PLAIN: Mapping[str, Mapping[str, object]] = {
    "daily": {"period": "day"},
    "weekly": {"period": "week"},
    "monthly": {"period": "month"},
    "session": {"period": "total", "each": "session_id"},
}
"""The plain limits by the name of the budget each makes; all of them alert, none denies."""

LIMIT_VARIABLES: Mapping[str, str] = {f"COST_MCP_{name.upper()}_LIMIT": name for name in PLAIN}
PERCENTS = ("warning_percent", "critical_percent")
ENVIRONMENT = "environment"
_ALERT_KEYS = (*(f"{name}_limit" for name in PLAIN), *PERCENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredBudget:
    """One budget as declared. ``places`` says where each of its ``fields`` stands; one that is not ``trusted`` must stop nothing.

    ``origin`` is ``environment``, or ``file:`` and the file's path: only who reads that file retires the budget. ``of_project``
    says that it is a project's file: where another file has the name, the budget takes one of its own.
    """

    name: str
    fields: Mapping[str, object]
    origin: str
    place: str
    places: Mapping[str, str]
    trusted: bool = True
    of_project: bool = False


def file_origin(path: Path) -> str:
    """The origin of the budgets of a file: the file itself, whatever links lead to it."""
    return "file:" + os.fsencode(path.resolve()).decode("utf-8", "backslashreplace")


def declared_in_file(file: WrittenFile, *, trusted: bool, project: str | None, of_project: bool) -> list[DeclaredBudget]:
    """The budgets a file declares, in its order.

    Args:
        file: the file.
        trusted: whether it is the user's, or a project's the user trusts.
        project: the project the file names.
        of_project: whether it is a project's file: its budgets then cover that project and no other, and their names begin with it.

    Raises:
        ConfigError: not written as budgets are; file and line are named.
    """
    found: list[DeclaredBudget] = []
    if (entry := file.entries.get(BUDGETS_KEY)) is not None and entry.value is not None:
        found += _listed(At(file.path, entry, BUDGETS_KEY), trusted=trusted)
    if (entry := file.entries.get(COST_KEY)) is not None and entry.value is not None:
        found += _plain(At(file.path, entry, BUDGETS_KEY), trusted=trusted)
    seen: set[str] = set()
    for budget in found:
        if budget.name in seen:
            raise ConfigError(f"{budget.place}: a budget of this name stands already.", field="name", hint="Keep one of them.")
        seen.add(budget.name)
    return [_of_project(budget, project) for budget in found] if of_project else found


def declared_in_environment(environ: Mapping[str, str]) -> list[DeclaredBudget]:
    """The budgets of ``COST_MCP_DAILY_LIMIT`` and its like."""
    return [
        DeclaredBudget(
            name=name,
            fields={**PLAIN[name], "name": name, "limit": text.strip()},
            origin=ENVIRONMENT,
            place=variable,
            places={},
        )
        for variable, name in LIMIT_VARIABLES.items()
        if (text := environ.get(variable, "")).strip()
    ]


def with_percents(budget: DeclaredBudget, percents: Mapping[str, Decimal], place: str) -> DeclaredBudget:
    """The budget with thresholds made of the percents that settings give, where it has none of its own."""
    if not percents or "thresholds" in budget.fields:
        return budget
    warning = percents.get("warning_percent", Decimal(80))
    critical = percents.get("critical_percent", Decimal(95))
    info = Decimal(50) if warning > 50 else warning / 2
    steps = (info, warning, critical, Decimal(100))
    return replace(budget, fields={**budget.fields, "thresholds": steps}, places={"thresholds": place, **budget.places})


def _listed(at: At, *, trusted: bool) -> list[DeclaredBudget]:
    value = at.entry.value
    if isinstance(value, dict):
        given = cast("dict[object, object]", value)
        return [_one(at, (str(name),), name, fields, trusted=trusted) for name, fields in given.items()]
    if not isinstance(value, list):
        raise at.refused((), "budgets are not a list.", "Write `- name: daily`, then its fields below.")
    found: list[DeclaredBudget] = []
    for number, item in enumerate(cast("list[object]", value)):
        fields = dict(cast("dict[str, object]", item)) if isinstance(item, dict) else {}
        found.append(_one(at, (number,), fields.pop("name", None), fields, trusted=trusted))
    return found


def _one(at: At, path: tuple[str | int, ...], name: object, fields: object, *, trusted: bool) -> DeclaredBudget:
    if name is None and isinstance(fields, dict):
        at.refuse_unknown(
            path, (str(key) for key in cast("dict[object, object]", fields)), ("name", *FIELDS), "a field of a budget"
        )
    if not isinstance(name, str) or not name.strip():
        raise at.refused(path, "a budget has no name.", "Give it one: `name: daily`.")
    if not isinstance(fields, dict):
        raise at.refused(path, "a budget has no fields.", "Give it a limit: `limit: 10`.")
    given = {str(key): value for key, value in cast("dict[object, object]", fields).items() if value is not None}
    at.refuse_unknown(path, given, FIELDS, "a field of a budget")
    if isinstance(steps := given.get("thresholds"), str):
        given["thresholds"] = steps.split(",")
    places = {key: at.place(*path, key) for key in given}
    return DeclaredBudget(
        name=name.strip(),
        fields={"name": name, **given},
        origin=file_origin(at.file),
        place=at.place(*path),
        places=places,
        trusted=trusted,
    )


def _plain(at: At, *, trusted: bool) -> list[DeclaredBudget]:
    cost = _mapping(at, (), at.entry.value)
    at.refuse_unknown((), cost, ("alerts",), "a setting of cost")
    alerts = _mapping(at, ("alerts",), cost.get("alerts"))
    at.refuse_unknown(("alerts",), alerts, _ALERT_KEYS, "a setting of cost.alerts")
    percents = {name: _percent(at, ("alerts", name), alerts[name]) for name in PERCENTS if alerts.get(name) is not None}
    found: list[DeclaredBudget] = []
    for name, fixed in PLAIN.items():
        key = f"{name}_limit"
        if alerts.get(key) is None:
            continue
        place = at.place("alerts", key)
        one = DeclaredBudget(
            name=name,
            fields={**fixed, "name": name, "limit": alerts[key]},
            origin=file_origin(at.file),
            place=place,
            places={},
            trusted=trusted,
        )
        percent_place = at.place("alerts", next(iter(percents), key))
        found.append(with_percents(one, percents, percent_place))
    return found


def _mapping(at: At, path: tuple[str, ...], value: object) -> dict[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise at.refused(path, f"{'.'.join((COST_KEY, *path))} has no keys.", "Write `daily_limit: 10` below cost and alerts.")
    return {str(key): below for key, below in cast("dict[object, object]", value).items()}


def _percent(at: At, path: tuple[str, ...], value: object) -> Decimal:
    text = str(value).removesuffix("%").strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    try:
        percent = Decimal(text)
    except ArithmeticError:
        percent = Decimal(0)
    if not percent.is_finite() or not 0 < percent <= 1000:
        raise at.refused(path, f"{path[-1]} is not a percent.", "Give a number such as 80.")
    return percent


def _of_project(budget: DeclaredBudget, project: str | None) -> DeclaredBudget:
    """A project's budget, held to its project: by its scope, and by a name no other file's budget has."""
    if project is None:
        raise ConfigError(
            f"{budget.place}: the file does not name its project.", field="project", hint="Add `project: NAME` above budgets."
        )
    scope = budget.fields.get("scope", {})
    where = budget.places.get("scope", budget.place)
    if not isinstance(scope, dict):
        raise ConfigError(f"{where}: scope is not a mapping.", field="scope", hint="Write `scope: {agent: coder}`.")
    said = cast("dict[object, object]", scope)
    if said.get("project", project) != project:
        raise ConfigError(
            f"{where}: the scope names another project than the file.", field="scope", hint="Leave project out of it."
        )
    name = f"{project}/{budget.name}"
    fields = {**budget.fields, "name": name, "scope": {**said, "project": project}}
    return replace(budget, name=name, fields=fields, of_project=True)
