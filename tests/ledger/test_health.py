from __future__ import annotations

from pathlib import Path

import pytest

from cost_mcp.ledger.health import examine, wal_reset_fixed


@pytest.mark.parametrize(
    ("version", "fixed"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_the_repair_is_known_by_branch(version: tuple[int, ...], *, fixed: bool):
    assert wal_reset_fixed(version) is fixed


def test_looking_at_a_ledger_that_is_not_there_makes_none(tmp_path: Path):
    health = examine(tmp_path / "new" / "ledger.db")

    assert (health.exists, health.writable, health.private, health.schema, health.size) == (False, True, True, 0, 0)
    assert list(tmp_path.iterdir()) == []
