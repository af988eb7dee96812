"""``check``: a gate for CI and scripts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cost_mcp.cli.failure import REFUSED, WRONG, by_options, tell
from cost_mcp.cli.options import as_json, option
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.cli.whereabouts import project_here
from cost_mcp.errors import CostError
from cost_mcp.views.shape import status_shape
from cost_mcp.views.terminal_page import line
from cost_mcp.views.text_estimate import fitting_text

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.service.answer import BudgetAnswer

SETTINGS_SAY = ("project", "task_id", "session_id", "agent")
WORDS = {"allow": "allowed", "warn": "allowed, with a warning", "deny": "denied"}
OPTIONS = {"estimated_cost_usd": "--estimate", "input_tokens": "--input-tokens", "max_output_tokens": "--max-output-tokens"}
NOTHING_ENFORCES = "No enforcing budget covers this, so nothing denies it."


@click.command()
@click.option("--estimate", "estimated_cost_usd", metavar="USD", help="What is about to be spent (default: nothing).")
@option("project", "The project it is spent in (default: the settings', else the repository's name).")
@option("task_id", "The task it is spent on (default: the settings').")
@option("agent", "The agent that spends it (default: the settings').")
@option("session_id", "The session it is spent in (default: the settings').")
@option("model", "The model it is spent on.")
@option("provider", "The provider it is spent at.")
@option("input_tokens", "Instead of an estimate: the input tokens of a call of that model.", whole=True)
@option("max_output_tokens", "And the most output it may have.", whole=True)
@option("budget", "Let only the budget of this name decide.")
@as_json
@click.pass_context
def check(ctx: click.Context, as_json: bool, **given: object) -> None:
    """Say whether a spend is allowed; the exit code says it too.

    0 is allowed (a warning too), 1 is denied, 2 is an error. Only budgets in mode enforce deny.
    """
    try:
        answer = _answer(ctx.ensure_object(Surroundings), given)
    except CostError as error:
        tell(error, as_json=as_json, options=OPTIONS)
        ctx.exit(WRONG)  # 1 would be a denial
    assert answer.decision is not None
    if as_json:
        put_json({**status_shape(answer), "enforced": answer.enforced})
    else:
        said = "" if answer.enforced else f" {NOTHING_ENFORCES}"
        if answer.fitting is not None:
            said = f" {fitting_text(answer.fitting)}"
        why = by_options(answer.decision.why, OPTIONS)
        put_page((line(f"{WORDS[answer.decision.decision]}: {why}{said}"),))
        for note in answer.notes:
            print(f"note: {note}", file=sys.stderr)
    if answer.decision.decision == "deny":
        ctx.exit(REFUSED)


def _answer(around: Surroundings, given: dict[str, object]) -> BudgetAnswer:
    asked = {name: value for name, value in given.items() if value is not None}
    if not asked.keys() & {"input_tokens", "max_output_tokens"}:
        asked.setdefault("estimated_cost_usd", "0")
    with around.quick(in_step=True) as quick:
        return quick.budget_status({**_context(quick.settings, around), **asked})


def _context(settings: Settings, around: Surroundings) -> dict[str, object]:
    told: dict[str, object] = {name: getattr(settings, name) for name in SETTINGS_SAY}
    return {**told, "project": settings.project or project_here(around.cwd)}
