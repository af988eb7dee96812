"""A change of a budget that is in force: what an order does not say stays as it is."""

from __future__ import annotations

from cost_mcp.model.budget import Budget
from cost_mcp.model.unpriced import ASSUME_PRICE, USUAL_UNPRICED
from cost_mcp.service.fields import Fields, present

LIMITS = ("limit", "limit_tokens", "limit_calls")
NO_EACH = ""
"""What an order gives as ``each`` to have one limit for all."""


def changed_fields(order: Fields, before: Budget | None) -> dict[str, object]:
    """The fields of the budget that an order makes of the one in force; those of the order where there is none.

    A limit given replaces the one there, in whatever unit. What calls without a known price mean follows the mode, unless the
    budget says otherwise than its mode does.
    """
    given = present(order)
    fields = given if before is None else {**_kept(before, given), **given}
    if fields.get("each") == NO_EACH:
        del fields["each"]
    return fields


def _kept(before: Budget, given: Fields) -> dict[str, object]:
    steps = before.thresholds
    kept: dict[str, object] = {
        "period": before.period,
        "scope": before.scope.as_dict(),
        "each": before.each,
        "timezone": before.timezone,
        "week_start": before.week_start,
        "thresholds": (steps.info, steps.warning, steps.critical, steps.exceeded),
        "mode": before.mode,
        "include_subscription": before.include_subscription,
    }
    if not any(name in given for name in LIMITS):
        kept |= {"limit": before.limit_usd, "limit_tokens": before.limit_tokens, "limit_calls": before.limit_calls}
    if not any(name in given for name in LIMITS[1:]) and given.get("unpriced", ASSUME_PRICE) == ASSUME_PRICE:
        kept |= _kept_unpriced(before, given)
    return present(kept)


def _kept_unpriced(before: Budget, given: Fields) -> dict[str, object]:
    if before.assumed is not None:
        return {"assume_usd_per_mtok": {"input": before.assumed.input, "output": before.assumed.output}}
    if "assume_usd_per_mtok" in given or before.unpriced == USUAL_UNPRICED[before.mode]:
        return {}
    return {"unpriced": before.unpriced}
