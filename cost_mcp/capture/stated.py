"""What a provider says it charged, where it says so."""

from __future__ import annotations

from decimal import Decimal

from cost_mcp.capture.fields import Fields
from cost_mcp.capture.reading import Seen
from cost_mcp.model.money import parse_usd

TICKS_PER_USD = 10_000_000_000
OWN_KEY = "The stated cost is OpenRouter's fee and what the provider bills to your own key."
FEE_ONLY = "OpenRouter states only its fee: the provider bills your own key. The list price counts."
UNIT_UNKNOWN = "usage.cost has no known unit and is left aside; give cost_usd when the true cost is known."


def stated_cost(seen: Seen) -> tuple[Decimal | None, tuple[str, ...]]:
    """The charge in dollars, None when the response states none; and notes.

    OpenRouter's credits are dollars; with a key of one's own, ``cost`` is only its fee, and the provider's bill is
    ``cost_details.upstream_inference_cost``. xAI counts ticks of 1e-10 dollars.

    Raises:
        InvalidInput: a cost that is no amount of money.

    Source: https://openrouter.ai/docs/use-cases/usage-accounting; https://openrouter.ai/docs/faq (a credit is a dollar);
    https://github.com/ORO-AI/oro/releases/tag/v3.0.4 (the upstream cost is also filled without a key of one's own, so only
    ``is_byok`` tells); https://docs.x.ai/developers/cost-tracking. Read 2026-11-22.
    """
    usage = seen.usage
    if usage.has("cost_in_usd_ticks"):
        return Decimal(usage.count("cost_in_usd_ticks")) / TICKS_PER_USD, ()
    if not usage.has("cost"):
        return None, ()
    if seen.provider == "openrouter" or usage.has("cost_details", "is_byok"):
        return _openrouter(usage)
    return None, (UNIT_UNKNOWN,)


def _openrouter(usage: Fields) -> tuple[Decimal | None, tuple[str, ...]]:
    cost = _amount(usage, "cost")
    if cost is None or usage.values.get("is_byok") is not True:
        return cost, ()
    upstream = _amount(usage.inner("cost_details"), "upstream_inference_cost")
    return (None, (FEE_ONLY,)) if upstream is None else (cost + upstream, (OWN_KEY,))


def _amount(fields: Fields, name: str) -> Decimal | None:
    value = fields.values.get(name)
    return None if value is None else parse_usd(value, fields.at(name))
