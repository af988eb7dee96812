"""A program of its own that claims alerts, for tests that kill it: prints ``ALERT CHANNEL ATTEMPT`` for each claim.

Usage: sender.py LEDGER HOW, where HOW is ``hang`` (claim, then wait to be killed) or ``send`` (claim and finish until nothing
is due).
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.alert import Channel

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CHANNELS = (Channel(name="email-1"), Channel(name="slack-1"))


async def main() -> None:
    path, how = Path(sys.argv[1]), sys.argv[2]
    ledger = await open_ledger(path, now=NOW, window_of=window_of)
    while claims := await ledger.claim_deliveries("default", CHANNELS, NOW, 60, 3):
        for claim in claims:
            sys.stdout.write(f"{claim.alert.alert_id} {claim.channel} {claim.attempt}\n")
        sys.stdout.flush()
        if how == "hang":
            await asyncio.sleep(3600)
        for claim in claims:
            await ledger.finish_delivery("default", claim.alert.alert_id, claim.channel, NOW, error=None, next_at=None)
    await ledger.close()


asyncio.run(main())
