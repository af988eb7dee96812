"""Plain text of reservations: complete in itself, since hosts show text or structure."""

from __future__ import annotations

from cost_mcp.model.money import display_usd, usd_text
from cost_mcp.model.reservation import Admission, Reservation
from cost_mcp.model.totals import ZERO
from cost_mcp.views.shape_reservation import DENY
from cost_mcp.views.text_budget import left_words, standing_lines
from cost_mcp.views.text_estimate import fitting_text
from cost_mcp.views.text_time import instant_words


def admission_text(admission: Admission) -> str:
    """The decision and why; what is held and until when, or what is left and when that changes; then the budgets."""
    lines = [f"Decision: {admission.decision}. {admission.why}"]
    reservation, denied_by = admission.reservation, admission.denied_by
    if reservation is not None and admission.decision != DENY:
        again = " (the same as before)" if admission.repeated else ""
        lines.append(
            f"Reserved{again}: {reservation.reservation_id} holds {_held(reservation)} until "
            f"{instant_words(reservation.expires_at)}. Give it to record_call as reservation_id."
        )
    if denied_by is not None:
        unit = denied_by.budget.unit
        until = f"starts anew at {instant_words(denied_by.window_end)}" if denied_by.window_end else "never starts anew"
        lines.append(
            f"Nothing is reserved. Budget {denied_by.budget.name} has {left_words(max(denied_by.remaining, ZERO), unit)} "
            f"left and {until}."
        )
    if admission.fitting is not None:
        lines.append(fitting_text(admission.fitting))
    return "\n".join([*lines, *standing_lines(admission.standings)])


def reservation_text(reservation: Reservation) -> str:
    """What became of a reservation, in one sentence."""
    named, held = f"Reservation {reservation.reservation_id}", _held(reservation)
    if reservation.state == "held":
        return f"{named} holds {held} until {instant_words(reservation.expires_at)}."
    if reservation.state == "settled":
        over = f", {_dollars(reservation)} above what it held" if reservation.excess_usd else ""
        by = f" by {reservation.settled_by}" if reservation.settled_by is not None else ""
        return f"{named} ({held}) is settled{by}{over}: the rest was given back."
    return f"{named} is {reservation.state}: it holds nothing any more; {held} went back to its budgets."


def _held(reservation: Reservation) -> str:
    tokens = "" if reservation.tokens is None else f"{reservation.tokens:,} tokens"
    if not reservation.spend.priced:
        tokens = f"{tokens} without a known price"
        if not reservation.amount_usd:
            return tokens  # an unknown price is not $0: each budget holds what it takes for them
    # Every digit: the same number as in the structure.
    return f"${usd_text(reservation.amount_usd)}{tokens and f' and {tokens}'}"


def _dollars(reservation: Reservation) -> str:
    return display_usd(reservation.excess_usd)
