"""``budget``: limits, and where they stand."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click

from cost_mcp.cli.failure import REFUSED
from cost_mcp.cli.options import as_json, option, pairs, pass_surroundings, timezone
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings, who
from cost_mcp.errors import InvalidInput, NotFound
from cost_mcp.service.budget_change import NO_EACH, changed_fields
from cost_mcp.views.shape import status_shape
from cost_mcp.views.shape_budget import budget_definition_shape, change_shape
from cost_mcp.views.terminal_budget import budgets_page, history_page, removed_page, set_page, status_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cost_mcp.model.budget import Budget
    from cost_mcp.service.service import Service

SHORT = {"daily": "day", "weekly": "week", "monthly": "month"}


@click.group(invoke_without_command=True)
@click.option("--daily", metavar="USD", help="Watch what a day costs: sets the budget `daily`.")
@click.option("--weekly", metavar="USD", help="Watch a week: sets `weekly`.")
@click.option("--monthly", metavar="USD", help="Watch a month: sets `monthly`.")
@as_json
@click.pass_context
def budget(ctx: click.Context, as_json: bool, **limits: str | None) -> None:
    """Set budgets and see where they stand.

    A budget made with --daily, --weekly or --monthly warns and never denies; `budget set --mode enforce` denies.
    """
    orders = [{"name": name, "limit": limit, "period": SHORT[name]} for name, limit in limits.items() if limit is not None]
    if ctx.invoked_subcommand is not None:
        if orders:
            raise click.UsageError("--daily, --weekly and --monthly stand alone, without a command.", ctx)
        return
    if orders:
        _set(ctx.ensure_object(Surroundings), orders, as_json=as_json)
    else:
        ctx.invoke(status, as_json=as_json)


@budget.command("set")
@click.argument("name")
@click.option("--limit", help="Dollars; tokens with --tokens, calls with --calls.")
@click.option("--usd", "unit", flag_value="limit", help="The limit counts dollars (default of a new budget).")
@click.option("--tokens", "unit", flag_value="limit_tokens", help="The limit counts tokens.")
@click.option("--calls", "unit", flag_value="limit_calls", help="The limit counts calls.")
@click.option("--period", help="hour, day, week, month, quarter, year or total (default: day).")
@click.option("--mode", help="alert (never denies; default), enforce (denies), shadow (records what it would deny).")
@click.option(
    "--scope", multiple=True, metavar="NAME=VALUE", help="Only such calls, e.g. project=shop, model=claude-opus-*; '' for all."
)
@click.option("--each", help="One limit per value of: session_id, task_id, agent, project, model.")
@click.option("--no-each", is_flag=True, help="One limit for all.")
@timezone
@click.option("--week-start", help="The day its weeks begin on (default: the settings', monday).")
@click.option("--thresholds", help="Percents for info, warning, critical, exceeded (default: 50,80,95,100).")
@click.option("--unpriced", help="Calls without a known price: deny (default of enforce), warn (of alert) or assume a price.")
@click.option("--assume", metavar="USD", help="The price to assume per million tokens of any kind; or both of these:")
@click.option("--assume-input", metavar="USD", help="The price to assume per million input tokens.")
@click.option("--assume-output", metavar="USD", help="The price to assume per million output tokens.")
@click.option("--include-subscription/--no-include-subscription", default=None, help="Count a plan's calls, at list prices.")
@as_json
@pass_surroundings
def set_budget(
    around: Surroundings,
    as_json: bool,
    name: str,
    limit: str | None,
    unit: str | None,
    no_each: bool,
    scope: tuple[str, ...],
    thresholds: str | None,
    assume: str | None,
    assume_input: str | None,
    assume_output: str | None,
    **given: object,
) -> None:
    """Make a budget, or change the one of this name.

    What is not given stays as it is; a --scope or --each that is given replaces what there was. What was spent before in its
    current window counts from the first moment.
    """
    if unit is not None and limit is None:
        raise click.UsageError("--usd, --tokens and --calls go with --limit.")
    if no_each and given["each"] is not None:
        raise click.UsageError("--each and --no-each do not go together.")
    fields: dict[str, object] = {"name": name, **given}
    if no_each or given["each"] == "":
        fields["each"] = NO_EACH
    fields["scope"] = {} if scope == ("",) else pairs(scope, "scope")
    fields["thresholds"] = None if thresholds is None else thresholds.split(",")
    fields["assume_usd_per_mtok"] = _assumed(assume, assume_input, assume_output)
    _set(around, [fields], as_json=as_json, limit=limit, unit=unit)


@budget.command("list")
@as_json
@pass_surroundings
def list_budgets(around: Surroundings, as_json: bool) -> None:
    """Show how every budget is set."""
    with around.quick(in_step=True) as quick:
        budgets = quick.budgets()
        if as_json:
            put_json({"budgets": [budget_definition_shape(one) for one in budgets]})
        else:
            put_page(budgets_page(budgets))


@budget.command("status")
@click.argument("name", required=False)
@option("project", "Budgets that cover this project.")
@option("task_id", "Budgets that cover this task.")
@option("session_id", "Budgets that cover this session.")
@option("agent", "Budgets that cover this agent.")
@option("provider", "Budgets that cover this provider.")
@option("model", "Budgets that cover this model.")
@option("feature", "Budgets that cover this feature.")
@option("purpose", "Budgets that cover this purpose.")
@option("task_type", "Budgets that cover this type of task.")
@click.option("--estimated-cost-usd", metavar="USD", help="Ask whether so much may be spent; exit code 1 when it may not.")
@option("input_tokens", "Or ask for a call of the model with so many input tokens.", whole=True)
@option("max_output_tokens", "And with at most so much output.", whole=True)
@as_json
@click.pass_context
def status(ctx: click.Context, as_json: bool, name: str | None = None, **given: object) -> None:
    """Show where budgets stand, the tightest first."""
    around = ctx.ensure_object(Surroundings)
    with around.quick(in_step=True) as quick:
        answer = quick.budget_status({**given, "budget": name})
        if as_json:
            put_json(status_shape(answer))
        else:
            put_page(status_page(answer, quick.clock()))
    if answer.decision is not None and answer.decision.decision == "deny":
        ctx.exit(REFUSED)


@budget.command("history")
@click.argument("name", required=False)
@as_json
@pass_surroundings
def history(around: Surroundings, name: str | None, as_json: bool) -> None:
    """Show every change of a budget, or of all, oldest first."""
    with around.quick(in_step=True) as quick:
        changes = quick.budget_history(name)
        if name is not None and not changes:
            known = sorted({change.name for change in quick.budget_history()})
            near = difflib.get_close_matches(name, known, n=1)
            raise NotFound(
                "there was never a budget of this name.",
                field="name",
                hint=f"Did you mean {near[0]}?" if near else "Leave the name out to see every change.",
            )
        if as_json:
            put_json({"changes": [change_shape(change) for change in changes]})
        else:
            put_page(history_page(changes, quick.settings.timezone, quick.clock()))


@budget.command("remove")
@click.argument("name")
@as_json
@pass_surroundings
def remove(around: Surroundings, name: str, as_json: bool) -> None:
    """End a budget; its history stays."""

    async def work(service: Service) -> Budget:
        return await service.remove_budget(name, changed_by=who())

    removed = around.within(work)
    if as_json:
        put_json({"removed": budget_definition_shape(removed)})
    else:
        put_page(removed_page(removed))


def _set(
    around: Surroundings,
    orders: Sequence[Mapping[str, object]],
    *,
    as_json: bool,
    limit: str | None = None,
    unit: str | None = None,
) -> None:
    from cost_mcp.service.budget_order import read_budget

    async def work(service: Service) -> list[Budget]:
        known = {one.name: one for one in await service.budgets()}
        full: list[dict[str, object]] = []
        for order in orders:
            before = known.get(str(order["name"]).strip())
            full.append(changed_fields({**_limit(limit, unit, before), **order}, before))
            read_budget(full[-1], service.settings)  # refuse the last before the first is written
        return [await service.set_budget(order, changed_by=who()) for order in full]

    budgets = around.within(work)
    if as_json:
        put_json({"budgets": [budget_definition_shape(one) for one in budgets]})
    else:
        put_page(set_page(budgets))


def _limit(limit: str | None, unit: str | None, before: Budget | None) -> dict[str, object]:
    """The limit as a field: in the unit that was said, else in the one the budget has."""
    if limit is None:
        return {}
    kept = "limit" if before is None or before.unit == "usd" else f"limit_{before.unit}"
    field = unit or kept
    return {field: limit if field == "limit" else _count(limit)}


def _count(text: str) -> int:
    try:
        return int(text.replace(",", ""))
    except ValueError:
        raise InvalidInput("limit is not a whole number.", field="limit", hint="Give a number of tokens or calls.") from None


def _assumed(every: str | None, of_input: str | None, of_output: str | None) -> str | dict[str, str | None] | None:
    if every is not None and (of_input is not None or of_output is not None):
        raise click.UsageError("--assume stands alone: it is the price of input and of output.")
    if of_input is None and of_output is None:
        return every
    return {name: price for name, price in (("input", of_input), ("output", of_output)) if price is not None}
