"""One reservation as a row of ``reservations``, and back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from cost_mcp.errors import Conflict, NotFound
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Context
from cost_mcp.model.moment import from_micros, micros
from cost_mcp.model.money import nanos, usd
from cost_mcp.model.reservation import Reservation, ReserveOrder
from cost_mcp.model.scope import Covered

HELD, SETTLED, RELEASED, EXPIRED = "held", "settled", "released", "expired"

_COLUMNS = (
    "tenant", "reservation_id", "idempotency_key", "fingerprint", "amount_nanos", "tokens", "covered", "created_at", "expires_at",
    "state", "settled_by", "excess_nanos", "unpriced_input_tokens", "unpriced_output_tokens",
)  # fmt: skip
SELECT_RESERVATIONS = f"SELECT {', '.join(_COLUMNS)} FROM reservations"
SELECT_RESERVATION = f"{SELECT_RESERVATIONS} WHERE tenant = ? AND reservation_id = ?"
SELECT_BY_KEY = f"{SELECT_RESERVATIONS} WHERE tenant = ? AND idempotency_key = ?"
INSERT_RESERVATION = f"INSERT INTO reservations ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' for _ in _COLUMNS)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReservation:
    """A reservation with what the ledger keeps beside it; ``covered`` and ``billing`` say which budgets hold it."""

    reservation: Reservation
    covered: Covered
    billing: str
    fingerprint: str

    @property
    def amount_nanos(self) -> int:
        """The amount held, in nano-dollars."""
        return nanos(self.reservation.amount_usd)

    @property
    def lacks_price(self) -> bool:
        """Whether it holds tokens that nobody knew a price for: each budget then holds what it takes them to cost."""
        return not self.reservation.spend.priced

    def held_usd(self, budget: Budget) -> Decimal:
        """What it holds of a budget in dollars."""
        return self.reservation.spend.known_amount(budget)


def amount_nanos(order: ReserveOrder) -> int:
    """The amount in nano-dollars, rounded up: never less is held than was asked for."""
    whole = nanos(order.amount_usd)
    return whole + 1 if usd(whole) < order.amount_usd else whole


def covered_text(order: ReserveOrder) -> str:
    """What budgets are looked up with, as compact JSON; what is absent is left out."""
    covered = order.covered
    values: dict[str, Any] = {
        "context": covered.context.as_dict(),
        "tags": dict(covered.context.tags),
        "provider": covered.provider,
        "models": list(covered.models),
        "billing": order.billing,
    }
    return json.dumps({k: v for k, v in values.items() if v}, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def fingerprint(order: ReserveOrder, text: str) -> str:
    """What makes two orders the same one: whom it is for, how much, and for how long."""
    told: tuple[object, ...] = (
        text, amount_nanos(order), order.tokens, micros(order.expires_at) - micros(order.created_at), order.priced,
    )  # fmt: skip
    if order.unpriced_input_tokens or order.unpriced_output_tokens:
        told += (order.unpriced_input_tokens, order.unpriced_output_tokens)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def reservation_values(order: ReserveOrder, reservation: Reservation, text: str) -> tuple[Any, ...]:
    """The parameters of ``INSERT_RESERVATION``; ``text`` is ``covered_text`` of the order."""
    return (
        reservation.tenant,
        reservation.reservation_id,
        order.idempotency_key,
        fingerprint(order, text),
        nanos(reservation.amount_usd),
        reservation.tokens,
        text,
        micros(reservation.created_at),
        micros(reservation.expires_at),
        reservation.state,
        None,
        0,
        reservation.unpriced_input_tokens,
        reservation.unpriced_output_tokens,
    )


def kept_reservation(row: tuple[Any, ...]) -> KeptReservation:
    """A row of ``SELECT_RESERVATIONS``."""
    values: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    looked_up: dict[str, Any] = json.loads(values["covered"])
    return KeptReservation(
        reservation=Reservation(
            reservation_id=values["reservation_id"],
            tenant=values["tenant"],
            state=values["state"],
            amount_usd=usd(values["amount_nanos"]),
            created_at=from_micros(values["created_at"]),
            expires_at=from_micros(values["expires_at"]),
            tokens=values["tokens"],
            settled_by=values["settled_by"],
            excess_usd=usd(values["excess_nanos"]) if values["excess_nanos"] else Decimal(0),
            unpriced_input_tokens=values["unpriced_input_tokens"],
            unpriced_output_tokens=values["unpriced_output_tokens"],
        ),
        covered=Covered(
            context=Context(**looked_up.get("context", {}), tags=looked_up.get("tags", {})),
            provider=looked_up.get("provider"),
            models=tuple(looked_up.get("models", ())),
        ),
        billing=looked_up["billing"],
        fingerprint=values["fingerprint"],
    )


def new_reservation(order: ReserveOrder, reservation_id: str) -> Reservation:
    """The reservation an admitted order becomes."""
    return Reservation(
        reservation_id=reservation_id,
        tenant=order.tenant,
        state=HELD,
        amount_usd=usd(amount_nanos(order)),
        created_at=_whole(order.created_at),
        expires_at=_whole(order.expires_at),
        tokens=order.tokens,
        unpriced_input_tokens=order.unpriced_input_tokens,
        unpriced_output_tokens=order.unpriced_output_tokens,
    )


def _whole(instant: datetime) -> datetime:
    return from_micros(micros(instant))


def no_such_reservation() -> NotFound:
    """The error for an id that the tenant has no reservation under."""
    return NotFound(
        "there is no reservation of this id.",
        field="reservation_id",
        hint="Use the reservation_id that reserve_budget answered with, or leave it out to record the call without one.",
    )


def already_settled() -> Conflict:
    """The error for a reservation that a call has settled."""
    return Conflict(
        "the reservation was settled by a call already.",
        field="reservation_id",
        hint="Record this call without reservation_id, and make a reservation of its own for every call to come.",
    )
