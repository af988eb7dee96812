from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Cli


def test_a_projects_settings_and_prices_count_once_trusted_and_until_they_change(cli: Cli, project: Path):
    folder = project / ".cost-mcp"
    folder.mkdir()
    (folder / "config.yaml").write_text("billing: subscription\n", encoding="utf-8")
    (folder / "prices.yaml").write_text("providers:\n  acme:\n    acme-9: {input: 0.001, output: 0.002}\n", encoding="utf-8")
    record = ("record", "--model", "acme-9", "--provider", "acme", "--input-tokens", "1000", "--json")

    before = cli(*record)
    trusted = cli("trust")
    after = cli(*record)
    (folder / "config.yaml").write_text("billing: subscription\nenabled: false\n", encoding="utf-8")
    changed = cli(*record)
    removed = cli("trust", "--remove", "--json").json

    assert before.json["priced"] == "unpriced"
    assert "cost-mcp trust" in before.err
    assert trusted.out.count("Trusted as it is now: ") == 2
    assert (after.json["priced"], after.err) == ("override", "")
    assert changed.json["outcome"] == "created"
    assert "billing, enabled ignored" in changed.err
    assert len(removed["distrusted"]) == 2
    assert cli(*record).json["priced"] == "unpriced"


def test_where_there_is_no_project_there_is_nothing_to_trust(cli: Cli):
    ran = cli("trust")

    assert ran.code == 1
    assert "There is no project file here to trust" in ran.out
