"""From raw fields to a budget that can be set."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, cast

from cost_mcp.errors import InvalidInput
from cost_mcp.model.budget import DEFAULT_THRESHOLDS, MAX_LIMIT_COUNT, MAX_LIMIT_USD, Budget, Thresholds
from cost_mcp.model.money import parse_usd
from cost_mcp.model.name import clean_name
from cost_mcp.model.period import WEEKDAYS
from cost_mcp.model.scope import SHORT_NAMES, Scope
from cost_mcp.model.unpriced import MAX_USD_PER_MTOK, AssumedPrice
from cost_mcp.service.fields import Fields, flag, present, refuse_unknown, whole_number

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings

BUDGET_FIELDS = (
    "name", "limit", "limit_tokens", "limit_calls", "period", "scope", "each", "timezone", "week_start", "thresholds", "mode",
    "include_subscription", "unpriced", "assume_usd_per_mtok",
)  # fmt: skip


def read_budget(fields: Fields, settings: Settings, *, origin: str = "cli") -> Budget:
    """The budget that raw fields describe; zone and week start default to the settings'.

    Raises:
        InvalidInput, UnknownName: a field that cannot be taken; it is named.
    """
    given = present(fields)
    refuse_unknown(given, BUDGET_FIELDS, "a budget")
    if "name" not in given:
        raise InvalidInput("name is missing.", field="name", hint="Give the budget a short name.")
    each = given.get("each")
    return Budget(
        name=clean_name(given["name"], "name", maximum=64),
        period=clean_name(given.get("period", "day"), "period"),
        tenant=settings.tenant,
        limit_usd=parse_usd(given["limit"], "limit", maximum=MAX_LIMIT_USD) if "limit" in given else None,
        limit_tokens=_count(given, "limit_tokens"),
        limit_calls=_count(given, "limit_calls"),
        scope=_scope(given.get("scope")),
        each=None if each is None else SHORT_NAMES.get(clean_name(each, "each"), clean_name(each, "each")),
        timezone=clean_name(given.get("timezone", settings.timezone), "timezone"),
        week_start=_week_start(given.get("week_start", settings.week_start)),
        thresholds=_thresholds(given.get("thresholds")),
        mode=clean_name(given.get("mode", "alert"), "mode"),
        include_subscription=flag(given.get("include_subscription"), "include_subscription"),
        unpriced=clean_name(given["unpriced"], "unpriced") if "unpriced" in given else "",
        assumed=_assumed(given.get("assume_usd_per_mtok")),
        origin=origin,
    )


def _count(given: dict[str, object], field: str) -> int | None:
    return whole_number(given[field], field, low=1, high=MAX_LIMIT_COUNT) if field in given else None


def _scope(value: object) -> Scope:
    if value is None:
        return Scope()
    if not isinstance(value, Mapping):
        raise InvalidInput("scope is not an object.", field="scope", hint='For example {"project": "website"}.')
    return Scope.of(cast("Mapping[str, str]", value))


def _assumed(value: object) -> AssumedPrice | None:
    """A price from one figure for all tokens, or from ``{"input": …, "output": …}``; US dollars per million tokens."""
    if value is None:
        return None
    field = "assume_usd_per_mtok"
    prices = {"input": value, "output": value}
    if isinstance(value, Mapping):
        prices = {str(key): price for key, price in cast("Mapping[object, object]", value).items()}
        if prices.keys() != {"input", "output"}:
            raise InvalidInput(
                f"{field} does not name the two prices.", field=field, hint="Give input and output, or one figure for both."
            )
    return AssumedPrice(**{name: parse_usd(price, field, maximum=MAX_USD_PER_MTOK) for name, price in prices.items()})


def _week_start(value: object) -> int:
    if isinstance(value, str) and value.strip().lower() in WEEKDAYS:
        return WEEKDAYS.index(value.strip().lower())
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 6:
        return value
    raise InvalidInput("week_start is not a weekday.", field="week_start", hint=f"Use one of: {', '.join(WEEKDAYS)}.")


def _thresholds(value: object) -> Thresholds:
    if value is None:
        return DEFAULT_THRESHOLDS
    steps = list(cast("tuple[object, ...]", value)) if isinstance(value, list | tuple) else []
    try:
        info, warning, critical, exceeded = (Decimal(str(step)) for step in steps)
    except (InvalidOperation, ValueError):
        raise InvalidInput(
            "thresholds are not four percents.",
            field="thresholds",
            hint="Give info, warning, critical, exceeded: 50,80,95,100.",
        ) from None
    if not all(step.is_finite() for step in (info, warning, critical, exceeded)):
        raise InvalidInput("thresholds are not finite.", field="thresholds", hint="Give percents such as 50,80,95,100.")
    return Thresholds(info=info, warning=warning, critical=critical, exceeded=exceeded)
