"""A program notes how its tasks ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import cost_mcp

ENVIRON = {"COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}
RESPONSE: dict[str, Any] = {
    "id": "msg_1", "type": "message", "model": "claude-opus-4-6", "usage": {"input_tokens": 1000, "output_tokens": 100},
}  # fmt: skip


async def test_a_program_notes_how_a_task_ended_and_asks_what_it_came_to(tmp_path: Path):
    async with cost_mcp.open(tmp_path / "ledger.db", environ=ENVIRON) as cost:
        await cost.record(RESPONSE, task_id="T-1", task_type="bugfix")
        finish = await cost.finish_task("T-1", "merged")
        task = await cost.task_cost("T-1")

    assert (finish.status, finish.outcomes[-1].by) == ("noted", "python")
    assert task.outcomes == finish.outcomes
    assert task.efficiency is not None
    assert (task.efficiency.so_far, task.efficiency.sample) == (False, 0)


def test_a_synchronous_program_does_too_at_a_time_it_says(tmp_path: Path):
    at = datetime.now(UTC) - timedelta(hours=1)
    with cost_mcp.open_sync(tmp_path / "ledger.db", environ=ENVIRON) as cost:
        cost.record(RESPONSE, task_id="T-1")
        finish = cost.finish_task("T-1", "Failed", at=at, by="ci")
        again = cost.finish_task("T-1", "merged", by="ci")
        with pytest.raises(cost_mcp.CostError, match="no call is recorded under this task"):
            cost.finish_task("T-2", "merged")
        with pytest.raises(cost_mcp.InvalidInput, match="outcome is missing"):
            cost.finish_task("T-1", None)  # pyright: ignore[reportArgumentType] what a program without types may do

    assert (finish.status, finish.outcomes[0].outcome, finish.outcomes[0].done_at) == ("noted", "failed", at)
    assert (again.status, again.outcomes[-1].by, len(again.outcomes)) == ("superseded", "ci", 2)
