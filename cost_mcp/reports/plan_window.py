"""The windows in which a subscription's allowance is counted: where they begin and end, and what the present one comes to.

A window begins with a call and lasts its length, whatever is called in it; the next one begins with the first call after its end.

Sources, read 2026-11-22. Claude: "a session starts with your first message and lasts for 5 hours"
(support.anthropic.com/en/articles/11014257); that it ends on a full hour is not documented, but is what its users see
(github.com/ccusage/ccusage/issues/133) and what captured ``anthropic-ratelimit-unified-5h-reset`` headers say, all of them whole
hours of UTC. Codex: ``resets_at`` less the window's length is seconds before the first use and on no full hour
(github.com/openai/codex/issues/23190). A provider that ends windows early, or counts calls that are in no log of this machine, is
only followed as far as its logs say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from cost_mcp.errors import InvalidInput
from cost_mcp.model.plan_limit import PlanLimit
from cost_mcp.model.totals import Totals

HOURLY_SOURCES = frozenset({"claude-code"})
"""Whose windows begin on a full hour of UTC: that of the first call."""

SMALLEST_SHARE = 20
"""Before a twentieth of a window has passed since its first call, one call would be taken for twenty: no rate is told."""

LOOK_BACK = 60
"""So many windows before a period are followed, so that those in it begin where they truly did: one pause is enough."""

MAX_WINDOWS = 20_000
_LENGTHS = {"day": timedelta(days=1), "week": timedelta(days=7)}
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(days=7)}
_LONGEST = timedelta(days=31)
_NEAR = timedelta(minutes=5)
_NANO = Decimal("0.000000001")
_TENTH = Decimal("0.1")
_MICROSECOND = timedelta(microseconds=1)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWindow:
    """One window of one plan, ``[start, end)``; ``told`` where its bounds are the provider's own words.

    ``idle_before`` is the time since the window before ended, None for the first.
    """

    source: str
    start: datetime
    end: datetime
    first_call: datetime
    totals: Totals
    told: bool = False
    idle_before: timedelta | None = None

    @property
    def worth_usd(self) -> Decimal:
        """What its calls cost at the prices they were recorded with, those a plan covers at list price."""
        return self.totals.cost_usd + self.totals.subscription_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """How fast a running window is used, since its first call, and what it comes to at its end if that goes on."""

    tokens_per_minute: Decimal
    usd_per_hour: Decimal
    projected_tokens: int
    projected_usd: Decimal


def window_length(text: object) -> timedelta:
    """How long windows are, from ``5h``, ``1d``, ``2w``, ``day`` or ``week``; at most 31 days.

    Raises:
        InvalidInput: anything else.
    """
    wanted = text.strip().lower() if isinstance(text, str) else ""
    counted = re.fullmatch(r"([1-9]\d{0,2})([hdw])", wanted)
    length = _LENGTHS.get(wanted) if counted is None else int(counted[1]) * _UNITS[counted[2]]
    if length is None or length > _LONGEST:
        raise InvalidInput("windows is no length.", field="windows", hint="Give 5h, 1d or week; at most 31d.")
    return length


def told_spans(limits: Iterable[PlanLimit], source: str, length: timedelta) -> tuple[Span, ...]:
    """The windows of this length whose bounds a source's logs told: the time up to which an allowance resets.

    A length within five minutes is the same: some versions say 299 minutes for five hours.
    """
    spans: set[Span] = set()
    for limit in limits:
        if limit.source != source or limit.window_minutes is None or limit.resets_at is None:
            continue
        said = timedelta(minutes=limit.window_minutes)
        if abs(said - length) <= _NEAR:
            end = limit.resets_at.astimezone(UTC)
            spans.add((end - said, end))
    return tuple(sorted(spans))


def span_of(first: datetime, after: datetime | None, length: timedelta, *, hourly: bool, told: Sequence[Span] = ()) -> Span:
    """The window that begins with the call at ``first``, none having been open since ``after``.

    A window told by the provider is taken as told; one that would run into it ends where it begins.
    """
    for start, end in told:
        if start <= first < end:
            return start, end
    start = first.replace(minute=0, second=0, microsecond=0) if hourly else first
    if after is not None:
        start = max(start, after)
    return start, min([start + length, *(begin for begin, _ in told if begin > first)])


def burn(window: PlanWindow, now: datetime) -> Burn | None:
    """Rate and projection of the window that holds ``now``: used / time since its first call, carried on to its end.

    None for any other window, and while less than a twentieth of its length has passed since its first call.
    """
    passed, left = now - window.first_call, window.end - now
    if not window.start <= now < window.end or passed * SMALLEST_SHARE < window.end - window.start:
        return None
    share = Decimal(left // _MICROSECOND) / Decimal(passed // _MICROSECOND)
    tokens = window.totals.total_tokens
    hours = Decimal(passed // _MICROSECOND) / Decimal(timedelta(hours=1) // _MICROSECOND)
    return Burn(
        tokens_per_minute=(tokens / (hours * 60)).quantize(_TENTH, rounding=ROUND_HALF_EVEN),
        usd_per_hour=(window.worth_usd / hours).quantize(_NANO, rounding=ROUND_HALF_EVEN),
        projected_tokens=tokens + round(tokens * share),
        projected_usd=(window.worth_usd * (1 + share)).quantize(_NANO, rounding=ROUND_HALF_EVEN),
    )
