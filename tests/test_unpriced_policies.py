"""What calls without a known price mean for a budget: reserving, asking, the CI gate and the hook give one answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from cost_mcp.cli.run import run
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.config.settings import Settings
from cost_mcp.model.call import Rank
from cost_mcp.service.gate import spent_budget
from cost_mcp.service.opening import open_quick, open_service
from cost_mcp.service.service import Service

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
UNKNOWN: Mapping[str, object] = {"model": "nobody-knows-this", "provider": "acme", "input_tokens": 1_000}
KNOWN: Mapping[str, object] = {"model": "gpt-5", "provider": "openai", "input_tokens": 1_000}
OUTPUT = 1_000
ASSUMED = {"input": "50", "output": "150"}  # a call of either kind that is unknown: 5 and 15 cents


def expected(policy: str, mode: str, *, held: bool, asked: bool) -> str:
    """The rule in its own words: only an enforcing budget denies, only an assumed price makes an unknown call a known one."""
    if mode == "shadow" or policy == "assume" or not (held or asked):
        return "allow"
    return "deny" if (mode, policy) == ("enforce", "deny") else "warn"


async def _set(service: Service, policy: str, mode: str, limit: str = "1") -> None:
    fields: dict[str, object] = {"name": "daily", "limit": limit, "mode": mode, "unpriced": policy}
    if policy == "assume":
        fields["assume_usd_per_mtok"] = ASSUMED
    await service.set_budget(fields, changed_by="tester")


def _decisions(folder: Path, call: Mapping[str, object], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What ``budget status`` and ``check`` say to a call that is not held."""
    environ = {"COST_MCP_DB": str(folder / "ledger.db"), "COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}
    words = [f"--{name.replace('_', '-')}={value}" for name, value in {**call, "max_output_tokens": OUTPUT}.items()]
    code = run(("check", *words), Surroundings(environ=environ, cwd=folder, clock=lambda: NOON))
    said = capsys.readouterr().out.partition(":")[0]
    quick = open_quick(Settings(db=str(folder / "ledger.db")), clock=lambda: NOON)
    answer = quick.budget_status({**call, "max_output_tokens": OUTPUT})
    quick.close()
    assert answer.decision is not None
    assert code == (1 if said == "denied" else 0)
    return [answer.decision.decision, {"allowed": "allow", "allowed, with a warning": "warn", "denied": "deny"}[said]]


@pytest.mark.parametrize(
    ("policy", "mode", "held", "asked"),
    list(product(("deny", "warn", "assume"), ("enforce", "alert", "shadow"), (False, True), (False, True))),
)
async def test_every_face_gives_one_answer_to_what_is_unpriced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], policy: str, mode: str, *, held: bool, asked: bool
):
    call = UNKNOWN if asked else KNOWN
    async with open_service(Settings(db=str(tmp_path / "ledger.db")), clock=lambda: NOON) as service:
        await _set(service, policy, mode)
        if held:
            await service.record({**UNKNOWN, "output_tokens": OUTPUT}, source="python", rank=Rank.RESPONSE)
        status = await service.budget_status({**call, "max_output_tokens": OUTPUT})
        faces = _decisions(tmp_path, call, capsys)
        hook = spent_budget(tmp_path / "ledger.db", "default", {}, NOON)
        admission = await service.reserve_budget({**call, "max_output_tokens": OUTPUT})
        (standing,) = (await service.budget_status({})).standings

    assert status.decision is not None
    want = expected(policy, mode, held=held, asked=asked)
    assert [status.decision.decision, *faces, admission.decision] == [want] * 4
    assert status.decision.why == admission.why.replace("amount_usd", "estimated_cost_usd")
    assert (hook is not None) == (expected(policy, mode, held=held, asked=False) == "deny")  # it knows of no call to come
    assert standing.assumed == (Decimal("0.2") if held and policy == "assume" else 0)
    if asked and policy == "assume":
        assert standing.reserved == Decimal("0.2")


@pytest.mark.parametrize(
    ("limit", "want", "stopped"), [("0.4", "warn", False), ("0.399", "deny", False), ("0.2", "deny", True)]
)
async def test_an_assumed_price_is_held_against_the_limit_like_a_known_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: str, want: str, *, stopped: bool
):
    async with open_service(Settings(db=str(tmp_path / "ledger.db")), clock=lambda: NOON) as service:
        await _set(service, "assume", "enforce", limit)
        await service.record({**UNKNOWN, "output_tokens": OUTPUT}, source="mcp", rank=Rank.AGENT)
        faces = _decisions(tmp_path, UNKNOWN, capsys)
        hook = spent_budget(tmp_path / "ledger.db", "default", {}, NOON)
        admission = await service.reserve_budget({**UNKNOWN, "max_output_tokens": OUTPUT})

    assert [*faces, admission.decision] == [want] * 3
    assert (hook is not None) == stopped


async def test_an_agents_own_word_for_an_unknown_model_does_not_get_below_what_is_assumed(tmp_path: Path):
    async with open_service(Settings(db=str(tmp_path / "ledger.db")), clock=lambda: NOON) as service:
        await _set(service, "assume", "enforce")
        told = {**UNKNOWN, "output_tokens": OUTPUT, "cost_usd": "0.000001"}
        receipt = await service.record(told, source="mcp", rank=Rank.AGENT)
        checked = await service.record(told | {"call_id": "from-a-program"}, source="python", rank=Rank.RESPONSE)

    assert [standing.spent for standing in receipt.standings] == [Decimal("0.200001")]
    assert [standing.spent for standing in checked.standings] == [Decimal("0.200002")]
