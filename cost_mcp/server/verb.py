"""What each tool does: one verb of the service, and the answer as text and as a structure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from cost_mcp.model.call import Rank
from cost_mcp.service.fields import present, refuse_unknown
from cost_mcp.service.saving import suggest_savings
from cost_mcp.views.shape import Shape, receipt_shape, report_shape, status_shape, task_shape
from cost_mcp.views.shape_estimate import estimate_shape
from cost_mcp.views.shape_listing import listing_shape
from cost_mcp.views.shape_reservation import admission_shape, reservation_shape
from cost_mcp.views.shape_savings import savings_shape
from cost_mcp.views.text import receipt_text, report_text, status_text, task_text
from cost_mcp.views.text_estimate import estimate_text
from cost_mcp.views.text_reservation import admission_text, reservation_text
from cost_mcp.views.text_savings import savings_text

if TYPE_CHECKING:
    from cost_mcp.service.answer import TaskAnswer
    from cost_mcp.service.service import Service

Answer = tuple[str, Shape]
Arguments = Mapping[str, object]

SOURCE = "mcp"


Verb = Callable[["Service", Arguments], Awaitable[Answer]]
T = TypeVar("T")


def _shown(
    verb: Callable[[Service, Arguments, Callable[[T], None]], Awaitable[T]],
    text: Callable[[T], str],
    shape: Callable[[T], Shape],
) -> Verb:
    """A verb of the service whose answer is shown as text and as a structure.

    A verb that writes may let its answer be drawn while the disk makes it durable; it is handed out when the verb returns.
    """

    async def answer(service: Service, arguments: Arguments) -> Answer:
        drawn: list[tuple[T, Answer]] = []

        def draw(found: T) -> None:
            drawn.append((found, (text(found), shape(found))))

        found = await verb(service, arguments, draw)
        if not drawn or drawn[-1][0] is not found:
            draw(found)
        return drawn[-1][1]

    return answer


async def _task_cost(service: Service, arguments: Arguments, _: object) -> TaskAnswer:
    given = present(arguments)
    refuse_unknown(given, ("task_id",), "get_task_cost")
    return await service.task_cost(given.get("task_id"))


def show_prices(service: Service, provider: str, model: str) -> Shape:
    """Every price known for a model; an unknown model is answered with the nearest ones."""
    return listing_shape(service.listing(model, provider))


VERBS: Mapping[str, Verb] = {
    "record_call": _shown(
        lambda service, given, draw: service.record(given, source=SOURCE, rank=Rank.AGENT, meanwhile=draw),
        receipt_text,
        receipt_shape,
    ),
    "get_task_cost": _shown(_task_cost, task_text, task_shape),
    "get_cost_report": _shown(lambda service, given, _: service.cost_report(given), report_text, report_shape),
    "get_budget_status": _shown(lambda service, given, _: service.budget_status(given), status_text, status_shape),
    "estimate_cost": _shown(lambda service, given, _: service.estimate_cost(given), estimate_text, estimate_shape),
    "reserve_budget": _shown(
        lambda service, given, draw: service.reserve_budget(given, source=SOURCE, meanwhile=draw),
        admission_text,
        admission_shape,
    ),
    "extend_reservation": _shown(
        lambda service, given, _: service.extend_reservation(given), reservation_text, reservation_shape
    ),
    "release_reservation": _shown(
        lambda service, given, _: service.release_reservation(given), reservation_text, reservation_shape
    ),
    "suggest_savings": _shown(lambda service, given, _: suggest_savings(service, given), savings_text, savings_shape),
}
"""What a tool's name calls; a denial is an answer, not an error."""
