"""What of a recorded call a budget's scope looks at."""

from __future__ import annotations

from cost_mcp.model.charge import PricedCall
from cost_mcp.model.model_name import model_names
from cost_mcp.model.scope import Covered


def covered_by(priced: PricedCall) -> Covered:
    """The recorded call as scopes see it."""
    call = priced.call
    return Covered(
        context=call.context,
        provider=priced.provider,
        models=model_names(call.model, call.response_model, priced.pricing.model),
    )
