"""A limit on what some calls may come to in a period, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from cost_mcp.errors import InvalidInput
from cost_mcp.model.call import DEFAULT_TENANT, check_choice
from cost_mcp.model.moment import zone
from cost_mcp.model.money import parse_usd
from cost_mcp.model.name import clean_name
from cost_mcp.model.scope import EACH_DIMENSIONS, EVERY_CALL, Covered, Scope
from cost_mcp.model.unpriced import ASSUME_PRICE, UNPRICED_POLICIES, USUAL_UNPRICED, AssumedPrice

BUDGET_PERIODS = ("hour", "day", "week", "month", "quarter", "year", "total")
BUDGET_MODES = ("alert", "enforce", "shadow")
STATES = ("ok", "info", "warning", "critical", "exceeded")
MAX_LIMIT_USD = Decimal(1_000_000_000)
MAX_LIMIT_COUNT = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The percents of *spent* at which a budget's state changes; rising, above 0, at most 1,000.

    Raises:
        InvalidInput: out of order or out of range.
    """

    info: Decimal = Decimal(50)
    warning: Decimal = Decimal(80)
    critical: Decimal = Decimal(95)
    exceeded: Decimal = Decimal(100)

    def __post_init__(self) -> None:
        steps = (self.info, self.warning, self.critical, self.exceeded)
        if not all(0 < step <= 1000 for step in steps) or list(steps) != sorted(set(steps)):
            raise InvalidInput(
                "thresholds are not rising percents.",
                field="thresholds",
                hint="Give info < warning < critical < exceeded, as in 50, 80, 95, 100.",
            )


DEFAULT_THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A limit on the calls a scope covers, per period in a time zone.

    Exactly one of ``limit_usd``, ``limit_tokens``, ``limit_calls`` is set. ``each`` makes one window per value of that
    dimension. ``origin`` says who set it (``cli``, or ``file:…``). ``counts_from`` is the start of the first window kept:
    calls before it belong to no window of this budget.

    ``unpriced`` says what calls without a known price mean for a limit in dollars: ``deny`` admits nothing more while there
    are any, ``warn`` only says so, ``assume`` counts their tokens at the price ``assumed``. Not given, a budget that alerts
    warns and any other denies.

    Raises:
        InvalidInput, UnknownName: a limit, name, period, mode, policy, zone or week start that cannot be taken.
    """

    name: str
    period: str
    budget_id: str = ""
    tenant: str = DEFAULT_TENANT
    limit_usd: Decimal | None = None
    limit_tokens: int | None = None
    limit_calls: int | None = None
    scope: Scope = EVERY_CALL
    each: str | None = None
    timezone: str = "UTC"
    week_start: int = 0
    thresholds: Thresholds = DEFAULT_THRESHOLDS
    mode: str = "alert"
    include_subscription: bool = False
    unpriced: str = ""
    assumed: AssumedPrice | None = None
    origin: str = "cli"
    created_at: datetime | None = None
    counts_from: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_name(self.name, "name", maximum=64))
        check_choice(self.period, BUDGET_PERIODS, "period")
        check_choice(self.mode, BUDGET_MODES, "mode")
        if self.each is not None:
            check_choice(self.each, EACH_DIMENSIONS, "each")
        zone(self.timezone)
        if not 0 <= self.week_start <= 6:
            raise InvalidInput("week_start is not a weekday.", field="week_start", hint="Use 0 (Monday) to 6 (Sunday).")
        self._check_limits()
        self._settle_unpriced()

    def _settle_unpriced(self) -> None:
        if not self.unpriced:
            object.__setattr__(self, "unpriced", USUAL_UNPRICED[self.mode] if self.assumed is None else ASSUME_PRICE)
        check_choice(self.unpriced, UNPRICED_POLICIES, "unpriced")
        if (self.assumed is None) == (self.unpriced == ASSUME_PRICE):
            raise InvalidInput(
                "unpriced: assume and a price to assume go together.",
                field="unpriced",
                hint="Give both: the price in US dollars per million tokens.",
            )
        if self.assumed is not None and self.limit_usd is None:
            raise InvalidInput(
                "a limit that is not in dollars assumes no price.", field="unpriced", hint="Leave it out: every call counts."
            )

    def _check_limits(self) -> None:
        given = [v for v in (self.limit_usd, self.limit_tokens, self.limit_calls) if v is not None]
        if len(given) != 1:
            raise InvalidInput("a budget takes exactly one limit.", field="limit", hint="Give USD, or tokens, or calls.")
        if self.limit_usd is not None:
            parse_usd(self.limit_usd, "limit", maximum=MAX_LIMIT_USD)
        if given[0] <= 0:
            raise InvalidInput("limit is not above zero.", field="limit", hint="Remove the budget to lift it.")
        if self.limit_usd is None and given[0] > MAX_LIMIT_COUNT:
            raise InvalidInput(f"limit is above {MAX_LIMIT_COUNT:,}.", field="limit", hint="Give a limit that can be met.")

    @property
    def limit(self) -> Decimal:
        """The limit in its own unit: dollars, tokens or calls."""
        limit = self.limit_usd if self.limit_usd is not None else (self.limit_tokens or self.limit_calls)
        assert limit is not None
        return Decimal(limit)

    @property
    def per(self) -> str:
        """The period in a sentence: ``per day``, or ``in total``."""
        return "in total" if self.period == "total" else f"per {self.period}"

    def blind_to(self, asked: Covered, billing: str = "api") -> bool:
        """Whether the budget looks at the model or provider, and only that is missing to know if it covers what is asked about."""
        if asked.models:
            return False
        missing = ("model", "provider") if asked.provider is None else ("model",)
        rest = tuple(pair for pair in self.scope.conditions if pair[0] not in missing)
        looks = self.each == "model" or len(rest) < len(self.scope.conditions)
        counts = billing == "api" or self.include_subscription
        if not looks or not counts or not Scope(rest).covers(asked):
            return False
        return self.each in (None, "model") or bool(asked.values(self.each))

    @property
    def unit(self) -> str:
        """``usd``, ``tokens`` or ``calls``."""
        return "usd" if self.limit_usd is not None else "tokens" if self.limit_tokens is not None else "calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a budget stands in one window. ``each_value`` names the window of an each-budget.

    ``spent`` and ``reserved`` are in the budget's unit and include provisional calls, and subscription calls only where
    the budget asks for them; while ``unpriced_calls`` is not 0, spent dollars are a lower bound. ``assumed`` is the part of
    ``spent`` that rests on the price the budget assumes for calls without a known one. ``projected`` is what the window
    comes to at the rate so far, where that was asked for and can be said.
    """

    budget: Budget
    window_start: datetime
    window_end: datetime | None
    each_value: str | None = None
    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    calls: int = 0
    unpriced_calls: int = 0
    provisional: Decimal = Decimal(0)
    assumed: Decimal = Decimal(0)
    projected: Decimal | None = None

    @property
    def remaining(self) -> Decimal:
        """Limit - spent - reserved; negative when overspent."""
        return self.budget.limit - self.spent - self.reserved

    @property
    def used_percent(self) -> Decimal:
        """Spent as a percent of the limit, not rounded."""
        return self.spent * 100 / self.budget.limit

    @property
    def state(self) -> str:
        """``ok``, or the highest threshold that ``used_percent`` has reached."""
        used, steps = self.used_percent, self.budget.thresholds
        for name in ("exceeded", "critical", "warning", "info"):
            if used >= getattr(steps, name):
                return name
        return "ok"


def percent_words(percent: Decimal) -> str:
    """A percent for a sentence, as a whole number rounded down: what is not reached never reads as reached."""
    return f"{percent.to_integral_value(rounding=ROUND_FLOOR):f} %"
