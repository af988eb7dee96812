"""Made-up calls of known shape: five models, forty agents, twelve projects, tasks of a hundred calls each."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache

from cost_mcp.model.call import Call, Context, Rank
from cost_mcp.model.charge import Charge, PricedCall, PriceEntry, Pricing
from cost_mcp.model.usage import Usage

MODELS = ("claude-opus-4-6", "claude-sonnet-4-6", "gpt-5.4", "gemini-2.5-pro", "claude-haiku-4-5")
USAGE = Usage(input_tokens=41_200, output_tokens=300, cache_read_input_tokens=40_000)


@cache
def pricing(model: str) -> Pricing:
    """One pricing a model, as the catalog would give it; the amounts do not matter here, their number does."""
    charges = (
        Charge(meter="input", quantity=1200, unit_price_usd=Decimal("0.000005"), cost_usd=Decimal("0.006")),
        Charge(meter="cache_read", quantity=40_000, unit_price_usd=Decimal("0.0000005"), cost_usd=Decimal("0.02")),
        Charge(meter="output", quantity=300, unit_price_usd=Decimal("0.000025"), cost_usd=Decimal("0.0075")),
    )
    entry = PriceEntry(
        entry_id=f"bench-{model}",
        provider="anthropic",
        model=model,
        service_tier="standard",
        unit_prices={charge.meter: charge.unit_price_usd for charge in charges},
        book="bench",
        source="made up",
        version="1",
        undated=True,
    )
    total = Decimal("0.0335")
    return Pricing(
        priced="list", cost_usd=total, charges=charges, entry=entry, list_cost_usd=total, provider="anthropic", model=model
    )


def priced_call(call_id: str, at: datetime, n: int, *, calls_per_task: int = 100) -> PricedCall:
    """The n-th call."""
    model = MODELS[n % len(MODELS)]
    task = n // calls_per_task
    call = Call(
        call_id=call_id,
        occurred_at=at,
        model=model,
        usage=USAGE,
        source="mcp",
        rank=Rank.AGENT,
        provider="anthropic",
        context=Context(project=f"project-{task % 12}", task_id=f"T-{task}", task_type="feature", agent=f"agent-{task % 40}"),
    )
    return PricedCall(call=call, pricing=pricing(model))
