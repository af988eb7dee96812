"""The JSON shapes of reservations: what was held or why not, and what became of it."""

from __future__ import annotations

from cost_mcp.model.budget import Standing
from cost_mcp.model.moment import instant_text
from cost_mcp.model.money import usd_text
from cost_mcp.model.reservation import Admission, Reservation
from cost_mcp.model.totals import ZERO
from cost_mcp.views.shape_budget import amount_value, budget_shapes
from cost_mcp.views.shape_estimate import fitting_shape

DENY = "deny"


def admission_shape(admission: Admission) -> dict[str, object]:
    """The decision, then what is held, or which budget denies it, what that one has left and when it starts anew.

    On a denial for want of room, ``max_output_tokens`` is the most output that would be admitted and ``alternatives`` the
    cheaper models that the whole call would be admitted with.

    ``reservation_id`` is there only where something is held: while tracking is off an ``allow`` comes without one.
    """
    shape: dict[str, object] = {"decision": admission.decision, "why": admission.why}
    if admission.reservation is not None and admission.decision != DENY:
        shape |= _held(admission.reservation)
    if admission.denied_by is not None:
        shape |= denial_shape(admission.denied_by)
    shape |= fitting_shape(admission.fitting)
    if admission.repeated:
        shape["repeated"] = True
    shape["budgets"] = budget_shapes(admission.standings)
    return shape


def denial_shape(standing: Standing) -> dict[str, object]:
    """The budget that denies, what it has left in its own unit (never below nothing), and when it starts anew."""
    unit = standing.budget.unit
    shape: dict[str, object] = {"denied_by": standing.budget.name}
    if standing.each_value is not None:
        shape["denied_for"] = standing.each_value
    shape[f"remaining_{unit}"] = amount_value(max(standing.remaining, ZERO), unit)
    if standing.window_end is not None:
        shape["resets_at"] = instant_text(standing.window_end)
    return shape


def reservation_shape(reservation: Reservation) -> dict[str, object]:
    """A reservation as it now is; ``settled_by`` and ``excess_usd`` once a call has settled it."""
    shape: dict[str, object] = {"state": reservation.state, **_held(reservation)}
    if reservation.settled_by is not None:
        shape["settled_by"] = reservation.settled_by
        shape["excess_usd"] = usd_text(reservation.excess_usd)
    return shape


def _held(reservation: Reservation) -> dict[str, object]:
    shape: dict[str, object] = {
        "reservation_id": reservation.reservation_id,
        "reserved_usd": usd_text(reservation.amount_usd),
        "expires_at": instant_text(reservation.expires_at),
    }
    if reservation.tokens is not None:
        shape["reserved_tokens"] = reservation.tokens
    if not reservation.spend.priced:
        shape["lower_bound"] = True
    return shape
