from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cost_mcp.config.brief import KNOWN_KEYS, WANTED, brief_settings
from cost_mcp.config.settings import KNOWN_KEYS as KEYS_OF_FILES
from cost_mcp.config.settings import load_settings
from cost_mcp.errors import ConfigError

PLAIN = [
    "",
    "# nothing\n\n",
    "project: shop\n",
    "project: 'shop'\nagent: \"on\" # a name\n",
    "project: shop # ours\ntask_patterns:\n  - '[A-Z]+-\\d+'\n",
    "db: /data/ledger.db\nagent: coder\nhook_on_error: deny\n",
    "enabled: false\nbudgets:\n- name: daily\n  limit: 5\n",
    "tenant: acme\nbudgets:\n- name: |\n    project: not this\n  limit: 1\n",
    "project: shop\r\nagent: coder\r\n",
    "---\nproject: My shop's site # the one we all know – you see\ntask_patterns: ['[A-Z]+-\\d+', \"#\\\\d+\"]\n...\n",
    "project: shöp\ncost: {alerts: {daily_limit: 10, warning_percent: 70%}}\n",
    "db: ~/costs/ledger.db\nbudgets:\n  - {name: opus, limit: 20, scope: {model: claude-opus-*}, mode: enforce}\n",
    "db: /home/me/my costs/ledger.db\nenabled: 'false'\n",
]
NOT_PLAIN = [
    "project: 5\n",
    "project: null\n",
    "project: on\n",
    "project:\n  shop\n",
    "project: shop\n  and more\n",
    "{project: shop}\n",
    'x: "\nproject: shop"\n',
    "x: [a,\nproject: shop]\n",
    "project: shop\nproject: other\n",
    "db: ledger.db\n",
    "project: &a shop\n",
    "project: !!str shop\n",
    "--- {project: shop}\n",
    "agent: &a shop\nproject: *a\n",
    "db: sqlite:///x/y.db\n",
    "project:\n",
    "project :shop\n",
    "enabled: no\n",
    "session_id: s-1\n",
    "hook_on_error: never\n",
    "\tproject: shop\n",
    "just text\n",
    "project: shop\nbudgetz: []\n",
]


def environment(home: Path, **variables: str) -> dict[str, str]:
    return {"COST_MCP_CONFIG": str(home / "mine.yaml"), **variables}


def agree(environ: dict[str, str], cwd: Path) -> bool:
    """Whether the brief reader answers; when it does, as the full one."""
    brief = brief_settings(environ, cwd)
    if brief is None:
        return False
    full = load_settings(environ, cwd).settings
    assert brief.db == full.ledger_path
    assert [getattr(brief, name) for name in WANTED if name != "db"] == [getattr(full, name) for name in WANTED if name != "db"]
    zoned = brief_settings(environ, cwd, zone=True)
    assert zoned is None or zoned == brief._replace(timezone=full.timezone)
    return True


def test_both_readers_know_the_same_keys():
    assert set(KEYS_OF_FILES) == KNOWN_KEYS


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_file_says_what_the_full_reader_reads(home: Path, repository: Path, text: str):
    (home / "mine.yaml").write_text(text)
    assert agree(environment(home), repository)


def test_the_time_zone_is_the_one_a_day_is_counted_in(home: Path, repository: Path):
    (home / "mine.yaml").write_text("timezone: Asia/Tokyo\n")
    found = brief_settings(environment(home), repository, zone=True)
    assert found is not None
    assert found.timezone == "Asia/Tokyo"
    assert agree(environment(home), repository)
    assert agree(environment(home, COST_MCP_TIMEZONE="Europe/Berlin"), repository)
    assert brief_settings(environment(home, COST_MCP_TIMEZONE="Mars/Olympus"), repository, zone=True) is None


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_a_file_that_is_not_plain_is_left_to_the_full_reader(home: Path, repository: Path, text: str):
    (home / "mine.yaml").write_text(text)

    assert brief_settings(environment(home), repository) is None


@pytest.mark.parametrize(("text", "answers"), [("project: shop\n", True), ("agent: coder\n", False), ("timezone: UTC\n", True)])
def test_of_a_projects_file_only_its_name_is_taken_without_asking_whether_it_is_trusted(
    home: Path, repository: Path, text: str, *, answers: bool
):
    (home / "mine.yaml").write_text("agent: mine\n")
    (repository / ".cost-mcp" / "config.yaml").write_text(text)

    assert agree(environment(home), repository) is answers


def test_a_user_file_that_is_not_there_is_left_to_the_full_reader(home: Path, repository: Path):
    assert brief_settings({"COST_MCP_CONFIG": str(home / "gone.yaml")}, repository) is None
    named = home / ".config" / "cost-mcp" / "config.yaml"
    assert brief_settings({"COST_MCP_CONFIG": str(named)}, repository) is None
    named.parent.mkdir(parents=True)
    named.write_text("project: shop\n")
    assert brief_settings({"COST_MCP_CONFIG": "~/.config/cost-mcp/config.yaml"}, repository) is None
    assert agree({"COST_MCP_CONFIG": str(named)}, repository)
    assert agree({}, repository), "the platform's own may be absent"
    assert agree({"COST_MCP_CONFIG": ""}, repository)


@pytest.mark.parametrize(
    ("variables", "answers"),
    [
        ({"COST_MCP_PROJECT": "env", "COST_MCP_DB": "/x/y.db", "COST_MCP_ENABLED": "false"}, True),
        ({"COST_MCP_SESSION_ID": "s-1", "COST_MCP_TASK_ID": "T-1"}, True),
        ({"COST_MCP_DB": "postgresql://host/db"}, False),
        ({"COST_MCP_DB": "y.db"}, False),
        ({"COST_MCP_PROJECT": " a b "}, True),
        ({"COST_MCP_PROJECT": "null", "COST_MCP_DB": "~/y.db"}, True),
        ({"COST_MCP_ENABLED": "0"}, False),
    ],
)
def test_the_environment_is_over_the_files(home: Path, repository: Path, variables: dict[str, str], *, answers: bool):
    (home / "mine.yaml").write_text("project: file\n")

    assert agree(environment(home, **variables), repository) is answers


_PART = st.sampled_from(
    ["project", "agent", "db", "enabled", ":", ": ", " ", "\n", "\n  ", "- ", "'", '"', "#", " #", "[", "]", "{", "}", "|", ">",
     "shop", "true", "on", "null", "/a/b", "5", "&x", "*x", "!", ",", "?", "---", "timezone: UTC", "\\", "%", "1e3", "0x1f", "=", "<<"]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(parts=st.lists(_PART, max_size=14))
def test_whatever_is_written_both_readers_never_differ(home: Path, repository: Path, parts: list[str]):
    (home / "mine.yaml").write_text("".join(parts))
    try:
        load_settings(environment(home), repository)
    except ConfigError:
        return  # the hook may read what the full reader refuses: it only asks for a few names
    agree(environment(home), repository)
