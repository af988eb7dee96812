"""A test of the channels: one message to each, now, past the ledger, and what came of it."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cost_mcp.errors import DeliveryFailed, NotFound
from cost_mcp.model.alert import Alert
from cost_mcp.model.call import new_id
from cost_mcp.service.sending import Send, send_now, sent

if TYPE_CHECKING:
    from cost_mcp.config.notifications import DeclaredChannel
    from cost_mcp.config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of the test of one channel. ``address`` is for people, without secrets; ``note`` what to look at all the same."""

    channel: str
    address: str
    error: str | None = None
    note: str | None = None


async def try_channels(
    settings: Settings, name: str | None, clock: Callable[[], datetime], *, send: Send = send_now
) -> tuple[Trial, ...]:
    """Send a test to every channel, or to the one of this name, all at once; answers in the order of the settings.

    Nothing is written to the ledger and nothing tried again: a test that fails is for the person who asked for it.

    Raises:
        NotFound: no channel is configured, or none of this name.
    """
    wanted = _wanted(settings.notifications, name)
    now = clock()

    async def one(declared: DeclaredChannel) -> Trial:
        channel = declared.channel.name
        alert = Alert(
            alert_id=new_id("alert"),
            tenant=settings.tenant,
            kind="test",
            level="info",
            raised_at=now,
            subject=channel,
            window_start=now,
        )
        try:
            note = await sent(send, declared.address, alert, channel, now)
        except DeliveryFailed as failure:
            return Trial(channel=channel, address=declared.address.shown, error=str(failure))
        return Trial(channel=channel, address=declared.address.shown, note=note)

    return tuple(await asyncio.gather(*map(one, wanted)))


def _wanted(channels: Sequence[DeclaredChannel], name: str | None) -> Sequence[DeclaredChannel]:
    if not channels:
        raise NotFound(
            "No channel is configured.",
            field="channel",
            hint="Give `notifications:` in config.yaml, or set COST_MCP_NOTIFY_URLS.",
        )
    wanted = [one for one in channels if name in {None, one.channel.name}]
    if not wanted:
        names = [one.channel.name for one in channels]
        near = difflib.get_close_matches(name or "", names, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names)}."
        raise NotFound("No channel has this name.", field="channel", hint=hint)
    return wanted
