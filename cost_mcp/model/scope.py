"""Which calls a budget covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cost_mcp.errors import InvalidInput, UnknownName
from cost_mcp.model.call import Context
from cost_mcp.model.model_name import folded_name
from cost_mcp.model.name import clean_name
from cost_mcp.model.provider import canonical_provider

SCOPE_DIMENSIONS = ("project", "task_id", "session_id", "agent", "provider", "model", "feature", "purpose", "task_type")
EACH_DIMENSIONS = ("session_id", "task_id", "agent", "project", "model")
SHORT_NAMES = {"task": "task_id", "session": "session_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What of a call (or of a context that asks) a scope looks at.

    ``models`` holds every name the model goes by; the first is its value where each model has a window of its own.
    """

    context: Context
    provider: str | None = None
    models: tuple[str, ...] = ()

    def values(self, dimension: str) -> tuple[str, ...]:
        """The values this call has in a dimension; empty when it lacks it."""
        if dimension == "model":
            return self.models
        value = self.provider if dimension == "provider" else getattr(self.context, dimension)
        return () if value is None else (value,)


@dataclass(frozen=True, slots=True)
class Scope:
    """Conditions that must all hold, as sorted (dimension, value) pairs; no pair at all covers every call.

    A dimension is one of ``SCOPE_DIMENSIONS`` or ``tag:NAME``. A model value ending in ``*`` is a prefix; every other
    value is exact, but for a model's upper case. A dimension the call lacks never matches.
    """

    conditions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, conditions: Mapping[str, str]) -> Scope:
        """A scope from dimension → value; ``task`` and ``session`` are short for their ids.

        Raises:
            UnknownName: an unknown dimension.
            InvalidInput: a value that is no name, or ``*`` where a prefix is not possible.
        """
        pairs: dict[str, str] = {}
        for given, value in conditions.items():
            dimension = _dimension(given)
            pairs[dimension] = _value(dimension, value)
        return cls(tuple(sorted(pairs.items())))

    def covers(self, call: Covered) -> bool:
        """Whether every condition holds for the call."""
        return all(_holds(dimension, wanted, call) for dimension, wanted in self.conditions)

    def as_dict(self) -> dict[str, str]:
        """Dimension → value, sorted by dimension."""
        return dict(self.conditions)

    def __str__(self) -> str:
        return ", ".join(f"{dimension}={value}" for dimension, value in self.conditions) or "all calls"


EVERY_CALL = Scope()


def _dimension(given: str) -> str:
    name = SHORT_NAMES.get(given, given)
    if name in SCOPE_DIMENSIONS or (name.startswith("tag:") and len(name) > 4):
        return name
    raise UnknownName(
        "scope names an unknown dimension.", field="scope", hint=f"Use one of: {', '.join(SCOPE_DIMENSIONS)}, tag:NAME."
    )


def _value(dimension: str, value: object) -> str:
    text = clean_name(value, f"scope {dimension}")
    if dimension == "provider":
        return canonical_provider(text)
    if "*" in (text[:-1] if dimension == "model" else text):
        raise InvalidInput(
            f"scope {dimension} holds a * that cannot match.",
            field="scope",
            hint="Only a model may end in * (a prefix), as in model=claude-opus-*.",
        )
    return text


def _holds(dimension: str, wanted: str, call: Covered) -> bool:
    if dimension.startswith("tag:"):
        return call.context.tags.get(dimension[4:]) == wanted
    values = call.values(dimension)
    if dimension == "model":
        return _names(wanted, values)
    return wanted in values


def _names(wanted: str, names: tuple[str, ...]) -> bool:
    if wanted.endswith("*"):
        starts = (wanted[:-1], folded_name(wanted[:-1]))
        return any(name.startswith(starts) for name in names)
    return wanted in names or folded_name(wanted) in names
