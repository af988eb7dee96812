"""What a page is asked for in its address, and the reading verbs it is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

if TYPE_CHECKING:
    from starlette.requests import Request

    from cost_mcp.config.settings import Settings
    from cost_mcp.service.quick import Quick

T = TypeVar("T")

FILTERS = ("project", "agent", "model", "task_id")
"""What pages can be narrowed to, beside their period and zone."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The part of a page's address that all pages share; empty texts are left out."""

    period: str = "month"
    timezone: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, request: Request) -> Asked:
        """What a request asks for. Values are checked by the verbs that take them."""
        given = {name: value for name, value in request.query_params.items() if value}
        return cls(
            period=given.get("period", "month"),
            timezone=given.get("timezone"),
            filters={name: given[name] for name in FILTERS if name in given},
        )

    @property
    def fields(self) -> dict[str, object]:
        """The fields of a report that these are."""
        return {"period": self.period, "timezone": self.timezone, **self.filters}

    def link(self, path: str, **others: str | None) -> str:
        """The address of a page with the same filters, some of them others (None: left out)."""
        given: dict[str, str | None] = {"period": self.period, "timezone": self.timezone, **self.filters, **others}
        query = urlencode({name: value for name, value in given.items() if value is not None})
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What pages are made from: settings, a clock, and the way to the reading verbs."""

    settings: Settings
    clock: Callable[[], datetime]

    def read(self, work: Callable[[Quick], T]) -> T:
        """What ``work`` answers of an open ledger. Blocks: call it in a thread."""
        from cost_mcp.service.opening import open_quick

        quick = open_quick(self.settings, clock=self.clock)
        try:
            return work(quick)
        finally:
            quick.close()
