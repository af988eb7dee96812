"""The ledger inside a Python program."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import cost_mcp

NO_CONFIG = {"COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}
RESPONSE: dict[str, Any] = {
    "id": "msg_01XYZ",
    "type": "message",
    "model": "claude-opus-4-6",
    "usage": {"input_tokens": 1000, "output_tokens": 100},
}


class SdkResponse:
    """A response as SDKs give it: an object that can dump itself."""

    def model_dump(self, *, mode: str, warnings: bool) -> dict[str, Any]:
        """The response as plain JSON."""
        assert (mode, warnings) == ("json", False)
        return RESPONSE


@pytest.mark.parametrize("response", [RESPONSE, SdkResponse()], ids=["plain", "object"])
async def test_a_response_is_recorded_as_the_sdk_gives_it(tmp_path: Path, response: object):
    async with cost_mcp.open(tmp_path / "ledger.db", environ=NO_CONFIG) as cost:
        receipt = await cost.record(response, task_id="T-1", agent="planner")
        again = await cost.record(response, task_id="T-1", agent="planner")
        task = await cost.task_cost("T-1")
        report = await cost.cost_report(period="today", group_by=["agent"])
        stored = await cost.explain("msg_01XYZ")
    assert (receipt.outcome, again.outcome) == ("created", "exists")
    assert receipt.cost_usd == Decimal("0.0075")
    assert task.task.totals.cost_usd == report.report.totals.cost_usd == Decimal("0.0075")
    assert [group.key for group in report.rows] == [("planner",)]
    assert stored.priced.call.source == "python"


async def test_counts_are_recorded_where_there_is_no_response(tmp_path: Path):
    async with cost_mcp.open(tmp_path / "ledger.db", environ=NO_CONFIG) as cost:
        receipt = await cost.record(model="claude-opus-4-6", input_tokens=1000, output_tokens=100)
        status = await cost.budget_status(estimated_cost_usd="1")
    assert receipt.cost_usd == Decimal("0.0075")
    assert status.decision is not None
    assert status.decision.decision == "allow"


async def test_a_response_and_a_usage_object_are_one_too_many(tmp_path: Path):
    async with cost_mcp.open(tmp_path / "ledger.db", environ=NO_CONFIG) as cost:
        with pytest.raises(cost_mcp.InvalidInput, match="one of them") as refused:
            await cost.record(RESPONSE, usage={})
    assert refused.value.field == "usage"


async def test_an_object_that_is_no_response_is_refused_by_name(tmp_path: Path):
    async with cost_mcp.open(tmp_path / "ledger.db", environ=NO_CONFIG) as cost:
        with pytest.raises(cost_mcp.InvalidInput) as refused:
            await cost.record(object(), model="claude-opus-4-6")
    assert refused.value.field == "usage"


async def test_the_environment_names_the_ledger_and_binds_the_context(tmp_path: Path):
    environ = NO_CONFIG | {"COST_MCP_DB": str(tmp_path / "named.db"), "COST_MCP_TASK_ID": "T-7"}
    async with cost_mcp.open(environ=environ) as cost:
        await cost.record(RESPONSE)
        assert (await cost.task_cost("T-7")).task.known
    assert (tmp_path / "named.db").exists()


def test_importing_the_package_loads_nothing_until_it_is_used():
    code = "import sys, cost_mcp; print(sorted(m for m in sys.modules if m.startswith('cost_mcp.') or m in ('asyncio', 'mcp')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_names_are_exactly_those_that_are_listed():
    assert set(dir(cost_mcp)) == set(cost_mcp.__all__)
    assert all(getattr(cost_mcp, name) is not None for name in cost_mcp.__all__)
    with pytest.raises(AttributeError, match="no attribute"):
        _ = cost_mcp.nothing  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]


async def test_the_budgets_that_settings_declare_are_in_force(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    declared = {**NO_CONFIG, "COST_MCP_DAILY_LIMIT": "5"}
    async with cost_mcp.open(tmp_path / "ledger.db", environ=declared) as cost:
        (standing,) = (await cost.budget_status()).standings

    assert (standing.budget.name, standing.budget.limit, standing.budget.origin) == ("daily", Decimal(5), "environment")
    file = tmp_path / "mine.yaml"
    file.write_text("cost: {alerts: {daily_limit: 9}}\n")
    async with cost_mcp.open(tmp_path / "ledger.db", environ={**NO_CONFIG, "COST_MCP_CONFIG": str(file)}) as cost:
        (standing,) = (await cost.budget_status()).standings

    assert standing.budget.limit == Decimal(5)
    assert "an environment variable set one of this name" in caplog.text
