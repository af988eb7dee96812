"""What a better report of a call leaves unsaid, taken from the report it replaces."""

from __future__ import annotations

from dataclasses import replace

from cost_mcp.model.call import CONTEXT_NAMES, Call, Context


def succeed(report: Call, earlier: Call) -> Call:
    """The report, completed: what its reporter did not give is taken from the earlier one; it must be priced anew.

    A log or a provider's response knows the tokens best and often nothing of the task, the agent or the tier they were for.
    """
    given = report.supplied
    names = {name: getattr(report.context, name) or getattr(earlier.context, name) for name in CONTEXT_NAMES}
    return replace(
        report,
        context=Context(**names, tags={**earlier.context.tags, **report.context.tags}),
        metadata=report.metadata or earlier.metadata,
        provider=report.provider or earlier.provider,
        response_model=report.response_model or earlier.response_model,
        service_tier=report.service_tier if "service_tier" in given else earlier.service_tier,
        billing=report.billing if "billing" in given else earlier.billing,
        occurred_at=report.occurred_at if "occurred_at" in given else earlier.occurred_at,
    )
