"""What each tool does: one verb of the service, and the answer as text and as a structure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from cost_mcp.model.call import Rank
from cost_mcp.service.fields import present, refuse_unknown
from cost_mcp.views.shape import Shape, receipt_shape, report_shape, status_shape, task_shape
from cost_mcp.views.shape_estimate import estimate_shape
from cost_mcp.views.shape_listing import listing_shape
from cost_mcp.views.shape_reservation import admission_shape, reservation_shape
from cost_mcp.views.text import receipt_text, report_text, status_text, task_text
from cost_mcp.views.text_estimate import estimate_text
from cost_mcp.views.text_reservation import admission_text, reservation_text

if TYPE_CHECKING:
    from cost_mcp.service.service import Service

Answer = tuple[str, Shape]
Arguments = Mapping[str, object]

SOURCE = "mcp"


async def record_call(service: Service, arguments: Arguments) -> Answer:
    """Record one call, as an agent reports it."""
    receipt = await service.record(arguments, source=SOURCE, rank=Rank.AGENT)
    return receipt_text(receipt), receipt_shape(receipt)


async def get_task_cost(service: Service, arguments: Arguments) -> Answer:
    """What one task cost; the bound one when none is named."""
    given = present(arguments)
    refuse_unknown(given, ("task_id",), "get_task_cost")
    answer = await service.task_cost(given.get("task_id"))
    return task_text(answer), task_shape(answer)


async def get_cost_report(service: Service, arguments: Arguments) -> Answer:
    """What a period cost."""
    answer = await service.cost_report(arguments)
    return report_text(answer), report_shape(answer)


async def get_budget_status(service: Service, arguments: Arguments) -> Answer:
    """Where budgets stand."""
    answer = await service.budget_status(arguments)
    return status_text(answer), status_shape(answer)


async def estimate_cost(service: Service, arguments: Arguments) -> Answer:
    """What a call would cost."""
    estimate = await service.estimate_cost(arguments)
    return estimate_text(estimate), estimate_shape(estimate)


async def reserve_budget(service: Service, arguments: Arguments) -> Answer:
    """Hold an amount for a call to come; a denial is an answer."""
    admission = await service.reserve_budget(arguments)
    return admission_text(admission), admission_shape(admission)


async def extend_reservation(service: Service, arguments: Arguments) -> Answer:
    """Keep a reservation alive."""
    reservation = await service.extend_reservation(arguments)
    return reservation_text(reservation), reservation_shape(reservation)


async def release_reservation(service: Service, arguments: Arguments) -> Answer:
    """Give back what a reservation holds."""
    reservation = await service.release_reservation(arguments)
    return reservation_text(reservation), reservation_shape(reservation)


def show_prices(service: Service, provider: str, model: str) -> Shape:
    """Every price known for a model; an unknown model is answered with the nearest ones."""
    return listing_shape(service.listing(model, provider))


Verb = Callable[["Service", Arguments], Awaitable[Answer]]

VERBS: Mapping[str, Verb] = {
    "record_call": record_call,
    "get_task_cost": get_task_cost,
    "get_cost_report": get_cost_report,
    "get_budget_status": get_budget_status,
    "estimate_cost": estimate_cost,
    "reserve_budget": reserve_budget,
    "extend_reservation": extend_reservation,
    "release_reservation": release_reservation,
}
