from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cost_mcp.errors import InvalidInput
from cost_mcp.service import counting
from cost_mcp.service.counting import MAX_TEXT, count_text

ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"


@pytest.mark.parametrize(
    ("text", "tokens", "sure"),
    [("", 0, "medium"), ("a" * 7, 2, "medium"), ("a" * 8, 3, "medium"), ("漢字", 3, "low"), ("é" + "a" * 35, 12, "medium")],
)
def test_a_text_is_guessed_by_its_length_and_less_surely_in_other_scripts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, tokens: int, sure: str
):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    count = count_text(text, "openai")
    assert (count.tokens, count.counted_by, count.confidence) == (tokens, "heuristic", sure)
    assert "3.5 ASCII characters" in count.method


@pytest.mark.parametrize("text", [5, ["a"], "a" * (MAX_TEXT + 1)])
def test_what_is_no_text_or_too_long_is_refused(text: Any):
    with pytest.raises(InvalidInput) as refused:
        count_text(text, None)
    assert (refused.value.field, bool(refused.value.hint)) == ("text", True)


class Words:
    """A vocabulary of whole words, standing in for tiktoken's."""

    def encode(self, text: str, *, disallowed_special: tuple[str, ...]) -> list[str]:
        """One token a word."""
        assert disallowed_special == ()
        return text.split()


@pytest.mark.parametrize(("provider", "sure"), [("openai", "high"), ("anthropic", "medium"), (None, "medium")])
def test_tiktoken_counts_where_its_vocabulary_is_at_hand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, provider: str | None, sure: str
):
    library = ModuleType("tiktoken")
    library.__spec__ = sys.__spec__
    vars(library)["get_encoding"] = {"o200k_base": Words()}.__getitem__
    monkeypatch.setitem(sys.modules, "tiktoken", library)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    digest = hashlib.sha256(b"vocabulary").hexdigest()
    monkeypatch.setattr(counting, "_VOCABULARIES", {"o200k_base": (ADDRESS, digest)})
    file = tmp_path / hashlib.sha1(ADDRESS.encode(), usedforsecurity=False).hexdigest()
    file.write_bytes(b"another vocabulary, which tiktoken would replace from the network")
    assert count_text("three words here", provider).counted_by == "heuristic"
    file.write_bytes(b"vocabulary")
    count = count_text("three words here", provider)
    assert (count.tokens, count.counted_by, count.confidence) == (3, "tiktoken", sure)
