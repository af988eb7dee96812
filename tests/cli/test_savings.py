from __future__ import annotations

from typing import Any, Protocol

import pytest

CALL = "--model claude-opus-4-6 --provider anthropic --agent coder --input-tokens 200000 --output-tokens 1000"


class Ran(Protocol):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object it printed."""
        ...


class Cli(Protocol):
    """Runs ``cost-mcp`` with these words."""

    def __call__(self, *words: str, **variables: str) -> Ran:
        """Run one command."""
        ...


@pytest.fixture
def wasteful(cli: Cli) -> Cli:
    """Three times the same call in one session: $1.025 each."""
    for n in range(3):
        ran = cli("record", *CALL.split(), "--session", "s", "--call-id", f"c{n}", "--occurred-at", f"2026-11-20T08:00:0{n}Z")
        assert ran.code == 0, ran.err
    return cli


def repeated(cli: Cli) -> dict[str, Any]:
    (found,) = cli("savings", "--rule", "repeated-calls", "--json").json["suggestions"]
    return found


def test_suggestions_are_ranked_with_the_money_each_would_have_saved(wasteful: Cli):
    shape = wasteful("savings", "--json").json
    # Twice $1.025; and twice 200,000 tokens read at $0.50 instead of $5 per million, less 200,000 written at $6.25.
    assert [(each["rule"], each["saved_usd"]) for each in shape["suggestions"]] == [
        ("repeated-calls", "2.05"),
        ("prompt-caching", "1.55"),
    ]
    assert (shape["total_cost_usd"], shape["possible_savings_usd"], shape["upper_bound"]) == ("3.075", "3.075", True)
    assert shape["suggestions"][0]["agent"] == "coder"


def test_people_get_a_table_a_sentence_each_and_the_next_step(wasteful: Cli):
    page = wasteful("savings").out
    found = repeated(wasteful)
    assert "up to $3.08  ·  of $3.08, 3 calls" in page
    assert "Keep the answers and use them again: agent coder with claude-opus-4-6." in page
    assert f"cost-mcp savings show {found['saving_id']}\n" in page
    narrowed = wasteful("savings", "--period", "7d", "--agent", "coder").out
    assert f"cost-mcp savings show {found['saving_id']} --period 7d --agent coder" in narrowed
    since = wasteful("savings", "--start", "2026-11-20").out
    assert "--start 2026-11-19T23:00:00Z --end 2026-11-22T12:00:00Z" in since


def test_the_calls_behind_one_are_shown(wasteful: Cli):
    found = repeated(wasteful)
    shape = wasteful("savings", "show", found["saving_id"], "--json").json
    assert [call["call_id"] for call in shape["calls_shown"]] == ["c1", "c2"]
    assert "The first 1 of 2 calls" in wasteful("savings", "show", found["saving_id"], "--limit", "1").out


def test_what_is_applied_is_marked_measured_and_can_be_dropped(wasteful: Cli):
    saving_id = repeated(wasteful)["saving_id"]
    first = wasteful("savings", "applied", saving_id, "--json").json
    assert (first["outcome"], first["baseline"]["units"], first["baseline"]["amount_usd"]) == ("applied", 3, "2.05")
    assert "Already noted: applied" in wasteful("savings", "applied", saving_id).out
    assert repeated(wasteful)["applied_at"] == "2026-11-22T12:00:00Z"
    assert "Applied" in wasteful("savings").out
    (measured,) = wasteful("savings", "measured", "--json").json["measured"]
    assert "saved_usd" not in measured
    assert measured["why"] == "Too early to tell: 3 calls of it before it was applied, 30 are the fewest to compare."
    assert "too early" in wasteful("savings", "measured").out
    assert wasteful("savings", "dropped", saving_id, "--json").json["dropped_at"] == "2026-11-22T12:00:00Z"
    assert "Dropped" in wasteful("savings", "dropped", saving_id).out
    assert "applied_at" not in repeated(wasteful)


def test_an_empty_ledger_says_that_there_is_nothing_to_save(cli: Cli):
    assert "nothing to save" in cli("savings").out
    shape = cli("savings", "--json").json
    assert (shape["suggestions"], shape["possible_savings_usd"], shape["calls"]) == ([], "0", 0)
    assert "No suggestion was applied yet." in cli("savings", "measured").out
    assert cli("savings", "measured", "--json").json == {"total_saved_usd": "0", "measured": []}


def test_too_little_to_save_says_how_to_see_it_all_the_same(wasteful: Cli):
    assert "Lower --min-savings" in wasteful("savings", "--min-savings", "100").out
    assert "No rule found $2.50 or more" in wasteful("savings", "--min-savings", "2.5").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rule", "bach"), "Did you mean batch?"),
        (("--min-savings", "x"), "min_savings is not an amount of money"),
        (("show", "sav_0"), "no suggestion of this id is made"),
        (("show", "T-1"), "begin with sav_"),
        (("applied", "sav_0"), "30 days before"),
        (("applied", "sav_0", "--at", "yesterday"), "at is not a time"),
        (("dropped", "sav_0"), "no suggestion of this id was applied"),
        (("--period", "7d", "measured"), "options stand behind the command"),
        (("--period", "7d", "--start", "2026-11-01"), "period and start were both given"),
    ],
)
def test_wrong_use_ends_with_the_next_step_and_writes_nothing(wasteful: Cli, words: tuple[str, ...], said: str):
    ran = wasteful("savings", *words)
    assert ran.code == 2
    assert said in ran.err
    assert wasteful("savings", "measured", "--json").json["measured"] == []
