"""A service over a new ledger, with a clock the test moves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cost_mcp.config.settings import Settings
from cost_mcp.service.opening import open_service
from cost_mcp.service.service import Service


class MovedClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The moment it stands at."""
        return self.now

    def move(self, **by: float) -> None:
        """Forwards, or backwards for a negative step."""
        self.now += timedelta(**by)


Opener = Callable[..., AbstractAsyncContextManager[Service]]


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def opened(tmp_path: Path, clock: MovedClock) -> Opener:
    """Opens a service on one ledger file with the settings a test gives."""

    def open_with(*, lasting: bool = True, **settings: object) -> AbstractAsyncContextManager[Service]:
        given = Settings(db=str(tmp_path / "ledger.db"), **settings)  # pyright: ignore[reportArgumentType]
        return open_service(given, clock=clock, lasting=lasting)

    return open_with
