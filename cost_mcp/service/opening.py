"""Opening a ledger for work: settings, prices and the ledger's file brought together, and let go of together."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.quick import open_readings
from cost_mcp.service.quick import Quick

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.ledger.contract import Ledger
    from cost_mcp.pricing.catalog import Catalog
    from cost_mcp.pricing.library import Library
    from cost_mcp.service.delivering import Delivering
    from cost_mcp.service.service import Clock, Service


def utc_now() -> datetime:
    """This machine's clock, in UTC."""
    return datetime.now(UTC)


def load_tables() -> Library:
    """The first tables: those ``prices update`` stored, else the installed library's.

    Raises:
        ConfigError: what was stored cannot be read, or is damaged.
    """
    from cost_mcp.config.books import fetched_table, fetched_table_bytes
    from cost_mcp.errors import ConfigError, InvalidInput
    from cost_mcp.pricing.library import Library

    content = fetched_table_bytes()
    if content is None:
        return Library()
    from cost_mcp.pricing.tables import open_tables

    try:
        return open_tables(content.decode())
    except (UnicodeDecodeError, InvalidInput):
        raise ConfigError(
            f"{fetched_table()} is damaged: it holds no price table as `cost-mcp prices update` stores it.",
            field="prices",
            hint="Fetch it again with `cost-mcp prices update URL`, or go back to the packaged prices with "
            "`cost-mcp prices update --reset`.",
        ) from None


def load_catalog(settings: Settings) -> Catalog:
    """The prices in force: the tables, under the packaged, the user's and a trusted project's books.

    What cannot be read of the books is in ``Catalog.problems``, and everything else counts. The tables are read when the
    first price is asked for; where those that were stored are damaged, that too becomes a problem then.
    """
    from cost_mcp.config.books import price_books
    from cost_mcp.pricing.catalog import BookText, open_catalog

    given = price_books(settings)
    books = tuple(BookText(text=book.text, file=str(book.file), layer=book.layer) for book in given.books)
    return open_catalog(books, tables=load_tables, problems=given.problems)


@asynccontextmanager
async def open_service(
    settings: Settings, *, clock: Clock = utc_now, warn: Callable[[str], None] | None = None, lasting: bool = True
) -> AsyncGenerator[Service]:
    """The verbs over this ledger, until the block ends; the budgets that the settings declare are then in force.

    Args:
        settings: what the process works with.
        clock: what tells the time.
        warn: hears why a declared budget is not in force, or an alert not delivered; None when nobody listens.
        lasting: whether this is a process that stays: alerts are then delivered, and unusual spend looked for, in the background.

    Raises:
        LedgerError: the ledger cannot be opened.
        ConfigError: the settings name something that cannot be read.
    """
    from cost_mcp.ledger.sqlite import open_ledger
    from cost_mcp.service.config_budgets import put_in_force
    from cost_mcp.service.service import Service
    from cost_mcp.service.watching import watching

    prices = load_catalog(settings)
    ledger = await open_ledger(settings.ledger_path, window_of=window_of, now=clock())
    try:
        for warning in await put_in_force(settings, ledger, clock()):
            if warn is not None:
                warn(warning)
        delivering = _delivering(settings, ledger, clock, warn)
        service = Service(ledger=ledger, prices=prices, settings=settings, clock=clock, delivering=delivering)
        if not lasting:
            yield service
            return
        async with _going_on(delivering), watching(ledger, settings, clock, None if delivering is None else delivering.wake):
            yield service
    finally:
        await ledger.close()


def _delivering(settings: Settings, ledger: Ledger, clock: Clock, warn: Callable[[str], None] | None) -> Delivering | None:
    if not settings.notifications:
        return None
    from cost_mcp.service.delivering import Delivering

    found = Delivering(ledger=ledger, tenant=settings.tenant, channels=settings.notifications, clock=clock)
    return found if warn is None else replace(found, warn=warn)


@asynccontextmanager
async def _going_on(delivering: Delivering | None) -> AsyncGenerator[None]:
    if delivering is not None:
        delivering.start()
    try:
        yield
    finally:
        if delivering is not None:
            await delivering.close()


def open_quick(settings: Settings, *, clock: Clock = utc_now) -> Quick:
    """The reading verbs over this ledger for a program that waits; a ledger that does not exist yet answers empty."""
    return Quick(readings=open_readings(settings.ledger_path, window_of=window_of), settings=settings, clock=clock)
