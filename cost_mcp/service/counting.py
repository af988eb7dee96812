"""How many tokens a text has: counted where a vocabulary is at hand, else guessed, and which of the two."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import Any

from cost_mcp.errors import InvalidInput

MAX_TEXT = 4_000_000
"""Characters; more than any model's context holds."""

CHARACTERS_PER_TOKEN = 3.5
TOKENS_PER_OTHER = 1.5
"""ASCII characters to a token, and tokens to any other character.

Source: rules of thumb, "roughly 3-4 characters" of English (https://www.auldrin.com/glossary/token) and 1 to 2 tokens to a
Chinese character (https://judyailab.com/en/glossary/token/), both read 2026-11-22; we take the middle of each.
"""

_VOCABULARIES: Mapping[str, tuple[str, str]] = {
    "o200k_base": (
        "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
}
"""The address tiktoken names its cached file by, and the SHA-256 it expects: another content would make it fetch anew."""

HIGH, MEDIUM, LOW = "high", "medium", "low"


@dataclass(frozen=True, slots=True)
class Count:
    """Tokens, how they were found (``tokens``, ``tiktoken``, ``heuristic``), how sure that is, and a sentence about it."""

    tokens: int
    counted_by: str
    confidence: str
    method: str


def count_text(text: object, provider: str | None) -> Count:
    """The tokens of a text; the text is not kept.

    tiktoken counts where it is installed and its vocabulary is already on this machine: nothing is ever fetched. Its count is
    exact for OpenAI's models and near for others.

    Raises:
        InvalidInput: no text, or one longer than any model takes.
    """
    if not isinstance(text, str):
        raise InvalidInput("text is not text.", field="text", hint="Give the prompt as one string, or input_tokens.")
    if len(text) > MAX_TEXT:
        raise InvalidInput(f"text is longer than {MAX_TEXT:,} characters.", field="text", hint="Give input_tokens instead.")
    counted = _counted(text)
    if counted is not None:
        exact = provider == "openai"
        whose = "the vocabulary of OpenAI's models" + ("" if exact else ", which is not this model's")
        return Count(counted, "tiktoken", HIGH if exact else MEDIUM, f"Counted by tiktoken with {whose}.")
    plain = len(text.encode("ascii", "ignore"))
    other = len(text) - plain
    tokens = ceil(plain / CHARACTERS_PER_TOKEN + other * TOKENS_PER_OTHER)
    sure = LOW if other * 10 > len(text) else MEDIUM
    method = f"Guessed from length: {CHARACTERS_PER_TOKEN} ASCII characters a token, {TOKENS_PER_OTHER} tokens any other one."
    return Count(tokens, "heuristic", sure, method)


def _counted(text: str) -> int | None:
    name = "o200k_base"
    if find_spec("tiktoken") is None or not _at_hand(name):
        return None
    import importlib

    tiktoken: Any = importlib.import_module("tiktoken")
    # Text may hold what looks like a control token: it is counted as the characters it is.
    return len(tiktoken.get_encoding(name).encode(text, disallowed_special=()))


def _at_hand(name: str) -> bool:
    """Whether tiktoken finds the vocabulary in its cache, whole, and so has no reason to ask the network."""
    address, digest = _VOCABULARIES[name]
    given = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    folder = Path(given) if given else Path(tempfile.gettempdir()) / "data-gym-cache"
    file = folder / hashlib.sha1(address.encode(), usedforsecurity=False).hexdigest()
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest() == digest
    except OSError:
        return False
