"""Whether a spend may go ahead, as the budgets that cover it see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from cost_mcp.model.budget import Standing, percent_words
from cost_mcp.model.money import display_usd

ALLOW, WARN, DENY = "allow", "warn", "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """``allow``, ``warn`` or ``deny``, one sentence why, and the budget that decided (None when none did)."""

    decision: str
    why: str
    decided_by: Standing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """A spend that is asked about: dollars and tokens where known, and calls."""

    usd: Decimal | None
    tokens: int | None = None
    calls: int = 1

    def amount(self, unit: str) -> Decimal | None:
        """The spend in a budget's unit; None when it is not known."""
        value = {"usd": self.usd, "tokens": self.tokens, "calls": self.calls}[unit]
        return None if value is None else Decimal(value)


def decide(covering: Iterable[Standing], spend: Spend) -> Decision:
    """Deny when spent + reserved + the spend exceeds an enforcing budget's limit; warn when it reaches the warning level
    of any budget, or exceeds one that only alerts; else allow. Shadow budgets never change the answer.

    ``covering`` are the standings of budgets that cover the spend. The tightest one decides. Where the spend is not known
    in a budget's unit, it is judged on what is spent already.
    """
    judged = [_judge(standing, spend) for standing in covering if standing.budget.mode != "shadow"]
    for verdict in (DENY, WARN):
        worst = [(after, standing) for decision, after, standing in judged if decision == verdict]
        if worst:
            after, standing = max(worst, key=lambda pair: pair[0])
            return Decision(decision=verdict, why=_sentence(verdict, standing, after), decided_by=standing)
    if not judged:
        return Decision(decision=ALLOW, why="No budget covers this.")
    after, standing = max(((a, s) for _, a, s in judged), key=lambda pair: pair[0])
    return Decision(decision=ALLOW, why=_sentence(ALLOW, standing, after), decided_by=standing)


def _judge(standing: Standing, spend: Spend) -> tuple[str, Decimal, Standing]:
    budget = standing.budget
    after = standing.spent + standing.reserved + (spend.amount(budget.unit) or 0)
    percent = after * 100 / budget.limit
    full = after > budget.limit or (spend.amount(budget.unit) is None and after >= budget.limit)
    if full and budget.mode == "enforce":
        return DENY, percent, standing
    return (WARN if full or percent >= budget.thresholds.warning else ALLOW), percent, standing


def _sentence(verdict: str, standing: Standing, percent: Decimal) -> str:
    budget = standing.budget
    of = f" for {budget.each}={standing.each_value}" if standing.each_value is not None else ""
    left = _shown(max(standing.remaining, Decimal(0)), budget.unit)
    lead = {
        DENY: f"Budget {budget.name}{of} would be exceeded",
        WARN: f"Budget {budget.name}{of} would reach {percent_words(percent)}",
        ALLOW: f"Within every budget; the tightest, {budget.name}{of}, would reach {percent_words(percent)}",
    }[verdict]
    bound = " (a lower bound: some calls are unpriced)" if standing.unpriced_calls and budget.unit == "usd" else ""
    return f"{lead}: {left} left of {_shown(budget.limit, budget.unit)} per {budget.period}{bound}."


def _shown(value: Decimal, unit: str) -> str:
    return display_usd(value) if unit == "usd" else f"{value:,f} {unit}"
