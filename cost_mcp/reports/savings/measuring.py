"""What a suggestion truly saved once it was acted upon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Context, Decimal

from cost_mcp.model.money import usd
from cost_mcp.model.saving import SUBJECT_DIMENSIONS, AppliedSaving, Yardstick
from cost_mcp.reports.savings import smaller_model, sub_agents
from cost_mcp.reports.savings.cell import Cell, Part, Tally
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.rule import Market, Rule, Subject, subject_of
from cost_mcp.reports.savings.unit_prices import rounded

BASELINE_DAYS = 30
"""How many days before it was applied a suggestion's yardstick is taken from: a month's work, whatever its weekdays."""

MIN_UNITS = 30
"""The fewest units of work, before and since, of which a rate is taken: fewer vary too much to say anything. The usual rule of thumb
for the mean of a sample."""

_EXACT = Context(prec=40)
_COUNTED_BY_COST: Mapping[str, Callable[[Cell], Tally | Part]] = {
    smaller_model.NAME: lambda cell: cell.small,
    sub_agents.NAME: lambda cell: cell.sub,
}
"""Rules that propose another model: the old one's waste would vanish with its name, so what such work costs is compared."""

_WITHOUT_MODEL = 2
"""How many dimensions of a subject still hold once its model (and with it the provider) has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A suggestion that was applied, its yardstick since, and what it saved: None while there are too few calls to tell."""

    applied: AppliedSaving
    since: Yardstick
    saved_usd: Decimal | None
    why: str


def yardstick(found: Gathered, market: Market, rule: Rule, subject: Subject, span: tuple[datetime, datetime]) -> Yardstick:
    """How much waste (or cost) there is for how many units of a subject's work.

    For most rules: what the rule finds for the very subject, over every call of it. For those that propose another model: what the
    small calls, or those of the sub-agent, cost on whatever model, over their number.
    """
    tally_of = _COUNTED_BY_COST.get(rule.NAME)
    if tally_of is not None:
        meant = [tally_of(cell) for cell in found.cells if subject_of(cell)[:_WITHOUT_MODEL] == subject[:_WITHOUT_MODEL]]
        units, spent = sum(tally.calls for tally in meant), usd(sum(tally.nanos for tally in meant))
    else:
        cells = tuple(cell for cell in found.cells if subject_of(cell) == subject)
        units = sum(cell.calls for cell in cells)
        spent = sum((each.saved_usd for each in rule.suggestions(replace(found, cells=cells), market)), Decimal(0))
    return Yardstick(units=units, usd=spent, start=span[0], end=span[1])


def measured(applied: AppliedSaving, since: Yardstick) -> Measured:
    """What was saved since a suggestion was applied.

    With the waste (or cost) w and the units of work u of the 30 days before, and the same since::

        saved = (w before / u before − w since / u since) × u since

    Negative where it became worse. Below ``MIN_UNITS`` units on either side nothing is said. The comparison is with the time
    before: whatever else changed meanwhile (other prices, other work) is in it too. The formula is our own.
    """
    before = applied.baseline
    if before.units < MIN_UNITS:
        return Measured(applied=applied, since=since, saved_usd=None, why=_too_few(before.units, "before it was applied"))
    if since.units < MIN_UNITS:
        return Measured(applied=applied, since=since, saved_usd=None, why=_too_few(since.units, "since it was applied"))
    expected = _EXACT.divide(_EXACT.multiply(before.usd, Decimal(since.units)), Decimal(before.units))
    saved = rounded(expected - since.usd)
    why = "It became dearer, not cheaper." if saved < 0 else "Compared with the 30 days before, unit for unit."
    return Measured(applied=applied, since=since, saved_usd=saved, why=why)


def subject_from(named: Mapping[str, str]) -> Subject:
    """A subject from the dimensions it names."""
    agent, task_type, provider, model = (named.get(name, "") for name in SUBJECT_DIMENSIONS)
    return agent, task_type, provider, model


def _too_few(units: int, when: str) -> str:
    calls = "1 call" if units == 1 else f"{units} calls"
    return f"Too early to tell: {calls} of it {when}, {MIN_UNITS} are the fewest to compare."
