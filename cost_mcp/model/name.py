"""Text from outside: names of tasks, agents, models; tags; small JSON objects. Bounded, printable, never guessed at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

from cost_mcp.errors import InvalidInput

MAX_NAME = 256
MAX_TITLE = 512
MAX_TAGS = 32
MAX_METADATA_BYTES = 4096

EMPTY_TAGS: Mapping[str, str] = MappingProxyType({})
EMPTY_METADATA: Mapping[str, object] = MappingProxyType({})


def clean_name(value: object, field: str, *, maximum: int = MAX_NAME) -> str:
    """A name with surrounding blanks removed.

    Raises:
        InvalidInput: not text, empty, longer than ``maximum`` characters, or holding control characters.
    """
    if not isinstance(value, str):
        raise InvalidInput(f"{field} is not text.", field=field, hint="Give a short name.")
    name = value.strip()
    if not name:
        raise InvalidInput(f"{field} is empty.", field=field, hint="Leave it out when there is none.")
    if len(name) > maximum:
        raise InvalidInput(
            f"{field} has {len(name)} characters; {maximum} is the most.", field=field, hint="Give an id or a short name."
        )
    if not name.isprintable() and _breaks_lines(name):
        raise InvalidInput(f"{field} holds control characters.", field=field, hint="Give one line of plain text.")
    return name


def _breaks_lines(name: str) -> bool:
    import unicodedata  # 1 ms, which a hook has no need to wait for: nearly every name is printable

    # Cc: control characters, Cs: lone surrogates (not storable as UTF-8), Zl and Zp: line breaks in disguise.
    return any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in name)


def optional_name(value: object, field: str, *, maximum: int = MAX_NAME) -> str | None:
    """``clean_name``, or None for None."""
    return None if value is None else clean_name(value, field, maximum=maximum)


def clean_tags(value: object, field: str = "tags") -> Mapping[str, str]:
    """Tags as a read-only mapping of name to text; numbers and booleans become their JSON text.

    Raises:
        InvalidInput: not an object, more than 32 tags, or a name or value that ``clean_name`` refuses.
    """
    if value is None:
        return EMPTY_TAGS
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{field} is not an object of text to text.", field=field, hint='For example {"branch": "main"}.')
    given = cast("Mapping[object, object]", value)
    if not given:
        return EMPTY_TAGS
    if len(given) > MAX_TAGS:
        raise InvalidInput(f"{field} has {len(given)} entries; {MAX_TAGS} is the most.", field=field, hint="Use metadata.")
    tags: dict[str, str] = {}
    for key, item in given.items():
        name = clean_name(key, f"{field} name")
        if name in tags:
            raise InvalidInput(f"{field} gives a name twice.", field=field, hint="Blanks around a name do not count.")
        tags[name] = clean_name(_tag_text(item, field), f"{field} value")
    return MappingProxyType(dict(sorted(tags.items())))


def _tag_text(item: object, field: str) -> object:
    if not isinstance(item, bool | int | float):
        return item
    try:
        return json.dumps(item)
    except ValueError:  # a number of more digits than Python writes
        raise InvalidInput(f"{field} value is too long a number.", field=field, hint="Give a short name.") from None


def clean_metadata(value: object, field: str = "metadata") -> Mapping[str, object]:
    """A small JSON object, kept as given.

    Raises:
        InvalidInput: not an object, not JSON, not storable as UTF-8, or more than 4,096 bytes as compact JSON.
    """
    if value is None:
        return EMPTY_METADATA
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{field} is not an object.", field=field, hint="Give a small JSON object.")
    if not value:
        return EMPTY_METADATA
    plain = dict(cast("Mapping[str, object]", value))
    try:
        # As it is stored: unescaped, so that half a surrogate pair is refused here and not by the database.
        size = len(json.dumps(plain, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode())
    except (TypeError, ValueError, RecursionError):
        raise InvalidInput(f"{field} is not plain JSON.", field=field, hint="Give a small JSON object.") from None
    if size > MAX_METADATA_BYTES:
        raise InvalidInput(
            f"{field} takes {size} bytes; {MAX_METADATA_BYTES} is the most.",
            field=field,
            hint="Keep identifiers, not contents.",
        )
    return MappingProxyType(plain)
