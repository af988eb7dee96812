"""A call that is about to be made, from raw fields: its tokens at their largest, what it is priced as, what it would take."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from cost_mcp.errors import InvalidInput
from cost_mcp.model.call import NO_CONTEXT, Call, Context, Rank
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.decision import Spend
from cost_mcp.model.name import clean_name
from cost_mcp.model.usage import MAX_QUANTITY, USAGE_FIELDS, Usage
from cost_mcp.service.call_report import TOKEN_ALIASES, counted_usage
from cost_mcp.service.fields import Fields, whole_number

TOKEN_FIELDS = (*USAGE_FIELDS, *TOKEN_ALIASES, "max_output_tokens")


def call_to_come(given: Fields, usage: Usage, now: datetime, context: Context = NO_CONTEXT) -> Call:
    """The call that given fields describe, as it would be recorded: prices and scopes see what they will see then.

    Raises:
        InvalidInput, UnknownName: no model, or a name or tier that cannot be taken.
    """
    if "model" not in given:
        raise InvalidInput("model is missing.", field="model", hint='Give the model\'s name, as in "claude-opus-4-6".')
    provider, tier = given.get("provider"), given.get("service_tier", "standard")
    return Call(
        call_id="to-come",
        occurred_at=now,
        model=clean_name(given["model"], "model"),
        usage=usage,
        source="to-come",
        rank=Rank.AGENT,
        provider=None if provider is None else clean_name(provider, "provider"),
        service_tier="standard" if tier in ("default", "auto") else cast("str", tier),
        context=context,
    )


def largest_usage(given: Fields) -> Usage | None:
    """The tokens the call may come to; None when none are given.

    Raises:
        InvalidInput: not a count, or counts that contradict each other.
    """
    names = [name for name in (*USAGE_FIELDS, *TOKEN_ALIASES) if name in given]
    if "max_output_tokens" in given:
        most = most_output(given)
        # The limit and not the expectation: a hold below what the provider may charge would not hold.
        bounded = {**given, "output_tokens": most}
        return counted_usage(bounded, [*(n for n in names if TOKEN_ALIASES.get(n, n) != "output_tokens"), "output_tokens"])
    return counted_usage(given, names) if names else None


def refuse_without_output(given: Fields) -> None:
    """Nothing, when tokens that were given say something of the output too.

    Raises:
        InvalidInput: they do not: the dearest part of the call would count as nothing.
    """
    names = {TOKEN_ALIASES.get(name, name) for name in given if name in TOKEN_FIELDS}
    if names and not names & {"output_tokens", "max_output_tokens"}:
        raise InvalidInput(
            "the output is missing: max_output_tokens was not given.",
            field="max_output_tokens",
            hint="Give the output limit you will set; 0 for a call that has no output.",
        )


def most_output(given: Fields) -> int | None:
    """The output limit of the call; None when none is given.

    Raises:
        InvalidInput: not a whole number.
    """
    if "max_output_tokens" not in given:
        return None
    return whole_number(given["max_output_tokens"], "max_output_tokens", low=0, high=MAX_QUANTITY)


def spend_on(priced: PricedCall) -> Spend:
    """What budgets are asked to admit for a call of these tokens at these prices."""
    usage = priced.call.usage
    return Spend(
        usd=priced.pricing.cost_usd,
        tokens=usage.total_tokens,
        priced=not priced.pricing.lacks_price,
        unpriced_input_tokens=usage.input_tokens if priced.pricing.lacks_token_price else 0,
        unpriced_output_tokens=usage.output_tokens if priced.pricing.lacks_token_price else 0,
    )
