"""What the SDK answers to a request it cannot take, in words that name the field and repeat nothing of the request."""

from __future__ import annotations

import re

from mcp_types import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    CallToolRequestParams,
    ErrorData,
    GetPromptRequestParams,
    InitializeRequestParams,
    JSONRPCError,
    JSONRPCRequest,
    PaginatedRequestParams,
    ReadResourceRequestParams,
)
from pydantic import BaseModel, ValidationError

_PARAMS: dict[str, type[BaseModel]] = {
    "initialize": InitializeRequestParams,
    "tools/call": CallToolRequestParams,
    "tools/list": PaginatedRequestParams,
    "resources/list": PaginatedRequestParams,
    "resources/templates/list": PaginatedRequestParams,
    "resources/read": ReadResourceRequestParams,
    "prompts/list": PaginatedRequestParams,
    "prompts/get": GetPromptRequestParams,
}
_SDK_WORDS = "Invalid request parameters"


def refusal(error: JSONRPCError, request: JSONRPCRequest) -> JSONRPCError:
    """The error as its sender is told; one that is in our own words already stays as it is."""
    told = error.error
    if told.code == METHOD_NOT_FOUND:
        told = ErrorData(code=METHOD_NOT_FOUND, message="No such method.")
    elif told.code == INVALID_PARAMS and told.message == _SDK_WORDS:
        told = ErrorData(code=INVALID_PARAMS, message=_named(request))
    return JSONRPCError(jsonrpc="2.0", id=error.id, error=told)


def _named(request: JSONRPCRequest) -> str:
    model = _PARAMS.get(request.method)
    try:
        if model is not None:
            model.model_validate(request.params or {}, by_name=False)
    except ValidationError as failure:
        found = failure.errors(include_url=False, include_context=False, include_input=False)[0]
        # Only the outermost name: deeper ones may be keys that the sender chose.
        field, *deeper = (str(part) for part in found["loc"])
        if re.fullmatch("[A-Za-z_]+", field):
            missing = found["type"] == "missing" and not deeper
            return f"params.{field} {'is missing' if missing else 'cannot be taken as it is'}."
    return "The params cannot be taken as they are."
