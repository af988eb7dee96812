"""A small text from a file or over https: for price books a person names."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, cast
from urllib.parse import urlsplit

from cost_mcp.errors import InvalidInput

MAX_BYTES = 8_000_000
SECONDS = 20
_HERE = ("localhost", "127.0.0.1", "::1")


def text_of(place: str, field: str = "file") -> str:
    """The text at a path or URL; https only, except on this machine itself.

    Raises:
        InvalidInput: it cannot be read, is larger than 8 MB, or not UTF-8 text.
    """
    content = _fetched(place) if "://" in place else _read(place, field)
    if len(content) > MAX_BYTES:
        raise InvalidInput(f"{field} is larger than {MAX_BYTES:,} bytes.", field=field, hint="Check what it is.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(f"{field} is not UTF-8 text.", field=field, hint="Check what it is.") from None


def _read(path: str, field: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidInput(
            f"{field} cannot be read ({error.strerror}).", field=field, hint="Check its path and rights."
        ) from None


def _check_safe(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE):
        return
    raise InvalidInput("the URL is not https.", field="url", hint="Prices decide what is charged: fetch them over https.")


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        _check_safe(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetched(url: str) -> bytes:
    _check_safe(url)
    opener = urllib.request.build_opener(_SafeRedirects)
    try:
        with opener.open(url, timeout=SECONDS) as answer:
            return cast("bytes", answer.read(MAX_BYTES + 1))
    except urllib.error.HTTPError as error:
        error.close()
        raise InvalidInput(f"the server answered {error.code}.", field="url", hint="Check the address.") from None
    except (OSError, HTTPException, ValueError):
        raise InvalidInput("the URL cannot be fetched.", field="url", hint="Check the address and the network.") from None
