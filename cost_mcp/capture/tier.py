"""The service tier a response names, in our words."""

from __future__ import annotations

from cost_mcp.capture.fields import Fields

TIERS = {
    "default": "standard",
    "standard": "standard",
    "on_demand": "standard",
    "flex": "flex",
    "on_demand_flex": "flex",
    "priority": "priority",
    "on_demand_priority": "priority",
    "batch": "batch",
    "fast": "fast",
}
UNSAID = frozenset({"auto", "unspecified"})
UNKNOWN_TIER = "The response names a service tier that has no list price here; the standard price is assumed."


def read_tier(fields: Fields, *names: str) -> tuple[str | None, tuple[str, ...]]:
    """The tier a field names, and notes; None when it names none, or one without a list price (scale, reserved, …).

    ``auto`` is a wish, not what was served, and counts as unsaid.

    Source: OpenAI ``service_tier`` (openai-python ``types/responses/response.py``, commit e43b4224), Anthropic
    ``usage.service_tier`` (anthropic-sdk-python ``types/usage.py``), Gemini ``usageMetadata.serviceTier`` and Vertex AI
    ``trafficType`` (https://googleapis.github.io/js-genai/release_docs/interfaces/types.UsageMetadata.html), Groq
    ``service_tier`` (https://console.groq.com/docs/service-tiers), Bedrock ``serviceTier.type``
    (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ServiceTier.html). Read 2026-11-22.
    """
    word = fields.word(*names)
    if word is None:
        return None, ()
    plain = word.removeprefix("service_tier_").removeprefix("traffic_type_")
    if plain in UNSAID:
        return None, ()
    tier = TIERS.get(plain)
    return tier, () if tier else (UNKNOWN_TIER,)
