"""Resources: what the tools answer, under an address a person can pick or an agent can read again."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from mcp.server.context import HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, ReadResourceRequestParams

from cost_mcp.errors import CostError, InvalidInput, LedgerError, NotFound
from cost_mcp.server.backing import Backing
from cost_mcp.server.definitions import definitions, result
from cost_mcp.server.log import log_unexpected

SCHEME = "cost://"
VIEW_SCHEME = "ui://"
Context = ServerRequestContext[Any, Any]


class Resources:
    """The resources over one service."""

    def __init__(self, backing: Backing) -> None:
        self._backing = backing

    async def list(self, _ctx: Context, _params: object) -> HandlerResult:
        """``resources/list``."""
        return result(resources=definitions()["resources"])

    async def list_templates(self, _ctx: Context, _params: object) -> HandlerResult:
        """``resources/templates/list``."""
        return result(resourceTemplates=definitions()["resource_templates"])

    async def read(self, _ctx: Context, params: ReadResourceRequestParams) -> HandlerResult:
        """``resources/read``: the structure the tool of the same question answers, as JSON text; or the view that draws it."""
        if params.uri.startswith(VIEW_SCHEME):
            return result(contents=[_view(params.uri)])
        try:
            text = json.dumps(await self._structure(params.uri), ensure_ascii=False, separators=(",", ":"))
        except LedgerError as refusal:
            raise MCPError(code=INTERNAL_ERROR, message=str(refusal)) from None
        except CostError as refusal:
            raise MCPError(code=INVALID_PARAMS, message=str(refusal)) from None
        except Exception as failure:  # noqa: BLE001  (the one place where what nobody foresaw becomes an answer)
            raise MCPError(code=INTERNAL_ERROR, message=log_unexpected(failure, "resources/read")) from None
        return result(contents=[{"uri": params.uri, "mimeType": "application/json", "text": text}])

    async def _structure(self, uri: str) -> dict[str, object]:
        kind, parts = _address(uri)
        service = self._backing.ready or await self._backing.service()
        from cost_mcp.server.verb import VERBS, show_prices

        if kind == "budgets" and not parts:
            return (await VERBS["get_budget_status"](service, {}))[1]
        if kind == "report" and len(parts) == 1:
            return (await VERBS["get_cost_report"](service, {"period": parts[0]}))[1]
        if kind == "task" and parts:
            return (await VERBS["get_task_cost"](service, {"task_id": "/".join(parts)}))[1]
        if kind == "pricing" and len(parts) >= 2:
            return show_prices(service, parts[0], "/".join(parts[1:]))
        raise NotFound("there is no such resource.", field="uri", hint=_KNOWN)


def _view(uri: str) -> dict[str, object]:
    about = next((known for known in definitions()["resources"] if known["uri"] == uri), None)
    if about is None:
        raise MCPError(code=INVALID_PARAMS, message=f"There is no such view. {_KNOWN}")
    from cost_mcp.views.html.app_view import app_view  # read when a host asks for it, not before the handshake

    return {**{name: about[name] for name in ("uri", "mimeType", "_meta")}, "text": app_view(definitions()["version"])}


def _address(uri: str) -> tuple[str, list[str]]:
    """The kind of a resource, and the decoded parts of its address; a name may hold slashes, encoded or not."""
    if not uri.startswith(SCHEME):
        raise NotFound("the address does not begin with cost://.", field="uri", hint=_KNOWN)
    kind, _, rest = uri.removeprefix(SCHEME).partition("/")
    try:
        parts = [unquote(part, errors="strict") for part in rest.split("/")] if rest else []
    except UnicodeDecodeError:
        raise InvalidInput("uri is not percent-encoded UTF-8.", field="uri", hint="Encode names as UTF-8.") from None
    return kind, parts


_KNOWN = "There are cost://budgets, cost://report/{period}, cost://task/{task_id} and cost://pricing/{provider}/{model}."
