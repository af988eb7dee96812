from __future__ import annotations

import subprocess
import sys
from pathlib import Path


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
    assert "Decision: deny." in ran.stdout
    assert "at least $0.20  ·  4 calls" in ran.stdout
    assert list(home.iterdir()) == []
