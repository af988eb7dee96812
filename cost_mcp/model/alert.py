"""Something somebody should be told: a budget that reached a level, spend unlike its own history, a test of the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from cost_mcp.errors import InvalidInput
from cost_mcp.model.call import DEFAULT_TENANT, check_choice
from cost_mcp.model.name import clean_name

KINDS = ("budget", "anomaly", "test")
LEVELS = ("info", "warning", "critical", "exceeded")
"""What an alert is about, and how much it matters, rising."""

DELIVERY_STATES = ("waiting", "sending", "delivered", "dead")
CHANNEL_FIGURE = "channel"
"""The name under which the ``figures`` of a test say which channel alone it is for."""

_NO_FIGURES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How far an alert has come on one channel. ``channel`` is a name such as ``email-1``, never an address.

    ``next_at`` is when it is tried (again), or until when a sender has it; None once it is delivered or dead. ``error`` is the
    last reason it failed, without secrets.
    """

    channel: str
    state: str
    attempts: int = 0
    next_at: datetime | None = None
    delivered_at: datetime | None = None
    error: str | None = None

    def __post_init__(self) -> None:
        check_choice(self.state, DELIVERY_STATES, "state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert with the figures that made it one, as they were when it was raised.

    ``subject`` is for people: a budget's name with its each-value, or ``agent builder``. ``limit``, ``spent`` and ``reserved``
    are in ``unit``; ``threshold_percent`` is that of the level; ``unpriced_calls`` are those that make ``spent`` a lower bound.
    ``figures`` are further numbers as plain text: those of an anomaly; of a budget ``other_windows``, how many other each-values
    reached a level with this one, and ``assumed_usd``, what of ``spent`` is assumed for calls without a known price.
    An anomaly of the same ``subject`` and ``window_start`` is raised again only at a higher level, a test always.

    Raises:
        UnknownName: an unknown kind or level.
    """

    alert_id: str
    kind: str
    level: str
    raised_at: datetime
    subject: str
    window_start: datetime
    tenant: str = DEFAULT_TENANT
    window_end: datetime | None = None
    threshold_percent: Decimal | None = None
    budget: str | None = None
    budget_id: str | None = None
    each: str | None = None
    each_value: str | None = None
    period: str | None = None
    mode: str | None = None
    unit: str | None = None
    limit: Decimal | None = None
    spent: Decimal | None = None
    reserved: Decimal | None = None
    unpriced_calls: int = 0
    figures: Mapping[str, str] = field(default_factory=lambda: _NO_FIGURES)
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    deliveries: tuple[Delivery, ...] = ()

    def __post_init__(self) -> None:
        check_choice(self.kind, KINDS, "kind")
        check_choice(self.level, LEVELS, "level")

    @property
    def used_percent(self) -> Decimal | None:
        """Spent as a percent of the limit, not rounded; None for what has no limit."""
        if self.spent is None or not self.limit:
            return None
        return self.spent * 100 / self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way out by its name, and which alerts go there: of these kinds, from ``lowest_level`` on.

    ``threshold_percent`` keeps budget alerts away whose budget had used less when they were raised. A test goes to every
    channel, or only to the one its figures name.

    Raises:
        InvalidInput: a name that is none, or an address: names are stored, and an address may hold a secret.
        UnknownName: an unknown kind or level.
    """

    name: str
    threshold_percent: Decimal | None = None
    lowest_level: str = "info"
    kinds: tuple[str, ...] = KINDS

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_name(self.name, "channel", maximum=64))
        if "://" in self.name:
            raise InvalidInput("channel is an address.", field="channel", hint="Give a short name such as email-1.")
        check_choice(self.lowest_level, LEVELS, "level")
        for kind in self.kinds:
            check_choice(kind, KINDS, "kind")

    def wants(self, alert: Alert) -> bool:
        """Whether the alert is sent here."""
        if alert.kind == "test":
            return alert.figures.get(CHANNEL_FIGURE, self.name) == self.name
        if alert.kind not in self.kinds or LEVELS.index(alert.level) < LEVELS.index(self.lowest_level):
            return False
        used = alert.used_percent
        return self.threshold_percent is None or used is None or used >= self.threshold_percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An alert that this process alone may send to a channel now. ``attempt`` counts from 1."""

    alert: Alert
    channel: str
    attempt: int
