"""Calls priced anew without building each of them: what a catalog would charge for every one, to the nano-dollar.

The sum of calls that are charged for the same meters at the same unit prices is charged like one call. Where unit prices are no whole
nano-dollars each call's charges are rounded, as a catalog does; what is rounded is then added up call by call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from cost_mcp.model.call import INFERENCE_GEO, Call, Rank
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.model.money import NANOS_PER_USD, nanos, usd
from cost_mcp.model.period import FOREVER
from cost_mcp.model.usage import USAGE_FIELDS, Usage
from cost_mcp.pricing.catalog import Catalog, Unknown
from cost_mcp.pricing.charging import Charged, charges
from cost_mcp.pricing.rate import Rate
from cost_mcp.pricing.residency import placed
from cost_mcp.pricing.rule import Rule
from cost_mcp.reports.what_if import Repriced

SUMMED = (
    "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation_1h_input_tokens",
    "reasoning_output_tokens", "web_search_requests",
)  # fmt: skip
"""The counts of calls that are summed before they are charged; calls with sound or pictures are charged one by one."""

_LARGE = 100_000_000
_FULL = 100_000_000_000
"""Calls above the one are charged alone, and sums above the other at once: neither exceeds what one usage may state."""

_MINUTE = timedelta(minutes=1)
_REMEMBERED = 20_000
_REQUEST = "request"
_PROBES = (
    Usage(input_tokens=1),
    Usage(input_tokens=1, cache_read_input_tokens=1),
    Usage(input_tokens=1, cache_creation_input_tokens=1),
    Usage(input_tokens=1, cache_creation_input_tokens=1, cache_creation_1h_input_tokens=1),
    Usage(output_tokens=1),
    Usage(output_tokens=1, reasoning_output_tokens=1),
    Usage(web_search_requests=1),
)
"""One of each part a call is cut into: what it is charged as, a rule tells of each."""

_TALLIED = tuple(one.name for one in fields(Repriced))
_CALLS, _COMPARED, _COST, _WOULD, _UNKNOWN_THEN, _WOULD_BE_KNOWN, _UNKNOWN_NOW, _WAS = range(len(_TALLIED))


@dataclass(slots=True)
class _Sum:
    """Calls charged alike: how many, what they cost, the input of one of them, and their counts in the order of ``SUMMED``.

    ``rounded`` is what each meter comes to where calls are rounded, else empty.
    """

    input_of_one: int
    calls: int = 0
    cost_nanos: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * len(SUMMED))
    rounded: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class _Rounding:
    """A meter, the parts of a call that it is charged for, and its unit price in nano-dollars as a fraction."""

    meter: str
    parts: tuple[int, ...]
    numerator: int
    denominator: int

    def of(self, quantities: Sequence[int]) -> int:
        """What a call is charged for it, rounded half to even."""
        whole, rest = divmod(sum([quantities[part] for part in self.parts]) * self.numerator, self.denominator)
        return whole + (rest * 2 > self.denominator or (rest * 2 == self.denominator and whole % 2))


@dataclass(slots=True)
class _Span:
    """The rule in force for calls from ``start`` to ``end``, in stored microseconds; None where no price is known.

    ``steps`` are the input sizes above which other unit prices apply. ``rounding`` says, below and above each step, how calls are
    charged where unit prices are no whole nano-dollars.
    """

    start: int
    end: int
    rule: Rule | None
    steps: tuple[int, ...] = ()
    rounding: tuple[tuple[_Rounding, ...], ...] = ()
    sums: dict[tuple[Any, ...], _Sum] = field(default_factory=dict[tuple[Any, ...], _Sum])


_NOWHEN = _Span(0, 0, None)


class Pricer:
    """Prices calls of one kind, which come in the order of time.

    Args:
        catalog: the prices.
        asked: (provider, model) to price them as; the first that has a price counts.
        tier: their service tier.
        place: where their inference was bound to, or None.
        at: the moment whose prices count; None: each call's own.
    """

    def __init__(
        self,
        catalog: Catalog,
        asked: Sequence[tuple[str | None, str]],
        tier: str,
        place: str | None,
        at: datetime | None = None,
    ) -> None:
        self._tally = [0] * len(_TALLIED)
        self._partial = False
        self.meters: dict[str, tuple[int, int]] = {}
        self.warnings: dict[str, int] = {}
        self.books: dict[str, None] = {}
        self.into: str | None = None
        self.partial_calls = 0
        self._catalog = catalog
        self._asked = tuple(asked)
        self._tier = tier
        self._place = place
        self._at = at
        self._span = _NOWHEN
        self._known: dict[tuple[int, ...], tuple[Charged, int]] = {}

    @property
    def repriced(self) -> Repriced:
        """What became of the calls that were charged so far."""
        counts: dict[str, Any] = dict(zip(_TALLIED, self._tally, strict=True))
        counts |= {name: usd(count) for name, count in counts.items() if name.endswith("_usd")}
        return Repriced(**counts)

    def take(self, row: Sequence[Any]) -> None:
        """One row of ``usage_rows``."""
        _, _, _, sign, at, cost, unknown, size, out, cached, written, hour, reasoned, *media, searches = row
        span = self._span
        if not span.start <= at < span.end:
            span = self._enter(at)
        if span.rule is None:
            self._lacks(sign, cost, unknown=bool(unknown))
            return
        if abs(size) > _LARGE or abs(out) > _LARGE or any(media):
            self._take_alone(span.rule, sign, cost, row[7:], unknown=bool(unknown))
            return
        step = 0
        for above in span.steps:
            step += abs(size) > above
        key = (
            step, sign, bool(unknown), size == cached + written, not cached, written == hour, not hour, not reasoned,
            out == reasoned, not searches,
        )  # fmt: skip
        held = span.sums.get(key)
        if held is None:
            held = span.sums[key] = _Sum(abs(size))
        held.calls += 1
        held.cost_nanos += cost
        counts = held.counts
        counts[0] += size
        counts[1] += out
        counts[2] += cached
        counts[3] += written
        counts[4] += hour
        counts[5] += reasoned
        counts[6] += searches
        if span.rounding:
            parts = size - cached - written, cached, written - hour, hour, out - reasoned, reasoned, searches
            for rounding in span.rounding[step]:
                held.rounded[rounding.meter] = held.rounded.get(rounding.meter, 0) + rounding.of([*map(abs, parts)])

    def ease(self) -> None:
        """Charge the sums that have become large; to be called once in some thousand rows."""
        for key, held in tuple(self._span.sums.items()):
            if max(map(abs, held.counts)) > _FULL:
                del self._span.sums[key]
                self._charge(self._span, key, held)

    def finish(self) -> None:
        """Charge everything that was taken."""
        span, self._span = self._span, _NOWHEN
        for key, held in span.sums.items():
            self._charge(span, key, held)

    def _enter(self, at: int) -> _Span:
        """Charge what the last rule was in force for, and look for the one in force at ``at``."""
        self.finish()
        self._known.clear()
        moment = from_micros(at) if self._at is None else self._at
        found = self._resolved(moment)
        if isinstance(found, Unknown):
            self.warnings.setdefault(found.why, 0)
            start = moment.replace(second=0, microsecond=0)  # prices begin and end with a minute
            self._span = _Span(micros(start), micros(start + _MINUTE), None)
        else:
            self._span = self._spanning(found, moment)
        if self._at is not None:
            self._span.start, self._span.end = 0, micros(FOREVER)
        return self._span

    def _resolved(self, moment: datetime) -> Rule | Unknown:
        first: Unknown | None = None
        for provider, model in self._asked:
            found = self._catalog.resolve(provider, model, self._tier, moment)
            if isinstance(found, Rule):
                return found
            first = first or found
        assert first is not None
        return first

    def _spanning(self, rule: Rule, moment: datetime) -> _Span:
        self.into = f"{rule.provider}/{rule.model}"
        self.books[f"{rule.book} {rule.version}".strip()] = None
        partial: tuple[str, ...] = ()
        if self._place is not None:
            rule, partial = placed(rule, self._call(moment))
        self._partial = bool(partial)
        for warning in (*rule.warnings, *partial):
            self.warnings.setdefault(warning, 0)
        steps = tuple(sorted({above for rate in rule.rates.values() for above, _ in rate.steps}))
        return _Span(
            start=0 if rule.holds_from is None else micros(rule.holds_from),
            end=micros(FOREVER) if rule.holds_until is None else micros(rule.holds_until),
            rule=rule,
            steps=steps,
            rounding=_roundings(rule, steps),
        )

    def _call(self, moment: datetime) -> Call:
        provider, model = self._asked[0]
        return Call(
            call_id="what-if",
            occurred_at=moment,
            model=model,
            usage=Usage(),
            source="what-if",
            rank=Rank.AGENT,
            provider=provider,
            metadata={INFERENCE_GEO: self._place},
        )

    def _take_alone(self, rule: Rule, sign: int, cost: int, counts: Sequence[int], *, unknown: bool) -> None:
        key = tuple(map(abs, counts))
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            charged = charges(Usage(**dict(zip(USAGE_FIELDS, key, strict=True))), rule)
            known = self._known[key] = charged, nanos(charged.cost_usd)
        self._add(known[0], sign, sign, cost, sign * known[1], unknown=unknown)

    def _charge(self, span: _Span, key: tuple[Any, ...], held: _Sum) -> None:
        """Charge a sum as one call whose unit prices are those of the single ones."""
        assert span.rule is not None
        rates = {meter: Rate(rate.at(held.input_of_one)) for meter, rate in span.rule.rates.items()}
        request = rates.pop(_REQUEST, None)
        usage = Usage(**{name: abs(count) for name, count in zip(SUMMED, held.counts, strict=True)})
        charged = charges(usage, replace(span.rule, rates=rates))
        if span.rounding:
            made = (replace(charge, cost_usd=usd(held.rounded[charge.meter])) for charge in charged.charges)
            charged = replace(charged, charges=tuple(made))
        sign, unknown = key[1:3]
        calls = sign * held.calls
        per_call = 0 if request is None else nanos(request.base)
        would = sign * nanos(charged.cost_usd) + per_call * calls
        self._add(charged, calls, sign, held.cost_nanos, would, unknown=unknown)
        if per_call and not unknown and not charged.missing:
            self._meter(_REQUEST, calls, per_call * calls)

    def _add(self, charged: Charged, calls: int, sign: int, cost: int, would: int, *, unknown: bool) -> None:
        """Note some calls: what they cost (negative where they are taken back) and what they would."""
        if charged.missing:
            self.warnings.setdefault(f"{self.into} has no price for {', '.join(charged.missing)} tokens.", 0)
            self._lacks(calls, cost, unknown=unknown)
            return
        self.partial_calls += calls if charged.partial or self._partial else 0
        for warning in charged.warnings:
            number, _, rest = warning.partition(" ")
            sentence, count = (rest, int(number)) if number.isdecimal() else (warning, 0)
            self.warnings[sentence] = self.warnings.get(sentence, 0) + sign * count
        tally = self._tally
        tally[_CALLS] += calls
        if unknown:
            tally[_UNKNOWN_THEN] += calls
            tally[_WOULD_BE_KNOWN] += would
            return
        tally[_COMPARED] += calls
        tally[_COST] += cost
        tally[_WOULD] += would
        for charge in charged.charges:
            self._meter(charge.meter, sign * charge.quantity, sign * nanos(charge.cost_usd))

    def _lacks(self, calls: int, cost: int, *, unknown: bool) -> None:
        """Note some calls that have no price now."""
        self._tally[_CALLS] += calls
        self._tally[_UNKNOWN_NOW] += calls
        self._tally[_WAS] += cost
        self._tally[_UNKNOWN_THEN] += calls if unknown else 0

    def _meter(self, meter: str, quantity: int, cost: int) -> None:
        known = self.meters.get(meter, (0, 0))
        self.meters[meter] = (known[0] + quantity, known[1] + cost)


def _roundings(rule: Rule, steps: Sequence[int]) -> tuple[tuple[_Rounding, ...], ...]:
    """How calls are charged for each meter below and above each step; empty where nothing is ever rounded."""
    prices = [price for rate in rule.rates.values() for price in (rate.base, *(stepped for _, stepped in rate.steps))]
    if all(usd(nanos(price)) == price for price in prices):
        return ()
    parts: dict[str, list[int]] = {}
    for number, probe in enumerate(_PROBES):
        for charge in charges(probe, rule).charges:
            if charge.meter != _REQUEST:
                parts.setdefault(charge.meter, []).append(number)
    found: list[tuple[_Rounding, ...]] = []
    for size in (0, *(above + 1 for above in steps)):
        unit_prices = rule.unit_prices(size)
        ratios = {meter: (unit_prices[meter] * NANOS_PER_USD).as_integer_ratio() for meter in parts}
        found.append(tuple(_Rounding(meter, tuple(numbers), *ratios[meter]) for meter, numbers in parts.items()))
    return tuple(found)
