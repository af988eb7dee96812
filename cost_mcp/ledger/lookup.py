"""The plans behind ``call`` and ``reservation_context``: one call as it now counts, and whom a reservation was made for."""

from __future__ import annotations

from cost_mcp.ledger.contract import StoredCall
from cost_mcp.ledger.plan import Plan
from cost_mcp.ledger.reservation_row import SELECT_RESERVATION, kept_reservation
from cost_mcp.ledger.stored import SELECT_REVISIONS, stored_entry
from cost_mcp.ledger.uncounted import owner_of
from cost_mcp.model.call import Context


def lookup(tenant: str, call_id: str) -> Plan[StoredCall | None]:
    """The call with this id; earlier reports oldest first."""
    rows = yield SELECT_REVISIONS, (tenant, call_id)
    if not rows:
        return None
    now, *earlier = [stored_entry(row) for row in rows]
    owner = None if now.counted else (yield from owner_of(tenant, call_id, now.priced.call.context.session_id))
    return StoredCall(
        priced=now.priced,
        recorded_at=now.recorded_at,
        revision=now.revision,
        earlier=tuple(entry.priced for entry in reversed(earlier)),
        unadmitted=now.unadmitted,
        owner=owner,
    )


def reservation_context(tenant: str, reservation_id: str) -> Plan[Context | None]:
    """The context that a reservation was made in."""
    rows = yield SELECT_RESERVATION, (tenant, reservation_id)
    return kept_reservation(rows[0]).covered.context if rows else None
