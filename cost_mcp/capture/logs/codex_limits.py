"""What a Codex log says of the plan it runs on: how much of it is used up, and whether calls are billed one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from cost_mcp.capture.fields import as_object
from cost_mcp.errors import InvalidInput
from cost_mcp.model.plan_limit import PlanLimit

SOURCE = "codex"
WINDOWS = ("primary", "secondary")
BY_USE = ("usage_based",)
"""What the names of plans end with that bill by use: their calls are no part of a flat fee."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_subscribed(raw: object) -> bool | None:
    """Whether the calls beside these ``rate_limits`` belong to a plan; None where nothing is said.

    A session with an API key has no limits, or limits without plan and windows.

    Source: ``RateLimitSnapshot`` in codex-rs/protocol/src/protocol.rs and ``PlanType`` in account.rs (github.com/openai/codex);
    the ``x-codex-*`` headers they are read from come from ChatGPT's own service only. Read 2026-11-22.
    """
    limits = as_object(raw)
    if limits is None:
        return None
    plan = limits.get("plan_type")
    if isinstance(plan, str):
        return not plan.endswith(BY_USE)
    return any(as_object(limits.get(window)) is not None for window in WINDOWS)


def read_limits(raw: object, seen_at: datetime) -> Iterator[PlanLimit]:
    """The windows these ``rate_limits`` tell of; one that cannot be read is left out.

    Source: as ``is_subscribed``. ``used_percent`` is of 100; ``resets_at`` counts seconds since 1970, and its forerunner
    ``resets_in_seconds`` from the line's own time (codex-rs/protocol/src/protocol.rs of October 2025). Read 2026-11-22.
    """
    limits = as_object(raw)
    if limits is None:
        return
    plan, name = limits.get("plan_type"), limits.get("limit_id")
    for which in WINDOWS:
        window = as_object(limits.get(which))
        used = None if window is None else _number(window.get("used_percent"))
        if window is None or used is None:
            continue
        minutes = window.get("window_minutes")
        try:
            yield PlanLimit(
                source=SOURCE,
                name=name if isinstance(name, str) else SOURCE,
                window=which,
                used_percent=used,
                seen_at=seen_at,
                window_minutes=minutes if type(minutes) is int else None,
                resets_at=_moment(window.get("resets_at"), _EPOCH) or _moment(window.get("resets_in_seconds"), seen_at),
                plan=plan if isinstance(plan, str) else None,
            )
        except InvalidInput:
            continue  # a limit is news of the moment: the next line brings another


class NewestLimits:
    """Of all ``rate_limits`` of a log the ones told last, of each allowance: every line has some, and few are worth reading."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, ...], tuple[datetime, list[object]]] = {}

    def note(self, raw: object, seen_at: datetime) -> None:
        """Keep these instead of those that tell of the same windows, if they are not older."""
        limits = as_object(raw)
        if limits is None:
            return
        name = limits.get("limit_id")
        key = (name if isinstance(name, str) else SOURCE, *[which for which in WINDOWS if limits.get(which) is not None])
        known = self._told.get(key)
        if known is None or seen_at > known[0]:
            self._told[key] = (seen_at, [raw])
        elif seen_at == known[0]:
            known[1].append(raw)

    def taken(self) -> Iterator[PlanLimit]:
        """The newest of each window; none of them again the next time."""
        told, self._told = self._told, {}
        newest: dict[tuple[str, str, str], PlanLimit] = {}
        for seen_at, raws in told.values():
            for limit in (limit for raw in raws for limit in read_limits(raw, seen_at)):
                known = newest.get(limit.key)
                if known is None or limit.order > known.order:
                    newest[limit.key] = limit
        yield from newest.values()


def _number(value: object) -> Decimal | None:
    return None if isinstance(value, bool) or not isinstance(value, int | Decimal) else Decimal(value)


def _moment(seconds: object, after: datetime) -> datetime | None:
    if type(seconds) is not int or seconds < 0:
        return None
    try:
        return after + timedelta(seconds=seconds)
    except OverflowError:
        return None
