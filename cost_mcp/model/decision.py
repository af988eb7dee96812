"""Whether a spend may go ahead, as the budgets that cover it see it: one judgement for every question and every hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cost_mcp.model.budget import Budget, Standing, percent_words
from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import display_left, display_usd
from cost_mcp.model.unpriced import DENY_UNPRICED, WARN_UNPRICED

ALLOW, WARN, DENY = "allow", "warn", "deny"
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """``allow``, ``warn`` or ``deny``, one sentence why, and the window that decided (None when none did).

    ``lacks_room`` says of a denial that less of the same would have been admitted.
    """

    decision: str
    why: str
    decided_by: Standing | None = None
    lacks_room: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """A spend that is asked about: dollars and tokens where known, and calls.

    ``usd`` is None where dollars are not asked about. While ``priced`` is False nobody knows what it costs: ``usd`` is then
    the part that is known, and the unpriced tokens are those that only an assumed price can turn into dollars.
    """

    usd: Decimal | None
    tokens: int | None = None
    calls: int = 1
    priced: bool = True
    unpriced_input_tokens: int = 0
    unpriced_output_tokens: int = 0

    def amount(self, budget: Budget) -> Decimal | None:
        """The spend in the budget's unit, at the price that the budget assumes if need be; None when it is not known."""
        if budget.unit != "usd":
            count = self.tokens if budget.unit == "tokens" else self.calls
            return None if count is None else Decimal(count)
        if self.priced:
            return self.usd
        unpriced = (self.unpriced_input_tokens, self.unpriced_output_tokens)
        if budget.assumed is None or not (any(unpriced) or self.usd):
            return None
        return (self.usd or _NOTHING) + budget.assumed.cost(*unpriced)

    def known_amount(self, budget: Budget) -> Decimal:
        """As ``amount``; where that is not known, the part of it that is."""
        amount = self.amount(budget)
        return amount if amount is not None else (budget.unit == "usd" and self.usd) or _NOTHING


def decide(covering: Iterable[Standing], spend: Spend, *, holding: bool = False) -> Decision:
    """Deny what an enforcing budget has no room for or cannot judge, warn where one comes near its limit, else allow.

    Denied is a spend that takes spent + reserved above an enforcing limit; one without a known price, where the budget does
    not say what to assume or that a warning will do; and any spend at all while the budget holds calls without a known price
    and its policy is ``deny``. A warning comes from reaching the warning level, from passing a limit that only alerts, and
    from what is unpriced. Shadow budgets never change the answer. The tightest budget decides.

    A spend that is not known in a budget's unit is judged on what is spent already.

    Args:
        covering: the windows the spend would count in, as they stand.
        spend: what is asked for.
        holding: it is to be held: then a token limit has to be told the tokens.
    """
    judged = [standing for standing in covering if standing.budget.mode != "shadow"]
    enforcing = [standing for standing in judged if standing.budget.mode == "enforce"]
    return _refusal(enforcing, spend, holding=holding) or _admitted(judged, spend)


def _refusal(enforcing: Sequence[Standing], spend: Spend, *, holding: bool) -> Decision | None:
    for standing in enforcing:
        if holding and standing.budget.unit == "tokens" and spend.tokens is None:
            why = f"Budget {standing_name(standing)} counts tokens: give input_tokens and max_output_tokens."
            return Decision(decision=DENY, why=why, decided_by=standing)
    for standing in enforcing:
        if _unknown(standing, spend) and standing.budget.unpriced != WARN_UNPRICED:
            give = "amount_usd" if holding else "estimated_cost_usd"
            why = f"Budget {standing_name(standing)} counts dollars and the model has no known price: give {give}."
            return Decision(decision=DENY, why=why, decided_by=standing)
    for standing in enforcing:  # before want of room: no smaller spend would be admitted either
        if is_unsure(standing) and standing.budget.unpriced == DENY_UNPRICED:
            return Decision(decision=DENY, why=_unknown_spend(standing), decided_by=standing)
    full = [standing for standing in enforcing if _is_full(standing, spend)]
    if full:
        worst = max(full, key=lambda standing: _percent(standing, spend))
        why = f"Budget {standing_name(worst)} would be exceeded: {_left(worst)}."
        return Decision(decision=DENY, why=why, decided_by=worst, lacks_room=True)
    return None


def _admitted(judged: Sequence[Standing], spend: Spend) -> Decision:
    if not judged:
        return Decision(decision=ALLOW, why="No budget covers this.")

    def percent(standing: Standing) -> Decimal:
        return _percent(standing, spend)

    past = [s for s in judged if percent(s) >= s.budget.thresholds.warning or _is_full(s, spend)]
    if past:
        worst = max(past, key=percent)
        why = f"Budget {standing_name(worst)} would reach {percent_words(percent(worst))}: {_left(worst)}."
        return Decision(decision=WARN, why=why, decided_by=worst)
    for standing in judged:
        if _unknown(standing, spend):
            why = f"Budget {standing_name(standing)} cannot tell: the model has no known price."
            return Decision(decision=WARN, why=why, decided_by=standing)
    for standing in judged:
        if is_unsure(standing):
            why = f"Budget {standing_name(standing)} is a lower bound: some calls in it are unpriced. {_left(standing)}."
            return Decision(decision=WARN, why=why, decided_by=standing)
    tightest = max(judged, key=percent)
    reach = f"{standing_name(tightest)}, would reach {percent_words(percent(tightest))}"
    return Decision(decision=ALLOW, why=f"Within every budget; the tightest, {reach}: {_left(tightest)}.", decided_by=tightest)


def not_seen(blind: Standing) -> Decision:
    """The denial by a budget that looks at the model, where what is asked about names none."""
    why = f"Budget {standing_name(blind)} looks at the model: name the model this is for."
    return Decision(decision=DENY, why=why, decided_by=blind)


def standing_name(standing: Standing) -> str:
    """A budget's name, with the value that its window is for."""
    budget = standing.budget
    return f"{budget.name} for {budget.each}={standing.each_value}" if standing.each_value is not None else budget.name


def is_unsure(standing: Standing) -> bool:
    """Whether a budget in dollars holds calls of which nobody knows, or assumes, what they came to."""
    return standing.budget.unit == "usd" and standing.unpriced_calls > 0 and standing.budget.assumed is None


def _unknown(standing: Standing, spend: Spend) -> bool:
    return standing.budget.unit == "usd" and not spend.priced and spend.amount(standing.budget) is None


def _after(standing: Standing, spend: Spend) -> Decimal:
    return standing.spent + standing.reserved + spend.known_amount(standing.budget)


def _percent(standing: Standing, spend: Spend) -> Decimal:
    return _after(standing, spend) * 100 / standing.budget.limit


def _is_full(standing: Standing, spend: Spend) -> bool:
    after, limit = _after(standing, spend), standing.budget.limit
    return after > limit or (after == limit and spend.amount(standing.budget) is None)


def _unknown_spend(standing: Standing) -> str:
    count = standing.unpriced_calls
    return (
        f"Budget {standing_name(standing)} holds {count:,} unpriced call{'s' if count > 1 else ''}: at most "
        f"{_shown_left(standing)} left, and nobody knows how much of it. Only the user can say what to take for them: "
        "`cost-mcp budget set --unpriced assume` or `warn`."
    )


def _left(standing: Standing) -> str:
    budget = standing.budget
    left = f"{_shown_left(standing)} left of {_shown(budget.limit, budget.unit)} {budget.per}"
    until = "" if standing.window_end is None else f" until {instant_text(standing.window_end)}"
    bound = " (a lower bound: some calls are unpriced)" if is_unsure(standing) else ""
    if standing.assumed:
        bound = f" ({display_usd(standing.assumed)} of what is spent is assumed for calls without a known price)"
    return f"{left}{until}{bound}"


def _shown_left(standing: Standing) -> str:
    left = max(standing.remaining, _NOTHING)
    return display_left(left) if standing.budget.unit == "usd" else _shown(left, standing.budget.unit)


def _shown(value: Decimal, unit: str) -> str:
    return display_usd(value) if unit == "usd" else f"{value:,f} {unit}"
