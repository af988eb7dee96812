from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cost_mcp.config.plain import Scalar, plain_entries
from cost_mcp.config.written import written

READ = {
    "": {},
    "\ufeff# nothing\r\n\r\n": {},
    "project: shop\r\n": {"project": Scalar("shop", word=True)},
    "---  # ours\nproject: shop\n...\n\n# over\n": {"project": Scalar("shop", word=True)},
    "project: My shop's “site”\n": {"project": Scalar("My shop's “site”", word=True)},
    "'project': 'shop'\n\"agent\": \"a # b: c\" # d\n": {
        "project": Scalar("shop", word=True), "agent": Scalar("a # b: c", word=True),
    },
    "db: ~/costs/ledger.db\nenabled: true\nlimit: 5.50\npercent: 70 %\n": {
        "db": Scalar("~/costs/ledger.db", word=True),
        "enabled": Scalar("true", word=False),
        "limit": Scalar("5.50", word=False),
        "percent": Scalar("70 %", word=False),
    },
    "quoted: 'true'\nescaped: \"a\\nb\"\ndoubled: 'a''b'\n": {
        "quoted": Scalar("true", word=True),
        "escaped": Scalar("a\\nb", word=False),
        "doubled": Scalar("a'b", word=True),
    },
    "project:\nagent: # nobody\n": {"project": None, "agent": None},
    'notes: |\n  project: not this\n   "nor this\n\n  [\nproject: shop\n': {"notes": None, "project": Scalar("shop", word=True)},
    "notes: >- # folded\n  it's\n# over\nproject: shop\n": {"notes": None, "project": Scalar("shop", word=True)},
    "budgets:\n- name: daily\n  limit: 5 # dollars\n-   name: dear\n    scope:\n      model: claude-opus-*\n      agent: a:b\nx: y\n": {
        "budgets": None, "x": Scalar("y", word=True),
    },
    "budgets:\n  -\n    name: daily\n    notes: |\n      - a\n     \n    mode: enforce\n  - - a\n    - b\n": {"budgets": None},
    "budgets: [{name: daily, limit: 0.50}, {name: 'o', scope: {model: \"claude-*\"}}] # two\nempty: {}\nnone: []\n": {
        "budgets": None, "empty": None, "none": None,
    },
    "task_patterns: ['[A-Z]+-\\d+', \"#\\\\d+\", x-*]\n": {"task_patterns": None},
    "cost: {alerts: {daily_limit: 10, warning_percent: 70%}}\n": {"cost": None},
}  # fmt: skip

LEFT = [
    "just text",
    "- a",
    "  project: shop",
    "{project: shop}",
    "project: a: b",
    "project: shop:",
    "project : shop",
    ": shop",
    "'': shop",
    '"project":shop',
    '"pro\\u006aect": shop',
    "'it''s': x",
    "yes: no",
    "5: x",
    "a.b: x",
    "project: shop\nproject: other",
    "x:\n  a: 1\n  a: 2",
    "x: {a: 1, 'a': 2}",
    "project: shop\n  and more",
    "project:\n  shop",
    "x: 'a\n\nproject: shop'",
    'x: "a',
    'x: "a" b',
    "x: 'a'#b",
    "x: [a,\n b]",
    "x: [a, b",
    "x: [a}",
    "x: [a, , b]",
    "x: [a b: c]",
    "x: {a}",
    "x: {a: b: c}",
    "x: {a: [}]",
    'x: {"a":1}',
    "x: [a] b",
    "x: [a, 'b' c]",
    "x: " + "[" * 9 + "]" * 9,
    "x: &a y",
    "x: *a",
    "x: !!str y",
    "x: ? y",
    "x: @y",
    "x: -y",
    "x: =",
    "<<: {a: b}",
    "x: 2026-99-99",
    "x: 0b_",
    "x: 12:30",
    "x: |2\n  a",
    "x: |\n    a\n  b",
    "x: |\n     \n  b",
    "x: | y",
    "? a\n: b",
    "%YAML 1.1\n---\nx: y",
    "---\n---\nx: y",
    "--- x",
    "x: y\n---\nz: a",
    "x: y\n...\nz: a",
    "...\nx: y",
    "x: y\n... z",
    "x:\n    a: 1\n  b: 2",
    "x:\n  a: 1\n - b",
    "x:\n- a\n  b: c",
    "x: a\n- b",
    "x:\n- a\n y: b",
    "\tx: y",
    "x: a\tb",
    "x: a\rb: c",
    "x: a\u2028b: c",
    "x: a\u0085b: c",
    "x: \u0000",
    "x: " + "a" * 1000,
    "\n".join("  " * n + "x:" for n in range(25)),
]


@pytest.mark.parametrize("text", READ)
def test_what_people_mostly_write_is_read(text: str):
    assert plain_entries(text.encode()) == READ[text]
    assert agree(text)


@pytest.mark.parametrize("text", LEFT)
def test_what_is_less_plain_is_left_to_a_parser(text: str):
    assert plain_entries(text.encode()) is None


def test_what_is_no_text_is_left_to_a_parser():
    assert plain_entries(b"x: \xff\n") is None


def agree(text: str) -> bool:
    """Whether it is read without a parser; when it is, a parser takes it too, and says the same."""
    plain = plain_entries(text.encode("utf-8", "surrogatepass"))
    if plain is None:
        return False
    full = written(Path("config.yaml"), text.encode()).entries
    assert plain.keys() == full.keys()
    for key, scalar in plain.items():
        value = full[key].value
        if scalar is not None and scalar.word:
            assert value == scalar.text, text
        elif scalar is not None:
            assert isinstance(value, str | int | float | None), text
        else:
            assert value is None or isinstance(value, str | list | dict), text
    return True


_BIT = st.sampled_from(
    ["project", "agent", "x", "y", ":", ": ", ": ", " ", "  ", "- ", "-", "'", '"', "''", "#", " #", " # c", "[", "]", "{", "}", ", ", "|", ">",
     "|-", "shop", "true", "on", "null", "/a/b", "~/c", "5", "5.5", "70%", "&x", "*x", "!", ",", "?", "? ", "---", "...", "\\", "\\\\", "\\n",
     "%", "1e3", "0x1f", "0b_", "=", "<<", "ä", "\u00a0", "2026-01-01", "a: b", "k: [a, b]", "{a: b}", "'q'", '"q"', "'it''s'", "a:b", "@", "`", "$5"]
)  # fmt: skip
_INDENT = st.sampled_from([-4, -2, 0, 0, 0, 2, 2, 4, 1])
_DASH = st.sampled_from(["", "", "", "", "- ", "-   ", "- - "])
_KEY = st.sampled_from(["a", "b", "c", "d", "e", "f", "project", "'g'", '"h"', "f g", "it's", "a:b", "k#", "ö"])
_VALUE = st.sampled_from(
    ["", "", " x", " 'x'", ' "y" # z\'', " |", " >-", " [a, 'b']", " {a: b, c: [d]}", " it's", " 5", " # c", "  [ ]", " a#b", " a:b", " 'it''s'",
     " -5", " $x", " [a:b, -1, 50%]", " {a: 'x, y'}", " [ 'a' ,b ]", " {a : b}", " {a :b}", " [a 'b]", ' ["a\\"b"]', " [é]", " 70 %", " - x"]
)  # fmt: skip
_KEYED = st.builds("{}:{}".format, _KEY, _VALUE)
_LINE = st.one_of(_KEYED, _KEYED, _KEYED, _VALUE.map(str.strip), st.lists(_BIT, max_size=5).map("".join))


@settings(max_examples=400)
@given(lines=st.lists(st.tuples(_INDENT, _DASH, _LINE), max_size=8))
def test_whatever_is_read_without_a_parser_a_parser_reads_alike(lines: list[tuple[int, str, str]]):
    column, written_lines = 0, list[str]()
    for step, dash, line in lines:
        column = max(0, column + step) if written_lines else 0
        written_lines.append(" " * column + dash + line)

    agree("\n".join(written_lines))


_NAME = st.text(st.characters(codec="utf-8"), max_size=12)
_FIELD = st.sampled_from(["name", "limit", "period", "mode", "scope", "each", "50"])
_LEAF = st.one_of(_NAME, st.integers(-1000, 1000), st.booleans(), st.none(), st.floats(0, 100))
_TREE = st.recursive(
    _LEAF, lambda below: st.lists(below, max_size=3) | st.dictionaries(_FIELD, below, max_size=3), max_leaves=8
)


_SLIPS = st.lists(st.tuples(st.integers(0, 400), _BIT), max_size=2)


@settings(max_examples=300)
@given(
    tree=st.dictionaries(st.sampled_from(["project", "budgets", "cost", "notes"]), _TREE, max_size=4),
    style=st.sampled_from([None, False, True]),
    unicode=st.booleans(),
    slips=_SLIPS,
)
def test_what_a_program_wrote_and_somebody_touched_is_read_alike(
    tree: dict[str, object], slips: list[tuple[int, str]], *, style: bool | None, unicode: bool
):
    import yaml

    text: str = yaml.safe_dump(tree, default_flow_style=style, allow_unicode=unicode)  # pyright: ignore[reportUnknownMemberType]: no types
    for at, bit in slips:
        text = text[: at % (len(text) + 1)] + bit + text[at % (len(text) + 1) :]

    agree(text)
