"""Opening a ledger for work: settings, prices and the ledger's file brought together, and let go of together."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.quick import open_readings
from cost_mcp.service.quick import Quick

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.pricing.catalog import Catalog
    from cost_mcp.service.service import Clock, Service


def utc_now() -> datetime:
    """This machine's clock, in UTC."""
    return datetime.now(UTC)


def load_catalog(settings: Settings) -> Catalog:
    """The prices in force: the packaged ones under the user's and a trusted project's books.

    Raises:
        ConfigError: a book that is named cannot be read. What is broken inside one is in ``Catalog.problems``.
    """
    from cost_mcp.config.books import price_books
    from cost_mcp.pricing.catalog import BookText, open_catalog

    return open_catalog(
        tuple(BookText(text=book.text, file=str(book.file), layer=book.layer) for book in price_books(settings))
    )


@asynccontextmanager
async def open_service(settings: Settings, *, clock: Clock = utc_now) -> AsyncGenerator[Service]:
    """The verbs over this ledger, until the block ends.

    Raises:
        LedgerError: the ledger cannot be opened.
        ConfigError: the settings name something that cannot be read.
    """
    from cost_mcp.ledger.sqlite import open_ledger
    from cost_mcp.service.service import Service

    prices = load_catalog(settings)
    ledger = await open_ledger(settings.ledger_path, window_of=window_of, now=clock())
    try:
        yield Service(ledger=ledger, prices=prices, settings=settings, clock=clock)
    finally:
        await ledger.close()


def open_quick(settings: Settings, *, clock: Clock = utc_now) -> Quick:
    """The reading verbs over this ledger for a program that waits; a ledger that does not exist yet answers empty."""
    return Quick(readings=open_readings(settings.ledger_path, window_of=window_of), settings=settings, clock=clock)
