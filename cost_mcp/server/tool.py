"""Tools: listed from the definitions, called on the service; every failure becomes an answer the model can act on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from mcp.server.context import HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolRequestParams

from cost_mcp.errors import CostError, InvalidInput
from cost_mcp.server.backing import Backing
from cost_mcp.server.client import Asker, asker_of
from cost_mcp.server.definitions import definitions, result
from cost_mcp.server.log import log_unexpected

if TYPE_CHECKING:
    from cost_mcp.service.service import Service

NOT_AN_OBJECT = "\0not an object"
"""Stands in for arguments that are no object, which the SDK would refuse with words that no model is shown."""

Context = ServerRequestContext[Any, Any]


class Tools:
    """The tools over one service."""

    def __init__(self, backing: Backing) -> None:
        self._backing = backing
        self._asked: tuple[Service, Asker, Service] | None = None
        self._names = tuple(tool["name"] for tool in definitions()["tools"])

    async def list(self, _ctx: Context, _params: object) -> HandlerResult:
        """``tools/list``."""
        return result(tools=definitions()["tools"])

    async def call(self, ctx: Context, params: CallToolRequestParams) -> HandlerResult:
        """``tools/call``; a refusal is a result with ``isError``, since those are what models read."""
        name = params.name
        if name not in self._names:
            raise MCPError(code=INVALID_PARAMS, message=f"No such tool. There are: {', '.join(self._names)}.")
        try:
            arguments = _given(name, params.arguments or {})
            service = self._asked_by(ctx, self._backing.ready or await self._backing.service())
            from cost_mcp.server.verb import VERBS  # loaded with the service, not before the handshake

            text, structure = await VERBS[name](service, arguments)
        except CostError as refusal:
            return _error(str(refusal))
        except Exception as failure:  # noqa: BLE001  (the one place where what nobody foresaw becomes an answer)
            return _error(log_unexpected(failure, name))
        return result(content=[{"type": "text", "text": text}], structuredContent=structure)

    def _asked_by(self, ctx: Context, service: Service) -> Service:
        """The service for the client that asks."""
        about = ctx.session.client_params
        asker = None if about is None else asker_of(about.client_info.name, cast("Mapping[str, object] | None", ctx.meta))
        if asker is None:
            return service
        if self._asked is None or self._asked[0] is not service or self._asked[1] != asker:
            self._asked = (service, asker, service.asked_by(*asker))
        return self._asked[2]


def admit_any_arguments(params: dict[str, Any] | None) -> None:
    """Let a call whose arguments are no object reach its tool, which tells the model so."""
    if params is not None and not isinstance(params.get("arguments"), dict | None):
        params["arguments"] = {NOT_AN_OBJECT: True}


def _given(tool: str, arguments: Mapping[str, object]) -> Mapping[str, object]:
    if NOT_AN_OBJECT in arguments:
        raise InvalidInput(
            "arguments is not an object.", field="arguments", hint=f"Give {tool}'s arguments as one JSON object."
        )
    return arguments


def _error(text: str) -> dict[str, object]:
    return result(content=[{"type": "text", "text": text}], isError=True)
