"""``savings``: what could have cost less, the calls behind it, and what acting on it saved."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cost_mcp.cli.options import WHOLE, as_json, filters, pass_surroundings, timezone
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings, who
from cost_mcp.service.saving import (
    apply_saving,
    drop_saving,
    measure_savings_at_once,
    show_saving,
    suggest_savings_at_once,
)
from cost_mcp.views.shape_savings import measured_shape, saving_noted_shape, saving_shown_shape, savings_shape
from cost_mcp.views.terminal_savings import measured_page, saving_noted_page, saving_shown_page, savings_page

if TYPE_CHECKING:
    from cost_mcp.service.savings import SavingNoted
    from cost_mcp.service.service import Service

F = TypeVar("F", bound=Callable[..., Any])

saving_id = click.argument("saving_id", metavar="ID")


def _narrowed(command: F) -> F:
    """Add the options that say which calls are looked at."""
    for add in (
        timezone,
        filters,
        click.option("--end", help="The day or instant after the last (default: now)."),
        click.option("--start", help="First day or instant, instead of a period."),
        click.option("--period", help="today, week, month, last_month, 30d, 2026-11 … (default: month)"),
    ):
        command = add(command)
    return command


@click.group(invoke_without_command=True)
@_narrowed
@click.option("--min-savings", help="The least a suggestion has to save, in dollars (default: 1).")
@click.option("--rule", help="Only by these rules, with commas: smaller-model, prompt-caching, batch …")
@click.option("--limit", type=WHOLE, help="Suggestions to show (default: 20).")
@as_json
@click.pass_context
def savings(ctx: click.Context, as_json: bool, **fields: object) -> None:
    """Suggest what could cost less, most money first.

    Computed from the calls themselves, at the prices they were charged. Each suggestion has an id: see its calls with `show`, and
    note with `applied` that you acted on it, to have measured what it truly saves.
    """
    if ctx.invoked_subcommand is not None:
        if as_json or any(value is not None for value in fields.values()):
            raise click.UsageError("options stand behind the command they are for.", ctx)
        return
    with ctx.ensure_object(Surroundings).quick() as quick:
        answer = suggest_savings_at_once(quick, fields)
        if as_json:
            put_json(savings_shape(answer))
        else:
            put_page(savings_page(answer, quick.clock()))


@savings.command("show")
@saving_id
@_narrowed
@click.option("--limit", type=WHOLE, help="Calls to show (default: 20).")
@as_json
@pass_surroundings
def show(around: Surroundings, as_json: bool, **fields: object) -> None:
    """Show a suggestion and the calls behind it."""
    with around.quick() as quick:
        shown = show_saving(quick, fields)
        if as_json:
            put_json(saving_shown_shape(shown))
        else:
            put_page(saving_shown_page(shown, quick.clock()))


@savings.command("applied")
@saving_id
@click.option("--at", help="Since when, as 2026-11-22T10:00:00Z (default: now).")
@as_json
@pass_surroundings
def applied(around: Surroundings, saving_id: str, at: str | None, as_json: bool) -> None:
    """Note that a suggestion is applied, and measure from then on.

    What it saves is held against the 30 days before, unit of work for unit of work.
    """
    _noted(around, lambda service: apply_saving(service, {"saving_id": saving_id, "at": at}, by=who()), as_json=as_json)


@savings.command("dropped")
@saving_id
@as_json
@pass_surroundings
def dropped(around: Surroundings, saving_id: str, as_json: bool) -> None:
    """Note that a suggestion is given up: it is measured up to now."""
    _noted(around, lambda service: drop_saving(service, saving_id, by=who()), as_json=as_json)


@savings.command("measured")
@as_json
@pass_surroundings
def measured(around: Surroundings, as_json: bool) -> None:
    """Show what the applied suggestions truly saved."""
    with around.quick() as quick:
        told = measure_savings_at_once(quick)
        if as_json:
            put_json(measured_shape(told))
        else:
            put_page(measured_page(told, quick.settings.timezone, quick.clock()))


def _noted(around: Surroundings, note: Callable[[Service], Coroutine[object, object, SavingNoted]], *, as_json: bool) -> None:
    async def work(service: Service) -> None:
        noted = await note(service)
        if as_json:
            put_json(saving_noted_shape(noted))
        else:
            put_page(saving_noted_page(noted, service.settings.timezone, service.clock()))

    around.within(work)
