"""What the demo's agent does: what it reserves, and provider responses as their APIs answer them.

Source: shapes of the Anthropic Messages and OpenAI Responses APIs, read 2026-11-22; the figures and
texts are made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TASK = "SHOP-142"
REVIEWER = "claude-sonnet-4-6"
BUDGET: Mapping[str, object] = {
    "name": "demo-day",
    "limit": "0.50",
    "period": "day",
    "mode": "enforce",
    "assume_usd_per_mtok": {"input": "5", "output": "25"},
}
BUDGET_COMMAND = "cost-mcp budget set demo-day --limit 0.50 --period day --mode enforce --assume-input 5 --assume-output 25"
LEFT_OUT = ("Budget ", "Decision: allow")
"""How the lines begin that are not shown: where the budget stands is asked for in the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One tool call of the agent, and what it is about in a sentence; ``settles`` names the reservation made last.

    What is done ``again`` shows the first line of its answer: the rest was seen.
    """

    says: str
    tool: str
    arguments: Mapping[str, object]
    settles: bool = False
    again: bool = False


_ANTHROPIC: Mapping[str, object] = {
    "id": "msg_01demoPlanTheCheckoutFix",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-6",
    "content": [{"type": "text", "text": "The total is rounded twice. I will move the rounding to the invoice."}],
    "stop_reason": "end_turn",
    "usage": {
        "input_tokens": 2_140,
        "cache_creation_input_tokens": 6_200,
        "cache_read_input_tokens": 41_800,
        "output_tokens": 1_730,
        "service_tier": "standard",
    },
}
_OPENAI: Mapping[str, object] = {
    "id": "resp_demo_edit_checkout",
    "object": "response",
    "model": "gpt-5.1-2025-11-13",
    "status": "completed",
    "service_tier": "default",
    "output": [],
    "usage": {
        "input_tokens": 38_400,
        "input_tokens_details": {"cached_tokens": 30_720},
        "output_tokens": 6_950,
        "output_tokens_details": {"reasoning_tokens": 4_100},
        "total_tokens": 45_350,
    },
}
_REVIEW: Mapping[str, object] = {
    "id": "msg_01demoReviewTheCheckoutFix",
    "type": "message",
    "role": "assistant",
    "model": REVIEWER,
    "content": [],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 44_700, "output_tokens": 2_900, "service_tier": "standard"},
}
_UNKNOWN: Mapping[str, object] = {"prompt_tokens": 5_200, "completion_tokens": 480, "total_tokens": 5_680}


_WHOSE: Mapping[str, object] = {"task_id": TASK, "agent": "coder"}


def _reserved(says: str, model: str, input_tokens: int, max_output_tokens: int, **more: object) -> Step:
    call = {"model": model, "input_tokens": input_tokens, "max_output_tokens": max_output_tokens}
    return Step(says=says, tool="reserve_budget", arguments={**call, **_WHOSE, **more})


def _recorded(says: str, usage: Mapping[str, object], *, again: bool = False, **more: object) -> Step:
    arguments = {"usage": usage, **_WHOSE, **more}
    return Step(says=says, tool="record_call", arguments=arguments, settles=not again, again=again)


SCRIPT: tuple[Step, ...] = (
    _reserved("Wants to plan with Claude: holds the most that can cost.", "claude-opus-4-6", 50_200, 2_000),
    _recorded(
        "Makes the call; most of its input was cached, so most of the hold is free again.",
        _ANTHROPIC,
        purpose="plan",
        task_title="Fix the checkout total",
    ),
    _reserved("The same again, to edit with GPT.", "gpt-5.1", 38_400, 8_000),
    _recorded("Reasoning is part of the output.", _OPENAI, purpose="edit"),
    _reserved(
        "Tries a model nobody has a price for: the budget says what to take for it.",
        "acme-coder-1",
        5_200,
        500,
        provider="acme",
    ),
    _recorded(
        "It is unpriced, not $0.", _UNKNOWN, purpose="test", provider="acme", model="acme-coder-1", call_id="acme-demo-1"
    ),
    _recorded("A retry reports the first call again: it counts once.", _ANTHROPIC, again=True, purpose="plan"),
    _reserved("Wants Claude's best to review it all.", "claude-opus-4-6", 45_000, 4_000),
    _reserved("Takes a cheaper model that would fit.", REVIEWER, 45_000, 4_000),
    _recorded("Reviews with that.", _REVIEW, purpose="review"),
    Step(says="Asks what the task cost.", tool="get_task_cost", arguments={"task_id": TASK}),
)
