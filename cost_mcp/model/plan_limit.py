"""How much of a subscription's allowance is used up, as its provider says beside the calls that use it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cost_mcp.errors import InvalidInput
from cost_mcp.model.name import clean_name, optional_name

MAX_PERCENT = Decimal(10_000)
"""No provider lets a plan be overdrawn a hundredfold; more is a mistaken unit."""

MAX_MINUTES = 60 * 24 * 366
"""The longest window a plan can have here: a leap year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLimit:
    """One window of one plan's allowance at one moment.

    ``source`` is the log's name (``codex``), ``name`` the allowance's (a plan may have several), ``window`` which of its windows
    this is, in the provider's words (``primary``, ``secondary``). ``used_percent`` may be above 100. ``window_minutes``,
    ``resets_at`` and ``plan`` are None where they are not said. ``seen_at`` is when it was said.

    Raises:
        InvalidInput: a name that cannot be taken, a percentage or a window's length that is none, a time without an offset.
    """

    source: str
    name: str
    window: str
    used_percent: Decimal
    seen_at: datetime
    window_minutes: int | None = None
    resets_at: datetime | None = None
    plan: str | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        for field in ("source", "name", "window"):
            put(self, field, clean_name(getattr(self, field), field))
        put(self, "plan", optional_name(self.plan, "plan"))
        if not (self.used_percent.is_finite() and 0 <= self.used_percent <= MAX_PERCENT):
            raise InvalidInput(
                "used_percent is no percentage.", field="used_percent", hint="Give 0 or more, 100 for all of it."
            )
        if self.window_minutes is not None and not 0 < self.window_minutes <= MAX_MINUTES:
            raise InvalidInput("window_minutes is no length.", field="window_minutes", hint="Give 1 to 527040 minutes.")
        for field, moment in (("seen_at", self.seen_at), ("resets_at", self.resets_at)):
            if moment is not None and moment.utcoffset() is None:
                raise InvalidInput(f"{field} has no offset from UTC.", field=field, hint="Add Z or +02:00 to the time.")

    @property
    def key(self) -> tuple[str, str, str]:
        """What only the newest is kept of: source, name and window (beside the tenant, whose it is)."""
        return self.source, self.name, self.window

    @property
    def order(self) -> tuple[datetime, Decimal]:
        """What decides between two of the same ``key``: the later said; of one moment the fuller, so that order of reading
        makes no difference.
        """
        return self.seen_at, self.used_percent
