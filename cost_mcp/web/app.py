"""The dashboard as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cost_mcp.errors import Conflict, CostError, InvalidInput, NotFound
from cost_mcp.views.html.frame import Frame
from cost_mcp.views.html.rendering import rendered, style
from cost_mcp.web.drawing import PAGES, TITLES
from cost_mcp.web.guard import Guard
from cost_mcp.web.kept import Kept
from cost_mcp.web.live import Live
from cost_mcp.web.pages import Asked, House
from cost_mcp.web.writing import Change, acknowledge, apply_suggestion, changed, remove_budget, retry, set_budget

if TYPE_CHECKING:
    from starlette.requests import Request

    from cost_mcp.web.door import Door


def build_app(house: House, door: Door, *, cookie: str) -> Starlette:
    """The application; ``cookie`` is the name its sessions are kept under in a browser."""
    live = Live(house.settings.ledger_path)
    reading = Reading(house, live, Kept())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        yield
        live.end()

    with as_file(files("cost_mcp.web") / "static") as folder:
        static = StaticFiles(directory=folder)
    return Starlette(
        routes=[
            *(Route(path, partial(reading.show, path=path)) for path in PAGES),
            *(Route(path, partial(reading.change, path=path), methods=["POST"]) for path in CHANGES),
            Route("/enter", Entrance(door, cookie).enter),
            Route("/closed", _closed),
            Route("/events", reading.events),
            Route("/static/style.css", _style_sheet),
            Mount("/static", static),
        ],
        middleware=[Middleware(Guard, door=door, cookie=cookie)],
        exception_handlers={CostError: _refused},
        lifespan=lifespan,
    )


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where the printed address leads: the token for a cookie, and on to a page whose address holds neither."""

    door: Door
    cookie: str

    async def enter(self, request: Request) -> Response:
        """In, or away."""
        session = self.door.enter(request.query_params.get("token", ""))
        if session is None:
            return RedirectResponse("/closed", 303)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self.cookie, session.cookie, httponly=True, samesite="strict", path="/")
        return answer


@dataclass(frozen=True, slots=True)
class Reading:
    """The pages that show, and the events that say when to look again."""

    house: House
    live: Live
    kept: Kept

    async def show(self, request: Request, *, path: str) -> Response:
        """A page; nothing when the one that is shown already is the same."""
        # The minute too: what is spent today is not what it was, once today is another day.
        mark = f'"{self.live.mark()}:{self.house.clock():%H%M}"'
        notice = request.state.session.taken_notice()
        if notice is not None:
            return HTMLResponse(await self._drawn(request, self._frame(request, path, notice=notice)))
        if request.headers.get("if-none-match") == mark:
            return Response(status_code=304, headers={"etag": mark})
        asked = (request.state.session.cookie, path, str(request.query_params))
        page = await self.kept.page(asked, mark, lambda: self._drawn(request, self._frame(request, path)))
        return HTMLResponse(page, headers={"etag": mark})

    async def change(self, request: Request, *, path: str) -> Response:
        """A form: back to its page when it was taken, the page with the form as it was typed when not."""
        change, back = CHANGES[path]
        typed, refusal = await changed(self.house, request, change)
        if refusal is None:
            return RedirectResponse(back, 303)
        frame = self._frame(request, back, problem=_sentence(refusal), typed=typed)
        return HTMLResponse(await self._drawn(request, frame), _status(refusal))

    def _frame(self, request: Request, path: str, **others: Any) -> Frame:
        asked = Asked.of(request)
        return Frame(
            pages=TITLES,
            path=path,
            under=PAGES[path].under or path,
            title=PAGES[path].title,
            takes=PAGES[path].filters,
            period=asked.period,
            timezone=asked.timezone or self.house.settings.timezone,
            link=asked.link,
            filters=asked.filters,
            form_token=request.state.session.form_token,
            **others,
        )

    async def _drawn(self, request: Request, frame: Frame) -> str:
        asked, own = Asked.of(request), dict(request.query_params)
        drawn = PAGES[frame.path].drawn
        return await run_in_threadpool(self.house.read, lambda quick: drawn(quick, asked, frame, own))

    async def events(self, _: Request) -> Response:
        """One event now, and one after each change."""

        async def told() -> AsyncGenerator[ServerSentEvent]:
            async for mark in self.live.marks():
                yield ServerSentEvent(event="written", data=mark)

        return EventSourceResponse(told(), ping=20)


def _closed(_: Request) -> Response:
    return HTMLResponse(rendered("closed.html.j2"), 401)


def _style_sheet(_: Request) -> Response:
    return Response(style(), media_type="text/css", headers={"cache-control": "max-age=300"})


CHANGES: Mapping[str, tuple[Change, str]] = {
    "/budgets": (set_budget, "/budgets"),
    "/budgets/remove": (remove_budget, "/budgets"),
    "/alerts/acknowledge": (acknowledge, "/alerts"),
    "/alerts/retry": (retry, "/alerts"),
    "/savings/applied": (apply_suggestion, "/savings"),
}
"""Every form by its path: what it changes, and the page it belongs to."""


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, CostError)
    asked = Asked.of(request)
    frame = Frame(
        pages=TITLES,
        path=request.url.path,
        under=request.url.path,
        title="That cannot be shown",
        period="month",
        timezone=asked.timezone or "",
        link=Asked().link,
        problem=_sentence(error),
    )
    return HTMLResponse(rendered("refused.html.j2", frame=frame), _status(error))


def _sentence(error: CostError) -> str:
    return f"{error.field}: {error}" if error.field else str(error)


def _status(error: CostError) -> int:
    """The HTTP status of a refusal."""
    for kind, status in ((NotFound, 404), (Conflict, 409), (InvalidInput, 400)):
        if isinstance(error, kind):
            return status
    return 503
