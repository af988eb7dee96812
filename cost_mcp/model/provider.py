"""The ids providers go by: those of genai-prices, and the other names agents and telemetry use for the same ones."""

from __future__ import annotations

from cost_mcp.model.name import clean_name

_ALIASES: dict[str, tuple[str, ...]] = {
    "anthropic": ("claude", "anthropic-api"),
    "aws": ("bedrock", "amazon", "amazon-bedrock", "aws.bedrock", "aws-bedrock", "bedrock-converse", "bedrock-mantle", "sagemaker"),
    "azure": (
        "azure-openai", "azure-ai", "azure-text", "az.ai.openai", "az.ai.inference", "azure.ai.openai", "azure.ai.inference",
    ),
    "cohere": ("cohere-chat",),
    "deepseek": ("deepseek-ai",),
    "fireworks": ("fireworks-ai", "fireworksai"),
    "github-copilot": ("copilot", "github"),
    "google": (
        "gemini", "google-genai", "google-gla", "google-vertex", "google-ai-studio", "vertex", "vertex-ai", "vertexai",
        "gcp.gemini", "gcp.vertex-ai", "gcp.gen-ai", "google-vertex-anthropic",
    ),
    "groq": ("groqcloud",),
    "meta": ("meta-llama", "meta-llama-api"),
    "mistral": ("mistralai", "mistral-ai"),
    "moonshotai": ("moonshot", "kimi"),
    "openai": ("openai-responses", "openai-chat", "text-completion-openai", "chatgpt"),
    "openrouter": ("open-router",),
    "perplexity": ("perplexity-ai", "pplx"),
    "together": ("together-ai", "togetherai", "together.ai"),
    "voyageai": ("voyage",),
    "x-ai": ("xai", "grok", "x.ai"),
    "zai": ("z-ai", "z.ai"),
    "watsonx": ("ibm.watsonx.ai", "ibm-watsonx"),
}  # fmt: skip

_CANONICAL: dict[str, str] = {alias: provider for provider, aliases in _ALIASES.items() for alias in aliases}


def canonical_provider(name: str) -> str:
    """The catalog's id for a provider's name, in lower case; a name it does not know stays as it is.

    Underscores count as hyphens, except in names no alias covers (``cli_bridge`` stays ``cli_bridge``).

    Source: OpenTelemetry gen_ai.provider.name well-known values; LiteLLM's litellm_provider names. Read 2026-11.
    """
    lowered = clean_name(name, "provider").lower()
    hyphened = lowered.replace("_", "-")
    if hyphened in _ALIASES:
        return hyphened
    return _CANONICAL.get(hyphened, lowered)
