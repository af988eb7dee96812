"""By what a report is grouped and to what it is narrowed, from raw fields."""

from __future__ import annotations

import difflib
from typing import cast

from cost_mcp.errors import InvalidInput, UnknownName
from cost_mcp.model.name import clean_name, clean_tags
from cost_mcp.model.provider import canonical_provider
from cost_mcp.model.report import FILTER_DIMENSIONS, GROUP_ALIASES, GROUP_DIMENSIONS, MAX_GROUPING, TAG

FILTER_FIELDS = (*FILTER_DIMENSIONS, *GROUP_ALIASES, "tags")


def read_group_by(value: object) -> tuple[str, ...]:
    """Grouped dimensions from a list or comma-separated text.

    Raises:
        UnknownName: not a dimension reports are grouped by; the nearest is named.
        InvalidInput: more than three, one twice, or a tag without its name.
    """
    parts: list[object] = []
    if isinstance(value, str):
        parts = [part.strip() for part in value.split(",") if part.strip()]
    elif isinstance(value, list | tuple):
        parts = list(cast("list[object]", value))
    elif value is not None:
        raise InvalidInput("group_by is not a list of names.", field="group_by", hint='For example ["day", "model"].')
    names = tuple(_dimension(part) for part in parts)
    if len(names) > MAX_GROUPING:
        raise InvalidInput(f"group_by names {len(names)} dimensions.", field="group_by", hint=f"Give at most {MAX_GROUPING}.")
    if len(set(names)) < len(names):
        raise InvalidInput("group_by names a dimension twice.", field="group_by", hint="Name each once.")
    return names


def read_filters(given: dict[str, object]) -> dict[str, str]:
    """The dimensions that narrow a question, under their own names (``tag:NAME`` for a tag), with the values wanted.

    Raises:
        InvalidInput: a value that is no name, or a dimension given twice with different values.
    """
    filters: dict[str, str] = {}
    for name in (*FILTER_DIMENSIONS, *GROUP_ALIASES):
        if name in given:
            value = clean_name(given[name], name)
            value = canonical_provider(value) if name == "provider" else value
            own = GROUP_ALIASES.get(name, name)
            if filters.setdefault(own, value) != value:
                raise InvalidInput(f"{own} and {name} differ.", field=name, hint="Give one of them.")
    return filters | {f"{TAG}{name}": value for name, value in clean_tags(given.get("tags")).items()}


def _dimension(part: object) -> str:
    text = part.strip() if isinstance(part, str) else ""
    name = text.lower()
    name = GROUP_ALIASES.get(name, name)
    if name in GROUP_DIMENSIONS:
        return name
    if name.startswith(TAG) and name != TAG:
        return f"{TAG}{clean_name(text[len(TAG) :], 'group_by')}"
    if name.rstrip(":") in ("tag", "tags"):
        # By "name=value" a call with two tags would stand in two groups, and the groups would not sum to the whole.
        raise InvalidInput("group_by names no tag.", field="group_by", hint="Say which one: tag:NAME, for example tag:branch.")
    near = difflib.get_close_matches(name, (*GROUP_DIMENSIONS, *GROUP_ALIASES), n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]}? " if near else ""
    known = ", ".join((*GROUP_DIMENSIONS, f"{TAG}NAME"))
    raise UnknownName("group_by names an unknown dimension.", field="group_by", hint=f"{hint}Use any of: {known}.")
