"""Inference bound to a country: what a provider charges above its list price for it."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from cost_mcp.model.call import INFERENCE_GEO, Call
from cost_mcp.pricing.rate import CALL_METERS
from cost_mcp.pricing.rule import Rule

US, US_TIMES = "us", Decimal("1.1")
SOURCE = "https://support.claude.com/en/articles/15422948-enable-us-only-inference-for-your-organization"
NOTE = "US-only inference: 1.1 x the price of every token (platform.claude.com, pricing)"
UNKNOWN = "Inference is bound to the US, and what {provider} charges for that is not known: the cost is a lower bound."

_AT_STANDARD = re.compile(
    r"claude-(?:v?[12]\b|instant|3-|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:[-@](?:20\d{6}|latest|default))?$)"
)
"""The models before Opus 4.6 and Sonnet 4.6, which cost the same everywhere."""


def placed(rule: Rule, call: Call) -> tuple[Rule, tuple[str, ...]]:
    """The rule with the prices of where the inference was bound to, and what it leaves out, as sentences.

    Claude bound to the US costs 1.1 times the price of all tokens, in every tier; searches cost the same. That is Anthropic's
    own API; clouds that sell Claude put the place into the model's or the endpoint's name.

    Source: ``SOURCE`` (1.1 x standard API rates from Opus 4.6 and Sonnet 4.6 on, standard rates before);
    https://platform.claude.com/docs/en/manage-claude/data-residency (``inference_geo`` in the usage object);
    https://platform.claude.com/docs/en/about-claude/pricing (all token categories, with batch and fast). Read 2026-11-22.
    """
    if call.metadata.get(INFERENCE_GEO) != US or "claude" not in rule.model.lower() or _AT_STANDARD.match(rule.model.lower()):
        return rule, ()
    if rule.provider != "anthropic":
        return rule, (UNKNOWN.format(provider=rule.provider),)
    rates = {meter: rate if meter in CALL_METERS else rate.times(US_TIMES) for meter, rate in rule.rates.items()}
    note = "; ".join(text for text in (rule.note, NOTE) if text)
    return replace(rule, rates=rates, note=note, source="; ".join(text for text in (rule.source, SOURCE) if text)), ()
