"""Everything the server says about itself before it is asked to work: instructions, tools, resources, prompts."""

from __future__ import annotations

from cost_mcp.server import schema
from cost_mcp.server.schema import Schema

NAME = "cost-mcp"
TITLE = "Cost ledger and budgets"
VERSION = "0.1.0"
"""The package's version; kept here because asking the installed package for it costs a client's handshake 47 ms."""

INSTRUCTIONS = """\
The ledger and wallet for AI agents: tracks what LLM calls cost (spend, usage, tokens, price) and where budgets stand.

After a model call, use record_call:
- pass the provider's usage object unchanged as `usage` (OpenAI, Anthropic, Gemini and others are understood); never \
convert token counts yourself;
- pass the provider's response id as `call_id`: a repeated report is then counted once;
- name task_id, task_type, agent, project, purpose where known; leave out what the environment already sets.

Before expensive work (a large context, many calls, a costly model): reserve, act, record.
1. reserve_budget with model, input_tokens and max_output_tokens, or an amount_usd. On "deny" do not make the call: use \
what the answer says is left, or tell the user; on "warn" prefer a cheaper way and say so.
2. Make the call with that output limit; extend_reservation if it runs longer than ttl_seconds.
3. record_call with the reservation_id: the true cost counts and the rest is given back. If no call was made, \
release_reservation.
estimate_cost says what a call would cost and which models cost less. get_budget_status only looks; with an estimate it decides without holding.

get_task_cost answers what one task cost; get_cost_report what a period cost, by model, agent, project, day and more, with compare, trend and forecast on request; suggest_savings what could have cost less.

Money is US dollars as decimal text. An unknown price is never $0: such calls are "unpriced" and sums that hold them are \
lower bounds (`lower_bound`); say so when you report them. Errors name the argument, the reason and the next step.

Agents cannot change budgets: people set them with `cost-mcp budget set`. Send no prompt or completion text (estimate_cost counts \
a text and forgets it); only counts, ids and names are kept."""

_READS: Schema = {"readOnlyHint": True, "openWorldHint": False}  # that a second reading changes nothing goes without saying
_WRITES: Schema = {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}

_ADDS: Schema = {**_WRITES, "idempotentHint": False}
"""Writes that are not the same twice: a second hold (unless a key says otherwise), a later end."""

VIEW_URI = "ui://cost/view"
VIEW_TYPE = "text/html;profile=mcp-app"
"""What MCP Apps calls its documents (SEP-1865, revision 2026-01-26, read 2026-11-22)."""

EXTENSIONS: dict[str, Schema] = {"io.modelcontextprotocol/ui": {"mimeTypes": [VIEW_TYPE]}}
"""What of the protocol's extensions the server has."""

VIEW_META: Schema = {"ui": {"csp": {}, "prefersBorder": True}}
"""The view asks no other host for anything."""

_DRAWN: Schema = {"ui": {"resourceUri": VIEW_URI}}
"""One document draws every answer that has a picture; a host fetches it once."""


def tools() -> list[Schema]:
    """The tools' definitions, as ``tools/list`` answers them."""
    return [
        {
            "name": "record_call",
            "title": "Record a call",
            "description": "Log one LLM call and learn its exact cost.",
            "inputSchema": schema.record_call_input(),
            "outputSchema": schema.record_call_output(),
            "annotations": _WRITES,
        },
        {
            "name": "get_task_cost",
            "title": "Cost of a task",
            "description": "What one task has cost, by model, agent and purpose, and against what is usual.",
            "inputSchema": schema.task_cost_input(),
            "outputSchema": schema.task_cost_output(),
            "annotations": _READS,
            "_meta": _DRAWN,
        },
        {
            "name": "get_cost_report",
            "title": "Cost report",
            "description": "What a period cost: spend and tokens by agent, model, project, task type, day and more.",
            "inputSchema": schema.cost_report_input(),
            "outputSchema": schema.cost_report_output(),
            "annotations": _READS,
            "_meta": _DRAWN,
        },
        {
            "name": "get_budget_status",
            "title": "Budget status",
            "description": "May I spend this? Budgets that cover a context, what is left; with an estimate a decision, and "
            "what would fit. Ask before expensive work.",
            "inputSchema": schema.budget_status_input(),
            "outputSchema": schema.budget_status_output(),
            "annotations": _READS,
            "_meta": _DRAWN,
        },
        {
            "name": "estimate_cost",
            "title": "Estimate a call",
            "description": "What a model call would cost before it is made, and cheaper models for the same tokens.",
            "inputSchema": schema.estimate_input(),
            "outputSchema": schema.estimate_output(),
            "annotations": _READS,
        },
        {
            "name": "reserve_budget",
            "title": "Reserve budget",
            "description": "Hold money for a call before it is made, so that parallel agents cannot overspend.",
            "inputSchema": schema.reserve_input(),
            "outputSchema": schema.reserve_output(),
            "annotations": _ADDS,
        },
        {
            "name": "extend_reservation",
            "title": "Extend a reservation",
            "description": "Keep a reservation alive while its call runs on.",
            "inputSchema": schema.extend_input(),
            "outputSchema": schema.reservation_output(),
            "annotations": _ADDS,
        },
        {
            "name": "release_reservation",
            "title": "Release a reservation",
            "description": "Give back what is held for a call that was not made.",
            "inputSchema": schema.release_input(),
            "outputSchema": schema.reservation_output(),
            "annotations": _WRITES,
        },
        {
            "name": "suggest_savings",
            "title": "Suggest savings",
            "description": "What could have cost less, ranked by money, computed from recorded calls.",
            "inputSchema": schema.savings_input(),
            "outputSchema": schema.savings_output(),
            "annotations": _READS,
        },
    ]


def resources() -> list[Schema]:
    """The resources that stand at a fixed address."""
    return [
        {
            "uri": "cost://budgets",
            "name": "budgets",
            "title": "Budgets",
            "description": "Every budget and where it stands now; as get_budget_status.",
            "mimeType": "application/json",
        },
        {
            "uri": VIEW_URI,
            "name": "view",
            "title": "Cost in pictures",
            "description": "Draws reports, tasks and budgets, for hosts that show MCP Apps.",
            "mimeType": VIEW_TYPE,
            "_meta": VIEW_META,
        },
    ]


def resource_templates() -> list[Schema]:
    """The resources that are addressed by what they are about; names are percent-encoded."""
    about = [
        (
            "cost://report/{period}",
            "report",
            "Cost report of a period",
            "today, week, month, 7d, 2026-11 …; as get_cost_report.",
        ),
        ("cost://task/{task_id}", "task", "Cost of a task", "What one task has cost; as get_task_cost."),
        (
            "cost://pricing/{provider}/{model}",
            "pricing",
            "Prices of a model",
            "Every price known for a model, which applies now, and where it comes from.",
        ),
    ]
    return [
        {"uriTemplate": uri, "name": name, "title": title, "description": description, "mimeType": "application/json"}
        for uri, name, title, description in about
    ]


def prompts() -> list[Schema]:
    """The prompts a person can start from."""
    return [
        {
            "name": "review_spend",
            "title": "Review spend",
            "description": "Look at what a period cost, what drove it, and what could be saved.",
            "arguments": [
                {"name": "period", "description": "today, week, month (default), 7d, 2026-11 …"},
                {"name": "project", "description": "Only this project."},
            ],
        },
        {
            "name": "plan_within_budget",
            "title": "Plan within budget",
            "description": "Plan a piece of work so that it stays within what the budgets leave.",
            "arguments": [
                {"name": "goal", "description": "What is to be done.", "required": True},
                {"name": "task_id", "description": "The task it is recorded under."},
            ],
        },
    ]


def contract() -> dict[str, object]:
    """All of it, as kept in ``definitions.json``."""
    return {
        "name": NAME,
        "title": TITLE,
        "version": VERSION,
        "instructions": INSTRUCTIONS,
        "extensions": EXTENSIONS,
        "tools": tools(),
        "resources": resources(),
        "resource_templates": resource_templates(),
        "prompts": prompts(),
    }
