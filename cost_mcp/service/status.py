"""Where the budgets stand that a question asks about, and what of a denied call would still fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cost_mcp.budgets.projection import with_projection
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.service.answer import BudgetAnswer, budget_answer, covering_of, unseen, windows_of
from cost_mcp.service.question import StatusQuestion
from cost_mcp.service.search import Search

if TYPE_CHECKING:
    from cost_mcp.service.cheaper import Priced


def status_of(
    question: StatusQuestion, budgets: Sequence[Budget], now: datetime, prices: Callable[[], Priced]
) -> Search[BudgetAnswer]:
    """The answer to a budget question.

    ``budgets`` are those in force, empty where none ``may_be_unseen``; ``prices`` are asked for only where a call with a
    model is denied, since loading them takes a program that only looks longer than all the rest.

    Raises:
        NotFound: no budget of the name that was asked for.
    """
    standings = tuple((yield question.covered))
    hidden: tuple[Standing, ...] = ()
    if blind := unseen(budgets, question):
        hidden = windows_of(blind, (yield None), now)
    answer = budget_answer(with_projection(standings, now), question, hidden)
    if not answer.denied or question.asked is None:
        return answer
    from cost_mcp.service.fitting import what_fits

    covering = covering_of(answer.standings, question.covered)
    return replace(answer, fitting=(yield from what_fits(question.asked, covering, prices())))
