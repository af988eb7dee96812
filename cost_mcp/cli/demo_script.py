"""What the demo's agent does: provider responses as three APIs answer them, and the questions it asks in between.

Source: shapes of the Anthropic Messages, OpenAI Responses and Gemini generateContent APIs, read 2026-11-22; the figures and
texts are made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TASK = "SHOP-142"
BUDGET: Mapping[str, object] = {"name": "demo-day", "limit": "0.50", "period": "day", "mode": "enforce"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One tool call of the agent, and what it is about in a sentence."""

    says: str
    tool: str
    arguments: Mapping[str, object]


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
_GEMINI: Mapping[str, object] = {
    "responseId": "demo-summarise-tests",
    "modelVersion": "gemini-2.5-flash",
    "candidates": [],
    "usageMetadata": {
        "promptTokenCount": 18_300,
        "candidatesTokenCount": 640,
        "thoughtsTokenCount": 210,
        "totalTokenCount": 19_150,
    },
}
_UNKNOWN: Mapping[str, object] = {"prompt_tokens": 5_200, "completion_tokens": 480, "total_tokens": 5_680}


def _recorded(says: str, usage: Mapping[str, object], **more: object) -> Step:
    return Step(says=says, tool="record_call", arguments={"usage": usage, "task_id": TASK, "agent": "coder", **more})


SCRIPT: tuple[Step, ...] = (
    _recorded(
        "Plans with Claude; most of its input was cached.", _ANTHROPIC, purpose="plan", task_title="Fix the checkout total"
    ),
    _recorded("Edits with GPT; reasoning is part of the output.", _OPENAI, purpose="edit"),
    _recorded("Reads the test run with Gemini.", _GEMINI, purpose="test"),
    _recorded(
        "Tries a model nobody has a price for: unpriced, not $0.",
        _UNKNOWN,
        purpose="test",
        provider="acme",
        model="acme-coder-1",
        call_id="acme-demo-1",
    ),
    _recorded("A retry reports the first call again: it counts once.", _ANTHROPIC, purpose="plan"),
    Step(says="Asks what the task cost so far.", tool="get_task_cost", arguments={"task_id": TASK}),
    Step(says="Asks what today cost.", tool="get_cost_report", arguments={"period": "today"}),
    Step(
        says="Asks whether a long run for about 40 cents may go ahead.",
        tool="get_budget_status",
        arguments={"task_id": TASK, "estimated_cost_usd": "0.40"},
    ),
)
