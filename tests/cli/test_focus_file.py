"""A FOCUS file, judged by the FinOps Foundation's own validator."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cli

VALIDATION = Path(__file__).with_name("focus_validation.py")
RULES = 133
"""How many rules of FOCUS 1.0 the validator has."""

pytestmark = pytest.mark.skipif(
    find_spec("focus_validator") is None, reason="focus-validator is not installed: it runs on no Python above 3.12"
)


def judged(file: Path) -> dict[str, Any]:
    """What the validator says, in a process of its own: it is heavy, and warns of its own age."""
    command = [sys.executable, "-W", "ignore", str(VALIDATION), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_foundations_validator_finds_nothing_wrong(spent: Cli, tmp_path: Path):
    """With calls by use and by plan, a correction, tags, a stated cost, searches, tiers, regions and a hostile name."""
    usage = tmp_path / "usage.json"
    usage.write_text(json.dumps({"prompt_tokens": 30_000, "completion_tokens": 900, "total_tokens": 30_900}))
    for words in (
        ["--model", "gpt-5-mini", "--provider", "openai", "--call-id", "review", "--usage", str(usage)],
        [
            "--model",
            "gpt-5",
            "--input-tokens",
            "1",
            "--tag",
            "team=a",
            "--task-title",
            "=cmd|' /C calc'!A0",
            "--project",
            "shop",
        ],
        ["--model", "acme-9", "--provider", "acme", "--input-tokens", "7", "--cost-usd", "0.000000001"],
        ["--model", "claude-opus-4-6", "--input-tokens", "9", "--web-search-requests", "3", "--provider", "anthropic"],
        ["--model", "gpt-5", "--provider", "openai", "--input-tokens", "9", "--service-tier", "batch"],
        ["--model", "llama3", "--provider", "ollama", "--input-tokens", "9", "--output-tokens", "9"],
        ["--model", "nobody-knows", "--input-tokens", "9", "--cost-usd", "1"],
    ):
        ran = spent("record", *words)
        assert ran.code == 0, ran.err
    file = tmp_path / "calls.focus.csv"
    assert spent("export", "--output", str(file)).code == 0

    said = judged(file)

    assert said["rows"] > 20
    assert {name for name, status in said["rules"].items() if status != "PASSED"} == set()
    assert len(said["rules"]) == RULES


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        (",AI and Machine Learning,", ",AI,", "ServiceCategory_Enum"),
        (",BillingCurrency,", ",Currency,", "BillingCurrency_Required"),
    ],
)
def test_the_validator_would_find_what_is_wrong(spent: Cli, tmp_path: Path, right: str, wrong: str, rule: str):
    file = tmp_path / "calls.csv"
    assert spent("export", "focus", "--output", str(file)).code == 0
    file.write_text(file.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")

    assert {name for name, status in judged(file)["rules"].items() if status != "PASSED"} == {rule}
