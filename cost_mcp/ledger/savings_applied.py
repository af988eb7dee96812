"""Suggestions somebody acted upon, as rows that are only ever added: applied, then dropped perhaps, then applied anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from cost_mcp.errors import CostError, NotFound
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.plan import Plan, run_plan
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.model.money import usd_text
from cost_mcp.model.saving import AppliedSaving, Yardstick

_COLUMNS = "saving_id, state, at, noted_at, noted_by, contents"
_SELECT = f"SELECT {_COLUMNS} FROM savings_applied WHERE tenant = ? ORDER BY seq"
_INSERT = f"INSERT INTO savings_applied (tenant, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
APPLIED, DROPPED = "applied", "dropped"


def applied_savings(tenant: str) -> Plan[tuple[AppliedSaving, ...]]:
    """What was applied last under each id, the dropped ones with when; in the order in which they were applied."""
    rows = yield _SELECT, (tenant,)
    latest: dict[str, AppliedSaving] = {}
    for saving_id, state, at, *noted in rows:
        if state == APPLIED:
            latest.pop(saving_id, None)
            latest[saving_id] = _applied(saving_id, at, noted)
        else:
            latest[saving_id] = replace(latest[saving_id], dropped_at=from_micros(at))
    return tuple(latest.values())


def apply_saving(book: Book, tenant: str, saving: AppliedSaving) -> AppliedSaving:
    """Note that a suggestion is applied; one that is already stays as it was noted first."""
    known = _known(book, tenant, saving.saving_id)
    if known is not None and known.dropped_at is None:
        return known
    baseline = saving.baseline
    contents = {
        "rule": saving.rule,
        "subject": dict(saving.subject),
        "units": baseline.units,
        "usd": usd_text(baseline.usd),
        "start": micros(baseline.start),
        "end": micros(baseline.end),
    }
    text = json.dumps(contents, separators=(",", ":"), ensure_ascii=False)
    at, noted_at = micros(saving.applied_at), micros(saving.noted_at)
    book.db.execute(_INSERT, (tenant, saving.saving_id, APPLIED, at, noted_at, saving.noted_by, text))
    return saving


def drop_saving(book: Book, tenant: str, saving_id: str, now: datetime, by: str) -> AppliedSaving | CostError:
    """Note that a suggestion is given up; one that is already stays as it was noted first."""
    known = _known(book, tenant, saving_id)
    if known is None:
        return NotFound(
            "no suggestion of this id was applied.",
            field="saving_id",
            hint="See those that were with `cost-mcp savings measured`.",
        )
    if known.dropped_at is None:
        book.db.execute(_INSERT, (tenant, saving_id, DROPPED, micros(now), micros(now), by, "{}"))
        known = replace(known, dropped_at=now)
    return known


def _known(book: Book, tenant: str, saving_id: str) -> AppliedSaving | None:
    found = run_plan(book.db, applied_savings(tenant))
    return next((saving for saving in found if saving.saving_id == saving_id), None)


def _applied(saving_id: str, at: int, noted: Sequence[Any]) -> AppliedSaving:
    noted_at, noted_by, text = noted
    contents: dict[str, Any] = json.loads(text)
    return AppliedSaving(
        saving_id=saving_id,
        rule=contents["rule"],
        subject=MappingProxyType(contents["subject"]),
        applied_at=from_micros(at),
        baseline=Yardstick(
            units=contents["units"],
            usd=Decimal(contents["usd"]),
            start=from_micros(contents["start"]),
            end=from_micros(contents["end"]),
        ),
        noted_at=from_micros(noted_at),
        noted_by=noted_by,
    )
