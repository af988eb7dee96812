"""Price books as people write them: what counts, and what is refused, by line."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_mcp.model.call import Call, Rank
from cost_mcp.model.charge import Pricing
from cost_mcp.model.usage import Usage
from cost_mcp.pricing.book import BookText
from cost_mcp.pricing.catalog import open_catalog
from cost_mcp.pricing.parsing import parse_book

D = Decimal


def priced(
    book: str,
    model: str,
    provider: str | None,
    *,
    tier: str = "standard",
    at: str = "2026-11-20T12:00",
    project: str | None = None,
    usage: Usage | None = None,
) -> Pricing:
    books = [BookText(text=book, file="prices.yaml", layer="user")]
    if project is not None:
        books.append(BookText(text=project, file="project.yaml", layer="project"))
    call = Call(
        call_id="c",
        occurred_at=datetime.fromisoformat(at).replace(tzinfo=UTC),
        model=model,
        provider=provider,
        usage=usage or Usage(input_tokens=1_000_000),
        source="cli",
        rank=Rank.AGENT,
        service_tier=tier,
    )
    return open_catalog(books).price(call)


LIST = "prices:\n  - provider: openai\n    model: gpt-4o\n    input: 2\n    output: 8\n"


def test_a_book_of_ones_own_stands_over_the_tables():
    found = priced(LIST, "gpt-4o", "openai")
    assert (found.priced, found.cost_usd) == ("override", D(2))
    assert found.entry is not None
    assert (found.entry.book, found.entry.source, found.entry.undated) == ("user", "prices.yaml", True)


@pytest.mark.parametrize("name", ["gpt-4o-2024-08-06", "openai/gpt-4o", "GPT-4o"])
def test_it_covers_every_name_the_tables_take_for_the_same_model(name: str):
    assert priced(LIST, name, "openai").cost_usd == D(2)


def test_it_does_not_cover_a_dated_model_the_tables_price_differently():
    # gpt-4o-2024-05-13 is another model in the tables: 5 per million.
    assert priced(LIST, "gpt-4o-2024-05-13", "openai").cost_usd == D(5)


def test_a_projects_book_stands_over_ones_own():
    assert priced(LIST, "gpt-4o", "openai", project=LIST.replace("input: 2", "input: 1")).cost_usd == D(1)


def test_a_book_prices_models_nobody_else_knows_with_and_without_provider():
    book = "prices:\n  - provider: acme\n    model: road-runner\n    input: 7\n    output: 7\n"
    assert priced(book, "road-runner", "acme").cost_usd == D(7)
    assert priced(book, "road-runner", None).provider == "acme"
    assert priced(book, "acme/road-runner", None).cost_usd == D(7)


def test_the_plain_form_is_per_thousand_tokens():
    book = "providers:\n  acme:\n    m1: {input: 0.003, output: 0.006}\n    '*': {input: 0.001, output: 0.001}\n"
    assert priced(book, "m1", "acme").cost_usd == D(3)
    assert priced(book, "any-other", "acme").cost_usd == D(1)


def test_a_price_of_zero_is_free_in_any_book():
    book = "providers:\n  acme:\n    m1: {input: 0, output: 0}\n"
    assert priced(book, "m1", "acme").priced == "free"


def test_a_price_counts_only_while_it_holds_and_the_tables_before():
    book = LIST.replace("    input", "    from: 2026-11-01\n    until: 2026-12-01T00:00Z\n    input")
    assert priced(book, "gpt-4o", "openai", at="2026-10-31T23:59").cost_usd == D("2.5")
    assert priced(book, "gpt-4o", "openai", at="2026-11-01T00:00").cost_usd == D(2)
    assert priced(book, "gpt-4o", "openai", at="2026-12-01T00:00").cost_usd == D("2.5")


def test_later_prices_of_a_model_follow_earlier_ones():
    book = LIST + "  - provider: openai\n    model: gpt-4o\n    from: 2026-06-01\n    input: 1\n    output: 4\n"
    assert priced(book, "gpt-4o", "openai", at="2026-05-31T00:00").cost_usd == D(2)
    assert priced(book, "gpt-4o", "openai", at="2026-06-01T00:00").cost_usd == D(1)


def test_context_steps_and_tiers_of_a_book_count():
    book = (
        LIST + "    above:\n      200_000: {input: 4}\n    tiers:\n      batch: {input: 1, output: 4}\n      fast: {times: 3}\n"
    )
    assert priced(book, "gpt-4o", "openai", usage=Usage(input_tokens=200_000)).cost_usd == D("0.4")
    assert priced(book, "gpt-4o", "openai").cost_usd == D(4)
    assert priced(book, "gpt-4o", "openai", tier="batch").cost_usd == D(1)
    assert priced(book, "gpt-4o", "openai", tier="fast").cost_usd == D(12)


def test_an_extending_entry_adds_to_the_tables_and_leaves_the_rest():
    book = "prices:\n  - provider: openai\n    model: gpt-4\n    extends: true\n    cache_read: 3\n    web_search: 0.02\n"
    found = priced(book, "gpt-4", "openai", usage=Usage(input_tokens=1_000, cache_read_input_tokens=500, web_search_requests=1))
    assert found.cost_usd == D("0.015") + D("0.0015") + D("0.02")
    assert found.warnings == ()


def test_noise_of_floats_is_rounded_away():
    book = LIST.replace("input: 2", "input: 0.30000000000000004")
    assert priced(book, "gpt-4o", "openai").cost_usd == D("0.3")


def test_an_empty_book_says_nothing():
    assert parse_book("", "f", layer="user").entries == ()
    assert parse_book("# only words\n", "f", layer="user").problems == ()


def test_an_addition_of_what_is_missing_never_changes_a_price_that_is_listed():
    # gpt-5.4: input 2.5, cache read 0.25; gpt-4: input 30, no cache price.
    book = "prices:\n  - {provider: openai, model: '*', extends: missing, input: 1, cache_read: 3}\n"
    usage = Usage(input_tokens=2_000, cache_read_input_tokens=1_000)
    listed, filled = (priced(book, model, "openai", usage=usage) for model in ("gpt-5.4", "gpt-4"))
    assert (listed.priced, listed.cost_usd) == ("list", D("0.0025") + D("0.00025"))
    assert (filled.priced, filled.cost_usd) == ("override", D("0.03") + D("0.003"))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("prices: [\n", 2, "not YAML"),
        ("just words", 1, "not a mapping"),
        ("prizes: []", 1, "prizes is not a key"),
        (LIST + "    inputt: 3\n", 6, "inputt is not a key"),
        (LIST.replace("input: 2", "input: two"), 4, "not a number"),
        (LIST.replace("input: 2", "input: -2"), 4, "negative"),
        (LIST.replace("input: 2", "input: .nan"), 4, "not a number"),
        (LIST.replace("input: 2", "input: NaN"), 4, "not finite"),
        (LIST.replace("input: 2", "input: inf"), 4, "not finite"),
        (LIST.replace("input: 2", "input: [2]"), 4, "not text"),
        (LIST.replace("input: 2", "input: '1e9999999'"), 4, "too large"),
        (LIST.replace("input: 2", "input: 1e-9999999"), 4, "too small"),
        (LIST.replace("input: 2", "input: " + "9" * 5000), 4, "5,000 characters"),
        (LIST.replace("gpt-4o", '"gpt\\a4o"'), 2, "control characters"),
        (LIST.replace("model: gpt-4o", "models: [a" + ", a" * 1000 + "]"), 3, "more than 1,000"),
        (LIST.replace("input: 2", "input: 2000000"), 4, "more than 1 USD per token"),
        (LIST.replace("    input: 2\n    output: 8\n", ""), 2, "gives no price"),
        (LIST.replace("provider: openai\n    ", ""), 2, "names no provider"),
        (LIST.replace("    model: gpt-4o\n", ""), 2, "names no model"),
        (LIST + "    input: 3\n", 6, "stands twice"),
        (LIST + "    from: soon\n", 6, "not a date"),
        (LIST + "    from: 2026-01-01T10:00\n", 6, "no offset"),
        (LIST + "    from: 0001-01-01T00:00+14:00\n", 6, "out of the calendar"),
        (LIST + "    from: 2026-02-01\n    until: 2026-01-01\n", 7, "not after"),
        (LIST + "    hours: nine to five\n", 6, "not hours"),
        (LIST + "    days: [funday]\n", 6, "no weekday"),
        (LIST + "    extends: maybe\n", 6, "not true, false or missing"),
        (LIST + "    per: 1G\n", 6, "not a known unit"),
        (LIST + "    tiers:\n      turbo: {times: 2}\n", 7, "turbo is not a key"),
        (LIST + "    tiers:\n      fast: {times: 2, input: 3}\n", 7, "both"),
        (LIST + "    tiers:\n      fast: {times: 1000}\n", 7, "times is more than 100"),
        (LIST + "    tiers:\n      fast: {times: 1e9999999}\n", 7, "too large"),
        (LIST + "    above:\n      many: {input: 3}\n", 7, "no number of tokens"),
        (LIST + "    above:\n      1000: {cache_read: 3}\n", 7, "none below"),
        (LIST + f"    above:\n      ? {'9' * 5000}\n      : {{input: 3}}\n", 7, "no number of tokens"),
        (LIST + "    above: {" + "".join(f"{n}: {{input: 3}}, " for n in range(1, 30)) + "}\n", 6, "more than 20 steps"),
        ("source: &a x\n" + LIST.replace("model: gpt-4o", "model: *a"), 4, "an alias"),
        (LIST + "---\n" + LIST, 6, "a second document"),
        (LIST + "    note: \0\n", 6, "YAML does not take"),
        (LIST + "    note: \ud800\n", 6, "YAML does not take"),
        ("\nproviders: " + "[" * 50_000, 2, "nested deeper than 32 levels"),
        ("providers: " + "{a: " * 50_000, 1, "nested deeper than 32 levels"),
        ("prices: [" + "a, " * 250_000 + "]", 1, "more than 200,000 values"),
        ("#" * 1_000_001, 1, "larger than 1,000,000 bytes"),
        (LIST + "    cache_write: 1\n    cache_write_5m: 2\n", 6, "same meter"),
        (LIST + LIST.split("\n", 1)[1].replace("input: 2", "input: 3"), 6, "two different prices"),
        ("providers:\n  acme:\n    m: {input: 1, output: x}\n", 3, "not a number"),
        ("providers:\n  acme:\n    m: {input: 0.1, output: 0.1}\n    m: {input: 0.2, output: 0.1}\n", 4, "stands twice"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_file_line_and_reason(text: str, line: int, words: str):
    (problem,) = parse_book(text, "my.yaml", layer="user").problems
    assert (problem.file, problem.line) == ("my.yaml", line)
    assert words in problem.reason
    assert str(problem).startswith(f"my.yaml, line {line}: ")


def test_an_unknown_key_is_told_the_nearest_one():
    (problem,) = parse_book(LIST + "    cache_reed: 1\n", "f", layer="user").problems
    assert problem.hint == "Did you mean cache_read?"


def test_one_broken_entry_stops_no_other():
    text = LIST.replace("input: 2", "input: x") + "  - provider: acme\n    model: m\n    input: 1\n    output: 1\n"
    parsed = parse_book(text, "f", layer="user")
    assert [entry.model for entry in parsed.entries] == ["m"]
    assert len(parsed.problems) == 1
    assert len(open_catalog([BookText(text=text, file="f", layer="user")]).problems) == 1


def test_two_different_prices_of_one_model_count_neither():
    text = LIST + LIST.split("\n", 1)[1].replace("input: 2", "input: 3")
    assert parse_book(text, "f", layer="user").entries == ()
    assert priced(text, "gpt-4o", "openai").cost_usd == D("2.5")


def test_the_same_price_twice_is_told_and_counts_once():
    parsed = parse_book(LIST + LIST.split("\n", 1)[1], "f", layer="user")
    assert (len(parsed.entries), parsed.problems) == (1, ())
    assert "stands twice" in parsed.warnings[0]
    again = parse_book(LIST + "    input: 2\n", "f", layer="user")
    assert (len(again.entries), again.problems, len(again.warnings)) == (1, (), 1)


def test_a_book_of_more_prices_than_are_kept_counts_up_to_there():
    text = "prices:\n" + "".join(f"  - {{provider: p, model: m{number}, input: 1}}\n" for number in range(20_002))
    parsed = parse_book(text, "f", layer="user")
    assert len(parsed.entries) == 20_000
    assert [problem.line for problem in parsed.problems] == [20_002, 20_003]


def test_a_flood_of_problems_is_cut_short_and_counted():
    text = "prices:\n" + "  - {provider: p}\n" * 150
    problems = parse_book(text, "f", layer="user").problems
    assert (len(problems), problems[-1].line) == (101, 102)
    assert "50 more problems" in problems[-1].reason


@pytest.mark.parametrize(
    "broken",
    ["providers: " + "[" * 50_000, LIST.replace("input: 2", "input: '1e9999999'"), "\0", "a: &a [*a]\nprices: [*a]\n"],
)
def test_a_hostile_book_leaves_the_packaged_prices_in_force(broken: str):
    assert priced(broken, "gpt-4o", "openai").cost_usd == D("2.5")


def test_no_value_of_a_book_is_quoted():
    secret = "hunter2 secret"
    for text in (
        LIST.replace("input: 2", f"input: {secret}"),
        LIST + f"    from: {secret}\n",
        LIST + f"    days: {secret}\n",
        LIST + f"    {secret}: 2\n",
    ):
        (problem,) = parse_book(text, "f", layer="user").problems
        assert secret not in str(problem)
