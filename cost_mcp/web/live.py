"""Telling open pages that something was written: one look at the ledger for all of them, and an event to each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from cost_mcp.ledger.pulse import pulse

if TYPE_CHECKING:
    from pathlib import Path

LOOK_SECONDS = 0.75
"""How often the ledger is looked at while a page is open."""


class Live:
    """What the ledger's files looked like last, and who waits to hear that they changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: set[asyncio.Event] = set()
        self._looking: asyncio.Task[None] | None = None
        self._ended = False
        self._seen = ""
        self._turn = 0

    def mark(self) -> str:
        """A text that is another one after anything was written; while pages are open, as of the last look.

        So all pages that one event made look again are shown the same, drawn once.
        """
        looking = self._looking is not None and not self._looking.done()
        return f"{self._seen if looking else pulse(self._path)}:{self._turn}"

    async def marks(self) -> AsyncGenerator[str]:
        """The mark now, then each new one; several changes between two looks are one."""
        woken = asyncio.Event()
        self._waiting.add(woken)
        if self._looking is None or self._looking.done():
            self._seen = pulse(self._path)
            self._looking = asyncio.create_task(self._look())
        try:
            yield self.mark()
            while not self._ended:
                await woken.wait()
                woken.clear()
                if not self._ended:
                    yield self.mark()
        finally:
            self._waiting.discard(woken)

    def end(self) -> None:
        """Let everyone who waits go."""
        self._ended = True
        for woken in self._waiting:
            woken.set()

    async def _look(self) -> None:
        once_more = False
        while self._waiting:
            await asyncio.sleep(LOOK_SECONDS)
            now = pulse(self._path)
            changed, self._seen = now != self._seen, now
            if changed or once_more:
                # Files tell their time in ticks: what was written in the same one as what was seen is told a look later.
                once_more = changed
                self._turn += 1
                for woken in self._waiting:
                    woken.set()
