"""LiteLLM's price table and its version: from the JSON file alone, or from inside LiteLLM's own wheel."""

from __future__ import annotations

import re
import zipfile
import zlib

from cost_mcp.cli.fetching import text_of
from cost_mcp.errors import InvalidInput

_TABLE = "litellm/model_prices_and_context_window_backup.json"
_METADATA = re.compile(r"litellm-[^/]+\.dist-info/METADATA")
_VERSION = re.compile(r"^Version: (\S+)\s*$", re.MULTILINE)
MAX_MEMBER_BYTES = 16_000_000
"""The table is 3 MB; what unpacks to more than this is something else."""


def litellm_table(place: str, version: str | None) -> tuple[str, str]:
    """The table's text and the LiteLLM version it belongs to.

    Args:
        place: a wheel's path, or the JSON table's path or URL.
        version: what the caller says; needed beside the JSON table, which does not name its version.

    Raises:
        InvalidInput: it cannot be read, it is no LiteLLM wheel, or the version is missing or contradicts the wheel's.
    """
    if "://" not in place and zipfile.is_zipfile(place):
        text, packaged = _unpacked(place)
        if version not in (None, packaged):
            raise InvalidInput(
                "version differs from the wheel's own.", field="version", hint="Leave it out: the wheel says it."
            )
        return text, packaged
    text = text_of(place)
    if version is None:
        raise InvalidInput(
            "version is missing: a JSON table does not say which LiteLLM release it is from.",
            field="version",
            hint="Add --version, or give LiteLLM's wheel.",
        )
    return text, version


def _unpacked(path: str) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as wheel:
            metadata = next((name for name in wheel.namelist() if _METADATA.fullmatch(name)), None)
            if metadata is None or _TABLE not in wheel.namelist():
                raise _refusal("it is a zip file, but not LiteLLM's wheel")
            said = _VERSION.search(_member(wheel, metadata))
            if said is None:
                raise _refusal("its METADATA names no version")
            return _member(wheel, _TABLE), said[1]
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError):
        # Beside a damaged file: members that are encrypted, or packed in a way this Python cannot read.
        raise _refusal("it is damaged") from None


def _member(wheel: zipfile.ZipFile, name: str) -> str:
    with wheel.open(name) as file:
        content = file.read(MAX_MEMBER_BYTES + 1)
    if len(content) > MAX_MEMBER_BYTES:
        raise _refusal(f"a file in it is larger than {MAX_MEMBER_BYTES:,} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise _refusal("a file in it is not UTF-8 text") from None


def _refusal(reason: str) -> InvalidInput:
    return InvalidInput(f"the wheel cannot be used: {reason}.", field="file", hint="Download LiteLLM's wheel again.")
