"""What of a FOCUS row depends on the price alone: who offers the model, what its meters are called and sold by.

Source: FOCUS 1.2 (see ``focus_columns``), its columns and unit format; providers' own names from their price pages. Read
2026-11-22.
"""

from __future__ import annotations

from typing import NamedTuple

from cost_mcp.model.model_name import bare_name

UNKNOWN = "Unknown"
"""Who sold a call of which only the cost is known: FOCUS has no word for it and does not allow none."""

_PROVIDERS: dict[str, tuple[str, str]] = {
    "anthropic": ("Anthropic", "Claude API"),
    "aws": ("Amazon Web Services", "Amazon Bedrock"),
    "azure": ("Microsoft", "Azure AI"),
    "cohere": ("Cohere", "Cohere API"),
    "deepseek": ("DeepSeek", "DeepSeek API"),
    "fireworks": ("Fireworks AI", "Fireworks AI API"),
    "github-copilot": ("GitHub", "GitHub Copilot"),
    "google": ("Google", "Gemini API"),
    "groq": ("Groq", "GroqCloud"),
    "mistral": ("Mistral AI", "Mistral AI API"),
    "moonshotai": ("Moonshot AI", "Moonshot AI API"),
    "openai": ("OpenAI", "OpenAI API"),
    "openrouter": ("OpenRouter", "OpenRouter API"),
    "perplexity": ("Perplexity", "Perplexity API"),
    "together": ("Together AI", "Together AI API"),
    "x-ai": ("xAI", "xAI API"),
    "zai": ("Z.ai", "Z.ai API"),
}
_MAKERS: dict[str, str] = {
    "chatgpt-": "OpenAI",
    "claude": "Anthropic",
    "codestral": "Mistral AI",
    "command": "Cohere",
    "deepseek": "DeepSeek",
    "devstral": "Mistral AI",
    "gemini": "Google",
    "gemma": "Google",
    "glm-": "Z.ai",
    "gpt-": "OpenAI",
    "grok": "xAI",
    "kimi": "Moonshot AI",
    "llama": "Meta",
    "ministral": "Mistral AI",
    "mistral": "Mistral AI",
    "mixtral": "Mistral AI",
    "nova-": "Amazon",
    "qwen": "Alibaba",
    "titan-": "Amazon",
}
"""How the names of well-known models begin, and who makes them."""


class Meter(NamedTuple):
    """What a meter is called, the unit it is used in, and how many of it (a power of ten) it is priced by."""

    name: str
    unit: str = "Tokens"
    digits: int = 6

    @property
    def pricing_unit(self) -> str:
        """The unit with its count: ``1000000 Tokens``."""
        return f"{10**self.digits} {self.unit}" if self.digits else self.unit


METERS: dict[str, Meter] = {
    "input": Meter("Input Tokens"),
    "cache_read": Meter("Cached Input Tokens"),
    "cache_write_5m": Meter("Cache Write Tokens (5 Minutes)"),
    "cache_write_1h": Meter("Cache Write Tokens (1 Hour)"),
    "input_audio": Meter("Audio Input Tokens"),
    "cache_read_audio": Meter("Cached Audio Input Tokens"),
    "input_image": Meter("Image Input Tokens"),
    "output": Meter("Output Tokens"),
    "reasoning": Meter("Reasoning Tokens"),
    "output_audio": Meter("Audio Output Tokens"),
    "output_image": Meter("Image Output Tokens"),
    "web_search": Meter("Web Searches", "Requests", 3),
    "request": Meter("Requests", "Requests", 0),
    "stated": Meter("Stated Cost", "Requests", 0),
}
"""Tokens by the million and searches by the thousand, as providers' price lists have them."""


def provider_name(provider: str) -> str:
    """What a provider calls itself; its id where that is not known."""
    return _PROVIDERS[provider][0] if provider in _PROVIDERS else provider or UNKNOWN


def service_name(provider: str, billing: str) -> str:
    """What is bought from a provider: its API by use, or a plan."""
    if billing == "subscription":
        return f"{provider_name(provider)} Subscription"
    return _PROVIDERS[provider][1] if provider in _PROVIDERS else f"{provider_name(provider)} API"


def publisher_name(provider: str, model: str) -> str:
    """Who makes a model; whoever offers it, where its name does not say."""
    name = bare_name(model)
    return next((maker for start, maker in _MAKERS.items() if name.startswith(start)), provider_name(provider))
