"""One line of the wire, read: a message, or the error its sender gets instead."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

LINE_BYTES_MAX = 16 * 1024 * 1024
"""The longest message that is read: more than a thousand times the largest call."""

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s"{}\[\]:,]+')
_NUMBER_DIGITS_MAX = 1000


class Unreadable(Exception):
    """A line that is no message; ``answer`` is what its sender is told."""

    def __init__(self, answer: JSONRPCError) -> None:
        super().__init__("unreadable message")
        self.answer = answer


def read_message(line: bytes) -> JSONRPCMessage:
    """The message of one line of JSON.

    What a strict reader refuses but Python can hold (lone surrogates, deep nesting, very long numbers) is read all the
    same, so that the tool it is for can say what is wrong with it.

    Raises:
        Unreadable: the line is not a JSON-RPC message.
    """
    try:
        message = jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError:
        return _read_leniently(line)
    # A request whose id is none passes for a notification, which nobody would answer.
    return _read_leniently(line) if isinstance(message, JSONRPCNotification) and b"id" in line else message


def unreadable(code: int, message: str, request_id: RequestId | None = None) -> Unreadable:
    """The error for a line that is no message."""
    return Unreadable(JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=message)))


def too_long() -> Unreadable:
    """The error for a line longer than is read."""
    return unreadable(INVALID_REQUEST, f"The message is longer than {LINE_BYTES_MAX:,} bytes. Send counts and names only.")


def _read_leniently(line: bytes) -> JSONRPCMessage:
    try:
        value: object = json.loads(line, parse_int=_whole_number)
    except RecursionError:
        raise unreadable(INVALID_REQUEST, "The message is nested too deeply. Send it flatter.", _top_level_id(line)) from None
    except ValueError:
        raise unreadable(PARSE_ERROR, "The line is not JSON. Send one JSON-RPC message per line.") from None
    if not isinstance(value, dict):
        raise unreadable(INVALID_REQUEST, "The line is not a JSON-RPC message. Send one message per line, no batches.")
    if "method" in value and "id" in value and _usable_id(cast("dict[str, object]", value)["id"]) is None:
        raise unreadable(INVALID_REQUEST, "id is neither text nor a whole number of a usual length.")
    try:
        return jsonrpc_message_adapter.validate_python(value, by_name=False)
    except ValidationError:
        raise unreadable(
            INVALID_REQUEST,
            'Not a JSON-RPC 2.0 message. It needs "jsonrpc": "2.0", a method, and params that are an object.',
            _usable_id(cast("dict[str, object]", value).get("id")),
        ) from None


def _whole_number(text: str) -> int | float:
    # Python refuses to read numbers of thousands of digits; as infinity they reach the check that names their field.
    return int(text) if len(text) <= _NUMBER_DIGITS_MAX else float("inf")


def _top_level_id(line: bytes) -> RequestId | None:
    """The id of a message that is nested too deeply to be parsed, so that its sender does not wait for ever."""
    depth = 0
    before: tuple[bytes, bytes] = (b"", b"")
    for match in _TOKEN.finditer(line):
        token = match[0]
        if depth == 1 and before == (b'"id"', b":"):
            return _id_of(token)
        depth += (token in (b"{", b"[")) - (token in (b"}", b"]"))
        before = (before[1], token)
    return None


def _id_of(token: bytes) -> RequestId | None:
    try:
        return _usable_id(json.loads(token))
    except ValueError:
        return None


def _usable_id(value: object) -> RequestId | None:
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def written(message: JSONRPCMessage) -> bytes:
    """A message as one line of JSON."""
    try:
        return message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
    except ValueError:
        # Half a surrogate pair, in an id for instance, has no UTF-8; escaped, it goes back as it came.
        plain: dict[str, Any] = message.model_dump(by_alias=True, exclude_unset=True)
        return json.dumps(plain).encode("ascii") + b"\n"
