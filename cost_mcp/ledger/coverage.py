"""What of a recorded call a budget's scope looks at."""

from __future__ import annotations

from cost_mcp.model.charge import PricedCall
from cost_mcp.model.scope import Covered


def model_names(model: str, *others: str | None) -> tuple[str, ...]:
    """Every name a model goes by: as written, without a provider prefix, and the other names known for it; each once."""
    names = (model, model.rpartition("/")[2], *others)
    return tuple(dict.fromkeys(name for name in names if name))


def covered_by(priced: PricedCall) -> Covered:
    """The recorded call as scopes see it."""
    call = priced.call
    return Covered(
        context=call.context,
        provider=priced.provider,
        models=model_names(call.model, call.response_model, priced.pricing.model),
    )
