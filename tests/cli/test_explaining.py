from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cost_mcp.config.settings import Settings
from cost_mcp.service.anomalies import AnomalyWatch
from cost_mcp.service.opening import open_service

if TYPE_CHECKING:
    from conftest import Cli

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def spend(cli: Cli, usd: str, at: str, *more: str) -> None:
    words = ("record", "--model", "gpt-5", "--agent", "builder", "--input-tokens", "1", "--output-tokens", "1")
    ran = cli(*words, "--cost-usd", usd, "--occurred-at", at, *more)
    assert ran.code == 0, ran.err


def raised(cli: Cli, home: Path) -> dict[str, Any]:
    """The alert of the day, after somebody looked for unusual spend."""

    async def look() -> None:
        settings = Settings(db=str(home / "ledger.db"), timezone="Europe/Berlin")
        async with open_service(settings, clock=lambda: NOON, lasting=False) as service:
            await AnomalyWatch(service.ledger, settings, NOON).raise_anomalies(NOON)

    for day in range(10, 20):
        spend(cli, "1", f"2026-11-{day}T08:00:00Z")
    spend(cli, "41", "2026-11-22T08:00:00Z", "--task", "T-9")
    asyncio.run(look())
    (alert,) = (one for one in cli("alerts", "--json").json["alerts"] if one["subject"] == "agent builder per day")
    return alert


def test_an_alert_of_unusual_spend_is_explained(cli: Cli, home: Path):
    alert = raised(cli, home)

    told = cli("alerts", "explain", alert["alert_id"], "--json").json
    shown = cli("alerts", "explain", alert["alert_id"]).out

    assert alert["figures"]["explained"] == "model gpt-5 (100 %), task T-9 (102 %, new)"
    assert told == {
        "alert_id": alert["alert_id"],
        "subject": "agent builder per day",
        "level": "critical",
        "window": "day",
        "window_start": "2026-11-21T23:00:00Z",
        "window_end": "2026-11-22T23:00:00Z",
        "spent_usd": "41",
        "usual_usd": "1",
        "more_usd": "40",
        "samples": 10,
        "by_model": [{"name": "gpt-5", "spent_usd": "41", "usual_usd": "1", "more_usd": "40", "percent": 100}],
        "by_task": [{"name": "T-9", "spent_usd": "41", "usual_usd": "0", "more_usd": "41", "percent": 102, "new": True}],
    }
    assert shown.startswith(
        "agent builder per day  ·  Sunday 2026-11-22  ·  Europe/Berlin\n\n$41.00, where $1.00 is usual: +$40.00.\n"
    )
    assert "What made the difference: model gpt-5 (100 %), task T-9 (102 %, new).\n" in shown
    assert ["T-9", "$41.00", "$0.00", "+$41.00", "102", "%", "new"] in [line.split() for line in shown.splitlines()]


def test_an_alert_that_has_no_explanation_is_refused_with_what_would_do(cli: Cli):
    cli("budget", "--daily", "1")
    spend(cli, "1", "2026-11-22T08:00:00Z")
    (alert,) = cli("alerts", "--json").json["alerts"]

    of_budget, unknown = cli("alerts", "explain", alert["alert_id"]), cli("alerts", "explain", "alr_1")

    assert (of_budget.code, unknown.code) == (2, 2)
    assert "not about unusual spend" in of_budget.err
    assert "cost-mcp report" in of_budget.err
    assert "no alert with this id" in unknown.err
