"""The service behind the server: loaded while the client is already being answered, opened anew until it succeeds."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cost_mcp.server.log import logger

if TYPE_CHECKING:
    from cost_mcp.service.service import Service

Opener = Callable[[], "AbstractAsyncContextManager[Service]"]

_MODULES = (
    "cost_mcp.server.verb",
    "cost_mcp.service.opening",
    "cost_mcp.service.service",
    "cost_mcp.config.settings",
    "cost_mcp.capture.usage",
    "cost_mcp.pricing.catalog",
    "cost_mcp.ledger.sqlite",
)
"""What the first call needs; loaded in a thread, since importing takes longer than answering a handshake may."""

_TOLD_MAX = 5
"""How many problems of price books are written to stderr: a client that never reads it must not hold the server up."""

_TABLES = "genai_prices.data"
"""The price tables: 170 ms that the first recorded call would wait for, and everyone else with it."""


@asynccontextmanager
async def open_from_environment() -> AsyncGenerator[Service]:
    """The service that this process's environment and folder describe, read anew at every attempt."""
    from cost_mcp.config.place import current_folder
    from cost_mcp.config.settings import load_settings
    from cost_mcp.pricing.catalog import Catalog
    from cost_mcp.server.leaving import export_on_exit
    from cost_mcp.service.opening import open_service, utc_now

    loaded = load_settings(os.environ, current_folder())
    for warning in loaded.warnings:
        logger.warning("%s", warning)
    leaving = export_on_exit(loaded.settings, utc_now())  # begins when the ledger is closed
    async with leaving, open_service(loaded.settings, warn=partial(logger.warning, "%s")) as service:
        problems = service.prices.problems if isinstance(service.prices, Catalog) else ()
        for problem in problems[:_TOLD_MAX]:
            logger.warning("%s", problem)
        if len(problems) > _TOLD_MAX:
            logger.warning("The price books have %d problems in all: `cost-mcp doctor` names them.", len(problems))
        if loaded.settings.capture != "auto" or not loaded.settings.enabled:
            yield service
            return
        from cost_mcp.server.capturing import capturing

        async with capturing(loaded.settings.ledger_path):
            yield service


class Backing:
    """The service, when there is one. ``ready`` is None until it is open; ``service`` waits for it."""

    def __init__(self, opener: Opener = open_from_environment) -> None:
        self._opener = opener
        self._open = AsyncExitStack()
        self._opening: asyncio.Task[Service] | None = None
        self._warming: asyncio.Task[None] | None = None
        self.ready: Service | None = None

    def start(self) -> None:
        """Begin to load and open in the background; a failure is told to the call that needs it."""
        if self._opening is None:
            self._attempt()

    async def service(self) -> Service:
        """The open service.

        Raises:
            CostError: it cannot be opened; the next call tries again.
        """
        if self.ready is not None:
            return self.ready
        opening = self._opening
        if opening is None or (opening.done() and (opening.cancelled() or opening.exception() is not None)):
            opening = self._attempt()
        return await asyncio.shield(opening)  # a cancelled call must not take the opening with it

    async def close(self) -> None:
        """Finish waiting writes and let go of the ledger."""
        self.ready = None
        for task in (self._opening, self._warming):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        await self._open.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.close()

    def _attempt(self) -> asyncio.Task[Service]:
        self._opening = asyncio.create_task(self._load_and_open(), name="open the service")
        self._opening.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._opening

    async def _load_and_open(self) -> Service:
        await asyncio.to_thread(_load)
        try:
            self.ready = await self._open.enter_async_context(self._opener())
        finally:
            if self._warming is None:
                self._warming = asyncio.create_task(asyncio.to_thread(_warm), name="load the price tables")
        return self.ready


def _load() -> None:
    for module in _MODULES:
        importlib.import_module(module)


def _warm() -> None:
    with suppress(ImportError):  # told to the call that needs it
        importlib.import_module(_TABLES)
    if not gc.isenabled():
        gc.freeze()  # what is loaded stays: no collection looks at it again, and the process ends faster
        gc.enable()
