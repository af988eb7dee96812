"""Single calls and tasks: lists of them, and one of them whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost_mcp.model.money import display_usd, usd_text
from cost_mcp.views.html.budgets import budget_bar
from cost_mcp.views.html.rendering import rendered
from cost_mcp.views.shape import largest
from cost_mcp.views.text_efficiency import efficiency_lines

if TYPE_CHECKING:
    from decimal import Decimal

    from cost_mcp.ledger.contract import StoredCall
    from cost_mcp.service.activity import CallsAnswer, TasksAnswer
    from cost_mcp.service.answer import TaskAnswer
    from cost_mcp.views.html.frame import Frame

TASK_BREAKDOWNS = (("by_model", "Model"), ("by_agent", "Agent"), ("by_purpose", "Purpose"))


def calls_page(answer: CallsAnswer, frame: Frame, *, ever: bool) -> str:
    """The newest calls; ``ever`` says whether any was ever recorded."""
    return rendered("calls.html.j2", frame=frame, calls=answer.page.calls, following=answer.next_cursor, ever=ever)


def call_page(stored: StoredCall, frame: Frame) -> str:
    """Why one call cost what it cost."""
    call, pricing = stored.priced.call, stored.priced.pricing
    context = {name.removesuffix("_id").replace("_", " "): value for name, value in call.context.as_dict().items()}
    return rendered(
        "call.html.j2",
        frame=frame,
        stored=stored,
        call=call,
        pricing=pricing,
        context=context,
        exact=_exact,
        per_million=_per_million,
    )


def tasks_page(answer: TasksAnswer, frame: Frame, *, ever: bool) -> str:
    """The tasks worked on last, and what each came to in the period."""
    return rendered("tasks.html.j2", frame=frame, tasks=answer.page.tasks, following=answer.next_cursor, ever=ever)


def task_page(answer: TaskAnswer, frame: Frame) -> str:
    """What one task came to."""
    task = answer.task
    return rendered(
        "task.html.j2",
        frame=frame,
        task=task,
        breakdowns=[(title, largest(task.breakdowns[name])) for name, title in TASK_BREAKDOWNS if name in task.breakdowns],
        efficiency=efficiency_lines(answer),
        standings=[budget_bar(standing) for standing in answer.standings],
    )


def _exact(amount: Decimal) -> str:
    whole, _, part = usd_text(amount).partition(".")
    return f"${whole}.{part.ljust(2, '0')}"


def _per_million(price: Decimal) -> str:
    return display_usd(price * 1_000_000)
