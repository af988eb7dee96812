"""The verbs of an open ledger, for asynchronous faces: the server and the Python client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from cost_mcp.budgets.projection import with_projection
from cost_mcp.errors import InvalidInput
from cost_mcp.ledger.contract import BudgetChange, Ledger, Recorded, StoredCall, Verification
from cost_mcp.ledger.reservation_row import no_such_reservation
from cost_mcp.model.budget import Budget
from cost_mcp.model.call import Call, Context, Rank
from cost_mcp.model.charge import AGENTS, UNPRICED, PricedCall, Pricing
from cost_mcp.model.name import clean_name
from cost_mcp.model.outcome import Finish
from cost_mcp.model.receipt import SKIPPED, Receipt
from cost_mcp.model.reservation import Admission, Reservation
from cost_mcp.model.scope import Covered
from cost_mcp.model.succession import succeed
from cost_mcp.reports.efficiency import MOST_COMPARED
from cost_mcp.service.alerting import acknowledge_all, read_alert_id, read_alert_question, retry_all
from cost_mcp.service.answer import (
    BudgetAnswer,
    ReportAnswer,
    TaskAnswer,
    found,
    may_be_unseen,
)
from cost_mcp.service.backlog import backlog_notes
from cost_mcp.service.budget_order import read_budget
from cost_mcp.service.call_report import BOUND_CONTEXT, Remarks, Reporter, bind, differs_from_bound, read_call
from cost_mcp.service.cheaper import Priced
from cost_mcp.service.efficiency import of_report, with_past, with_score
from cost_mcp.service.estimating import Estimate, estimate
from cost_mcp.service.fields import Fields, context_of, present
from cost_mcp.service.fitting import what_fits
from cost_mcp.service.outcomes import read_finish
from cost_mcp.service.question import read_report_question, read_status_question
from cost_mcp.service.reporting import reported, reported_by
from cost_mcp.service.reserving import read_call_to_hold, read_extension, read_order, read_release
from cost_mcp.service.search import Search, found_by
from cost_mcp.service.status import status_of

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.model.alert import Alert
    from cost_mcp.pricing.catalog import Listing
    from cost_mcp.service.delivering import Delivering
    from cost_mcp.service.forecasting import ForecastAnswer
    from cost_mcp.service.returns import ReturnAnswer

Clock = Callable[[], datetime]
T = TypeVar("T")


class Prices(Priced, Protocol):
    """What the verbs ask of a catalog."""

    def listing(self, model: str, provider: str | None, at: datetime) -> Listing:
        """Every price known for a model, and the one in force at a time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An open ledger with its prices, settings and clock, and the way out for its alerts (None where no channel is configured).

    Every verb takes raw fields by name (None counts as absent) and raises a ``CostError`` naming the field that cannot be
    taken, before anything is written. ``product`` is the agent program that asks, where it is known.
    """

    ledger: Ledger
    prices: Prices
    settings: Settings
    clock: Clock
    delivering: Delivering | None = None
    product: str | None = None

    def asked_by(self, product: str, session_id: str | None) -> Service:
        """The same verbs, asked by an agent program in one of its sessions; a session the settings name goes before it."""
        settings = self.settings if self.settings.session_id else replace(self.settings, session_id=session_id)
        return replace(self, product=product, settings=settings)

    async def record(
        self, fields: Fields, *, source: str, rank: Rank, meanwhile: Callable[[Receipt], None] | None = None
    ) -> Receipt:
        """Record one call, durably, and answer what it cost and where its budgets stand.

        ``meanwhile`` may hear the very receipt that this returns while the disk still makes it durable, to draw it; what it
        draws is shown to nobody before this returns.
        """
        now = self.clock()
        reporter = Reporter(source=source, rank=rank, held_to_recent=source == AGENTS, product=self.product)
        call, remarks = read_call(fields, reporter, self.settings, now)
        await self._own_reservation(call.reservation_id)
        unchecked = False
        if source != AGENTS and self.settings.enabled:  # an agent corrects nobody: it need not wait for the look
            call, unchecked = await self._succeeding(call)
        pricing = remarks.on(self.prices.price(call), source)
        priced = PricedCall(call=call, pricing=pricing.unchecked() if unchecked else pricing)
        if not self.settings.enabled:
            off = "Tracking is off (COST_MCP_ENABLED=false): the call was not recorded."
            return Receipt(outcome=SKIPPED, recorded=priced, warnings=(off, *remarks.notes))
        told: list[Receipt] = []

        def tell(answers: Recorded) -> None:
            if meanwhile is not None and isinstance(answers[0], Receipt):
                told.append(_told(answers[0], remarks))
                meanwhile(told[0])

        (answer,) = await self.ledger.record((priced,), now, meanwhile=None if meanwhile is None else tell)
        if isinstance(answer, Exception):
            raise answer
        if self.delivering is not None:
            self.delivering.noticed(answer)
        return told[0] if told else _told(answer, remarks)

    async def _succeeding(self, call: Call) -> tuple[Call, bool]:
        """A better source's report, completed from the weaker one it will correct: the tier it does not say has its price.

        And whether the cost it takes over is only an agent's word.
        """
        stored = await self.ledger.call(call.tenant, call.call_id)
        if stored is None:
            return call, False
        completed = succeed(call, stored.priced.call)
        earlier = stored.priced.call.stated_cost_usd
        if call.stated_cost_usd is None and earlier is not None and self.prices.price(completed).cost_usd is None:
            return replace(completed, stated_cost_usd=earlier), stored.priced.pricing.partial
        return completed, False

    async def task_cost(self, task_id: object = None) -> TaskAnswer:
        """What a task cost; the bound task when none is named."""
        context = bind(Context(task_id=None if task_id is None else clean_name(task_id, "task_id")), self.settings)
        if context.task_id is None:
            raise InvalidInput("task_id is missing.", field="task_id", hint="Give the id the task's calls are recorded under.")
        task = await self.ledger.task_cost(self.settings.tenant, context.task_id)
        standings = await self.ledger.standings(self.settings.tenant, Covered(context=context), self.clock())
        answer = TaskAnswer(task=task, standings=standings, notes=backlog_notes(self.settings.ledger_path))
        if not task.known:
            return answer
        totals, now = task.totals, self.clock()
        return with_past(
            answer,
            await self.ledger.task_past(
                self.settings.tenant, task.task_id, task.task_type, totals.last_call, now, MOST_COMPARED
            ),
        )

    async def finish_task(self, task_id: object, *, outcome: object, at: object = None, by: str) -> Finish:
        """Note how a task ended: merged, failed or abandoned. Another outcome stands above what was noted before."""
        now = self.clock()
        order = read_finish(task_id, outcome, at, by, now)
        return await self.ledger.finish_task(self.settings.tenant, order.task_id, order.outcome, order.done_at, now, order.by)

    async def cost_report(self, fields: Fields) -> ReportAnswer:
        """What a period cost, grouped and filtered as asked; only the bound project's calls where one is bound."""
        question = read_report_question(
            fields, self.settings, self.clock(), project=self.settings.project if "project" in self.settings.bound else None
        )
        answer = await reported_by(reported(question), self.ledger.report)
        if (scored := of_report(question, self.clock())) is not None:
            answer = with_score(answer, scored, await self.ledger.finished_tasks(self.settings.tenant, scored.asked))
        if question.forecast:
            from cost_mcp.service.report_forecast import forecast_asked, report_forecast

            asked = forecast_asked(question)
            answer = replace(answer, forecast=report_forecast(asked, await self.ledger.spend_history(asked.asked)))
        return replace(answer, notes=(*answer.notes, *backlog_notes(self.settings.ledger_path)))

    async def budget_status(self, fields: Fields) -> BudgetAnswer:
        """Where the budgets stand that cover a context, and whether a spend may go ahead."""
        context = bind(context_of(present(fields)), self.settings)
        now = self.clock()
        question = read_status_question(fields, self.prices.price, now, context)
        budgets = await self.budgets() if may_be_unseen(question) else ()
        answer = await self._found(status_of(question, budgets, now, lambda: self.prices), now)
        return replace(answer, notes=(*answer.notes, *backlog_notes(self.settings.ledger_path)))

    async def reserve_budget(
        self, fields: Fields, *, source: str | None = None, meanwhile: Callable[[Admission], None] | None = None
    ) -> Admission:
        """Hold an amount, or the most a call can cost, against every budget that covers it; or say which one denies it.

        ``meanwhile`` as for ``record``; it does not hear of a denial, which takes longer to be told in full.
        """
        now = self.clock()
        order = read_order(fields, self.settings, self.prices.price, now, source)
        if not self.settings.enabled:
            return Admission(decision="allow", why="Tracking is off (COST_MCP_ENABLED=false): nothing is held.")
        told: list[Admission] = []

        def tell(admission: Admission) -> None:
            if meanwhile is not None and admission.denied_by is None:
                told.append(replace(admission, standings=with_projection(admission.standings, now)))
                meanwhile(told[0])

        admission = await self.ledger.reserve(order, now, meanwhile=None if meanwhile is None else tell)
        if told:
            return told[0]
        projected = replace(admission, standings=with_projection(admission.standings, now))
        denied = None if admission.denied_by is None else read_call_to_hold(fields, self.settings, self.prices.price, now)
        if denied is None:
            return projected
        fitting = await self._found(what_fits(denied, admission.standings, self.prices), now)
        return replace(projected, fitting=fitting)

    async def _found(self, search: Search[T], now: datetime) -> T:
        return await found_by(search, lambda covered: self.ledger.standings(self.settings.tenant, covered, now))

    async def estimate_cost(self, fields: Fields) -> Estimate:
        """What a call would cost, from tokens or a text, and cheaper models for the same tokens; nothing is kept."""
        return estimate(fields, self.prices, self.clock())

    async def extend_reservation(self, fields: Fields) -> Reservation:
        """Keep a reservation alive for so many seconds from now; it never ends earlier than before."""
        now = self.clock()
        reservation_id, expires_at = read_extension(fields, now)
        await self._own_reservation(reservation_id)
        return await self.ledger.extend_reservation(self.settings.tenant, reservation_id, expires_at, now)

    async def release_reservation(self, fields: Fields) -> Reservation:
        """Give back what a reservation holds; asking twice changes nothing."""
        reservation_id = read_release(fields)
        await self._own_reservation(reservation_id)
        return await self.ledger.release_reservation(self.settings.tenant, reservation_id, self.clock())

    async def _own_reservation(self, reservation_id: str | None) -> None:
        """Answer as if there were no reservation of this id, when it was made in another context than this one is bound to."""
        if reservation_id is None or self.settings.bound.isdisjoint(BOUND_CONTEXT):
            return
        context = await self.ledger.reservation_context(self.settings.tenant, reservation_id)
        if context is not None and differs_from_bound(context, self.settings):
            raise no_such_reservation()

    async def forecast(self, fields: Fields) -> ForecastAnswer:
        """What day, week, month and the budgets' windows will come to; only the bound project's calls where one is bound."""
        from cost_mcp.service.forecasting import forecast_of, read_forecast_question

        context = bind(Context(), self.settings)
        asking = Covered(context=context) if context.as_dict() else None
        question = read_forecast_question(fields, self.settings, self.clock(), project=self._bound_project, asking=asking)
        answer = forecast_of(question, await self.ledger.spend_history(question.asked))
        return replace(answer, notes=(*answer.notes, *backlog_notes(self.settings.ledger_path)))

    async def roi(self, fields: Fields) -> ReturnAnswer:
        """Whether an investment in cheaper work pays, by what tasks cost before and since."""
        from cost_mcp.service.returns import read_return_question, return_of

        question = read_return_question(fields, self.settings, self.clock(), project=self._bound_project)
        answer = return_of(question, [await self.ledger.task_costs(query) for query in question.queries()])
        return replace(answer, notes=(*answer.notes, *backlog_notes(self.settings.ledger_path)))

    @property
    def _bound_project(self) -> str | None:
        return self.settings.project if "project" in self.settings.bound else None

    async def budgets(self) -> tuple[Budget, ...]:
        """The budgets in force, by name."""
        return await self.ledger.budgets(self.settings.tenant)

    async def set_budget(self, fields: Fields, *, changed_by: str) -> Budget:
        """Make or replace a budget; its current window starts from what the ledger holds."""
        budget = read_budget(fields, self.settings)
        return await self.ledger.set_budget(budget, self.clock(), clean_name(changed_by, "changed_by"))

    async def remove_budget(self, name: object, *, changed_by: str) -> Budget:
        """End a budget; its history stays."""
        wanted = clean_name(name, "name")
        return await self.ledger.remove_budget(self.settings.tenant, wanted, self.clock(), clean_name(changed_by, "changed_by"))

    async def budget_history(self, name: object = None) -> tuple[BudgetChange, ...]:
        """Every change of a budget, or of all, oldest first."""
        wanted = None if name is None else clean_name(name, "name")
        return await self.ledger.budget_history(self.settings.tenant, wanted)

    async def alerts(self, fields: Fields) -> tuple[Alert, ...]:
        """The newest alerts nobody has acknowledged; with ``all`` those too that somebody has."""
        question = read_alert_question(fields)
        return await self.ledger.alerts(self.settings.tenant, open_only=question.open_only, limit=question.limit)

    async def acknowledge_alert(self, alert_id: object, *, by: str) -> Alert:
        """Note who has seen an alert; what of it still waits is not sent any more."""
        wanted = read_alert_id(alert_id)
        return await self.ledger.acknowledge_alert(self.settings.tenant, wanted, self.clock(), clean_name(by, "by"))

    async def acknowledge_alerts(self, *, by: str) -> tuple[Alert, ...]:
        """Acknowledge every alert that is open, and answer those."""
        return await acknowledge_all(self.ledger, self.settings.tenant, self.clock(), clean_name(by, "by"))

    async def retry_alert(self, alert_id: object) -> Alert:
        """Make what of an alert did not arrive due at once."""
        return await self.ledger.retry_alert(self.settings.tenant, read_alert_id(alert_id), self.clock())

    async def retry_alerts(self) -> tuple[Alert, ...]:
        """Make what of the open alerts did not arrive due at once, and answer those."""
        return await retry_all(self.ledger, self.settings.tenant, self.clock())

    async def deliver_briefly(self) -> None:
        """Send the alerts that are due, for a command: it stays some seconds at most, and not at all where no channel is."""
        if self.delivering is not None:
            await self.delivering.deliver_briefly()

    async def explain(self, call_id: object) -> StoredCall:
        """A call with its charges, price entry and corrections."""
        return found(await self.ledger.call(self.settings.tenant, clean_name(call_id, "call_id")))

    def listing(self, model: object, provider: object = None, at: datetime | None = None) -> Listing:
        """Every price known for a model, and the one in force."""
        return self.prices.listing(
            clean_name(model, "model"), None if provider is None else clean_name(provider, "provider"), at or self.clock()
        )

    async def verify(self) -> Verification:
        """Recompute every window and rollup from the calls."""
        return await self.ledger.verify()

    async def rebuild(self) -> Verification:
        """Make windows and rollups anew from the calls."""
        return await self.ledger.rebuild()


def _told(receipt: Receipt, remarks: Remarks) -> Receipt:
    return receipt.warned(*remarks.notes, *_pricing_warnings(receipt.pricing))


def _pricing_warnings(pricing: Pricing) -> tuple[str, ...]:
    if pricing.priced != UNPRICED:
        return pricing.warnings
    fix = "Totals are lower bounds until it is priced. Check the model's name and provider, or add it to a price book."
    return (*pricing.warnings, fix)
