"""Whose word counts of a session: where sources share no ids of calls, the best one's. What the others told is kept, not counted.

The first call by which a better source tells of a session of an agent program makes that source its owner, in the transaction
in which the call lands. From then on nothing counts that a source below it told of the session without an id to know it by: what
was recorded before is reversed and entered again uncounted, what comes later is entered so at once. A call that came with an id
counts always: if the owner tells of it too, they meet under that id, and if not, it is another call.
"""

from __future__ import annotations

from dataclasses import dataclass

from cost_mcp.ledger.book import Book
from cost_mcp.ledger.entry import ENTER_AGAIN
from cost_mcp.ledger.landing import reverse
from cost_mcp.ledger.owners import SessionKey
from cost_mcp.ledger.stored import SELECT_CURRENT, stored_entry
from cost_mcp.model.call import Call, Rank

_RISE = (
    "INSERT INTO owners (tenant, product, session_id, rank, source) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET rank = excluded.rank, source = excluded.source WHERE excluded.rank > rank"
)
_NOTE = "INSERT INTO unshared_calls (tenant, call_id, product) VALUES (?, ?, ?)"
_PRODUCT = "SELECT product FROM unshared_calls WHERE tenant = ? AND call_id = ?"
_WEAKER = (
    "SELECT e.call_id FROM entries e INDEXED BY entries_by_session "
    "CROSS JOIN unshared_calls u ON u.tenant = e.tenant AND u.call_id = e.call_id "
    "CROSS JOIN series s ON s.series_id = e.series_id "
    "WHERE e.tenant = ? AND u.product = ? AND e.session_id = ? AND s.rank < ? AND e.sign = 1 AND e.counted = 1 AND NOT EXISTS "
    "(SELECT 1 FROM entries r WHERE r.tenant = e.tenant AND r.call_id = e.call_id AND r.revision = e.revision AND r.sign = -1) "
    "ORDER BY e.seq"
)
_WORDS = {Rank.EVENT: "telemetry", Rank.LOG: "log", Rank.RESPONSE: "record of responses"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A source told of a session of an agent program."""

    product: str
    session_id: str
    source: str
    rank: Rank


def claim(book: Book, tenant: str, claimed: Claim, recorded_at: int) -> None:
    """Make the source the session's owner where it is better than every one before; what they told then counts no more."""
    _own(book, (tenant, claimed.product, claimed.session_id), claimed.rank, claimed.source, recorded_at)


def counts(book: Book, call: Call, product: str | None, recorded_at: int) -> bool:
    """Whether a call that is about to be entered counts; where it is the best word on its session so far, it owns that now.

    ``product`` is that of the call itself, where it came without an id, however it was reported since; else None.
    """
    session = call.context.session_id
    if session is None:
        return True
    if call.product is not None:
        _own(book, (call.tenant, call.product, session), call.rank, call.source, recorded_at)
    if product is None:
        return True
    key = (call.tenant, product, session)
    return book.owners.at_least(key) <= call.rank and book.owners.read(book.db, key) <= call.rank


def note_unshared(book: Book, call: Call) -> None:
    """Note that a call came without an id, in the transaction that enters it first."""
    book.db.execute(_NOTE, (call.tenant, call.call_id, call.product))


def product_of_unshared(book: Book, call: Call) -> str | None:
    """The product of a recorded call that came without an id; None for every other call."""
    row = book.db.execute(_PRODUCT, (call.tenant, call.call_id)).fetchone()
    return None if row is None else row[0]


def remarks(book: Book, call: Call, *, counted: bool, first: bool) -> tuple[str, ...]:
    """What an agent that reports a call is told of who owns its session, and what to do; nothing where nobody better does."""
    if not counted:
        return why_not_counted(book, call)
    product, session = call.product, call.context.session_id
    if product is None or session is None or not first or call.rank > Rank.AGENT:
        return ()
    owner = book.owners.read(book.db, (call.tenant, product, session))
    return (_counted_beside(product, owner),) if owner > call.rank else ()


def why_not_counted(book: Book, call: Call) -> tuple[str, ...]:
    """Why a recorded call is kept and not counted, and what to do."""
    product, session = product_of_unshared(book, call), call.context.session_id
    assert product is not None
    assert session is not None
    return (_not_counted(product, book.owners.read(book.db, (call.tenant, product, session))),)


def _counted_beside(product: str, rank: int) -> str:
    word = _WORDS.get(Rank(rank), "record")
    return (
        f"counted beside what the {word} of {product} tells of this session. If this is one of {product}'s own calls and call_id "
        "is not the provider's response id, it counts twice: leave call_id out for those"
    )


def _not_counted(product: str, rank: int) -> str:
    word = _WORDS.get(Rank(rank), "record")
    return (
        f"kept but not counted: the {word} of {product} tells what this session spends, and without an id nobody knows which of "
        f"its calls this is. If it is none of {product}'s own, record it with call_id, the provider's response id"
    )


def _own(book: Book, key: SessionKey, rank: Rank, source: str, recorded_at: int) -> None:
    owners = book.owners
    if owners.at_least(key) >= rank or owners.read(book.db, key) >= rank:
        return
    book.db.execute(_RISE, (*key, int(rank), source))
    owners.keep(key, int(rank))
    for (call_id,) in book.db.execute(_WEAKER, (*key, int(rank))).fetchall():
        stored = stored_entry(book.db.execute(SELECT_CURRENT, (key[0], call_id)).fetchone())
        left = reverse(book, stored, recorded_at)
        seq = book.db.execute(ENTER_AGAIN, (0, recorded_at, stored.seq)).lastrowid
        assert seq is not None
        book.last_seq = seq
        owners.supersede(source, stored.priced, [window.key for window in left])
