"""Rules of price books as they were resolved before, so that a program that ends at once need not load the books."""

from __future__ import annotations

from cost_mcp.ledger.plan import Plan

PUT_RULE = "INSERT OR IGNORE INTO resolved_prices (tenant, mark, asked, rule) VALUES (?, ?, ?, ?)"
"""Parameters: tenant, mark, asked, rule."""

_RULES = "SELECT asked, rule FROM resolved_prices WHERE tenant = ? AND mark = ?"


def rules_resolved(tenant: str, mark: str) -> Plan[tuple[tuple[str, str], ...]]:
    """The (asked, rule) texts kept from books of this mark."""
    rows = yield _RULES, (tenant, mark)
    return tuple((asked, rule) for asked, rule in rows)


def forget_others(tenant: str, mark: str) -> tuple[str, tuple[str, str]]:
    """The statement that drops what was resolved from books that are no longer those of this mark."""
    return "DELETE FROM resolved_prices WHERE tenant = ? AND mark <> ?", (tenant, mark)
