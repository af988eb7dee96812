"""Dimension sets, each stored once; calls, rollups and windows name them by number."""

from __future__ import annotations

from typing import Any

from cost_mcp.model.charge import PricedCall

SERIES_COLUMNS = (
    "tenant", "billing", "source", "rank", "project", "agent", "provider", "model", "feature", "purpose", "task_type",
    "response_model", "catalog_provider", "catalog_model",
)  # fmt: skip

SELECT_SERIES = f"SELECT series_id FROM series WHERE {' AND '.join(f'{c} = ?' for c in SERIES_COLUMNS)}"
INSERT_SERIES = f"INSERT INTO series ({', '.join(SERIES_COLUMNS)}) VALUES ({', '.join('?' for _ in SERIES_COLUMNS)})"

SeriesKey = tuple[Any, ...]


def series_of(priced: PricedCall) -> SeriesKey:
    """The dimensions of a call in the order of ``SERIES_COLUMNS``; '' for what it lacks."""
    call, context, pricing = priced.call, priced.call.context, priced.pricing
    return (
        call.tenant,
        call.billing,
        call.source,
        int(call.rank),
        context.project or "",
        context.agent or "",
        priced.provider or "",
        call.model,
        context.feature or "",
        context.purpose or "",
        context.task_type or "",
        call.response_model or "",
        pricing.provider or "",
        pricing.model or "",
    )
