"""How a task ended, as it is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cost_mcp.errors import InvalidInput
from cost_mcp.model.call import check_choice
from cost_mcp.model.moment import MAX_AHEAD, parse_instant
from cost_mcp.model.name import clean_name
from cost_mcp.model.outcome import OUTCOMES


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishOrder:
    """Which task ended how; ``done_at`` is None for now."""

    task_id: str
    outcome: str
    done_at: datetime | None
    by: str


def read_finish(task_id: object, outcome: object, at: object, by: object, now: datetime) -> FinishOrder:
    """The order in raw values.

    Raises:
        InvalidInput: a value that cannot be taken, a time that is yet to come.
        UnknownName: an outcome that is none.
    """
    wanted = clean_name(task_id, "task_id")
    if outcome is None:
        raise InvalidInput("outcome is missing.", field="outcome", hint=f"Give one of: {', '.join(OUTCOMES)}.")
    ended = check_choice(clean_name(outcome, "outcome").lower(), OUTCOMES, "outcome")
    done_at = None if at is None else parse_instant(at, "at")
    if done_at is not None and done_at > now + MAX_AHEAD:
        raise InvalidInput("at is yet to come.", field="at", hint="Give when the task ended, or leave it out for now.")
    return FinishOrder(task_id=wanted, outcome=ended, done_at=done_at, by=clean_name(by, "by"))
