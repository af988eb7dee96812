"""The names agents write, and what they stand for: a catalog model, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.model.charge import Pricing
from cost_mcp.pricing.catalog import Catalog, Unknown
from cost_mcp.pricing.rule import Rule

Price = Callable[..., Pricing]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

MEANT = """
claude-opus-5                                               anthropic      claude-opus-5
Claude-Opus-5                                               anthropic      claude-opus-5
claude-opus-5[1m]                                           anthropic      claude-opus-5
claude-opus-5-20260724                                      anthropic      claude-opus-5
claude-sonnet-4-5-20250929                                  anthropic      claude-sonnet-4-5
claude-sonnet-4-5-20250929[1m]                              anthropic      claude-sonnet-4-5
claude-sonnet-4.5                                           anthropic      claude-sonnet-4-5
claude-sonnet-4-5-latest                                    anthropic      claude-sonnet-4-5
claude-sonnet-4-20250514                                    anthropic      claude-sonnet-4-0
claude-sonnet-4                                             anthropic      claude-sonnet-4-0
claude-opus-4-1-20250805                                    anthropic      claude-opus-4-1
claude-3-5-haiku-20241022                                   anthropic      claude-3-5-haiku-latest
claude-3-7-sonnet-latest                                    anthropic      claude-3-7-sonnet-latest
claude-fable-5-2                                            anthropic      claude-fable-5-2
claude-mythos-5                                             anthropic      claude-mythos-5
anthropic/claude-opus-5                                     anthropic      claude-opus-5
anthropic/claude-sonnet-4.5                                 anthropic      claude-sonnet-4-5
litellm/anthropic/claude-opus-5                             anthropic      claude-opus-5
openrouter/anthropic/claude-sonnet-4.5                      openrouter     anthropic/claude-sonnet-4.5
us.anthropic.claude-sonnet-4-5-20250929-v1:0                aws            regional.anthropic.claude-sonnet-4-5-20250929-v1:0
eu.anthropic.claude-haiku-4-5-20251001-v1:0                 aws            regional.anthropic.claude-haiku-4-5-20251001-v1:0
global.anthropic.claude-sonnet-4-5-20250929-v1:0            aws            global.anthropic.claude-sonnet-4-5-20250929-v1:0
anthropic.claude-3-haiku-20240307-v1:0                      aws            regional.anthropic.claude-3-haiku-20240307-v1:0
bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0        aws            regional.anthropic.claude-sonnet-4-5-20250929-v1:0
bedrock/converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0 aws          regional.anthropic.claude-sonnet-4-5-20250929-v1:0
bedrock/us-east-1/anthropic.claude-3-haiku-20240307-v1:0    aws            regional.anthropic.claude-3-haiku-20240307-v1:0
arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0 aws regional.anthropic.claude-sonnet-4-5-20250929-v1:0
arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-pro-v1:0 aws       amazon.nova-pro-v1:0
amazon.nova-pro-v1:0                                        aws            amazon.nova-pro-v1:0
us.amazon.nova-lite-v1:0                                    aws            amazon.nova-lite-v1:0
meta.llama3-3-70b-instruct-v1:0                             aws            meta.llama3-3-70b-instruct-v1:0
claude-sonnet-4-5@20250929                                  google         claude-sonnet-4-5
claude-3-5-sonnet-v2@20241022                               google         claude-3-5-sonnet
anthropic.claude-opus-4-6-v1                                aws            regional.anthropic.claude-opus-4-6-v1:0
mistral.mistral-7b-instruct-v0:2                            aws            mistral.mistral-7b-instruct-v0:2
claude-opus-4-8@default                                     google         claude-opus-4-8
vertex_ai/claude-sonnet-4-5@20250929                        google         claude-sonnet-4-5
publishers/anthropic/models/claude-opus-4-8                 google         claude-opus-4-8
projects/p1/locations/us-east5/publishers/anthropic/models/claude-opus-4-8 google claude-opus-4-8
gemini-2.5-pro                                              google         gemini-2.5-pro
models/gemini-2.5-pro                                       google         gemini-2.5-pro
gemini/gemini-2.5-pro                                       google         gemini-2.5-pro
google/gemini-2.5-flash                                     google         gemini-2.5-flash
gemini-2.5-pro-preview-05-06                                google         gemini-2.5-pro
gemini-2.5-flash-preview-05-20                              google         gemini-2.5-flash-preview
gemini-2.5-flash-preview-09-2025                            google         gemini-2.5-flash
gemini-2.0-flash-001                                        google         gemini-2.0-flash
gemini-2.5-flash-lite-preview-09-2025                       google         gemini-2.5-flash-lite
gpt-4o                                                      openai         gpt-4o
gpt-4o-2024-11-20                                           openai         gpt-4o
gpt-4o-2024-05-13                                           openai         gpt-4o-2024-05-13
gpt-5.2-20251211                                            openai         gpt-5.2
gpt-5-codex                                                 openai         gpt-5
gpt-5.1-codex-mini                                          openai         gpt-5.1-codex-mini
openai/gpt-5-mini                                           openai         gpt-5-mini
openai/responses/gpt-5-mini                                 openai         gpt-5-mini
o4-mini-2025-04-16                                          openai         o4-mini
text-embedding-3-small                                      openai         text-embedding-3-small
ft:gpt-4o-mini-2024-07-18:acme::9aBcDeF                     openai         ft:gpt-4o-mini
ft:gpt-4.1-2025-04-14:acme:support:9aBcDeF                  openai         ft:gpt-4.1-2025-04-14
azure/gpt-4o                                                azure          gpt-4o
azure/eu/gpt-4o                                             azure          eu/gpt-4o
grok-4-0709                                                 x-ai           grok-4-0709
grok-4.20-reasoning                                         x-ai           grok-4.20-reasoning
xai/grok-4.20-reasoning                                     x-ai           grok-4.20-reasoning
mistral-large-3                                             mistral        mistral-large-3
devstral-latest                                             mistral        devstral-latest
mistral/devstral-latest                                     mistral        devstral-latest
mistral-large-2411                                          mistral        mistral-large
deepseek/deepseek-v4-pro                                    deepseek       deepseek-v4-pro
accounts/fireworks/models/deepseek-r1                       fireworks      accounts/fireworks/models/deepseek-r1
fireworks_ai/accounts/fireworks/models/deepseek-r1          fireworks      accounts/fireworks/models/deepseek-r1
fireworks/deepseek-r1                                       fireworks      accounts/fireworks/models/deepseek-r1
together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo         together       meta-llama/Llama-3.3-70B-Instruct-Turbo
groq/llama-3.3-70b-versatile                                groq           llama-3.3-70b-versatile
kimi-k2-0905-preview                                        moonshotai     kimi-k2-0905-preview
ollama/llama3.3:70b                                         ollama         llama3.3:70b
"""

NOT_KNOWN = """
gemini-2.5-pro-foo
gemini-2.5-pro-high
gpt-5-codex-high
gpt-5-mini-fast
claude-sonnet-4-5-thinking
claude-sonnet-4-5-fast
claude-opus-5-5-5
claude-opus-9
claude-opus-4-8-v2
gemini-2.5-pro-v2
claude-sonnet-4-5-preview
claude-fable-5-9
anthropic/claude-opus-9
grok-4-reasoning
gpt-4o-mini-turbo
gpt-4o:free
anthropic/claude-opus-5:free
openrouter/anthropic/claude-sonnet-4.5:nitro
openrouter/anthropic/claude-sonnet-4.5:online
ft:gpt-9:acme::id
ft:gpt-4.1:acme::id
meta-llama/Llama-3.3-70B-Instruct-Turbo
arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123
us.anthropic.claude-opus-9-v1:0
our-deployment
best
"""


@pytest.mark.parametrize("row", [row for row in MEANT.splitlines() if row], ids=lambda row: str(row).split()[0])
def test_a_name_as_agents_write_it_stands_for_a_catalog_model(price: Price, row: str):
    name, provider, model = row.split()
    found = price(name, input_tokens=1_000)
    assert (found.priced != "unpriced", found.provider, found.model) == (True, provider, model)


@pytest.mark.parametrize("name", [name for name in NOT_KNOWN.splitlines() if name])
def test_a_name_with_more_than_a_date_version_or_region_is_not_priced(price: Price, name: str):
    found = price(name, input_tokens=1_000, output_tokens=1_000)
    assert (found.priced, found.cost_usd) == ("unpriced", None)
    assert found.warnings
    assert len(found.nearest) <= 3


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("mistral-small-2402", None),
        ("mistral-small-2402", "mistral"),
        ("mistral/mistral-small-2402", None),
        ("mistral-large-2402", "mistral"),
        ("mistral/mistral-large-2402", None),
        ("codestral-2405", None),
        ("pixtral-12b-2409", "mistral"),
        ("deepseek-v4-flash-0801", "fireworks"),
        ("deepseek-v3-0324", "deepseek"),
        ("kimi-k2-0905", "moonshotai"),
        ("gpt-5.4-0914", None),
        ("command-r-03-2024", "cohere"),  # another price than 08-2024
    ],
)
def test_an_ending_that_names_another_model_does_not_take_the_price_of_this_one(price: Price, name: str, provider: str | None):
    found = price(name, provider, input_tokens=1_000)
    assert (found.priced, found.cost_usd) == ("unpriced", None)


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [
        ("mistral-large-2402", "azure", "mistral-large-2402"),
        ("mistral-large-2411", "mistral", "mistral-large"),
        ("magistral-medium-2506", "mistral", "magistral-medium"),  # the table matches all that begin so
        ("deepseek-v4-flash-0731", "fireworks", "deepseek-v4-flash"),  # listed as another name of it
        ("gpt-4-0613", "openai", "gpt-4"),
        ("command-r-08-2024", "cohere", "command-r"),
    ],
)
def test_an_ending_counts_where_the_table_lists_or_matches_it(price: Price, name: str, provider: str, model: str):
    found = price(name, provider, input_tokens=1_000)
    assert (found.priced, found.provider) == ("list", provider)
    assert str(found.model).removeprefix("accounts/fireworks/models/") == model


@pytest.mark.parametrize(
    ("name", "provider", "found_provider", "model"),
    [
        ("gpt-4o", "azure", "azure", "gpt-4o"),
        ("azure/gpt-4o", "azure", "azure", "gpt-4o"),
        ("claude-opus-5", "litellm", "anthropic", "claude-opus-5"),
        ("anthropic/claude-sonnet-4.5", "openrouter", "openrouter", "anthropic/claude-sonnet-4.5"),
        ("openai/gpt-oss-120b", "groq", "groq", "openai/gpt-oss-120b"),
        ("xai/grok-4.20-reasoning", "x-ai", "x-ai", "grok-4.20-reasoning"),
        ("anthropic/claude-opus-4-8", "vertex_ai", "google", "claude-opus-4-8"),
        (
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "bedrock",
            "aws",
            "regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "together_ai", "together", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
        ("@cf/meta/llama-3.1-8b-instruct", "cloudflare", "cloudflare", "@cf/meta/llama-3.1-8b-instruct"),
        ("deepseek/deepseek-r1:free", "openrouter", "openrouter", "deepseek/deepseek-r1:free"),
    ],
)
def test_a_provider_reads_the_name_in_its_own_way(price: Price, name: str, provider: str, found_provider: str, model: str):
    found = price(name, provider, input_tokens=1_000, output_tokens=1_000)
    assert (found.priced != "unpriced", found.provider, found.model) == (True, found_provider, model)


@pytest.mark.parametrize(
    ("name", "provider", "place"),
    [
        ("eu.amazon.nova-lite-v1:0", None, "eu"),
        ("bedrock/sa-east-1/amazon.nova-pro-v1:0", None, "sa-east-1"),
        ("arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0", None, "eu"),
        ("global.anthropic.claude-opus-4-1-20250805-v1:0", None, "global"),  # only the regional price is listed
        ("apac/gpt-4o", "azure", "apac"),
        ("swedencentral/gpt-4o", "azure", "swedencentral"),
        ("azure/eastus2/gpt-4o", None, "eastus2"),
        ("eu/gpt-4o", "openai", "eu"),
    ],
)
def test_a_place_without_a_price_of_its_own_is_charged_at_the_listed_price_and_said(
    price: Price, name: str, provider: str | None, place: str
):
    found = price(name, provider, input_tokens=1_000)
    assert found.priced == "list"
    (warning,) = found.warnings
    assert f"no price listed for {place}:" in warning


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("us.amazon.nova-lite-v1:0", None),  # the tables' prices are those of us-east-1
        ("us-east-1/amazon.nova-lite-v1:0", "aws"),
        ("jp.anthropic.claude-opus-4-6-v1:0", None),  # one price is listed for every region
        ("global.anthropic.claude-opus-4-6-v1:0", None),
        ("us-gov-west-1/amazon.nova-pro-v1:0", "aws"),
        ("eu/gpt-4o", "azure"),
        ("global-standard/gpt-4o", "azure"),
        ("gpt-4o", "azure"),
    ],
)
def test_a_place_with_a_price_of_its_own_needs_no_word(price: Price, name: str, provider: str | None):
    found = price(name, provider, input_tokens=1_000)
    assert (found.priced, found.warnings) == ("list", ())


@pytest.mark.parametrize(
    ("name", "provider"), [("claude-opus-5", "openai"), ("gpt-4o", "anthropic"), ("gpt-4o", "no-such-host")]
)
def test_a_provider_is_never_exchanged_for_one_that_has_the_model(price: Price, name: str, provider: str):
    assert price(name, provider, input_tokens=1).priced == "unpriced"


def test_several_holders_are_named_as_candidates(price: Price):
    found = price("meta-llama/Llama-3.3-70B-Instruct-Turbo", input_tokens=1)
    assert "together/meta-llama/Llama-3.3-70B-Instruct-Turbo" in found.nearest


def test_candidates_can_be_asked_for_as_they_are_named(price: Price):
    for name in price("meta-llama/Llama-3.3-70B-Instruct-Turbo", input_tokens=1).nearest:
        assert price(name, input_tokens=1, output_tokens=1).priced != "unpriced"


@pytest.mark.parametrize(
    ("name", "provider", "first"),
    [
        ("claude-opus-46", None, "anthropic/claude-opus-4-6"),
        ("claude-opus-46", "anthropic", "claude-opus-4-6"),
        ("anthropic/claude-opus-46", None, "anthropic/claude-opus-4-6"),
        ("antropic/claude-opus-46", None, "anthropic/claude-opus-4-6"),
        ("opus-4-6", None, "anthropic/claude-opus-4-6"),  # no family's name begins like that
        ("sonnet-4-5", "no-such-host", "anthropic/claude-sonnet-4-5"),
        ("gtp-5.4", None, "openai/gpt-5.4"),
        ("GTP-5.4", None, "openai/gpt-5.4"),
        ("gpt-4o", "anthropic", "openai/gpt-4o"),
        ("gpt-4o", "no-such-host", "openai/gpt-4o"),
        ("llama-3.3-70b-instrct", None, "inferenceapis/llama-3.3-70b-instruct"),
    ],
)
def test_a_misspelt_name_is_answered_with_a_name_that_can_be_asked_for(
    price: Price, name: str, provider: str | None, first: str
):
    found = price(name, provider, input_tokens=1)
    assert found.priced == "unpriced"
    assert found.nearest[0] == first
    assert price(first, None if "/" in first else provider, input_tokens=1, output_tokens=1).priced == "list"


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("x" * 256, None),
        ("claude-opus-4-6" * 17, None),
        ("%", None),
        ("acme-coder", "acme"),  # two thirds of many a coder's name
        ("acme-coder", None),
        ("acme/acme-coder", None),
        ("coder", "acme"),
        ("house-model", None),
    ],
)
def test_a_name_like_no_other_has_no_nearest(price: Price, name: str, provider: str | None):
    assert price(name, provider, input_tokens=1).nearest == ()


@pytest.mark.parametrize(
    ("name", "provider", "listed"),
    [
        ("deepseek-v4-flash-0731", None, "deepseek-v4-flash"),  # the tables match it whatever its date
        ("deepseek/deepseek-v4-flash-0731", None, "deepseek-v4-flash"),
        ("DeepSeek-V4-Flash-0731", "deepseek", "deepseek-v4-flash"),
        ("deepseek-v4-flash-2026-07-31", None, "deepseek-v4-flash"),
        ("deepseek/deepseek-v4-flash-0731", "openrouter", "deepseek/deepseek-v4-flash-0731"),  # listed at its own price
        ("deepseek-v4-flash-1331", None, None),  # no day of any year
        ("deepseek-v4-flash-0732", None, None),
        ("deepseek-v4-flash-0731-exp", None, None),
        ("deepseek-v4-lightning-0731", None, None),
        ("gpt-5-0731", None, None),  # no table says that it costs what gpt-5 costs
    ],
)
def test_a_month_and_day_is_read_only_behind_a_name_that_a_table_knows_so(
    price: Price, name: str, provider: str | None, listed: str | None
):
    assert price(name, provider, input_tokens=1).model == listed


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=1, max_size=30))
def test_a_name_nobody_lists_is_never_priced(catalog: Catalog, name: str):
    assert isinstance(catalog.resolve("anthropic", f"{name}-nobody", "standard", NOON), Unknown)
    assert isinstance(catalog.resolve(None, f"nobody's-{name}", "standard", NOON), Unknown)


@given(
    st.sampled_from(["gpt-4o", "claude-opus-5", "gemini-2.5-pro", "grok-4.5", "mistral-large-3"]),
    st.text("abcxyz", min_size=2, max_size=6),
)
def test_a_word_behind_a_models_name_makes_it_another_model(catalog: Catalog, model: str, word: str):
    assert isinstance(catalog.resolve(None, model, "standard", NOON), Rule)
    assert isinstance(catalog.resolve(None, f"{model}-{word}", "standard", NOON), Unknown)
