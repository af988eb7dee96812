"""What stands around every page of the dashboard: where one can go, what it is narrowed to, the token of its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

PERIODS = (
    ("today", "Today"),
    ("week", "This week"),
    ("month", "This month"),
    ("last_month", "Last month"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
    ("year", "This year"),
    ("total", "All time"),
)
"""Periods to choose from; the address takes every other one that reports do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One page's surroundings.

    ``pages`` are the paths and titles one can go to, ``under`` the one this page belongs to; ``takes`` names the filters it has; ``link`` makes the address of a page that keeps the filters, with others in their place (None: left out). ``notice`` says what
    became of a form that was sent; of one that was refused, ``problem`` says why and ``typed`` what it held.
    """

    pages: tuple[tuple[str, str], ...]
    path: str
    under: str
    title: str
    period: str
    timezone: str
    link: Callable[..., str]
    filters: Mapping[str, str] = field(default_factory=dict[str, str])
    form_token: str = ""
    takes: tuple[str, ...] = ()
    notice: str | None = None
    problem: str | None = None
    typed: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def periods(self) -> tuple[tuple[str, str], ...]:
        """The periods to choose from, the one asked for among them."""
        known = {name for name, _ in PERIODS}
        return PERIODS if self.period in known else (*PERIODS, (self.period, self.period))
