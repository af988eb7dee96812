"""A bill held against a ledger, by day and model: what matches, what differs, what only one of them has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

MATCHED = "matched"
DIFFERENT = "different"
MISSING_IN_LEDGER = "missing_in_ledger"
MISSING_IN_FILE = "missing_in_file"
OUTCOMES = (MATCHED, DIFFERENT, MISSING_IN_LEDGER, MISSING_IN_FILE)

COST = "cost_usd"
ZERO = Decimal(0)

Key = tuple[date, str | None]
"""A day, and a model by the one name it goes by on both sides; None for what no model is named for."""

Figures = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one side has for a day and model.

    ``slack_usd`` is how far its dollars may be off because they were rounded; ``unpriced_calls`` make them a lower bound.
    """

    figures: Figures
    slack_usd: Decimal = ZERO
    unpriced_calls: int = 0

    def __add__(self, other: Side) -> Side:
        names = dict.fromkeys((*self.figures, *other.figures))
        return Side(
            figures={name: self.figures.get(name, ZERO) + other.figures.get(name, ZERO) for name in names},
            slack_usd=self.slack_usd + other.slack_usd,
            unpriced_calls=self.unpriced_calls + other.unpriced_calls,
        )


NOTHING = Side(figures={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How much a day's sum of a model may differ and still match; rounding of the bill's rows comes on top for dollars."""

    usd: Decimal = Decimal("0.01")
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One day and model: what the bill says, what the ledger has, and the measures that differ by more than is tolerated."""

    day: date
    model: str | None
    outcome: str
    billed: Side | None
    recorded: Side | None
    differing: tuple[str, ...] = ()

    def difference(self, measure: str) -> Decimal:
        """The ledger's figure less the bill's."""
        return _figure(self.recorded, measure) - _figure(self.billed, measure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The comparison, by day, then by model; ``measures`` are the figures that were compared."""

    measures: tuple[str, ...]
    tolerance: Tolerance
    lines: tuple[Line, ...]

    @property
    def agrees(self) -> bool:
        """Whether everything matches."""
        return all(line.outcome == MATCHED for line in self.lines)

    def count(self, outcome: str) -> int:
        """How many lines came out so."""
        return sum(line.outcome == outcome for line in self.lines)

    def total(self, side: str) -> Side:
        """Everything on one side, ``billed`` or ``recorded``."""
        found = [part for line in self.lines if (part := getattr(line, side)) is not None]
        return sum(found, NOTHING)


def reconcile(
    billed: Mapping[Key, Side], recorded: Mapping[Key, Side], measures: Sequence[str], tolerance: Tolerance
) -> Reconciliation:
    """Every day and model that either side has, compared.

    What only one side has counts as nothing on the other, and matches where that is within the tolerance: a bill in cents has
    no row for a tenth of one. A ledger that does not know the price of some calls never matches in dollars: its sum is a lower
    bound.
    """
    keys = sorted({*billed, *recorded}, key=lambda key: (key[0], key[1] is None, key[1] or ""))
    lines = [_line(key, billed.get(key), recorded.get(key), measures, tolerance) for key in keys]
    return Reconciliation(measures=tuple(measures), tolerance=tolerance, lines=tuple(lines))


def _line(key: Key, billed: Side | None, recorded: Side | None, measures: Sequence[str], tolerance: Tolerance) -> Line:
    differing = tuple(measure for measure in measures if _differs(measure, billed or NOTHING, recorded or NOTHING, tolerance))
    outcome = MATCHED
    if differing:
        outcome = MISSING_IN_LEDGER if recorded is None else MISSING_IN_FILE if billed is None else DIFFERENT
    return Line(day=key[0], model=key[1], outcome=outcome, billed=billed, recorded=recorded, differing=differing)


def _differs(measure: str, billed: Side, recorded: Side, tolerance: Tolerance) -> bool:
    if measure == COST and recorded.unpriced_calls:
        return True
    allowed = tolerance.usd + billed.slack_usd + recorded.slack_usd if measure == COST else Decimal(tolerance.count)
    return abs(_figure(recorded, measure) - _figure(billed, measure)) > allowed


def _figure(side: Side | None, measure: str) -> Decimal:
    return ZERO if side is None else side.figures.get(measure, ZERO)
