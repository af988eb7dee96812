"""Pages as they were drawn last: whoever asks for the same one before anything changed is given it again."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

MOST_KEPT = 32


@dataclass(slots=True)
class _Page:
    mark: str = ""
    text: str = ""
    drawing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Kept:
    """The last pages by what they were asked for. Many who ask at once wait for one drawing."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[str, ...], _Page] = OrderedDict()

    async def page(self, asked: tuple[str, ...], mark: str, draw: Callable[[], Awaitable[str]]) -> str:
        """The page for what is asked at a mark, drawn only if it is not the one that was drawn last."""
        page = self._pages.setdefault(asked, _Page())
        self._pages.move_to_end(asked)
        if len(self._pages) > MOST_KEPT:
            self._pages.popitem(last=False)
        async with page.drawing:
            if page.mark != mark:
                page.text, page.mark = await draw(), mark
            return page.text
