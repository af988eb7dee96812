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
    from cost_mcp.config.settings import Loaded, Settings
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
            _warn(warning)
        return loaded

    @contextmanager
    def quick(self, *, in_step: bool = False) -> Generator[Quick]:
        """The reading verbs, without anything slow to import.

        ``in_step`` first puts the budgets in force that the settings declare, which is slow only where there is something to
        change.
        """
        from cost_mcp.service.opening import open_quick

        settings = self.load().settings
        if in_step and (settings.budgets or settings.budget_origins):
            self._keep_in_step(settings)
        quick = open_quick(settings, clock=self.clock)
        try:
            yield quick
        finally:
            quick.close()

    def _keep_in_step(self, settings: Settings) -> None:
        from cost_mcp.service.config_budgets import changes
        from cost_mcp.service.opening import open_quick

        quick = open_quick(settings, clock=self.clock)
        try:
            found = changes(settings, quick.budgets())
        finally:
            quick.close()
        if found:
            self._opened(settings, _nothing)
            return
        for warning in found.warnings:
            _warn(warning)

    def within(self, work: Callable[[Service], Coroutine[object, object, T]]) -> T:
        """What ``work`` answers, done with an open service."""
        return self._opened(self.load().settings, work)

    def _opened(self, settings: Settings, work: Callable[[Service], Coroutine[object, object, T]]) -> T:
        import asyncio

        from cost_mcp.service.opening import open_service

        async def opened() -> T:
            async with open_service(settings, clock=self.clock, warn=_warn, lasting=False) as service:
                return await work(service)

        return asyncio.run(opened())


def who() -> str:
    """Who runs this command, as it is noted beside what was changed: ``cli:anna``."""
    import getpass

    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):
        return "cli"  # a container may have a user id without a name


def _warn(sentence: str) -> None:
    print(f"warning: {sentence}", file=sys.stderr)


async def _nothing(_: Service) -> None:
    """Opening was all that was wanted."""
