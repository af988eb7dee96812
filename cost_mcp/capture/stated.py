"""What a provider says it charged, where it says so."""

from __future__ import annotations

from decimal import Decimal

from cost_mcp.capture.fields import Fields, as_object
from cost_mcp.capture.reading import Seen
from cost_mcp.model.money import parse_usd

TICKS_PER_USD = 10_000_000_000
OWN_KEY = "The stated cost is OpenRouter's fee and what the provider bills to your own key."
FEE_ONLY = "OpenRouter states only its fee: the provider bills your own key. The list price counts."
LIKE_OWN_KEY = (
    "OpenRouter's charge is far below what the provider billed, as with a key of your own, though is_byok is absent; "
    "the stated cost is both."
)
FEE_AT_MOST = Decimal("0.1")
"""OpenRouter's fee on a key of one's own, as a part of the provider's bill; it has been 5 %."""
BESIDE_TOKENS = "usage.num_search_queries is billed beside the tokens, and no total is stated: searches are not in the figures."
INTERIM = "usage.cost is all zero, as in a stream's chunks before the last: it is no stated cost."
UNIT_UNKNOWN = "usage.cost has no known unit and is left aside; give cost_usd when the true cost is known."


def stated_cost(seen: Seen) -> tuple[Decimal | None, tuple[str, ...]]:
    """The charge in dollars, None when the response states none; and notes.

    OpenRouter's credits are dollars; with a key of one's own, ``cost`` is only its fee, and the provider's bill is
    ``cost_details.upstream_inference_cost``. xAI counts ticks of 1e-10 dollars. Perplexity's ``cost`` is an object, whose
    ``total_cost`` has everything that is billed beside tokens (requests, citations, searches) in it.

    Raises:
        InvalidInput: a cost that is no amount of money.

    Source: https://openrouter.ai/docs/use-cases/usage-accounting; https://openrouter.ai/docs/faq (a credit is a dollar);
    https://github.com/ORO-AI/oro/releases/tag/v3.0.4 (the upstream cost is also filled without a key of one's own, so only
    ``is_byok`` tells); https://github.com/Kilo-Org/kilocode/pull/13841 (0 is what the account is charged with a key of
    one's own, and without one it is at least the upstream cost); https://docs.x.ai/developers/cost-tracking;
    https://schemas.apis.io/schemas/perplexity/perplexity-responsescost/ (total_cost in USD) and perplexity-py
    ``types/shared/usage_info.py`` (commit 7c203118). Read 2026-11-22.
    """
    usage = seen.usage
    if as_object(usage.values.get("cost")) is not None:
        return _total(usage.inner("cost"), interim=is_interim(seen))
    if usage.has("cost_in_usd_ticks"):
        return Decimal(usage.count("cost_in_usd_ticks")) / TICKS_PER_USD, ()
    if not usage.has("cost"):
        return None, (BESIDE_TOKENS,) if usage.count("num_search_queries") else ()
    if seen.provider == "openrouter" or usage.has("cost_details", "is_byok"):
        return _openrouter(usage)
    return None, (UNIT_UNKNOWN,)


def is_interim(seen: Seen) -> bool:
    """Whether the cost is the zero skeleton that Perplexity sends before a stream's last chunk: it has no ``request_cost``.

    Source: perplexity-py ``types/shared/usage_info.py`` (commit 7c203118), read 2026-11-22.
    """
    if as_object(seen.usage.values.get("cost")) is None:
        return False
    cost = seen.usage.inner("cost")
    return cost.has("input_tokens_cost") and not cost.has("request_cost") and _amount(cost, "total_cost") == 0


def _total(cost: Fields, *, interim: bool) -> tuple[Decimal | None, tuple[str, ...]]:
    if interim:
        return None, (INTERIM,)
    if not cost.has("total_cost") or cost.word("currency") not in {None, "usd"}:
        return None, (UNIT_UNKNOWN,)
    return _amount(cost, "total_cost"), ()


def _openrouter(usage: Fields) -> tuple[Decimal | None, tuple[str, ...]]:
    cost = _amount(usage, "cost")
    if cost is None or usage.values.get("is_byok") is False:
        return cost, ()
    upstream = _amount(usage.inner("cost_details"), "upstream_inference_cost")
    if usage.values.get("is_byok") is not True:
        like_own = upstream is not None and cost < upstream * FEE_AT_MOST
        return (cost + upstream, (LIKE_OWN_KEY,)) if upstream and like_own else (cost, ())
    return (None, (FEE_ONLY,)) if upstream is None else (cost + upstream, (OWN_KEY,))


def _amount(fields: Fields, name: str) -> Decimal | None:
    value = fields.values.get(name)
    return None if value is None else parse_usd(value, fields.at(name))
