"""What a further report of a call that is already in the ledger means: nothing new, a correction, or a contradiction."""

from __future__ import annotations

from cost_mcp.errors import Conflict
from cost_mcp.model.call import CONTEXT_NAMES, Call, Rank
from cost_mcp.model.moment import micros
from cost_mcp.model.money import nanos
from cost_mcp.model.usage import USAGE_FIELDS

YIELDS_TO_EARLY = (
    "a better source reported this call before, provisionally: its counts stand until a source as good reports the final ones"
)

_WRITTEN = (Rank.LOG, Rank.EVENT)
"""Ranks of what programs wrote down for themselves."""


def corrects(old: Call, new: Call) -> bool:
    """Whether ``new`` is the better report of the same call; False means that the old one stands.

    Reports are ordered whoever tells them: by rank, at one rank the final form above a provisional one, and of two provisional
    ones the one that saw more. So the order in which reports arrive does not change which of them counts in the end; only where
    two of one standing contradict each other the first stands, and the second is refused. Logs and telemetry are written by
    programs, copied by them and read in any order: of two lines of theirs about one call the fuller one counts, and none is
    refused.

    Raises:
        Conflict: equally good reports that contradict each other; the fields are named.
    """
    if _standing(new) != _standing(old):
        return _standing(new) > _standing(old)
    if new.rank in _WRITTEN:
        return _fullness(new) > _fullness(old)
    if new.provisional and new.usage.total_tokens != old.usage.total_tokens:
        return new.usage.total_tokens > old.usage.total_tokens
    differing = contradictions(old, new)
    if differing:
        raise Conflict(
            f"call_id was recorded before with other contents: {', '.join(differing)}.",
            field="call_id",
            hint="The first report stands. Give every call an id of its own, best the provider's response id.",
        )
    return False


def _fullness(call: Call) -> tuple[int, ...]:
    return (call.usage.total_tokens, *[getattr(call.usage, name) for name in USAGE_FIELDS])


def _standing(call: Call) -> tuple[int, bool]:
    return int(call.rank), not call.provisional


def contradictions(old: Call, new: Call) -> tuple[str, ...]:
    """The fields both reporters gave, with different values. Model and usage always count as given."""
    differing: list[str] = []
    if old.model != new.model:
        differing.append("model")
    both = old.supplied & new.supplied
    if "provider" in both and old.provider != new.provider:
        differing.append("provider")
    differing += [name for name in USAGE_FIELDS if getattr(old.usage, name) != getattr(new.usage, name)]
    if "service_tier" in both and old.service_tier != new.service_tier:
        differing.append("service_tier")
    if "stated_cost_usd" in both and _stated(old) != _stated(new):
        differing.append("stated_cost_usd")
    if "occurred_at" in both and micros(old.occurred_at) != micros(new.occurred_at):
        differing.append("occurred_at")
    return tuple(differing)


def _stated(call: Call) -> int | None:
    return None if call.stated_cost_usd is None else nanos(call.stated_cost_usd)


def context_warning(old: Call, new: Call) -> tuple[str, ...]:
    """A warning that names what a repeat gave differently without contradicting: its context, and what it says first.

    Empty when it gave nothing different. A tier, time or cost that the earlier report did not give counts no more than a
    context does: the reporter has to hear of it.
    """
    differing = [
        name
        for name in CONTEXT_NAMES
        if (given := getattr(new.context, name)) is not None and given != getattr(old.context, name)
    ]
    if new.context.tags and dict(new.context.tags) != dict(old.context.tags):
        differing.append("tags")
    if new.billing != old.billing:
        differing.append("billing")
    differing += _first_said(old, new)
    early = (YIELDS_TO_EARLY,) if old.provisional and not new.provisional else ()
    if not differing:
        return early
    return (f"already recorded with a different {', '.join(differing)}; the earlier report stands", *early)


def _first_said(old: Call, new: Call) -> list[str]:
    said: list[str] = []
    if "service_tier" in new.supplied and new.service_tier != old.service_tier:
        said.append("service_tier")
    if "stated_cost_usd" in new.supplied and _stated(new) != _stated(old):
        said.append("cost_usd")
    if "occurred_at" in new.supplied and micros(new.occurred_at) != micros(old.occurred_at):
        said.append("occurred_at")
    return said
