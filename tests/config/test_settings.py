from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from cost_mcp.config.settings import load_settings
from cost_mcp.config.trust import trust
from cost_mcp.errors import ConfigError


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def user_file(home: Path) -> Path:
    return home / "config" / "cost-mcp" / "config.yaml"


def test_with_nothing_said_the_ledger_lies_in_the_data_folder_and_days_follow_the_system(home: Path, tmp_path: Path):
    loaded = load_settings({"TZ": "Europe/Berlin"}, tmp_path)

    assert Path(loaded.settings.db) == home / "data" / "cost-mcp" / "ledger.db"
    assert loaded.settings.timezone == "Europe/Berlin"
    assert (loaded.settings.tenant, loaded.settings.enabled, loaded.settings.billing) == ("default", True, "api")
    assert loaded.settings.max_backdate_hours == 24
    assert str(loaded.origins["timezone"]) == "system"
    assert str(loaded.origins["db"]) == "default"
    assert loaded.warnings == ()


def test_the_environment_wins_over_the_project_and_the_project_over_the_user(home: Path, repository: Path):
    write(user_file(home), "project: from-user\nagent: from-user\nbilling: subscription\n")
    project = write(repository / ".cost-mcp" / "config.yaml", "project: from-project\n")

    of_files = load_settings({}, repository)
    of_all = load_settings({"COST_MCP_PROJECT": "from-environment"}, repository)

    assert of_files.settings.project == "from-project"
    assert str(of_files.origins["project"]) == f"{project}, line 1"
    assert of_files.settings.agent == "from-user"
    assert str(of_files.origins["billing"]) == f"{user_file(home)}, line 3"
    assert of_all.settings.project == "from-environment"
    assert str(of_all.origins["project"]) == "COST_MCP_PROJECT"


@pytest.mark.usefixtures("home")
def test_only_what_the_environment_names_is_bound(repository: Path):
    write(repository / ".cost-mcp" / "config.yaml", "project: shop\n")

    settings = load_settings({"COST_MCP_AGENT": "reviewer", "COST_MCP_TENANT": "acme"}, repository).settings

    assert settings.project == "shop"
    assert settings.bound_context() == {"tenant": "acme", "agent": "reviewer"}


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("variable", "text", "name", "expected"),
    [
        ("COST_MCP_TIMEZONE", " Asia/Kathmandu ", "timezone", "Asia/Kathmandu"),
        ("COST_MCP_WEEK_START", "Sunday", "week_start", 6),
        ("COST_MCP_WEEK_START", "0", "week_start", 0),
        ("COST_MCP_ENABLED", "off", "enabled", False),
        ("COST_MCP_ENABLED", "1", "enabled", True),
        ("COST_MCP_MAX_BACKDATE_HOURS", "48", "max_backdate_hours", 48),
        ("COST_MCP_BILLING", "subscription", "billing", "subscription"),
        ("COST_MCP_SESSION_ID", "s-1", "session_id", "s-1"),
        ("COST_MCP_TASK_ID", "T-9", "task_id", "T-9"),
        ("COST_MCP_ANOMALIES", "off", "anomalies", False),
        ("COST_MCP_ANOMALIES_SENSITIVITY", "High", "anomalies_sensitivity", "high"),
        ("COST_MCP_EXPORT_FORMAT", " JSONL", "export_format", "jsonl"),
        ("COST_MCP_EXPORT_ON_EXIT", "/exports/", "export_on_exit", Path("/exports")),
        ("COST_MCP_ANOMALIES_MIN_USD", "0.50", "anomalies_min_usd", Decimal("0.5")),
    ],
)
def test_a_variable_sets_its_setting(tmp_path: Path, variable: str, text: str, name: str, expected: object):
    assert getattr(load_settings({variable: text}, tmp_path).settings, name) == expected


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("COST_MCP_TIMEZONE", "Mars/Olympus"),
        ("COST_MCP_WEEK_START", "someday"),
        ("COST_MCP_ENABLED", "perhaps"),
        ("COST_MCP_MAX_BACKDATE_HOURS", "-1"),
        ("COST_MCP_MAX_BACKDATE_HOURS", "999999"),
        ("COST_MCP_BILLING", "credit"),
        ("COST_MCP_PROJECT", "two\nlines"),
        ("COST_MCP_DB", "mysql://secret@host/db"),
        ("COST_MCP_DB", ":memory:"),
        ("COST_MCP_PRICE_BOOK", "nul\0byte"),
        ("COST_MCP_EXPORT_FORMAT", "xml"),
        ("COST_MCP_ANOMALIES", "sometimes"),
        ("COST_MCP_ANOMALIES_SENSITIVITY", "paranoid"),
        ("COST_MCP_ANOMALIES_MIN_USD", "a dollar"),
        ("COST_MCP_ANOMALIES_MIN_USD", "-3.5"),
        ("COST_MCP_ANOMALIES_MIN_USD", "0.0"),
    ],
)
def test_a_malformed_variable_is_named_and_its_value_is_not_repeated(tmp_path: Path, variable: str, text: str):
    with pytest.raises(ConfigError, match=f"^{variable} ") as refused:
        load_settings({variable: text}, tmp_path)

    assert text not in str(refused.value)
    assert refused.value.field == variable.removeprefix("COST_MCP_").lower()
    assert refused.value.hint


@pytest.mark.usefixtures("home")
def test_an_empty_variable_is_one_not_set(tmp_path: Path):
    loaded = load_settings({"COST_MCP_PROJECT": "", "COST_MCP_TIMEZONE": " ", "COST_MCP_DB": ""}, tmp_path)

    assert loaded.settings.project is None
    assert loaded.settings.bound == frozenset()


def test_an_empty_config_variable_means_no_user_file(home: Path, tmp_path: Path):
    write(user_file(home), "project: mine\n")

    assert load_settings({}, tmp_path).settings.project == "mine"
    assert load_settings({"COST_MCP_CONFIG": ""}, tmp_path).settings.project is None


@pytest.mark.usefixtures("home")
def test_the_config_variable_names_the_user_file(tmp_path: Path):
    named = write(tmp_path / "mine.yaml", "project: named\n")

    loaded = load_settings({"COST_MCP_CONFIG": "mine.yaml"}, tmp_path)

    assert loaded.settings.project == "named"
    assert loaded.user_file == named
    with pytest.raises(ConfigError, match="COST_MCP_CONFIG names a file that is not there"):
        load_settings({"COST_MCP_CONFIG": "other.yaml"}, tmp_path)


def test_relative_paths_start_where_they_are_written(home: Path, tmp_path: Path):
    write(user_file(home), "db: work.db\nprice_book: ~/my-prices.yaml\n")

    of_file = load_settings({}, tmp_path).settings
    of_environment = load_settings({"COST_MCP_DB": "here.db"}, tmp_path).settings

    assert of_file.ledger_path == user_file(home).parent / "work.db"
    assert of_file.price_book == home / "my-prices.yaml"
    assert of_environment.ledger_path == tmp_path / "here.db"


@pytest.mark.usefixtures("home")
def test_a_postgresql_ledger_is_refused_when_it_is_opened_without_showing_its_password(tmp_path: Path):
    settings = load_settings({"COST_MCP_DB": "postgresql://me:hunter2@db/cost"}, tmp_path).settings

    with pytest.raises(ConfigError, match="not yet supported in this version") as refused:
        _ = settings.ledger_path
    assert "hunter2" not in str(refused.value)


@pytest.mark.usefixtures("home")
def test_a_project_is_found_from_any_folder_below_it_but_not_across_a_repository(repository: Path):
    write(repository / ".cost-mcp" / "config.yaml", "project: shop\n")
    below = repository / "src" / "deep"
    inner = repository / "vendor" / "lib"
    below.mkdir(parents=True)
    (inner / ".git").mkdir(parents=True)

    assert load_settings({}, below).settings.project == "shop"
    assert load_settings({}, inner).settings.project is None


@pytest.mark.usefixtures("home")
def test_a_project_that_is_not_trusted_may_name_itself_and_its_tasks_and_nothing_else(repository: Path):
    config = write(
        repository / ".cost-mcp" / "config.yaml",
        "project: shop\ntask_patterns:\n  - 'SHOP-\\d+'\nenabled: false\ntenant: acme\ndb: /tmp/theirs.db\n",
    )

    loaded = load_settings({}, repository)

    assert loaded.settings.project == "shop"
    assert loaded.settings.task_patterns == (r"SHOP-\d+",)
    assert loaded.settings.enabled
    assert loaded.settings.tenant == "default"
    assert not loaded.project_trusted
    assert loaded.warnings == (
        (
            f"{config}: enabled, tenant, db ignored, because a project's file is not trusted until you say so. "
            "Read it, then run `cost-mcp trust`."
        ),
    )


@pytest.mark.usefixtures("home")
def test_trust_lasts_until_the_file_changes(repository: Path):
    config = write(repository / ".cost-mcp" / "config.yaml", "billing: subscription\n")
    prices = write(repository / ".cost-mcp" / "prices.yaml", "providers: {}\n")

    before = load_settings({}, repository)
    assert trust(repository / ".cost-mcp") == (config, prices)
    after = load_settings({}, repository)
    write(config, "billing: subscription\nenabled: false\n")
    changed = load_settings({}, repository)

    assert (before.settings.billing, before.settings.project_price_book) == ("api", None)
    assert len(before.warnings) == 2
    assert (after.settings.billing, after.settings.project_price_book) == ("subscription", prices)
    assert after.project_trusted
    assert after.warnings == ()
    assert changed.settings.billing == "api"
    assert changed.settings.enabled
    assert not changed.project_trusted
    assert changed.settings.project_price_book == prices


ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n"
MERGES = "a: &a {k: 1, l: 2}\n" + "".join(f"b{n}: &b{n} {{<<: [{', '.join(['*a'] * 9)}]}}\n" for n in range(40))


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "content",
    [
        b"project: [\n",
        b"\tproject: x\n",
        b"project: \xff\n",
        b"project: \x00\n",
        b"- x\n",
        b"project: a\nproject: b\n",
        b"#" * 2_000_000,
        b"project: [1]\n",
        b'project: "a\\0"\n',
        (ALIASES + "? [*a]\n: x\n").encode(),
        MERGES.encode(),
    ],
)
def test_a_project_that_is_not_trusted_cannot_stop_anything_with_a_broken_file(repository: Path, content: bytes):
    config = repository / ".cost-mcp" / "config.yaml"
    config.write_bytes(content)
    (repository / ".cost-mcp" / "prices.yaml").write_bytes(b"#" * 2_000_000)

    loaded = load_settings({"COST_MCP_AGENT": "coder"}, repository)

    assert (loaded.settings.agent, loaded.settings.project) == ("coder", None)
    assert len(loaded.warnings) == 2
    assert all("ignored" in warning for warning in loaded.warnings)


def test_a_name_no_file_system_takes_is_a_clear_error(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be looked at"):
        load_settings({"COST_MCP_CONFIG": "x" * 300}, tmp_path)


@pytest.mark.usefixtures("home")
def test_a_trusted_file_that_cannot_be_taken_is_an_error(repository: Path):
    write(repository / ".cost-mcp" / "config.yaml", "project: [1]\n")
    trust(repository / ".cost-mcp")

    with pytest.raises(ConfigError, match="project is not text"):
        load_settings({}, repository)


@pytest.mark.usefixtures("home")
def test_a_projects_file_that_stands_for_another_is_not_quoted(repository: Path, tmp_path: Path):
    secret = write(tmp_path / "passwords", "root:$6$secret:19000: x\n")
    (repository / ".cost-mcp" / "config.yaml").symlink_to(secret)

    (warning,) = load_settings({}, repository).warnings

    assert "a key is not a setting" in warning
    assert "secret" not in warning


def test_a_misspelt_key_is_named_with_file_line_and_the_nearest_key(home: Path, tmp_path: Path):
    path = write(user_file(home), "project: shop\ntimezne: UTC\n")

    assert load_settings({}, tmp_path).warnings == (
        (
            f"{path}, line 2: timezne is not a setting and is ignored. Did you mean timezone? "
            "Until it is corrected, no budget of this file ends."
        ),
    )


def test_a_key_like_no_other_is_answered_with_the_known_ones(home: Path, tmp_path: Path):
    write(user_file(home), "colour: blue\nsession_id: s\n")

    warnings = load_settings({}, tmp_path).warnings

    assert len(warnings) == 2
    assert "Known keys: db, timezone" in warnings[0]
    assert "session_id is not a setting" in warnings[1]


@pytest.mark.usefixtures("home")
def test_a_misspelt_variable_is_named_with_the_nearest_one(tmp_path: Path):
    environ = {"COST_MCP_TIMEZON": "UTC", "COST_MCP_DEBUG": "1", "COST_MCP_SOAK_SECONDS": "5"}

    assert load_settings(environ, tmp_path).warnings == (
        "COST_MCP_TIMEZON is not a variable cost-mcp reads and is ignored. Did you mean COST_MCP_TIMEZONE?",
    )


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("project: shop\nagent: [\n", 3, "not valid YAML"),
        ("project: shop\n  bad indent: x\n", 2, "not valid YAML"),
        ("a: 1\n\tb: 2\n", 2, "not valid YAML"),
        ("project: *nobody\n", 1, "not valid YAML"),
        ("project: x\ntenant: !!python/object:os.system y\n", 2, "not valid YAML"),
        ("project: x\nenabled: !!bool maybe\n", 2, "not valid YAML"),
        ("project: x\nagent: 2026-99-99\n", 2, "not valid YAML"),
        ("--- a\n--- b\n", 2, "not valid YAML"),
        ("- project\n- shop\n", 1, "not a mapping"),
        ("just words\n", 1, "not a mapping"),
        ("project: a\nproject: b\n", 2, "project stands already on line 1"),
        ("project: a\ntimezone: Nowhere/At-All\n", 2, "timezone is not a known IANA time zone"),
        ("project: &a x\nagent: *a\n", 1, "an alias"),
        ("project: 7\n", 1, "project is not text"),
        ("week_start: 7\n", 1, "week_start is not a weekday"),
        ("\n\nmax_backdate_hours: soon\n", 3, "max_backdate_hours is not a whole number of hours"),
    ],
)
def test_a_file_that_cannot_be_taken_is_named_with_the_line(home: Path, tmp_path: Path, text: str, line: int, reason: str):
    path = write(user_file(home), text)

    with pytest.raises(ConfigError) as refused:
        load_settings({}, tmp_path)

    assert refused.value.sentence.startswith(f"{path}, line {line}: {reason}")
    assert refused.value.hint


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "project:\nagent: ~\n", "\ufeffproject:\n"])
def test_a_file_that_says_nothing_changes_nothing(home: Path, tmp_path: Path, text: str):
    write(user_file(home), text)

    loaded = load_settings({}, tmp_path)

    assert (loaded.settings.project, loaded.settings.agent, loaded.warnings) == (None, None, ())


def test_a_file_that_is_no_text_or_too_large_or_bottomless_is_refused(home: Path, tmp_path: Path):
    for content, reason in (
        (b"project: x\nagent: \xff\xfe\n", "line 2: not UTF-8 text"),
        (b"#" * 32_001, "larger than 32,000 bytes"),
        (b"project: " + b"[" * 20_000, "not valid YAML"),
        (b"project: x\nagent: \x07\n", "line 2: not valid YAML"),
        (b"max_backdate_hours: 0x" + b"f" * 20_000, "not a whole number of hours"),
    ):
        user_file(home).write_bytes(content)
        with pytest.raises(ConfigError, match=reason):
            load_settings({}, tmp_path)


def test_prices_beside_the_user_file_are_the_users_price_book(home: Path, tmp_path: Path):
    assert load_settings({}, tmp_path).settings.price_book is None
    beside = write(user_file(home).with_name("prices.yaml"), "providers: {}\n")

    assert load_settings({}, tmp_path).settings.price_book == beside
    assert load_settings({"COST_MCP_PRICE_BOOK": "p.yaml"}, tmp_path).settings.price_book == tmp_path / "p.yaml"
    assert load_settings({"COST_MCP_CONFIG": ""}, tmp_path).settings.price_book is None
