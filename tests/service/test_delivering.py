"""Getting alerts out: real receivers that are down, slow, refusing and up again; senders that are killed, or many."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.config.notifications import DeclaredChannel
from cost_mcp.errors import DeliveryFailed
from cost_mcp.model.address import Address, Chat, Mailbox, Webhook
from cost_mcp.model.alert import Alert, Channel
from cost_mcp.model.call import Rank
from cost_mcp.service.delivering import ATTEMPTS_MAX, LEASE_SECONDS, Delivering, wait_after
from cost_mcp.service.sending import sent
from cost_mcp.service.service import Service

if TYPE_CHECKING:
    from tests.conftest import HttpReceiver, Mailserver

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
Opener = Callable[..., AbstractAsyncContextManager[Service]]
PATIENCE = 30
"""Seconds after which what never happens fails a test; nothing waits for them to pass."""


class Clock(Protocol):
    """The clock a test moves."""

    now: datetime

    def move(self, **by: float) -> None:
        """Forwards or back."""
        ...


def declared(name: str, address: Address) -> DeclaredChannel:
    return DeclaredChannel(channel=Channel(name=name, lowest_level="warning"), address=address, place="here")


async def spend(service: Service, usd: str) -> None:
    fields = {"model": "gpt-5", "provider": "openai", "input_tokens": 1, "output_tokens": 1, "cost_usd": usd}
    await service.record(fields, source="python", rank=Rank.RESPONSE)


async def budget(service: Service, limit: str = "10") -> None:
    await service.set_budget({"name": "daily", "limit": limit, "period": "day"}, changed_by="test")


async def the_alert(service: Service) -> Alert:
    (alert,) = await service.ledger.alerts("default", open_only=False, limit=9)
    return alert


def way_out(service: Service) -> Delivering:
    assert service.delivering is not None
    service.delivering.chance = lambda: 0.5
    return service.delivering


def in_files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("ledger.db*"))


async def arrived(receiver: HttpReceiver | Mailserver) -> None:
    assert await asyncio.to_thread(receiver.arrived.acquire, timeout=PATIENCE)


async def test_an_alert_arrives_once_on_every_channel(opened: Opener, receiver: HttpReceiver, mailserver: Mailserver):
    mailbox = Mailbox(
        to=("ops@example.com",), sender="cost@example.com", host="127.0.0.1", port=mailserver.port, security="none"
    )
    channels = (
        declared("hook", Webhook(url=f"{receiver.url}/hook", secret="s3cr3t")),
        declared("slack", Chat(service="slack", url=f"{receiver.url}/slack")),
        declared("mail", mailbox),
    )
    async with opened(notifications=channels, lasting=False) as service:
        await budget(service)
        await spend(service, "9")
        tried = [await way_out(service).deliver_due() for _ in range(3)]
        alert = await the_alert(service)

    assert tried == [3, 0, 0]
    assert sorted(path for path, _, _ in receiver.requests) == ["/hook", "/slack"]
    assert [mail["Subject"] for mail in mailserver.mails] == ["cost-mcp: budget daily at 90 % (warning)"]
    assert {(one.channel, one.state, one.attempts) for one in alert.deliveries} == {
        ("hook", "delivered", 1),
        ("slack", "delivered", 1),
        ("mail", "delivered", 1),
    }


async def test_a_receiver_that_is_down_gets_it_once_when_it_is_up_again(opened: Opener, clock: Clock, receiver: HttpReceiver):
    receiver.down()
    async with opened(notifications=(declared("hook", Webhook(url=receiver.url)),), lasting=False) as service:
        await budget(service)
        await spend(service, "9")
        assert await way_out(service).deliver_due() == 1
        (failed,) = (await the_alert(service)).deliveries
        receiver.up()
        assert await way_out(service).deliver_due() == 0
        clock.move(seconds=31)
        assert await way_out(service).deliver_due() == 1
        clock.move(hours=2)
        assert await way_out(service).deliver_due() == 0
        (done,) = (await the_alert(service)).deliveries

    assert (failed.state, failed.attempts) == ("waiting", 1)
    assert failed.error is not None
    assert "cannot be reached" in failed.error
    assert (done.state, done.attempts, done.error) == ("delivered", 2, None)
    assert len(receiver.requests) == 1


async def test_a_receiver_that_refuses_is_given_up_after_ten_attempts_and_told_when_asked_again(
    opened: Opener, clock: Clock, receiver: HttpReceiver, caplog: pytest.LogCaptureFixture
):
    receiver.answers = [403] * ATTEMPTS_MAX
    async with opened(notifications=(declared("ops", Webhook(url=f"{receiver.url}/s3cr3t")),), lasting=False) as service:
        await budget(service)
        await spend(service, "9")
        waits: list[float] = []
        for _ in range(ATTEMPTS_MAX):
            assert await way_out(service).deliver_due() == 1
            (one,) = (await the_alert(service)).deliveries
            if one.next_at is not None:
                waits.append((one.next_at - clock.now).total_seconds())
                clock.move(seconds=waits[-1])
        alert = await the_alert(service)
        clock.move(hours=5)
        assert await way_out(service).deliver_due() == 0
        await service.ledger.retry_alert("default", alert.alert_id, clock.now)
        assert await way_out(service).deliver_due() == 1
        (after,) = (await the_alert(service)).deliveries

    (dead,) = alert.deliveries
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert (dead.state, dead.attempts) == ("dead", ATTEMPTS_MAX)
    assert after.state == "delivered"
    assert len({headers["Webhook-Id"] for _, headers, _ in receiver.requests}) == 1
    assert "channel ops (attempt 10)" in caplog.text
    assert "s3cr3t" not in caplog.text


async def test_the_wait_a_receiver_asks_for_is_kept(opened: Opener, clock: Clock, receiver: HttpReceiver):
    receiver.answers, receiver.headers = [429], {"Retry-After": "600"}
    async with opened(notifications=(declared("ops", Webhook(url=receiver.url)),), lasting=False) as service:
        await budget(service)
        await spend(service, "9")
        await way_out(service).deliver_due()
        (one,) = (await the_alert(service)).deliveries

    assert one.next_at is not None
    assert (one.next_at - clock.now).total_seconds() == 600


async def test_a_slow_receiver_keeps_neither_recording_nor_another_channel_nor_the_end_waiting(
    opened: Opener, receiver: HttpReceiver, mailserver: Mailserver
):
    receiver.gate.clear()
    mailbox = Mailbox(
        to=("ops@example.com",), sender="cost@example.com", host="127.0.0.1", port=mailserver.port, security="none"
    )
    async with (
        asyncio.timeout(PATIENCE),
        opened(notifications=(declared("slow", Webhook(url=receiver.url)), declared("mail", mailbox))) as service,
    ):
        await budget(service)
        await spend(service, "9")
        await arrived(receiver)
        await spend(service, "0.1")
        await arrived(mailserver)

    assert not receiver.gate.is_set()
    assert len(mailserver.mails) == 1


async def test_what_was_raised_last_is_still_sent_when_a_process_ends(opened: Opener, receiver: HttpReceiver):
    async with opened(notifications=(declared("hook", Webhook(url=receiver.url)),)) as service:
        await budget(service)
        await spend(service, "9")

    await arrived(receiver)


async def test_of_many_senders_one_sends(opened: Opener, receiver: HttpReceiver):
    channels = (declared("hook", Webhook(url=receiver.url)),)
    async with opened(notifications=channels, lasting=False) as one, opened(notifications=channels, lasting=False) as other:
        await budget(one)
        await spend(one, "9")
        tried = await asyncio.gather(*(way_out(service).deliver_due() for service in (one, other, one, other)))

    assert sum(tried) == 1
    assert len(receiver.requests) == 1


async def test_no_secret_is_in_the_bytes_of_the_ledger(
    opened: Opener, receiver: HttpReceiver, mailserver: Mailserver, tmp_path: Path
):
    receiver.answers = [500] * 9
    login = receiver.url.replace("://", "://s3cr3t:s3cr3t@")
    mailbox = Mailbox(
        to=("ops@example.com",), sender="a@example.com", host="127.0.0.1", port=mailserver.port, security="none",
        user="s3cr3t", password="s3cr3t",
    )  # fmt: skip
    channels = (
        declared("hook", Webhook(url=f"{login}/s3cr3t", secret="s3cr3t")),
        declared("slack", Chat(service="slack", url=f"{receiver.url}/s3cr3t")),
        declared("mail", mailbox),
    )
    async with opened(notifications=channels, lasting=False) as service:
        await budget(service)
        await spend(service, "9")
        await way_out(service).deliver_due()
        assert {one.state for one in (await the_alert(service)).deliveries} == {"waiting"}
        written = in_files(tmp_path)

    assert b"hook" in written
    assert b"s3cr3t" not in written


def environment(folder: Path, receiver: HttpReceiver) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COST_MCP_")}
    return kept | {
        "COST_MCP_DB": str(folder / "ledger.db"),
        "COST_MCP_CONFIG": "",
        "COST_MCP_DAILY_LIMIT": "10",
        "COST_MCP_WEBHOOK_URL": receiver.url,
    }


PROGRAM = """
import asyncio, cost_mcp
async def main():
    async with cost_mcp.open() as cost:
        await cost.record(model="gpt-5", provider="openai", input_tokens=1, output_tokens=1, cost_usd="9")
        await asyncio.sleep(600)
asyncio.run(main())
"""


async def test_what_a_killed_sender_had_in_hand_is_sent_by_the_next_under_the_same_id(
    opened: Opener, clock: Clock, receiver: HttpReceiver, tmp_path: Path
):
    receiver.gate.clear()
    channels = (declared("webhook", Webhook(url=receiver.url)),)
    environ = environment(tmp_path, receiver)
    sender = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, env=environ, cwd=tmp_path)
    try:
        await arrived(receiver)
    finally:
        sender.kill()
        await sender.wait()
    receiver.gate.set()
    async with opened(notifications=channels, lasting=False) as service:
        taken = (await the_alert(service)).raised_at
        clock.now = taken
        assert await way_out(service).deliver_due() == 0
        clock.move(seconds=LEASE_SECONDS + PATIENCE)
        assert await way_out(service).deliver_due() == 1
        (done,) = (await the_alert(service)).deliveries

    first, again = receiver.requests
    assert first[1]["Webhook-Id"] == again[1]["Webhook-Id"]
    assert (done.state, done.attempts) == ("delivered", 2)


SPENDER = """
import asyncio, cost_mcp
async def main():
    async with cost_mcp.open() as cost:
        await cost.record(model="gpt-5", provider="openai", input_tokens=1, output_tokens=1, cost_usd="3")
asyncio.run(main())
"""


async def test_of_many_processes_that_spend_at_once_each_level_is_told_under_one_id(
    opened: Opener, clock: Clock, receiver: HttpReceiver, tmp_path: Path
):
    environ = environment(tmp_path, receiver)
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", SPENDER, env=environ, cwd=tmp_path) for _ in range(4)]
    assert [await one.wait() for one in started] == [0, 0, 0, 0]
    async with opened(notifications=(declared("webhook", Webhook(url=receiver.url)),), lasting=False) as service:
        alerts = await service.ledger.alerts("default", open_only=False, limit=9)
        clock.now = alerts[0].raised_at
        clock.move(seconds=LEASE_SECONDS + PATIENCE)
        await way_out(service).deliver_due()  # what a process that ended had in hand
        alerts = await service.ledger.alerts("default", open_only=False, limit=9)

    assert [alert.level for alert in alerts] == ["exceeded", "warning", "info"]
    assert [[one.state for one in alert.deliveries] for alert in alerts] == [["delivered"], ["delivered"], []]
    assert len({headers["Webhook-Id"] for _, headers, _ in receiver.requests}) == 2


async def test_what_takes_too_long_or_breaks_is_a_failed_attempt_and_quotes_nothing():
    held = threading.Event()

    def hang(*_: object) -> None:
        held.wait(PATIENCE)

    def break_down(*_: object) -> None:
        raise ValueError("s3cr3t")

    alert = Alert(alert_id="a", kind="test", level="info", raised_at=NOON, subject="test", window_start=NOON)
    webhook = Webhook(url="http://127.0.0.1/")
    with pytest.raises(DeliveryFailed, match="took longer than 0 seconds"):
        await sent(hang, webhook, alert, "ops", NOON, most=0.01)
    held.set()
    with pytest.raises(DeliveryFailed, match=r"went wrong while sending \(ValueError\)") as failed:
        await sent(break_down, webhook, alert, "ops", NOON)
    assert "s3cr3t" not in str(failed.value)


async def test_a_ledger_that_cannot_answer_is_told_and_tried_again_later(
    opened: Opener, receiver: HttpReceiver, caplog: pytest.LogCaptureFixture
):
    async with opened(notifications=(declared("webhook", Webhook(url=receiver.url)),), lasting=False) as service:
        await service.ledger.close()
        assert await way_out(service).deliver_due() == 0

    assert "Alerts cannot be delivered now" in caplog.text


@given(attempt=st.integers(1, ATTEMPTS_MAX - 1), chance=st.floats(0, 1), asked=st.none() | st.floats(0, 3600))
def test_waits_grow_to_an_hour_differ_by_chance_and_are_never_below_what_was_asked(
    attempt: int, chance: float, asked: float | None
):
    wait = wait_after(attempt, chance, asked)

    assert wait is not None
    middle = min(30 * 2 ** (attempt - 1), 3600)
    assert max(0.75 * middle, asked or 0) - 0.001 <= wait.total_seconds() <= max(1.25 * middle, asked or 0) + 0.001
    assert wait_after(ATTEMPTS_MAX, chance, asked) is None
