"""One alert sent in a thread of its own: sending blocks, and nothing here waits for what takes too long."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from datetime import datetime

from cost_mcp.errors import DeliveryFailed
from cost_mcp.model.address import Address
from cost_mcp.model.alert import Alert

SECONDS_MAX = 30.0
"""How long one attempt may take in all; each step of it has a shorter limit of its own."""

Send = Callable[[Address, Alert, str, datetime], str | None]


def send_now(address: Address, alert: Alert, channel: str, now: datetime) -> str | None:
    """As ``notify.send.send``, loaded when the first alert is sent."""
    from cost_mcp.notify.send import send

    return send(address, alert, channel, now)


async def sent(
    send: Send, address: Address, alert: Alert, channel: str, now: datetime, *, most: float = SECONDS_MAX
) -> str | None:
    """What ``send`` answers.

    Raises:
        DeliveryFailed: it was not taken, or not within ``most`` seconds.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str | None] = loop.create_future()

    def settle(note: str | None, error: Exception | None) -> None:
        if answer.done():
            return  # nobody waits any more
        if error is None:
            answer.set_result(note)
        else:
            answer.set_exception(error)

    def work() -> None:
        note, error = None, None
        try:
            note = send(address, alert, channel, now)
        except DeliveryFailed as failure:
            error = failure
        except Exception as failure:  # noqa: BLE001 (what nobody foresaw is a failed attempt; its words may quote an address)
            kind = type(failure).__name__
            error = DeliveryFailed(f"Something unexpected went wrong while sending ({kind}).", hint="Please report it.")
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process ends
            loop.call_soon_threadsafe(settle, note, error)

    # No pool: its threads would be waited for when the process ends.
    threading.Thread(target=work, name=f"send to {channel}", daemon=True).start()
    try:
        return await asyncio.wait_for(answer, most)
    except TimeoutError:
        raise DeliveryFailed(f"The receiver took longer than {most:.0f} seconds.", hint="Check whether it is busy.") from None
