"""From raw fields to what is held: an amount, or the most that a call of so many tokens can cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from cost_mcp.errors import InvalidInput
from cost_mcp.ledger.coverage import covered_by
from cost_mcp.model.budget import MAX_LIMIT_USD
from cost_mcp.model.call import CONTEXT_NAMES, Call, Context
from cost_mcp.model.charge import PricedCall, Pricing
from cost_mcp.model.decision import Spend
from cost_mcp.model.money import parse_usd
from cost_mcp.model.name import clean_name
from cost_mcp.model.provider import canonical_provider
from cost_mcp.model.reservation import DEFAULT_TTL_SECONDS, MAX_TTL_SECONDS, MIN_TTL_SECONDS, ReserveOrder
from cost_mcp.model.scope import Covered
from cost_mcp.model.totals import ZERO
from cost_mcp.model.usage import Usage
from cost_mcp.service.call_report import bind, read_billing
from cost_mcp.service.call_to_come import TOKEN_FIELDS, call_to_come, largest_usage, refuse_without_output, spend_on
from cost_mcp.service.fields import Fields, context_of, present, refuse_unknown, whole_number

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings

RESERVE_FIELDS = (
    "amount_usd", "model", "provider", "service_tier", *TOKEN_FIELDS, "billing", *CONTEXT_NAMES, "tags", "ttl_seconds", "idempotency_key",
)  # fmt: skip
EXTEND_FIELDS = ("reservation_id", "ttl_seconds")
RELEASE_FIELDS = ("reservation_id",)

PriceOf = Callable[[Call], Pricing]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is to be held, and what budgets are looked up with."""

    covered: Covered
    spend: Spend


def read_order(fields: Fields, settings: Settings, price_of: PriceOf, now: datetime, source: str | None = None) -> ReserveOrder:
    """What raw fields ask to hold, from ``now`` on.

    Dollars are the amount given, else the most the call can cost at list price: all its input, uncached unless cache counts
    are given, and as much output as ``max_output_tokens`` lets it have.

    Args:
        fields: Raw values by the names of ``RESERVE_FIELDS``; None counts as absent.
        settings: The context that binds or fills gaps, tenant, billing.
        price_of: What a call costs.
        now: When it is asked.
        source: Who asks; an agent is believed less.

    Raises:
        InvalidInput: a field that cannot be taken, or neither an amount nor a model with tokens; it is named.
    """
    given = present(fields)
    refuse_unknown(given, RESERVE_FIELDS, "reserve_budget")
    asked = _asked(given, bind(context_of(given), settings), price_of, now)
    spend = asked.spend
    return ReserveOrder(
        tenant=settings.tenant,
        covered=asked.covered,
        amount_usd=spend.usd or ZERO,
        tokens=spend.tokens,
        created_at=now,
        expires_at=now + timedelta(seconds=_ttl(given)),
        idempotency_key=cast("str | None", given.get("idempotency_key")),
        billing=read_billing(given, settings, source),
        priced=spend.priced,
        unpriced_input_tokens=spend.unpriced_input_tokens,
        unpriced_output_tokens=spend.unpriced_output_tokens,
    )


def read_call_to_hold(fields: Fields, settings: Settings, price_of: PriceOf, now: datetime) -> PricedCall | None:
    """The call that is to be held, priced; None where an amount was given instead, or no model or tokens.

    Raises:
        InvalidInput: a field that cannot be taken; it is named.
    """
    given = present(fields)
    usage = largest_usage(given)
    if "model" not in given or usage is None or "amount_usd" in given:
        return None
    call = call_to_come(given, usage, now, bind(context_of(given), settings))
    return PricedCall(call=call, pricing=price_of(call))


def read_extension(fields: Fields, now: datetime) -> tuple[str, datetime]:
    """Which reservation is to live longer, and until when.

    Raises:
        InvalidInput: a field that cannot be taken; it is named.
    """
    given = present(fields)
    refuse_unknown(given, EXTEND_FIELDS, "extend_reservation")
    return _reservation_id(given), now + timedelta(seconds=_ttl(given))


def read_release(fields: Fields) -> str:
    """Which reservation is to be given back.

    Raises:
        InvalidInput: a field that cannot be taken; it is named.
    """
    given = present(fields)
    refuse_unknown(given, RELEASE_FIELDS, "release_reservation")
    return _reservation_id(given)


def _asked(given: dict[str, object], context: Context, price_of: PriceOf, now: datetime) -> _Asked:
    usage = largest_usage(given)
    stated = _amount(given)
    if "model" not in given:
        if stated is None:
            raise _nothing_named(given)
        provider = given.get("provider")
        known = None if provider is None else canonical_provider(clean_name(provider, "provider"))
        tokens = None if usage is None else usage.total_tokens
        return _Asked(covered=Covered(context=context, provider=known), spend=Spend(usd=stated, tokens=tokens))
    if stated is None and usage is None:
        raise InvalidInput(
            "the tokens are missing.", field="input_tokens", hint="Give input_tokens and max_output_tokens, or an amount_usd."
        )
    call = call_to_come(given, usage or Usage(), now, context)
    priced = PricedCall(call=call, pricing=price_of(call))
    if stated is None:
        refuse_without_output(given)
        return _Asked(covered=covered_by(priced), spend=spend_on(priced))
    if usage is not None and not priced.pricing.lacks_price:
        raise InvalidInput(
            "amount_usd and tokens of a model with a known price were both given.",
            field="amount_usd",
            hint="Give one of them: the amount to hold, or the tokens to price.",
        )
    return _Asked(covered=covered_by(priced), spend=Spend(usd=stated, tokens=None if usage is None else usage.total_tokens))


def _amount(given: dict[str, object]) -> Decimal | None:
    if "amount_usd" not in given:
        return None
    amount = parse_usd(given["amount_usd"], "amount_usd", maximum=MAX_LIMIT_USD)
    if not amount:
        raise InvalidInput(
            "amount_usd is not above zero.", field="amount_usd", hint="Give what the call may cost; a free one needs no hold."
        )
    return amount


def _nothing_named(given: dict[str, object]) -> InvalidInput:
    counted = any(name in given for name in TOKEN_FIELDS)
    if counted:
        return InvalidInput("model is missing.", field="model", hint="Give the model that prices the tokens, or an amount_usd.")
    return InvalidInput(
        "nothing to hold was given.",
        field="amount_usd",
        hint="Give amount_usd, or a model with input_tokens and max_output_tokens.",
    )


def _ttl(given: dict[str, object]) -> int:
    ttl = given.get("ttl_seconds", DEFAULT_TTL_SECONDS)
    return whole_number(ttl, "ttl_seconds", low=MIN_TTL_SECONDS, high=MAX_TTL_SECONDS)


def _reservation_id(given: dict[str, object]) -> str:
    if "reservation_id" not in given:
        raise InvalidInput(
            "reservation_id is missing.", field="reservation_id", hint="Give the one that reserve_budget answered with."
        )
    return clean_name(given["reservation_id"], "reservation_id")
