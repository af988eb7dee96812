"""LiteLLM's table out of its wheel: the version comes with it, and nothing else is taken for one."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cost_mcp.cli.litellm_table import MAX_MEMBER_BYTES

if TYPE_CHECKING:
    from conftest import Cli

TABLE = "litellm/model_prices_and_context_window_backup.json"
METADATA = "litellm-1.2.3.dist-info/METADATA"
ROWS = '{"acme/acme-9": {"litellm_provider": "acme", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}}'
SAID = "Metadata-Version: 2.1\nName: litellm\nVersion: 1.2.3\n\nVersion: 9 of the text below\n"


@pytest.fixture
def into(home: Path) -> Path:
    folder = home / "pricing"
    folder.mkdir()
    return folder


def wheel(home: Path, members: dict[str, str | bytes]) -> str:
    file = home / "litellm-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return str(file)


def test_a_wheel_says_its_version_and_gives_what_the_file_alone_gives(cli: Cli, home: Path, into: Path):
    whole = wheel(home, {"litellm/__init__.py": "", TABLE: ROWS, METADATA: SAID})
    table = home / "table.json"
    table.write_text(ROWS, encoding="utf-8")

    made = cli("prices", "import", "litellm", whole, "--into", str(into), "--json").json
    from_wheel = (into / "litellm.json").read_bytes()
    cli("prices", "import", "litellm", str(table), "--version", "1.2.3", "--into", str(into))

    assert (made["version"], made["added"]) == ("1.2.3", 1)
    assert b'"version": "litellm 1.2.3"' in from_wheel
    assert (into / "litellm.json").read_bytes() == from_wheel


def test_a_table_alone_needs_its_version(cli: Cli, home: Path, into: Path):
    table = home / "table.json"
    table.write_text(ROWS, encoding="utf-8")

    ran = cli("prices", "import", "litellm", str(table), "--into", str(into))

    assert ran.code == 2
    assert "version is missing" in ran.err
    assert not (into / "litellm.json").exists()


def test_a_version_that_contradicts_the_wheel_is_refused(cli: Cli, home: Path, into: Path):
    whole = wheel(home, {TABLE: ROWS, METADATA: SAID})

    assert cli("prices", "import", "litellm", whole, "--version", "1.2.4", "--into", str(into)).code == 2
    assert cli("prices", "import", "litellm", whole, "--version", "1.2.3", "--into", str(into)).code == 0


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({TABLE: ROWS}, "not LiteLLM's wheel"),
        ({METADATA: SAID}, "not LiteLLM's wheel"),
        ({TABLE: ROWS, "other-1.0.dist-info/METADATA": SAID}, "not LiteLLM's wheel"),
        ({TABLE: ROWS, METADATA: "Name: litellm\n"}, "names no version"),
        ({TABLE: b"\xff\xfe", METADATA: SAID}, "not UTF-8"),
        ({TABLE: " " * (MAX_MEMBER_BYTES + 1), METADATA: SAID}, "larger than"),
        ({TABLE: "[]", METADATA: SAID}, "not a JSON object"),
    ],
    ids=["no metadata", "no table", "another project", "no version", "no text", "too large", "no table inside"],
)
def test_another_wheel_changes_nothing(cli: Cli, home: Path, into: Path, members: dict[str, str | bytes], reason: str):
    ran = cli("prices", "import", "litellm", wheel(home, members), "--into", str(into))

    assert ran.code == 2
    assert reason in ran.err
    assert list(into.iterdir()) == []


def test_a_damaged_wheel_is_said_to_be_damaged(cli: Cli, home: Path, into: Path):
    file = Path(wheel(home, {TABLE: ROWS, METADATA: SAID}))
    content = bytearray(file.read_bytes())
    content[len(TABLE) + 34 : len(TABLE) + 44] = b"x" * 10  # inside the first member's packed bytes
    file.write_bytes(content)

    ran = cli("prices", "import", "litellm", str(file), "--into", str(into))

    assert ran.code == 2
    assert "it is damaged" in ran.err
