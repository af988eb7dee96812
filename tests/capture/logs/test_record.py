from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_mcp.capture.logs.record import decode, instant_of_hrtime, instant_of_millis, instant_of_text

NOON = datetime(2026, 11, 22, 12, 0, 0, 500_000, tzinfo=UTC)


def test_fractions_of_a_record_are_exact():
    assert decode(b'{"cost": 0.1}') == {"cost": Decimal("0.1")}


@pytest.mark.parametrize("line", [b"", b"[1]", b"7", b'{"a":', b"\xff{}", b"[" * 100_000, b'{"n": ' + b"9" * 5000 + b"}"])
def test_what_is_no_object_is_none(line: bytes):
    assert decode(line) is None


def test_instants_are_read_in_utc_however_they_are_told():
    told = [
        instant_of_text("2026-11-22T12:00:00.500Z"),
        instant_of_text("2026-11-22T13:00:00.500+01:00"),
        instant_of_millis(1_795_348_800_500),
        instant_of_millis(Decimal("1795348800500.25")),
        instant_of_hrtime([1_795_348_800, 500_000_000]),
    ]
    assert told == [NOON] * 5


@pytest.mark.parametrize("value", [None, "", "yesterday", "2026-11-22T12:00:00", "0001-01-01T00:00:00+09:00", 5])
def test_a_text_that_is_no_instant_is_none(value: object):
    assert instant_of_text(value) is None


@pytest.mark.parametrize("value", [None, True, "5", 1.5, -1, 10**18, Decimal("1e999999999")])
def test_a_number_that_is_no_instant_is_none(value: object):
    assert instant_of_millis(value) is None


@pytest.mark.parametrize("value", [None, 5, [], [1], [1, 2, 3], ["1", "2"], [True, 1], [-1, 0], [10**15, 0]])
def test_a_pair_that_is_no_instant_is_none(value: object):
    assert instant_of_hrtime(value) is None
