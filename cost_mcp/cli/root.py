"""Every command by name; a command's module is imported when it is run, not to list it."""

from __future__ import annotations

import difflib
import importlib
from typing import cast

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "today": ("reading:today", "Show what was spent today, by model."),
    "report": ("reading:report", "Show what a period cost, grouped and filtered."),
    "task": ("task:task", "Show what one task cost, by model, agent and purpose."),
    "tasks": ("tasks:tasks", "Show the tasks worked on last, and what each cost."),
    "record": ("record:record", "Record one model call."),
    "export": ("export:export", "Export the calls of a period."),
    "import": ("import_command:import_logs", "Import what agents' own logs tell."),
    "efficiency": ("efficiency:efficiency", "Compare finished tasks with what their type usually costs."),
    "budget": ("budget:budget", "Set budgets and see where they stand."),
    "forecast": ("forecast:forecast", "Forecast what day, week, month and budgets will come to."),
    "roi": ("roi:roi", "Work out what an investment in cheaper work returns."),
    "what-if": ("what_if:what_if", "Price a past period's calls as another model or by other prices."),
    "alerts": ("alerts:alerts", "See what reached a level, and whether it arrived."),
    "check": ("check:check", "Say whether a spend is allowed; the exit code says it too."),
    "hook": ("hook_command:hook", "Deny what a spent budget forbids; import what a turn cost."),
    "statusline": ("statusline_command:statusline", "Print session, today and what a budget has left."),
    "dashboard": ("dashboard:dashboard", "Look at the ledger in a browser on this machine."),
    "savings": ("savings:savings", "Suggest what could cost less, most money first."),
    "prices": ("prices:prices", "See prices, explain costs, keep price books."),
    "serve": ("serve:serve", "Serve agents over MCP on stdin and stdout."),
    "demo": ("demo:demo", "Watch a scripted agent spend and keep to a budget."),
    "doctor": ("doctor:doctor", "Check versions, settings, ledger and price books."),
    "trust": ("trust:trust", "Trust the settings and prices of this project, as they are now."),
    "reconcile": ("reconcile:reconcile", "Hold a provider's billing export against the ledger."),
    "verify": ("upkeep:verify", "Recompute every total from the calls and compare."),
    "rebuild": ("upkeep:rebuild", "Make totals and budget windows anew from the calls."),
}
"""Command → where it is (module:name inside this package), and the first line of its help."""

OF_IMPORT: dict[str, str] = {"csv": "table_commands:import_csv", "jsonl": "table_commands:import_jsonl"}
"""What ``import`` takes from other tables than agents' logs, each with options of its own."""

TASK_DONE = "task:task_done"
"""What ``task done`` is where more follows; alone it asks about a task of that name."""


class LazyGroup(click.Group):
    """A group whose commands are imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """The names, in the order people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's signature)
        """The command of this name, imported now."""
        return _command(COMMANDS[cmd_name][0]) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (click's signature)
        """List the commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, first_line) for name, (_, first_line) in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command asked for; a misspelt one is answered with the nearest."""
        if args[:1] == ["import"] and args[1:2] and args[1] in OF_IMPORT:
            return f"import {args[1]}", _command(OF_IMPORT[args[1]]), args[2:]
        if args[:2] == ["task", "done"] and _is_verb(args[2:]):
            return "task done", _command(TASK_DONE), args[2:]
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            raise click.UsageError(f"there is no such command.{f' Did you mean {near[0]}?' if near else ''}", ctx)
        return super().resolve_command(ctx, args)


def _is_verb(words: list[str]) -> bool:
    # A task may be called done: the verb is told by its task, its outcome or a wish for help.
    return any(word in ("-h", "--help") or not word.startswith("-") or word.startswith("--outcome") for word in words)


def _command(place: str) -> click.Command:
    module, _, name = place.partition(":")
    return cast("click.Command", getattr(importlib.import_module(f"cost_mcp.cli.{module}"), name))


def _print_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from importlib.metadata import version

        print(f"cost-mcp {version('cost-mcp')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Show the version.")
def root() -> None:
    """The ledger and the wallet of AI agents: what every model call cost, and what may still be spent."""
