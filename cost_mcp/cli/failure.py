"""How a command fails: one line on stderr, or one JSON object, and an exit code from one table."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping

from cost_mcp.errors import Conflict, ContextBound, CostError

REFUSED, WRONG = 1, 2
"""Exit codes: 1 is a negative answer of a command that worked, 2 is wrong use or something that broke."""

EXIT_CODES: Mapping[type[CostError], int] = {
    Conflict: REFUSED,
    ContextBound: REFUSED,
    CostError: WRONG,
}
"""The nearest ancestor of an error in this table gives the exit code."""

DEBUG_VARIABLE = "COST_MCP_DEBUG"


def exit_code(error: CostError) -> int:
    """The exit code an error ends the process with."""
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def tell(error: CostError, *, as_json: bool, options: Mapping[str, str] | None = None) -> int:
    """Say what went wrong, with fields called by the options they are given by; answers the exit code."""
    sentence, hint = (by_options(text, options or {}) for text in (error.sentence, error.hint or ""))
    _say(error.code, sentence, error.field, hint or None, as_json=as_json)
    return exit_code(error)


def by_options(text: str, options: Mapping[str, str]) -> str:
    """A sentence with the options of a command in place of the fields they give."""
    for field, option in options.items():
        text = text.replace(field, option)
    return text


def tell_usage(sentence: str, hint: str, *, as_json: bool) -> int:
    """Say how a command was used wrongly; answers the exit code."""
    _say("usage", sentence, None, hint, as_json=as_json)
    return WRONG


def tell_unexpected(error: Exception, environ: Mapping[str, str], *, as_json: bool) -> int:
    """Say that something broke, under an id; the traceback shows only where it was asked for. Answers the exit code."""
    name = os.urandom(4).hex()
    if environ.get(DEBUG_VARIABLE, "") not in {"", "0"}:
        import traceback

        traceback.print_exception(error)
        hint = "The traceback stands above: please report it."
    else:
        hint = f"Run it again with {DEBUG_VARIABLE}=1 to see where, and please report it."
    _say("unexpected", f"something broke inside cost-mcp (id {name}).", None, hint, as_json=as_json)
    return WRONG


def _say(code: str, sentence: str, field: str | None, hint: str | None, *, as_json: bool) -> None:
    if not as_json:
        print(f"error: {sentence} {hint or ''}".rstrip(), file=sys.stderr)
        return
    parts = {"code": code, "message": sentence, "field": field, "hint": hint}
    print(json.dumps({"error": {name: value for name, value in parts.items() if value is not None}}, ensure_ascii=False))
