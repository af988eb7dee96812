"""Raw values by name, as a face was given them: nothing is trusted, nothing unknown is overlooked."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import cast

from cost_mcp.errors import InvalidInput, UnknownName
from cost_mcp.model.call import CONTEXT_NAMES, Context
from cost_mcp.model.name import clean_tags

Fields = Mapping[str, object]


def present(fields: Fields) -> dict[str, object]:
    """The fields that are not None: agents send null for what they leave out."""
    return {name: value for name, value in fields.items() if value is not None}


def refuse_unknown(fields: Fields, known: Iterable[str], what: str) -> None:
    """Nothing, when every field is known.

    Raises:
        UnknownName: a field that is not; the hint gives the nearest known name.
    """
    names = known if isinstance(known, tuple) else tuple(known)
    for name in fields:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
            hint = f"Did you mean {near[0]}?" if near else f"It takes: {', '.join(names)}."
            shown = name if name.isidentifier() and len(name) <= 40 else "one of the arguments"
            raise UnknownName(f"{what} does not take {shown}.", field=shown, hint=hint)


def context_of(fields: Fields) -> Context:
    """The context named in the fields."""
    names = cast("dict[str, str | None]", {name: fields.get(name) for name in CONTEXT_NAMES})  # Context checks each
    return Context(**names, tags=clean_tags(fields.get("tags")))


def whole_number(value: object, field: str, *, low: int, high: int) -> int:
    """A whole number between two bounds.

    Raises:
        InvalidInput: anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidInput(f"{field} is not a whole number from {low:,} to {high:,}.", field=field, hint="Give it as a number.")
    return value


def flag(value: object, field: str) -> bool:
    """True or false; None counts as false.

    Raises:
        InvalidInput: anything else.
    """
    if value is None or isinstance(value, bool):
        return bool(value)
    raise InvalidInput(f"{field} is not true or false.", field=field, hint="Give true or false.")
