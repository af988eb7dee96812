"""From usage and a rule to charges: every token is paid once, at the price of the narrowest meter that has one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache

from cost_mcp.model.charge import Charge
from cost_mcp.model.money import nanos, usd
from cost_mcp.model.usage import Usage
from cost_mcp.pricing.rule import Rule

_EXACT = Context(prec=60)

_PARENTS: Mapping[str, tuple[str, ...]] = {
    "cache_read": ("input",),
    "cache_write_5m": ("input",),
    "cache_write_1h": ("cache_write_5m", "input"),
    "input_audio": ("input",),
    "cache_read_audio": ("cache_read", "input_audio", "input"),
    "input_image": ("input",),
    "reasoning": ("output",),
    "output_audio": ("output",),
    "output_image": ("output",),
}
"""Where a meter without a price of its own is charged: the first of these that has one."""

_TOLD_FALLBACKS = frozenset(
    {"cache_read", "cache_write_5m", "cache_write_1h", "input_audio", "cache_read_audio", "output_audio", "output_image"}
)
"""Fallbacks that may be well off what the provider bills. Text prices for images read and for reasoning are the rule."""

_COUNTED = ("web_search",)
"""Meters beside the tokens: without a price the cost is a lower bound, and says so."""

_ORDER = (
    "input", "cache_read", "cache_write_5m", "cache_write_1h", "input_audio", "cache_read_audio", "input_image", "output",
    "reasoning", "output_audio", "output_image", "web_search", "request",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """The charges of one call in the order of the meters, what to say about them, and the meters nothing could price.

    While ``missing`` is not empty the call has no cost: tokens were used that no meter of the rule covers. ``partial`` says
    that searches were left out for want of a price: the sum is a lower bound.
    """

    charges: tuple[Charge, ...]
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    partial: bool = False

    @property
    def cost_usd(self) -> Decimal:
        """The sum of the charges."""
        total = Decimal(0)
        for charge in self.charges:
            total = _EXACT.add(total, charge.cost_usd)
        return total


def quantities(usage: Usage) -> dict[str, int]:
    """Usage cut into meters that share no token: those of input add up to all input, those of output to all output.

    Audio and image tokens are taken from the uncached rest first; what the rest cannot hold was read from or written to a
    cache (providers do not say which) and is counted there.
    """
    rest = usage.input_tokens - usage.cache_read_input_tokens - usage.cache_creation_input_tokens
    audio = min(usage.input_audio_tokens - usage.cache_read_input_audio_tokens, rest)
    image = min(usage.input_image_tokens, rest - audio)
    spoken = usage.output_audio_tokens
    drawn = usage.output_image_tokens
    reasoned = min(usage.reasoning_output_tokens, usage.output_tokens - spoken - drawn)
    return {
        "input": rest - audio - image,
        "cache_read": usage.cache_read_input_tokens - usage.cache_read_input_audio_tokens,
        "cache_write_5m": usage.cache_creation_5m_input_tokens,
        "cache_write_1h": usage.cache_creation_1h_input_tokens,
        "input_audio": audio,
        "cache_read_audio": usage.cache_read_input_audio_tokens,
        "input_image": image,
        "output": usage.output_tokens - spoken - drawn - reasoned,
        "reasoning": reasoned,
        "output_audio": spoken,
        "output_image": drawn,
        "web_search": usage.web_search_requests,
    }


def charges(usage: Usage, rule: Rule) -> Charged:
    """What a call of this usage is charged under a rule.

    A part without a price of its own is charged by its parent's meter; a part whose whole family has no price is
    ``missing``. Web searches without a price are left out with a warning: the cost is then a lower bound.
    """
    prices = rule.entry(usage.input_tokens).unit_prices
    counts: dict[str, int] = {}
    warnings: list[str] = []
    missing: list[str] = []
    partial = False
    for meter, quantity in quantities(usage).items():
        if quantity == 0:
            continue
        charged_as = _charged_as(meter, prices)
        if charged_as is None and meter in _COUNTED:
            partial = True
            warnings.append(f"{quantity} {meter} requests have no price in {rule.book}: the cost is a lower bound.")
        elif charged_as is None:
            missing.append(meter)
        else:
            counts[charged_as] = counts.get(charged_as, 0) + quantity
            if charged_as != meter and meter in _TOLD_FALLBACKS:
                warnings.append(f"{quantity} {meter} tokens have no price of their own: charged as {charged_as}.")
            if charged_as in rule.derived:
                warnings.append(f"{charged_as} is not listed: charged by the provider's published multiple of input.")
    if "request" in prices:
        counts["request"] = 1
    made = tuple(_charge(meter, counts[meter], prices[meter]) for meter in _ORDER if meter in counts)
    return Charged(charges=made, warnings=tuple(warnings), missing=tuple(missing), partial=partial)


def _charged_as(meter: str, prices: Mapping[str, Decimal]) -> str | None:
    return next((name for name in (meter, *_PARENTS.get(meter, ())) if name in prices), None)


def _charge(meter: str, quantity: int, price: Decimal) -> Charge:
    whole = _whole_nanos(price)
    cost = usd(nanos(_EXACT.multiply(Decimal(quantity), price)) if whole is None else quantity * whole)
    return Charge(meter=meter, quantity=quantity, unit_price_usd=price, cost_usd=cost)


@lru_cache(maxsize=4096)
def _whole_nanos(price: Decimal) -> int | None:
    """The price in nano-dollars where it is a whole number of them, as nearly all are: multiples of it need no rounding."""
    found = nanos(price)
    return found if usd(found) == price else None
