"""Whether an enforcing budget is spent, for a hook: asked and answered without importing the nouns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cost_mcp.ledger.gate import Enforced, Spent, open_gate

if TYPE_CHECKING:
    from cost_mcp.ledger.glance import Held

Names = Mapping[str, Sequence[str]]
"""Context name → the values it has here: a session may go by an agent's own id and by the one its server is bound to."""


def spent_budget(path: Path, tenant: str, names: Names, now: datetime) -> str | None:
    """Why nothing more may be spent here, by the first enforcing budget that covers it and is spent; None while none is.

    Spent is also one that may be: it holds calls without a known price, and its policy for those is to deny. A budget that looks
    at what is not known here (a model, say) does not cover it. What is held for a call to come does not count: the agent that
    holds it must be able to go on.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    with open_gate(path) as gate:
        for budget in gate.enforced(tenant) if gate is not None else ():
            for value in windows_for(budget, names):
                assert gate is not None
                start, end = window_at(budget, now)
                held = gate.spent(budget, start, value)
                if _is_unsure(budget, held):
                    return _unknown(budget, value, held.unpriced_calls)
                spent = held.amount + assumed_nanos(budget, held)
                if spent and spent >= limit_of(budget):
                    return _sentence(budget, value, spent, end)
    return None


def windows_for(budget: Enforced, names: Names) -> Iterator[str]:
    """The each-values of the windows that cover these names; one '' for a budget without ``each``."""
    if all(wanted in names.get(dimension, ()) for dimension, wanted in budget.scope.items()):
        yield from ("",) if budget.each is None else names.get(budget.each, ())


def window_at(budget: Enforced, now: datetime) -> tuple[datetime, datetime | None]:
    """The budget's window that holds this moment."""
    from cost_mcp.budgets.windows import window_of  # 6 ms, and most that ask have no budget here that enforces

    return window_of(budget, now)


def _is_unsure(budget: Enforced, held: Spent) -> bool:
    return budget.limit_name == "limit_usd" and budget.unpriced == "deny" and held.unpriced_calls > 0


def assumed_nanos(budget: Enforced, held: Spent | Held) -> int:
    """What the tokens without a known price come to at the price the budget assumes for them."""
    if budget.assumed is None or not (held.unpriced_input_tokens or held.unpriced_output_tokens):
        return 0
    from decimal import Decimal

    from cost_mcp.model.money import nanos  # rare, and 3 ms to import
    from cost_mcp.model.unpriced import AssumedPrice

    price = AssumedPrice(input=Decimal(budget.assumed[0]), output=Decimal(budget.assumed[1]))
    return nanos(price.cost(held.unpriced_input_tokens, held.unpriced_output_tokens))


def limit_of(budget: Enforced) -> int:
    """The limit in whole nano-dollars, tokens or calls."""
    if isinstance(budget.limit, int):
        return budget.limit
    whole, _, fraction = budget.limit.partition(".")
    if (whole + fraction).isdecimal() and len(fraction) <= 9:
        return int(whole + fraction.ljust(9, "0"))
    from decimal import Decimal

    from cost_mcp.model.money import nanos  # an exponent, or more decimals than are kept: rare, and 3 ms to import

    return nanos(Decimal(budget.limit))


def _unknown(budget: Enforced, value: str, calls: int) -> str:
    of = f" for {budget.each}={value}" if value else ""
    return (
        f"Budget {budget.name}{of} holds {calls:,} unpriced call{'s' if calls > 1 else ''}, so nobody knows what is left. Only the "
        "user can say what to take for them (`cost-mcp budget set --unpriced`): stop and tell them."
    )


def _sentence(budget: Enforced, value: str, spent: int, end: datetime | None) -> str:
    from cost_mcp.model.moment import zone
    from cost_mcp.model.money import display_usd, usd

    if budget.limit_name == "limit_usd":
        used, limit = display_usd(usd(spent)), display_usd(usd(limit_of(budget)))
    else:
        unit = budget.limit_name.removeprefix("limit_")
        used, limit = f"{spent:,}", f"{budget.limit:,} {unit}"
    of = f" for {budget.each}={value}" if value else ""
    per = "in total" if end is None else f"per {budget.period}"
    until = ""
    if end is not None:
        until = f" It resets at {end.astimezone(zone(budget.timezone)):%Y-%m-%d %H:%M} {budget.timezone}."
    return f"Budget {budget.name}{of} is spent: {used} of {limit} {per}.{until} Only the user can raise it: stop and tell them."
