"""Prompts: ways a person can start a conversation about spend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mcp.server.context import HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, GetPromptRequestParams

from cost_mcp.server.definitions import definitions, result

Context = ServerRequestContext[Any, Any]


async def list_prompts(_ctx: Context, _params: object) -> HandlerResult:
    """``prompts/list``."""
    return result(prompts=definitions()["prompts"])


async def get_prompt(_ctx: Context, params: GetPromptRequestParams) -> HandlerResult:
    """``prompts/get``; arguments that are unknown or missing are refused."""
    prompts = {prompt["name"]: prompt for prompt in definitions()["prompts"]}
    prompt = prompts.get(params.name)
    if prompt is None:
        raise MCPError(code=INVALID_PARAMS, message=f"No such prompt. There are: {', '.join(prompts)}.")
    arguments = {name: text for name, value in (params.arguments or {}).items() if (text := value.strip())}
    known = [argument["name"] for argument in prompt["arguments"]]
    missing = [a["name"] for a in prompt["arguments"] if a.get("required") and a["name"] not in arguments]
    if any(name not in known for name in arguments):
        raise MCPError(code=INVALID_PARAMS, message=f"{params.name} takes: {', '.join(known)}.")
    if missing:
        raise MCPError(code=INVALID_PARAMS, message=f"{missing[0]} is missing. {params.name} takes: {', '.join(known)}.")
    text = _PROMPTS[params.name](arguments)
    return result(description=prompt["description"], messages=[{"role": "user", "content": {"type": "text", "text": text}}])


def review_spend(arguments: Mapping[str, str]) -> str:
    """Asks for a look at what a period cost and why."""
    period = arguments.get("period", "month")
    project = arguments.get("project")
    only = f" and project {project!r}" if project else ""
    return f"""\
Review what our model calls cost.

1. Call get_cost_report with period {period!r}{only} and compare true, grouped by day and model; then by agent and task_type.
2. Call suggest_savings with period {period!r}{only}, and get_budget_status.
3. Report: the total and how it changed, what drove it (models, agents, kinds of task, with amounts), days that stand out, \
budgets that are past their warning level, and at most three of the suggestions, each with what it would have saved and how sure \
that is.

Use only figures from the answers. Where lower_bound is true, say that the figure is a lower bound and how many calls are \
unpriced."""


def plan_within_budget(arguments: Mapping[str, str]) -> str:
    """Asks for a plan whose cost the budgets allow."""
    task = arguments.get("task_id")
    about = f" with task_id {task!r}" if task else ""
    return f"""\
Plan this work so that it stays within budget:

{arguments["goal"]}

1. Call get_budget_status{about} to see what is left, and get_cost_report for the last 7d grouped by task_type and model to \
see what similar work has cost.
2. Propose steps, each with the model to use and an estimated cost; prefer the cheapest model that is good enough.
3. Call get_budget_status again with the sum as estimated_cost_usd. On deny, cut the plan until it is allowed, or say what \
cannot be done within the budget; on warn, say how close it comes.
4. While working, hold each step's cost with reserve_budget{about} before it starts, and report every call with record_call \
and its reservation_id; release_reservation what was not needed."""


_PROMPTS: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "review_spend": review_spend,
    "plan_within_budget": plan_within_budget,
}
