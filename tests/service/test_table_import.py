"""A table's rows, in any order, split into any files and told any number of times: the same ledger."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cost_mcp.capture.tables.calls import Wish
from cost_mcp.config.settings import Settings
from cost_mcp.pricing.catalog import Catalog
from cost_mcp.service.opening import load_catalog, open_quick
from cost_mcp.service.table_import import CSV, JSONL, TableOrder, import_table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEAD = "time,model,input_tokens,output_tokens,agent,call_id\n"
WISH = Wish(said={}, constants={})
PRICES: list[Catalog] = []


def prices(given: Settings) -> Catalog:
    if not PRICES:
        PRICES.append(load_catalog(given))  # once: reading the tables is most of an import of ten rows
    return PRICES[0]


rows = st.lists(
    st.tuples(
        st.sampled_from(["2026-11-20T08:00:00Z", "2026-11-21T08:00:00Z"]),
        st.sampled_from(["gpt-5", "claude-opus-4-6"]),
        st.integers(min_value=0, max_value=3).map(lambda n: n * 1000),
        st.sampled_from(["", "coder"]),
    ),
    min_size=1,
    max_size=12,
)


def brought_in(files: Sequence[Sequence[str]]) -> tuple[int, Decimal, int]:
    with tempfile.TemporaryDirectory() as folder:
        given = Settings(db=str(Path(folder) / "ledger.db"), timezone="UTC")
        for lines in files:
            order = TableOrder(kind=CSV, wish=WISH)
            assert import_table([HEAD, *lines], order, given, prices(given), lambda: NOON).tally.refused == 0
        quick = open_quick(given, clock=lambda: NOON)
        totals = quick.cost_report({"period": "2026-11"}).report.totals
        quick.close()
        return totals.calls, totals.cost_usd, totals.input_tokens


@settings(max_examples=12)
@given(rows, st.data())
def test_rows_with_ids_come_to_the_same_however_they_are_told(told: list[tuple[str, str, int, str]], data: st.DataObject):
    lines = [f"{when},{model},{tokens},7,{agent},c-{n}\n" for n, (when, model, tokens, agent) in enumerate(told)]
    again = data.draw(st.lists(st.sampled_from(lines), max_size=6))
    mixed = data.draw(st.permutations([*lines, *again]))
    cut = data.draw(st.integers(min_value=0, max_value=len(mixed)))
    once = brought_in([lines])
    assert once[0] == len(lines)
    assert brought_in([mixed[:cut], mixed[cut:], lines]) == once


@settings(max_examples=12)
@given(rows, st.data())
def test_rows_without_ids_come_to_the_same_in_any_order_and_again(told: list[tuple[str, str, int, str]], data: st.DataObject):
    lines = [f"{when},{model},{tokens},7,{agent},\n" for when, model, tokens, agent in told]
    mixed = data.draw(st.permutations(lines))
    once = brought_in([lines])
    assert once[0] == len(lines)
    assert brought_in([mixed, lines, lines[: len(lines) // 2]]) == once


def test_nothing_but_what_is_mapped_gets_into_the_ledger(tmp_path: Path):
    given = Settings(db=str(tmp_path / "ledger.db"), timezone="UTC")
    line = (
        '{"time": "2026-11-20T08:00:00Z", "model": "gpt-5", "usage": {"prompt_tokens": 3, "completion_tokens": 1},'
        ' "prompt": "SECRET", "messages": [{"content": "SECRET"}], "metadata": {"note": "SECRET"}, "error": "SECRET"}\n'
    )
    done = import_table([line, '{"time": "SECRET"}\n'], TableOrder(kind=JSONL, wish=WISH), given, prices(given), lambda: NOON)
    assert (done.tally.calls, done.tally.refused) == (1, 1)
    assert "SECRET" not in repr(done.problems)
    for file in tmp_path.iterdir():
        assert b"SECRET" not in file.read_bytes()
