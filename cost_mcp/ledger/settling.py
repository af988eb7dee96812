"""A recorded call meets its reservation: whether it was admitted, and giving back what was held for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from cost_mcp.errors import CostError
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.entry import charged_nanos
from cost_mcp.ledger.holding import find, give_back, windows_of
from cost_mcp.ledger.reservation_row import (
    EXPIRED,
    HELD,
    SETTLED,
    KeptReservation,
    already_settled,
    no_such_reservation,
)
from cost_mcp.ledger.window import Window
from cost_mcp.model.call import Call
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.money import nanos, usd
from cost_mcp.model.reservation import Reservation

_SETTLE = "UPDATE reservations SET state = 'settled', settled_by = ?, excess_nanos = ? WHERE tenant = ? AND reservation_id = ?"


@dataclass(frozen=True, slots=True)
class Settlement:
    """The reservation as a call leaves it, whether the call was not admitted, and what to warn its reporter about."""

    reservation: Reservation | None = None
    unadmitted: bool = False
    warnings: tuple[str, ...] = ()


_ADMITTED, _UNADMITTED = Settlement(), Settlement(unadmitted=True)  # of calls without a reservation: nearly all of them


def named_by(book: Book, call: Call) -> KeptReservation | CostError:
    """The reservation a call names, or why the call cannot be recorded with it."""
    kept = find(book, call.tenant, call.reservation_id or "")
    if kept is None:
        return no_such_reservation()
    if kept.reservation.state == SETTLED and kept.reservation.settled_by != call.call_id:
        return already_settled()
    return kept


def judge(book: Book, priced: PricedCall, windows: Iterable[Window], kept: KeptReservation | None) -> Settlement:
    """What recording the call makes of its reservation; nothing is written yet.

    Admitted is a call within its hold in every enforcing window it lands in. A correction is judged as the call was: what the
    reservation held follows from its time and the budgets in force.
    """
    enforcing = [w for w in windows if w.budget.mode == "enforce" and _counts(w, priced)]
    if kept is None:
        return _UNADMITTED if enforcing else _ADMITTED
    reservation = kept.reservation
    if reservation.state not in (HELD, SETTLED):
        ended = "had expired" if reservation.state == EXPIRED else "was released"
        return Settlement(reservation, True, (f"the reservation {ended} before: nothing was held for this call any more",))
    excess = max(0, charged_nanos(priced) - kept.amount_nanos)
    unadmitted = excess > 0 and not kept.lacks_price
    if enforcing and not unadmitted:
        held = {window.key for window in windows_of(book.budgets(priced.call.tenant), kept)}
        unadmitted = any(w.key not in held or _passes_hold(w, priced, kept) for w in enforcing)
    settled = replace(reservation, state=SETTLED, settled_by=priced.call.call_id, excess_usd=usd(excess))
    return Settlement(settled, unadmitted)


def settle(book: Book, before: KeptReservation, settlement: Settlement) -> None:
    """Write what ``judge`` found: everything held is given back, the excess is kept with the reservation."""
    after = settlement.reservation
    if after is None or after == before.reservation:
        return
    if before.reservation.state == HELD:
        give_back(book, after)
    book.db.execute(_SETTLE, (after.settled_by, nanos(after.excess_usd), after.tenant, after.reservation_id))


def _counts(window: Window, priced: PricedCall) -> bool:
    return priced.call.billing == "api" or window.budget.include_subscription


def _passes_hold(window: Window, priced: PricedCall, kept: KeptReservation) -> bool:
    """Whether a call passes its hold in the window's unit; dollars are compared before, unless they are not known."""
    unit, lacks_price = window.budget.unit, priced.pricing.lacks_token_price
    if unit != "usd":
        return unit == "tokens" and priced.call.usage.total_tokens > (kept.reservation.tokens or 0)
    if not lacks_price and not kept.lacks_price:
        return False
    return (lacks_price and window.budget.assumed is None) or _cost_in(window, priced) > kept.held_usd(window.budget)


def _cost_in(window: Window, priced: PricedCall) -> Decimal:
    """What the call counts as in a budget that may assume a price for its tokens."""
    price, usage = window.budget.assumed, priced.call.usage
    known = usd(charged_nanos(priced))
    if price is None or not priced.pricing.lacks_token_price:
        return known
    return known + price.cost(usage.input_tokens, usage.output_tokens)
