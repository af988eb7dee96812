"""The reading verbs for programs that must start fast: synchronous, read-only, standard library only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cost_mcp.ledger.contract import BudgetChange, StoredCall
from cost_mcp.ledger.readings import Readings
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Call, Context
from cost_mcp.model.charge import Pricing
from cost_mcp.model.name import clean_name
from cost_mcp.model.scope import Covered
from cost_mcp.service.alerting import read_alert_id, read_alert_question
from cost_mcp.service.answer import (
    BudgetAnswer,
    ReportAnswer,
    TaskAnswer,
    found,
    may_be_unseen,
)
from cost_mcp.service.backlog import backlog_notes
from cost_mcp.service.fields import Fields
from cost_mcp.service.question import read_report_question, read_status_question
from cost_mcp.service.search import found_at_once
from cost_mcp.service.status import status_of

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.model.alert import Alert
    from cost_mcp.pricing.catalog import Catalog
    from cost_mcp.service.activity import CallsAnswer, TasksAnswer
    from cost_mcp.service.efficiency import EfficiencyAnswer
    from cost_mcp.service.explaining import ExplainedAlert
    from cost_mcp.service.exporting import Export
    from cost_mcp.service.forecasting import ForecastAnswer
    from cost_mcp.service.plan_windows import WindowsAnswer
    from cost_mcp.service.returns import ReturnAnswer
    from cost_mcp.service.service import Clock
    from cost_mcp.service.what_if import WhatIfAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    """The ledger's reading verbs as ``Service`` has them, for a person's question: nothing narrows it but what is asked."""

    readings: Readings
    settings: Settings
    clock: Clock

    def task_cost(self, task_id: object) -> TaskAnswer:
        """What a task cost, and the budgets that cover it."""
        name = clean_name(task_id, "task_id")
        task = self.readings.task_cost(self.settings.tenant, name)
        covered = Covered(context=Context(task_id=name))
        standings = self.readings.standings(self.settings.tenant, covered, self.clock())
        answer = TaskAnswer(task=task, standings=standings, notes=backlog_notes(self.settings.ledger_path))
        if not task.known:
            return answer
        from cost_mcp.reports.efficiency import MOST_COMPARED
        from cost_mcp.service.efficiency import with_past

        totals, now = task.totals, self.clock()
        return with_past(
            answer, self.readings.task_past(self.settings.tenant, name, task.task_type, totals.last_call, now, MOST_COMPARED)
        )

    def cost_report(self, fields: Fields) -> ReportAnswer:
        """What a period cost, grouped and filtered as asked."""
        from cost_mcp.service.efficiency import of_report, with_score
        from cost_mcp.service.reporting import reported, reported_at_once

        question = read_report_question(fields, self.settings, self.clock())
        answer = reported_at_once(reported(question), self.readings.report)
        if (scored := of_report(question, self.clock())) is not None:
            answer = with_score(answer, scored, self.readings.finished_tasks(self.settings.tenant, scored.asked))
        if question.forecast:
            from cost_mcp.service.report_forecast import forecast_asked, report_forecast

            asked = forecast_asked(question)
            answer = replace(answer, forecast=report_forecast(asked, self.readings.spend_history(asked.asked)))
        return replace(answer, notes=(*answer.notes, *backlog_notes(self.settings.ledger_path)))

    def calls(self, fields: Fields) -> CallsAnswer:
        """A period's single calls, newest first."""
        from cost_mcp.service.activity import calls_answer, read_list_question

        question = read_list_question(fields, self.settings, self.clock(), "calls")
        return calls_answer(self.readings.call_list(question.query), question)

    def tasks(self, fields: Fields) -> TasksAnswer:
        """The tasks of a period, the one with the newest call first, with what they came to in it."""
        from cost_mcp.service.activity import read_list_question, tasks_answer

        question = read_list_question(fields, self.settings, self.clock(), "tasks")
        return tasks_answer(self.readings.task_list(question.query), question)

    def windows(self, fields: Fields) -> WindowsAnswer:
        """A subscription's windows of one length, and how the running one goes on."""
        from cost_mcp.service.plan_windows import read_windows_question, windows_found

        question = read_windows_question(fields, self.settings, self.clock())
        return windows_found(question, self.readings, self.settings.tenant)

    def budget_status(self, fields: Fields) -> BudgetAnswer:
        """Where budgets stand, and whether a spend may go ahead."""
        now = self.clock()
        question = read_status_question(fields, self._price, now)
        budgets = self.budgets() if may_be_unseen(question) else ()
        search = status_of(question, budgets, now, self._catalog)
        answer = found_at_once(search, lambda covered: self.readings.standings(self.settings.tenant, covered, now))
        return replace(answer, notes=(*answer.notes, *backlog_notes(self.settings.ledger_path)))

    def budgets(self) -> tuple[Budget, ...]:
        """The budgets in force, by name."""
        return self.readings.budgets(self.settings.tenant)

    def forecast(self, fields: Fields) -> ForecastAnswer:
        """What day, week, month and the budgets' windows will come to."""
        from cost_mcp.service.forecasting import forecast_of, read_forecast_question

        question = read_forecast_question(fields, self.settings, self.clock())
        answer = forecast_of(question, self.readings.spend_history(question.asked))
        return replace(answer, notes=(*answer.notes, *backlog_notes(self.settings.ledger_path)))

    def roi(self, fields: Fields) -> ReturnAnswer:
        """Whether an investment in cheaper work pays, by what tasks cost before and since."""
        from cost_mcp.service.returns import read_return_question, return_of

        question = read_return_question(fields, self.settings, self.clock())
        answer = return_of(question, [self.readings.task_costs(query) for query in question.queries()])
        return replace(answer, notes=(*answer.notes, *backlog_notes(self.settings.ledger_path)))

    def what_if(self, fields: Fields, book: tuple[str, str] | None = None) -> WhatIfAnswer:
        """What a period would have cost with another model, or by a price book given as (name, text)."""
        from cost_mcp.service.what_if import catalog_with, read_what_if_question, what_if

        question = read_what_if_question(fields, self.settings, self.clock(), book=book is not None)
        catalog = self._catalog() if book is None else catalog_with(self.settings, book[1], book[0], self.clock())
        answer = what_if(question, self.readings, catalog, book=None if book is None else book[0])
        return replace(answer, notes=(*answer.notes, *backlog_notes(self.settings.ledger_path)))

    def budget_history(self, name: object = None) -> tuple[BudgetChange, ...]:
        """Every change of a budget, or of all, oldest first."""
        return self.readings.budget_history(self.settings.tenant, None if name is None else clean_name(name, "name"))

    def alerts(self, fields: Fields) -> tuple[Alert, ...]:
        """The newest alerts nobody has acknowledged; with ``all`` those too that somebody has."""
        question = read_alert_question(fields)
        return self.readings.alerts(self.settings.tenant, open_only=question.open_only, limit=question.limit)

    def efficiency(self, fields: Fields) -> EfficiencyAnswer:
        """What the finished tasks of a period came to, by type, outcome and model."""
        from cost_mcp.service.efficiency import efficiency_answer, read_efficiency_question, told_apart

        question = read_efficiency_question(fields, self.settings, self.clock())
        found = self.readings.finished_tasks(self.settings.tenant, question.asked)
        models = self.readings.task_models(self.settings.tenant, told_apart(question, found))
        return efficiency_answer(question, found, models)

    def explain_alert(self, alert_id: object) -> ExplainedAlert:
        """What made an hour or a day unusual that an alert told of."""
        from cost_mcp.service.explaining import ExplainedAlert, explain_window, window_of_alert
        from cost_mcp.service.reporting import reported_at_once

        alert, window = window_of_alert(
            self.readings.alert(self.settings.tenant, read_alert_id(alert_id)), self.settings.timezone
        )
        explanation = reported_at_once(explain_window(window), self.readings.report)
        return ExplainedAlert(alert=alert, window=window, explanation=explanation)

    def explain(self, call_id: object) -> StoredCall:
        """A call with its charges, price entry and corrections."""
        return found(self.readings.call(self.settings.tenant, clean_name(call_id, "call_id")))

    def export(self, fields: Fields) -> Export:
        """An export of the calls of a period; its ``batches`` read them from ``readings``."""
        from cost_mcp.service.exporting import read_export

        return read_export(fields, self.settings, self.clock())

    def close(self) -> None:
        """Let go of the file."""
        self.readings.close()

    def _price(self, call: Call) -> Pricing:
        return self._catalog().price(call)

    def _catalog(self) -> Catalog:
        """The prices: loaded only for a question that names a model."""
        from cost_mcp.service.opening import load_catalog

        return load_catalog(self.settings)
