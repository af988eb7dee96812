"""What a model is called once everything is taken off its name that only says where and how it is reached."""

from __future__ import annotations

import re
from functools import lru_cache

DATE = r"20\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])"
REGIONS = ("us", "eu", "apac", "jp", "au", "in", "ca", "sa", "us-gov", "global")
BEDROCK_MAKERS = (
    "ai21", "amazon", "anthropic", "cohere", "deepseek", "google", "luma", "meta", "minimax", "mistral", "moonshot",
    "moonshotai", "nvidia", "openai", "qwen", "stability", "twelvelabs", "writer", "xai", "zai",
)  # fmt: skip
"""The first parts of Bedrock's model ids.

Source: the Bedrock ids listed by genai-prices 0.2.3 and litellm 1.109.1, read 2026-11-22.
"""

# regional. stands for every region in the tables prices are read from.
_BEDROCK = re.compile(rf"^(?:(?:{'|'.join(REGIONS)}|regional)\.)?({'|'.join(BEDROCK_MAKERS)})\.(?=[a-z])(.+)$")
_BEDROCK_VERSION = re.compile(r"(?<=.)(?:-v?\d+:\d+(?::[a-z0-9]+)?|-v\d+|:\d+)$")
"""-v1, -v1:0, -1:0, and the window some ids end in (-v1:0:200k)."""

_SHORT = re.compile(r"^[a-z]\d")
_SNAPSHOT = re.compile(rf"(?:[-@]{DATE}|[-@]00\d|[-@]latest|@default)$")
_DOTTED = re.compile(r"(?<=\d)\.(?=\d)")
_ALIAS = re.compile(r"^(claude-[a-z]+-\d)-0$")
"""claude-sonnet-4-0 is an alias of claude-sonnet-4.

Source: https://docs.claude.com/en/docs/about-claude/models/overview, read 2026-11-22.
"""


def folded_name(name: str) -> str:
    """A name as names are compared: in lower case; Claude's with hyphens for dots, and without the -0 of an alias."""
    lowered = name.lower()
    if not lowered.startswith("claude-"):
        return lowered
    return _ALIAS.sub(r"\1", _DOTTED.sub("-", lowered))


@lru_cache(maxsize=4096)
def bare_name(name: str) -> str:
    """The model in a name, its date kept: without the path or ARN before it, Bedrock's region, maker and version, a window."""
    text = name.lower().rpartition("/")[2] or name.lower()
    found = _BEDROCK.match(text)
    if found is not None:
        maker, rest = found[1], found[2]
        cut = _BEDROCK_VERSION.sub("", rest)
        # claude-v2:1 is not a version of a model called claude.
        text = cut if "-" in cut or "-v" not in rest else rest.partition(":")[0]
        if _SHORT.match(text):
            text = f"{maker}-{_BEDROCK_VERSION.sub('', rest)}"  # deepseek.r1
    if text.startswith("claude-"):
        text = text.removesuffix("[1m]")
    return folded_name(text)


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """The ``bare_name`` without the date or number of a snapshot: one name for every way of asking for a model.

    Words (-preview, -fast, -mini) are never taken off, nor short numbers (-2402, -0731): they name another model.
    """
    text = bare_name(name)
    while not text.startswith("ft:") and (cut := _SNAPSHOT.sub("", text)) != text and cut:
        text = cut
    return folded_name(text)


@lru_cache(maxsize=4096)
def model_names(model: str, response_model: str | None = None, catalog_model: str | None = None) -> tuple[str, ...]:
    """Every name a model goes by in budgets, each once; the first is the one a window of its own is kept under.

    That one is the plain name of what the price books know it as, else of what was asked for; then each name as written, bare
    and plain.
    """
    names = [plain_name(catalog_model or model)]
    for name in (model, response_model, catalog_model):
        if name:
            names += [name, name.rpartition("/")[2], bare_name(name), plain_name(name)]
    return tuple(dict.fromkeys(name for name in names if name))
