from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.capture.tables.identity import Ordinals, content_digest, row_id

rows = st.lists(st.integers(min_value=0, max_value=30), max_size=200)


@given(rows)
def test_equal_rows_are_numbered_in_order(numbers: list[int]):
    ordinals, seen = Ordinals(), Counter[int]()
    for number in numbers:
        seen[number] += 1
        assert ordinals.next(content_digest({"input_tokens": number})) == seen[number]


@given(rows)
def test_the_ids_of_a_table_do_not_depend_on_the_order_of_its_rows(numbers: list[int]):
    def ids(values: list[int]) -> set[str]:
        ordinals = Ordinals()
        digests = [content_digest({"input_tokens": value}) for value in values]
        return {row_id(digest, ordinals.next(digest)) for digest in digests}

    assert ids(numbers) == ids(sorted(numbers))
    assert len(ids(numbers)) == len(numbers)


def test_many_different_rows_keep_their_numbers():
    ordinals = Ordinals()
    digests = [content_digest({"input_tokens": number}) for number in range(20_000)]
    assert {ordinals.next(digest) for digest in digests} == {1}
    assert {ordinals.next(digest) for digest in digests} == {2}


def test_an_id_is_of_what_is_said_not_of_how_it_is_ordered():
    assert content_digest({"a": 1, "b": 2}) == content_digest({"b": 2, "a": 1})
    assert row_id(content_digest({"a": 1}), 1) != row_id(content_digest({"a": 1}), 2)
