from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from cost_mcp.errors import LedgerUnavailable
from cost_mcp.server.backing import Backing
from cost_mcp.server.definitions import definitions
from cost_mcp.service.service import Service

if TYPE_CHECKING:
    from tests.server.conftest import Spoken

    Speak = Callable[..., Spoken]

CALL: dict[str, object] = {"model": "gpt-5-mini", "provider": "openai", "input_tokens": 1000, "output_tokens": 10}


@pytest.mark.parametrize("broken", ["folder", "damaged", "newer"])
def test_a_ledger_that_cannot_be_opened_is_told_to_each_call_until_it_is_mended(speak: Speak, env: dict[str, str], broken: str):
    db = Path(env["COST_MCP_DB"])
    if broken == "folder":
        db.mkdir()
    elif broken == "damaged":
        db.write_bytes(b"this is not a ledger, and never was one" * 100)
    else:
        first = speak()
        first.handshake()
        first.call("record_call", CALL)
        assert first.finish() == 0
        newer(db)
    spoken = speak()
    spoken.handshake()
    assert len(spoken.ask("tools/list")["result"]["tools"]) == len(definitions()["tools"])
    for tool, arguments in (("record_call", CALL), ("get_cost_report", {}), ("record_call", CALL)):
        answer = spoken.call(tool, arguments)
        assert answer["isError"] is True
        assert answer["content"][0]["text"].endswith(".")
        assert "unexpected" not in answer["content"][0]["text"]
    assert spoken.ask("resources/read", {"uri": "cost://budgets"})["error"]["code"] == -32603
    mend(db)
    assert spoken.call("record_call", CALL)["structuredContent"]["outcome"] == "created"
    assert spoken.finish() == 0


def newer(db: Path) -> None:
    import sqlite3

    with sqlite3.connect(db) as connection:
        connection.execute("PRAGMA user_version = 9999")


def mend(db: Path) -> None:
    if db.is_dir():
        db.rmdir()
    else:
        for name in (db, Path(f"{db}-wal"), Path(f"{db}-shm")):
            name.unlink(missing_ok=True)


class Opener:
    """Opens as often as it is asked, and fails as often as it was told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.opened = 0
        self.closed = 0

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[Service]:
        """One attempt."""
        self.opened += 1
        await asyncio.sleep(0)
        if self.opened <= self.failures:
            raise LedgerUnavailable("the ledger cannot be opened.", hint="Free some space.")
        yield cast("Service", self)
        self.closed += 1


async def test_many_calls_wait_for_one_opening():
    opener = Opener()
    async with Backing(opener) as backing:
        backing.start()
        backing.start()
        services = await asyncio.gather(*(backing.service() for _ in range(10)))
        assert backing.ready is services[0]
    assert (opener.opened, opener.closed) == (1, 1)
    assert len({id(service) for service in services}) == 1


async def test_a_failed_opening_is_tried_again_by_the_next_call():
    opener = Opener(failures=2)
    async with Backing(opener) as backing:
        backing.start()
        for _ in range(2):
            with pytest.raises(LedgerUnavailable):
                await backing.service()
        assert await backing.service() is opener
    assert (opener.opened, opener.closed) == (3, 1)


async def test_a_cancelled_call_does_not_take_the_opening_with_it():
    opener = Opener()
    async with Backing(opener) as backing:
        first = asyncio.create_task(backing.service())
        second = asyncio.create_task(backing.service())
        await asyncio.sleep(0)
        first.cancel()
        assert await second is opener
    assert opener.opened == 1


async def test_an_end_in_the_middle_of_the_opening_leaves_nothing_open():
    opener = Opener()
    backing = Backing(opener)
    backing.start()
    await asyncio.sleep(0)
    await backing.close()
    assert opener.opened == opener.closed


def test_a_broken_price_book_is_told_on_stderr_and_to_agents_once_and_in_every_unpriced_call(speak: Speak, tmp_path: Path):
    book = tmp_path / "prices.yaml"
    book.write_text("providers:\n  acme:\n    acme-9: {input: much}\n", encoding="utf-8")
    spoken = speak(COST_MCP_PRICE_BOOK=str(book))
    spoken.handshake()
    calls = [("gpt-5-mini", "openai")] * 2 + [("acme-9", "acme")] * 2
    told = [
        "\n".join(
            spoken.call("record_call", {"model": model, "provider": provider, "input_tokens": 5})["structuredContent"][
                "warnings"
            ]
        )
        for model, provider in calls
    ]
    assert [f"{book}, line 3: input is not a number." in text for text in told] == [True, False, True, True]
    assert spoken.finish() == 0
    assert f"{book}, line 3: input is not a number." in spoken.error()


def test_a_folder_that_is_removed_before_the_first_call_is_named_as_the_reason(speak: Speak, tmp_path: Path):
    folder = tmp_path / "gone"
    folder.mkdir()
    spoken = speak(cwd=folder)
    spoken.ask("ping")
    folder.rmdir()
    spoken.handshake()
    answer = spoken.call("get_task_cost", {"task_id": "T"})
    assert answer["isError"] is True
    assert answer["content"][0]["text"].startswith("The folder this runs in is gone")
    assert spoken.finish() == 0
