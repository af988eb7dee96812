"""The dashboard as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cost_mcp.errors import CostError, InvalidInput, NotFound
from cost_mcp.views.html.frame import Frame
from cost_mcp.views.html.overview import overview_page
from cost_mcp.views.html.rendering import rendered, style
from cost_mcp.web.guard import Guard
from cost_mcp.web.live import Live
from cost_mcp.web.overview import read_overview
from cost_mcp.web.pages import Asked, House

if TYPE_CHECKING:
    from starlette.requests import Request

    from cost_mcp.service.quick import Quick
    from cost_mcp.web.door import Door

Drawn = Callable[["Quick", Asked, Frame, Mapping[str, str]], str]
"""A page from what it is asked for: the shared part, what stands around it, and its own parameters."""


def build_app(house: House, door: Door, *, cookie: str) -> Starlette:
    """The application; ``cookie`` is the name its sessions are kept under in a browser."""
    live = Live(house.settings.ledger_path)
    reading = Reading(house, live)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        yield
        live.end()

    with as_file(files("cost_mcp.web") / "static") as folder:
        static = StaticFiles(directory=folder)
    return Starlette(
        routes=[
            *(Route(path, partial(reading.show, path=path)) for path in PAGES),
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

    async def show(self, request: Request, *, path: str) -> Response:
        """A page; nothing when the one that is shown already is the same."""
        title, drawn = PAGES[path]
        mark = f'"{self.live.mark()}"'
        if request.headers.get("if-none-match") == mark:
            return Response(status_code=304, headers={"etag": mark})
        asked = Asked.of(request)
        frame = Frame(
            pages=TITLES,
            path=path,
            title=title,
            period=asked.period,
            timezone=asked.timezone or self.house.settings.timezone,
            link=asked.link,
            filters=asked.filters,
            form_token=request.state.session.form_token,
        )
        own = dict(request.query_params)
        page = await run_in_threadpool(self.house.read, lambda quick: drawn(quick, asked, frame, own))
        return HTMLResponse(page, headers={"etag": mark})

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


def _overview(quick: Quick, asked: Asked, frame: Frame, own: Mapping[str, str]) -> str:
    return overview_page(read_overview(quick, asked, own.get("by") or "model"), frame)


PAGES: Mapping[str, tuple[str, Drawn]] = {"/": ("Overview", _overview)}
"""Every page by its path: its title, and how it is drawn."""

TITLES = tuple((path, title) for path, (title, _) in PAGES.items())


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, CostError)
    status = 404 if isinstance(error, NotFound) else 400 if isinstance(error, InvalidInput) else 503
    asked = Asked.of(request)
    frame = Frame(
        pages=TITLES,
        path=request.url.path,
        title="That cannot be shown",
        period="month",
        timezone=asked.timezone or "",
        link=Asked().link,
    )
    return HTMLResponse(rendered("refused.html.j2", frame=frame, error=error), status)
