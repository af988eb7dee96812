"""Whether an order may be held: every enforcing budget window it may be spent in has to have room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from cost_mcp.ledger.contract import DENY_UNPRICED
from cost_mcp.model.budget import Standing, percent_words
from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import display_usd
from cost_mcp.model.reservation import ReserveOrder

ALLOW, WARN, DENY = "allow", "warn", "deny"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision, one sentence why, and the window that decided."""

    decision: str
    why: str
    decided_by: Standing | None = None


def judge_order(order: ReserveOrder, covering: Sequence[Standing], blind: Sequence[Standing], *, unpriced: str) -> Verdict:
    """``deny`` when one enforcing window cannot take the order, ``warn`` past a warning level, else ``allow``.

    Args:
        order: what is asked for.
        covering: every window it may be spent in, as it stands.
        blind: windows of enforcing budgets that look at a model where the order names none.
        unpriced: ``deny`` or ``warn`` where an enforcing dollar window holds calls of unknown price.
    """
    if blind:
        return Verdict(DENY, f"Budget {_name(blind[0])} looks at the model: name the model this is for.", blind[0])
    judged = [standing for standing in covering if standing.budget.mode != "shadow"]
    enforcing = [standing for standing in judged if standing.budget.mode == "enforce"]
    unsure = [s for s in judged if s.budget.unit == "usd" and s.unpriced_calls]
    for test in (_wants_tokens, _wants_price):
        for standing in enforcing:
            if sentence := test(order, standing):
                return Verdict(DENY, sentence, standing)
    full = [standing for standing in enforcing if _after(order, standing) > standing.budget.limit]
    if full:
        worst = max(full, key=_percent_by(order))
        return Verdict(DENY, f"Budget {_name(worst)} would be exceeded: {_left(worst)}.", worst)
    if unpriced == DENY_UNPRICED:
        for standing in (s for s in unsure if s.budget.mode == "enforce"):
            return Verdict(DENY, _unknown_spend(standing), standing)
    return _admitted(order, judged, unsure)


def with_order(order: ReserveOrder, standing: Standing) -> Standing:
    """The window as it stands once the order is held."""
    return replace(standing, reserved=standing.reserved + (_amount(order, standing) or 0))


def _admitted(order: ReserveOrder, judged: Sequence[Standing], unsure: Sequence[Standing]) -> Verdict:
    if not judged:
        return Verdict(ALLOW, "No budget covers this.")
    percent = _percent_by(order)
    past = [s for s in judged if percent(s) >= s.budget.thresholds.warning or percent(s) > 100]
    if past:
        worst = max(past, key=percent)
        return Verdict(
            WARN, f"Budget {_name(worst)} reaches {percent_words(percent(worst))}: {_left(worst)} before this.", worst
        )
    unknown = [] if order.priced else [s for s in judged if s.budget.unit == "usd"]
    if unknown:
        return Verdict(WARN, f"Budget {_name(unknown[0])} cannot tell: the model has no known price.", unknown[0])
    if unsure:
        return Verdict(WARN, f"Budget {_name(unsure[0])} is a lower bound: some calls in it are unpriced.", unsure[0])
    tightest = max(judged, key=percent)
    return Verdict(
        ALLOW, f"Within every budget; the tightest, {_name(tightest)}, reaches {percent_words(percent(tightest))}.", tightest
    )


def _wants_tokens(order: ReserveOrder, standing: Standing) -> str | None:
    if standing.budget.unit != "tokens" or order.tokens is not None:
        return None
    return f"Budget {_name(standing)} counts tokens: give input_tokens and max_output_tokens."


def _wants_price(order: ReserveOrder, standing: Standing) -> str | None:
    if standing.budget.unit != "usd" or order.priced:
        return None
    return f"Budget {_name(standing)} counts dollars and the model has no known price: give amount_usd."


def _unknown_spend(standing: Standing) -> str:
    calls = standing.unpriced_calls
    return (
        f"Budget {_name(standing)} holds {calls} unpriced call{'s' if calls > 1 else ''}, so nobody knows what is left: "
        "add the price of the model to a price book and reprice."
    )


def _amount(order: ReserveOrder, standing: Standing) -> Decimal | None:
    amounts: dict[str, Decimal | int | None] = {"usd": order.amount_usd, "tokens": order.tokens, "calls": 1}
    amount = amounts[standing.budget.unit]
    return None if amount is None else Decimal(amount)


def _after(order: ReserveOrder, standing: Standing) -> Decimal:
    return standing.spent + standing.reserved + (_amount(order, standing) or 0)


def _percent_by(order: ReserveOrder) -> Callable[[Standing], Decimal]:
    return lambda standing: _after(order, standing) * 100 / standing.budget.limit


def _name(standing: Standing) -> str:
    budget = standing.budget
    return f"{budget.name} for {budget.each}={standing.each_value}" if standing.each_value is not None else budget.name


def _left(standing: Standing) -> str:
    budget = standing.budget
    left = f"{_shown(max(standing.remaining, Decimal(0)), budget.unit)} left of {_shown(budget.limit, budget.unit)}"
    if standing.window_end is None:
        return f"{left} in total"
    return f"{left} per {budget.period} until {instant_text(standing.window_end)}"


def _shown(value: Decimal, unit: str) -> str:
    return display_usd(value) if unit == "usd" else f"{value:,f} {unit}"
