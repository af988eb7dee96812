"""What a command finds around it: environment, folder, clock; and the doors it opens from there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cost_mcp.config.place import current_folder
from cost_mcp.service.opening import utc_now

if TYPE_CHECKING:
    from cost_mcp.config.settings import Loaded
    from cost_mcp.service.quick import Quick
    from cost_mcp.service.service import Service

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a command runs. Tests give their own; a process has its environment, its folder and the machine's clock."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    cwd: Path = field(default_factory=current_folder)
    clock: Callable[[], datetime] = utc_now

    def load(self) -> Loaded:
        """The settings; what was ignored in them is said on stderr."""
        from cost_mcp.config.settings import load_settings

        loaded = load_settings(self.environ, self.cwd)
        for warning in loaded.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        return loaded

    @contextmanager
    def quick(self) -> Generator[Quick]:
        """The reading verbs, without anything slow to import."""
        from cost_mcp.service.opening import open_quick

        quick = open_quick(self.load().settings, clock=self.clock)
        try:
            yield quick
        finally:
            quick.close()

    def within(self, work: Callable[[Service], Coroutine[object, object, T]]) -> T:
        """What ``work`` answers, done with an open service."""
        import asyncio

        from cost_mcp.service.opening import open_service

        settings = self.load().settings

        async def opened() -> T:
            async with open_service(settings, clock=self.clock) as service:
                return await work(service)

        return asyncio.run(opened())
