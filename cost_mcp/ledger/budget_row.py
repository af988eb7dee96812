"""A budget's definition as stored JSON, and back."""

from __future__ import annotations

import json
from dataclasses import fields
from decimal import Decimal
from typing import Any

from cost_mcp.model.budget import Budget, Thresholds
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.model.scope import Scope
from cost_mcp.model.unpriced import AssumedPrice

_PLAIN = (
    "name", "period", "budget_id", "tenant", "limit_tokens", "limit_calls", "each", "timezone", "week_start", "mode",
    "include_subscription", "unpriced", "origin",
)  # fmt: skip
_INSTANTS = ("created_at", "counts_from")
_STEPS = tuple(f.name for f in fields(Thresholds))


def budget_text(budget: Budget) -> str:
    """The whole definition as compact JSON; what is None is left out."""
    values: dict[str, Any] = {name: getattr(budget, name) for name in _PLAIN}
    values["limit_usd"] = None if budget.limit_usd is None else str(budget.limit_usd)
    values["scope"] = budget.scope.as_dict()
    values["thresholds"] = [str(getattr(budget.thresholds, step)) for step in _STEPS]
    values["assumed"] = None if budget.assumed is None else [str(budget.assumed.input), str(budget.assumed.output)]
    for name in _INSTANTS:
        instant = getattr(budget, name)
        values[name] = None if instant is None else micros(instant)
    return json.dumps({k: v for k, v in values.items() if v is not None}, separators=(",", ":"), ensure_ascii=False)


def budget_of(text: str) -> Budget:
    """A budget from its stored JSON."""
    values: dict[str, Any] = json.loads(text)
    if "limit_usd" in values:
        values["limit_usd"] = Decimal(values["limit_usd"])
    if "assumed" in values:
        values["assumed"] = AssumedPrice(input=Decimal(values["assumed"][0]), output=Decimal(values["assumed"][1]))
    values["scope"] = Scope.of(values["scope"])
    values["thresholds"] = Thresholds(**dict(zip(_STEPS, map(Decimal, values["thresholds"]), strict=True)))
    for name in _INSTANTS:
        if name in values:
            values[name] = from_micros(values[name])
    return Budget(**values)


def counts_alike(one: Budget, other: Budget) -> bool:
    """Whether two definitions put the same calls into the same windows, so that windows kept for one serve the other."""
    names = ("tenant", "scope", "period", "each", "timezone", "week_start", "include_subscription")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def ranks_alike(one: Budget, other: Budget) -> bool:
    """Whether two definitions that count alike also take the same sums of a window for what is spent and held."""
    return (one.unit, one.mode == "enforce", one.assumed) == (other.unit, other.mode == "enforce", other.assumed)
