"""``forecast``, ``roi`` and ``what-if`` as people and programs see them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cost_mcp.config.settings import Settings
from cost_mcp.model.call import Rank
from cost_mcp.service.opening import open_service

if TYPE_CHECKING:
    from conftest import Cli

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def worked(cli: Cli, home: Path, clock: Callable[[], datetime]) -> Cli:
    """Six weeks of two tasks a day: dearer ones before November, nothing on Saturdays."""

    async def record() -> None:
        async with open_service(Settings(db=str(home / "ledger.db")), clock=clock, lasting=False) as service:
            await asyncio.gather(*(service.record(call, source="python", rank=Rank.LOG) for call in calls))

    calls: list[dict[str, object]] = []
    for back in range(42, -1, -1):
        day = date(2026, 11, 22) - timedelta(days=back)
        for number, hour in enumerate((8, 17)):
            if day.weekday() == 5 or (back == 0 and hour == 17):
                continue
            calls.append({
                "model": "claude-opus-4-6", "provider": "anthropic", "input_tokens": 30_000, "output_tokens": 2000, "agent": "coder",
                "cost_usd": "1.50" if day.month < 11 else f"{0.9 + number / 10 + back / 100:.2f}", "task_id": f"T-{back}-{hour}",
                "occurred_at": f"{day}T{hour:02}:00:00Z", "call_id": f"c-{back}-{hour}",
            })  # fmt: skip
    asyncio.run(record())
    return cli


@pytest.mark.parametrize("name", ["forecast", "roi", "what-if"])
def test_a_command_prints_what_was_looked_at_and_found_good(worked: Cli, name: str):
    command, _, expected = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").partition("\n")
    worked("budget", "set", "month", "--limit", "60", "--period", "month")
    worked("budget", "set", "coder", "--limit", "5", "--period", "week", "--scope", "agent=coder")

    ran = worked(*command.removeprefix("$ cost-mcp ").split())

    assert ran.err == ""
    assert ran.out == expected
    assert ran.code == 0


@pytest.mark.parametrize("command", ["forecast", "roi --baseline last_month --investment 10", "what-if --model gpt-5-mini"])
def test_a_new_ledger_is_answered_and_not_made(cli: Cli, home: Path, command: str):
    for words in (command.split(), [*command.split(), "--json"]):
        ran = cli(*words)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out
    assert not (home / "ledger.db").exists()


def test_a_forecast_in_json_holds_every_figure(worked: Cli):
    worked("budget", "--daily", "2")
    shape = worked("forecast", "--json").json

    day, _, month = shape["periods"]
    assert (day["name"], day["spent_usd"], day["method"], shape["level_percent"]) == ("day", "0.9", "weekday", 80)
    assert float(month["low_usd"]) <= float(month["expected_usd"]) <= float(month["high_usd"])
    assert month["back_test"]["forecasts"] > 0
    assert shape["weekdays"]["saturday"] == "0"
    assert shape["budgets"][0]["limit_usd"] == "2"
    assert shape["budgets"][0]["outlook"] in {"likely", "possible"}


def test_a_forecast_may_be_narrowed(worked: Cli):
    shape = worked("forecast", "--period", "month", "--agent", "nobody", "--json").json

    assert [window["name"] for window in shape["periods"]] == ["month"]
    assert (shape["periods"][0]["spent_usd"], shape["budgets"], shape["filters"]) == ("0", [], {"agent": "nobody"})
    assert "expected_usd" not in shape["periods"][0]


def test_a_return_in_json_says_how_its_interval_was_made(worked: Cli):
    shape = worked("roi", "--baseline", "2026-10", "--investment", "30", "--json").json

    assert shape["verdict"] == "saves"
    assert (shape["before_per_task_usd"], shape["percent_change"], shape["currency"]) == ("1.5", -29.3, "USD")
    assert (shape["interval"]["resamples"], shape["interval"]["seed"], shape["interval"]["level_percent"]) == (
        10_000,
        20_261_122,
        95,
    )
    assert shape["baseline"]["tasks"] == 36


def test_a_what_if_reads_a_price_book_and_changes_nothing(worked: Cli, tmp_path: Path):
    book = tmp_path / "book.yaml"
    book.write_text("prices: [{provider: anthropic, model: claude-opus-4-6, input: 1, output: 1}]", encoding="utf-8")
    before = worked("report", "--period", "2026-10", "--json").json

    shape = worked("what-if", "--price-book", str(book), "--period", "2026-10", "--json").json

    assert (shape["calls"], shape["cost_usd"], shape["would_cost_usd"]) == (36, "54", "1.152")
    assert [meter["meter"] for meter in shape["by_meter"]] == ["input", "output"]
    assert worked("report", "--period", "2026-10", "--json").json == before


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("forecast --period year", "period is not one whose end is forecast"),
        ("roi --investment 5", "baseline is missing"),
        ("roi --baseline 2026-10-05..2026-10-01 --investment 5", "baseline: end is not after start"),
        ("roi --baseline someday --investment 5", "baseline is not a known name"),
        ("what-if --period 2026-10", "neither a model nor a price book was given"),
        ("what-if --price-book nowhere.yaml", "price_book cannot be read"),
    ],
)
def test_bad_input_ends_with_a_sentence_and_code_2(cli: Cli, command: str, said: str):
    ran = cli(*command.split())

    assert ran.code == 2
    assert said in ran.err
