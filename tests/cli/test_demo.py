from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from cost_mcp.cli.demo_script import BUDGET, BUDGET_COMMAND, REVIEWER
from cost_mcp.cli.run import run
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.config.settings import Settings
from cost_mcp.service.budget_order import read_budget


def test_the_demo_shows_a_real_server_at_work_and_leaves_nothing_behind(environ: dict[str, str], project: Path, home: Path):
    around = {**environ, "COST_MCP_TENANT": "someone", "COST_MCP_ENABLED": "false"}

    ran = subprocess.run(
        [sys.executable, "-m", "cost_mcp", "demo"],
        env=around,
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Recorded msg_01demoPlanTheCheckoutFix: $0.1136 (list)." in ran.stdout
    assert "Already recorded, counted once: msg_01demoPlanTheCheckoutFix" in ran.stdout
    assert "Recorded acme-demo-1: unpriced." in ran.stdout
    assert "at least $0.37  ·  4 calls" in ran.stdout
    assert ran.stdout.count("the rest was given back.") == 4
    assert "Unadmitted" not in ran.stdout
    denied = ran.stdout.partition("Decision: deny.")[2]
    assert f"{REVIEWER} $" in denied, "what it takes instead is one of those that were said to fit"
    assert "COST_MCP_CAPTURE=auto" in ran.stdout.partition("That ledger is gone again.")[2]
    assert list(home.iterdir()) == []


def test_the_command_it_shows_sets_the_budget_it_works_under(environ: dict[str, str], project: Path):
    around = Surroundings(environ=environ, cwd=project)
    assert run(BUDGET_COMMAND.split()[1:], around) == 0
    with around.quick() as quick:
        (kept,) = quick.budgets()
    meant = read_budget(BUDGET, Settings(db="", timezone=kept.timezone))
    assert replace(kept, budget_id="", created_at=None, counts_from=None) == meant
