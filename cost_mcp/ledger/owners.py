"""What one process remembers of who owns sessions, so that importing a log of a million calls asks once for each of its sessions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from cost_mcp.ledger.window import WindowKey
from cost_mcp.model.charge import PricedCall

MOST_REMEMBERED = 10_000

SessionKey = tuple[str, str, str]
"""tenant, product, session_id"""

_RANK = "SELECT rank FROM owners WHERE tenant = ? AND product = ? AND session_id = ?"
NOBODY = 0
"""Below every rank."""


@dataclass(frozen=True, slots=True)
class Superseded:
    """A call that does not count any more, and the source that owns its session now."""

    owner: str
    priced: PricedCall


class Owners:
    """The rank each session's owner has at least: it only rises, and another process may have raised it since.

    ``superseded`` are the calls that this transaction took out of the count, ``left`` the windows they counted in.
    """

    def __init__(self) -> None:
        self._at_least: dict[SessionKey, int] = {}
        self.superseded: list[Superseded] = []
        self.left: set[WindowKey] = set()

    def begin(self) -> None:
        """A transaction starts: nothing was superseded yet."""
        self.superseded = []
        self.left.clear()

    def undo(self) -> None:
        """A transaction was undone: what it raised is not raised."""
        self._at_least.clear()

    def at_least(self, key: SessionKey) -> int:
        """The rank of a session's owner as far as it is known."""
        return self._at_least.get(key, NOBODY)

    def read(self, db: sqlite3.Connection, key: SessionKey) -> int:
        """The rank of a session's owner now. The caller holds the write transaction."""
        row = db.execute(_RANK, key).fetchone()
        if row is None:
            return NOBODY
        self.keep(key, row[0])
        return row[0]

    def keep(self, key: SessionKey, rank: int) -> None:
        """Remember that a session's owner has this rank."""
        if len(self._at_least) >= MOST_REMEMBERED:
            self._at_least.clear()
        self._at_least[key] = rank

    def supersede(self, owner: str, priced: PricedCall, windows: Iterable[WindowKey]) -> None:
        """Note a call that this transaction took out of the count, and the windows that it had counted in."""
        self.superseded.append(Superseded(owner, priced))
        self.left.update(windows)
