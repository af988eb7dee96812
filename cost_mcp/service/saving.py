"""The verbs on savings, for a program that waits and for one that does not."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cost_mcp.model.name import clean_name
from cost_mcp.reports.savings.measuring import Measured
from cost_mcp.service.fields import Fields, present, refuse_unknown
from cost_mcp.service.savings import SavingNoted, SavingsAnswer, SavingShown, measure, show, suggest, to_apply
from cost_mcp.service.savings_question import read_applied_at, read_saving_id, read_savings_question, read_show_question
from cost_mcp.service.steps import taken, taken_at_once

if TYPE_CHECKING:
    from cost_mcp.pricing.catalog import Catalog
    from cost_mcp.service.quick import Quick
    from cost_mcp.service.service import Service


async def suggest_savings(service: Service, fields: Fields) -> SavingsAnswer:
    """What a period could have cost less, most money first; only the bound project's calls where one is bound."""
    now, settings = service.clock(), service.settings
    project = settings.project if "project" in settings.bound else None
    question = read_savings_question(fields, settings, now, project=project)
    return await taken(suggest(question, lambda: service.prices, now), service.ledger)


async def apply_saving(service: Service, fields: Fields, *, by: str) -> SavingNoted:
    """Note that a suggestion is applied (``at`` a time, else now): from then on it is measured what it saves.

    Raises:
        NotFound: no rule suggests it for the 30 days before.
    """
    given = present(fields)
    refuse_unknown(given, ("saving_id", "at"), "savings applied")
    now = service.clock()
    saving_id, at = read_saving_id(given.get("saving_id")), read_applied_at(given.get("at"), now)
    tenant = service.settings.tenant
    who = clean_name(by, "by")
    noted = await taken(to_apply(tenant, saving_id, lambda: service.prices, (at, now), who), service.ledger)
    if noted.outcome == "exists":
        return noted
    kept = await service.ledger.apply_saving(tenant, noted.saving)
    return noted if kept == noted.saving else SavingNoted(saving=kept, outcome="exists")


async def drop_saving(service: Service, saving_id: object, *, by: str) -> SavingNoted:
    """Note that a suggestion is given up: what it saved is measured up to now.

    Raises:
        NotFound: it was never applied.
    """
    now, wanted = service.clock(), read_saving_id(saving_id)
    kept = await service.ledger.drop_saving(service.settings.tenant, wanted, now, clean_name(by, "by"))
    return SavingNoted(saving=kept, outcome="dropped" if kept.dropped_at == now else "exists")


async def measure_savings(service: Service) -> tuple[Measured, ...]:
    """What every suggestion that was applied saved since."""
    return await taken(measure(service.settings.tenant, lambda: service.prices, service.clock()), service.ledger)


def suggest_savings_at_once(quick: Quick, fields: Fields) -> SavingsAnswer:
    """As ``suggest_savings``, for a person's question: nothing narrows it but what is asked."""
    now = quick.clock()
    question = read_savings_question(fields, quick.settings, now)
    return taken_at_once(suggest(question, partial(_catalog, quick), now), quick.readings)


def show_saving(quick: Quick, fields: Fields) -> SavingShown:
    """One suggestion with the calls behind it.

    Raises:
        NotFound: no rule makes it for the period asked about.
    """
    now = quick.clock()
    question = read_show_question(fields, quick.settings, now)
    return taken_at_once(show(question, partial(_catalog, quick), now), quick.readings)


def measure_savings_at_once(quick: Quick) -> tuple[Measured, ...]:
    """As ``measure_savings``."""
    return taken_at_once(measure(quick.settings.tenant, partial(_catalog, quick), quick.clock()), quick.readings)


def _catalog(quick: Quick) -> Catalog:
    from cost_mcp.service.opening import load_catalog

    return load_catalog(quick.settings)
