"""How far another program's file was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cost_mcp.ledger.plan import Plan
from cost_mcp.model.moment import micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """What to go on from in one file. ``stamp`` and ``fingerprint`` are words of whoever reads it, kept as they are.

    ``offset`` is the byte after the last line that was read, ``line`` how many lines those were, ``state`` what its parser goes
    on with as JSON (None: a file that has grown is read from its start). ``calls`` and ``skipped`` count what it held so far.
    """

    source: str
    path: str
    stamp: str
    fingerprint: str
    offset: int
    line: int
    state: str | None
    calls: int = 0
    skipped: int = 0


_COLUMNS = ("source", "path", "stamp", "fingerprint", "offset", "line", "state", "calls", "skipped")
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM import_cursors WHERE tenant = ?"
PUT_CURSOR = (
    f"INSERT INTO import_cursors (tenant, {', '.join(_COLUMNS)}, read_at) VALUES ({', '.join('?' * (len(_COLUMNS) + 2))}) "
    f"ON CONFLICT DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in (*_COLUMNS[2:], 'read_at'))}"
)
"""Parameters: ``cursor_values``."""


def cursor_values(tenant: str, cursor: Cursor, now: datetime) -> tuple[Any, ...]:
    """The parameters of ``PUT_CURSOR``."""
    return (tenant, *(getattr(cursor, name) for name in _COLUMNS), micros(now))


def cursors(tenant: str, source: str | None = None) -> Plan[tuple[Cursor, ...]]:
    """Every cursor of a tenant, or those of one source."""
    if source is None:
        rows = yield _SELECT, (tenant,)
    else:
        rows = yield f"{_SELECT} AND source = ?", (tenant, source)
    return tuple(Cursor(**dict(zip(_COLUMNS, row, strict=True))) for row in rows)
