"""xAI: OpenAI's Chat Completions, with reasoning outside the completion."""

from __future__ import annotations

from cost_mcp.capture.dialects import openai_chat
from cost_mcp.capture.reading import Counts, Dialect, Seen

LIVE_SEARCH = "Live Search bills its sources one by one; they are in the stated cost only."
MARKS = ("cost_in_usd_ticks", "num_sources_used", "server_side_tool_usage_details")
SEARCHES = ("web_search_calls", "x_search_calls", "SERVER_SIDE_TOOL_WEB_SEARCH", "SERVER_SIDE_TOOL_X_SEARCH")


def matches(seen: Seen) -> bool:
    """Whether it is stated, or given away by xAI's own fields or a Grok model."""
    if not openai_chat.matches(seen) or seen.provider not in {None, "x-ai"}:
        return False
    return seen.provider == "x-ai" or seen.usage.has(*MARKS) or (seen.model or "").startswith("grok-")


def read(seen: Seen) -> Counts:
    """The counts of xAI: reasoning is added to the completion, unless the stated total says that it is in it.

    Searches are the successful ones, on the web and on X, which cost the same.

    Source: https://docs.x.ai/docs/key-information/consumption-and-rate-limits (reasoning is counted apart from
    completion_tokens and within total_tokens); checked against payloads in https://github.com/vercel/ai/pull/12425 and
    https://github.com/Wei-Shaw/sub2api/issues/5771 (10,120 + 1,499 + 2,809 = 14,428, charged so);
    https://docs.x.ai/developers/tools/tool-usage-details. Read 2026-11-22.
    """
    used = seen.usage if seen.usage.has("server_side_tool_usage_details") else seen.response
    tools = used.inner("server_side_tool_usage_details", "server_side_tool_usage")
    uncounted = (LIVE_SEARCH,) if seen.usage.count("num_sources_used") else ()
    searches = sum(tools.count(name) for name in SEARCHES)
    extras = openai_chat.Extras(provider="x-ai", reasoning_apart=True, searches=searches, uncounted=uncounted)
    return openai_chat.read_chat(seen, extras)


DIALECT = Dialect(
    name="xai",
    convention="xAI Chat Completions: prompt_tokens includes the cache; completion_tokens leaves out reasoning.",
    matches=matches,
    read=read,
    providers=("x-ai",),
)
