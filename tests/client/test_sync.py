"""The ledger in a program without an event loop."""

from __future__ import annotations

import sqlite3
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import pytest

import cost_mcp

ENVIRON = {"COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}
RESPONSE: dict[str, Any] = {
    "id": "msg_1", "type": "message", "model": "claude-opus-4-6", "usage": {"input_tokens": 1000, "output_tokens": 100},
}  # fmt: skip
CALL: dict[str, Any] = {"model": "claude-opus-4-6", "input_tokens": 20_000, "max_output_tokens": 4_000, "task_id": "T-1"}


def test_a_synchronous_program_records_and_asks(tmp_path: Path):
    with cost_mcp.open_sync(tmp_path / "ledger.db", environ=ENVIRON) as cost:
        receipt = cost.record(RESPONSE, task_id="T-1")
        assert (receipt.cost_usd, receipt.outcome) == (Decimal("0.0075"), "created")
        assert cost.task_cost("T-1").task.totals.calls == 1
        assert cost.cost_report(period="today").report.totals.cost_usd == Decimal("0.0075")
        assert cost.explain("msg_1").priced.call.source == "python"
        assert cost.budget_status(estimated_cost_usd="1").decision is not None
        estimate = cost.estimate_cost(model="claude-opus-4-6", input_tokens=20_000, output_tokens=4_000)
        assert estimate.pricing.cost_usd == Decimal("0.2")
        with pytest.raises(cost_mcp.InvalidInput):
            cost.record(object())


def test_a_block_holds_its_budget_and_settles(tmp_path: Path):
    with cost_mcp.open_sync(tmp_path / "ledger.db", environ={**ENVIRON, "COST_MCP_DAILY_LIMIT": "1"}) as cost:

        def reserved() -> Decimal:
            (standing,) = cost.budget_status().standings
            return standing.reserved

        with cost.reserve(**CALL, ttl_seconds=60) as hold:
            assert (hold.admission.decision, reserved()) == ("allow", Decimal("0.2"))
            assert hold.reservation is not None
            assert hold.extend(120) is not None
            assert hold.record(RESPONSE).outcome == "created"
        with pytest.raises(ZeroDivisionError), cost.reserve(**CALL):
            _ = 1 / 0
        assert reserved() == 0


def test_threads_share_an_open_ledger(tmp_path: Path):
    with cost_mcp.open_sync(tmp_path / "ledger.db", environ=ENVIRON) as cost:
        threads = [
            threading.Thread(target=cost.record, args=({**RESPONSE, "id": f"msg_{n}"},), kwargs={"task_id": "T-1"})
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert cost.task_cost("T-1").task.totals.calls == 8


def test_what_the_block_raises_comes_out_and_the_ledger_is_closed(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), cost_mcp.open_sync(tmp_path / "ledger.db", environ=ENVIRON):
        _ = 1 / 0
    assert not (tmp_path / "ledger.db-wal").exists()


def test_a_ledger_that_cannot_be_opened_is_told_at_the_block(tmp_path: Path):
    file = tmp_path / "ledger.db"
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE other (x)")
    db.close()
    with pytest.raises(cost_mcp.LedgerError), cost_mcp.open_sync(file, environ=ENVIRON):
        pass


def test_a_tracked_client_records_into_it(tmp_path: Path, provider: Any):
    with (
        anthropic.Anthropic(api_key="key", base_url=provider.url, max_retries=0) as client,
        cost_mcp.open_sync(tmp_path / "ledger.db", environ=ENVIRON) as cost,
    ):
        assert cost.track(client, task_id="T-1") is client
        client.messages.create(model="claude-opus-4-6", max_tokens=9, messages=[{"role": "user", "content": "Milch?"}])
        assert cost.flush(60)
        assert cost.task_cost("T-1").task.totals.cost_usd == Decimal("0.0085")
