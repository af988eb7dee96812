"""The plan behind ``call``: one call as it now counts, and what it was corrected from."""

from __future__ import annotations

from cost_mcp.ledger.contract import StoredCall
from cost_mcp.ledger.plan import Plan
from cost_mcp.ledger.stored import SELECT_REVISIONS, stored_entry


def lookup(tenant: str, call_id: str) -> Plan[StoredCall | None]:
    """The call with this id; earlier reports oldest first."""
    rows = yield SELECT_REVISIONS, (tenant, call_id)
    if not rows:
        return None
    now, *earlier = [stored_entry(row) for row in rows]
    return StoredCall(
        priced=now.priced,
        recorded_at=now.recorded_at,
        revision=now.revision,
        earlier=tuple(entry.priced for entry in reversed(earlier)),
        unadmitted=now.unadmitted,
    )
