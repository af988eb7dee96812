"""What every request passes: the host it names, the page it comes from, the cookie it brings; and what every answer carries."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cost_mcp.web.door import Door

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
"""The names a browser on this machine reaches the dashboard by, at whatever port a tunnel gives it."""

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing from another host, nothing written into a page: https://www.w3.org/TR/CSP3/, read 2026-11-22."""

_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with none at all, browsers do not say where a form comes from
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_OPEN = ("/enter", "/closed")
_SAFE = ("GET", "HEAD")


class Guard:
    """Refuses what no browser of this machine's user sends, and asks everyone else for the cookie.

    A page of another site may make a browser send requests here (CSRF), or rename itself to this address (DNS rebinding): the
    first names another origin, the second another host. Both are refused before anything is looked at.
    """

    def __init__(self, app: ASGIApp, door: Door, cookie: str) -> None:
        self._app = app
        self._door = door
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, sent)

    def _refusal(self, scope: Scope) -> PlainTextResponse | RedirectResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name_of(host) not in LOOPBACK_NAMES:
            return PlainTextResponse("This dashboard answers to localhost only.\n", 421)
        if scope["method"] not in _SAFE and not _from_here(headers, host):
            return PlainTextResponse("This request does not come from a page of this dashboard.\n", 403)
        path: str = scope["path"]
        if path in _OPEN or path.startswith("/static/"):
            return None
        session = self._door.session(HTTPConnection(scope).cookies.get(self._cookie))
        if session is None:
            if "text/html" in headers.get("accept", "") and scope["method"] in _SAFE:
                return RedirectResponse("/closed", 303)
            return PlainTextResponse("Open the address that `cost-mcp dashboard` prints.\n", 401)
        scope.setdefault("state", {})["session"] = session
        return None


def _name_of(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _from_here(headers: Headers, host: str) -> bool:
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "same-origin"
    return origin == f"http://{host}"
