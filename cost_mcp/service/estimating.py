"""What a call would cost: from tokens or a text, with cheaper models for the same tokens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from cost_mcp.errors import InvalidInput
from cost_mcp.model.call import Call
from cost_mcp.model.charge import UNPRICED, Pricing
from cost_mcp.model.fitting import Alternative
from cost_mcp.model.usage import USAGE_FIELDS, Usage
from cost_mcp.service.call_report import TOKEN_ALIASES, counted_usage
from cost_mcp.service.call_to_come import TOKEN_FIELDS, call_to_come, most_output
from cost_mcp.service.cheaper import CONSIDERED, Priced, cheaper_models, shown
from cost_mcp.service.counting import HIGH, LOW, Count, count_text
from cost_mcp.service.fields import Fields, present, refuse_unknown

if TYPE_CHECKING:
    from decimal import Decimal

ESTIMATE_FIELDS = ("model", "provider", "service_tier", "text", *TOKEN_FIELDS)

_GIVEN = "The token counts that were given."


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a call would cost, and how that is known.

    ``counted_by`` is ``tokens`` (they were given), ``tiktoken`` or ``heuristic``; ``confidence`` is ``high``, ``medium`` or
    ``low``. ``most_usd`` is the cost when the output grows to ``max_output_tokens``, None where that is not another amount.
    ``considered`` says which models the ``alternatives`` were chosen from.
    """

    usage: Usage
    model: str
    pricing: Pricing
    counted_by: str
    confidence: str
    method: str
    most_usd: Decimal | None = None
    alternatives: tuple[Alternative, ...] = ()
    considered: str = CONSIDERED
    warnings: tuple[str, ...] = ()


def estimate(fields: Fields, prices: Priced, now: datetime) -> Estimate:
    """What raw fields say a call would be, priced at ``now``; a text among them is counted and forgotten.

    Raises:
        InvalidInput, UnknownName: a field that cannot be taken; it is named.
    """
    given = present(fields)
    refuse_unknown(given, ESTIMATE_FIELDS, "estimate_cost")
    count, usage = _usage(given)
    call = call_to_come(given, usage, now)
    pricing = prices.price(call)
    if count is not None and pricing.provider is not None:
        count = count_text(given["text"], pricing.provider)  # how sure a count is depends on whose model it is for
    warnings = [*pricing.warnings]
    if not usage.output_tokens:
        warnings.append("No output tokens were given: this is the cost of the input alone.")
    counted = count or Count(usage.input_tokens, "tokens", HIGH, _GIVEN)
    return Estimate(
        usage=usage,
        model=call.model,
        pricing=pricing,
        counted_by=counted.counted_by,
        confidence=counted.confidence if usage.output_tokens and pricing.priced != UNPRICED else LOW,
        method=counted.method,
        most_usd=_most(given, call, pricing, prices),
        alternatives=shown(cheaper_models(call, pricing, prices.price, prices.rivals), pricing.provider),
        warnings=tuple(warnings),
    )


def _usage(given: dict[str, object]) -> tuple[Count | None, Usage]:
    names = [name for name in (*USAGE_FIELDS, *TOKEN_ALIASES) if name in given]
    usage = counted_usage(given, [name for name in names if "text" not in given or not _is_input(name)])
    count: Count | None = None
    if "text" in given:
        if clash := next((name for name in names if _is_input(name)), None):
            raise InvalidInput(
                f"text and {clash} were both given.", field=clash, hint="Give the text to be counted, or the input's tokens."
            )
        count = count_text(given["text"], None)
        usage = replace(usage, input_tokens=count.tokens)
    most = most_output(given)
    if most is not None and not usage.output_tokens:
        usage = replace(usage, output_tokens=most)
    if not usage.total_tokens:
        raise InvalidInput(
            "no tokens were given.", field="input_tokens", hint="Give input_tokens and output_tokens, or the text to be sent."
        )
    if most is not None and usage.output_tokens > most:
        raise InvalidInput(
            "output_tokens is above max_output_tokens.", field="output_tokens", hint="Give what is expected below the limit."
        )
    return count, usage


def _is_input(name: str) -> bool:
    target = TOKEN_ALIASES.get(name, name)
    return "output" not in target and target != "web_search_requests"


def _most(given: dict[str, object], call: Call, pricing: Pricing, prices: Priced) -> Decimal | None:
    most = most_output(given)
    if most is None or most == call.usage.output_tokens or pricing.cost_usd is None:
        return None
    return prices.price(replace(call, usage=replace(call.usage, output_tokens=most))).cost_usd
