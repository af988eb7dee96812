"""One POST of one JSON body: with a time limit, to that address and nowhere else."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from cost_mcp.errors import DeliveryFailed

TIMEOUT_SECONDS = 10.0
"""How long a receiver may take for one step: to be reached, to answer."""

MAX_RETRY_AFTER_SECONDS = 3600.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nowhere: an alert, and what authorises it, is for the address that was configured."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        """Make the redirect the answer."""


def json_bytes(body: Mapping[str, object]) -> bytes:
    """The body as it is sent, and signed."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def post(url: str, content: bytes, headers: Mapping[str, str], *, timeout: float = TIMEOUT_SECONDS) -> None:
    """Send it; returns when the receiver answered that it took it (200–299).

    Args:
        url: http or https; a user and password in it become basic authorisation.
        content: JSON.
        headers: what is sent beside the usual ones.
        timeout: seconds that one step may take.

    Raises:
        DeliveryFailed: anything else.
    """
    try:
        request = _request(url, content, headers)
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(request, timeout=timeout):
            return
    except urllib.error.HTTPError as error:
        code, wait = error.code, _seconds(error.headers.get("Retry-After"))
        error.close()
        redirected = 300 <= code < 400
        raise DeliveryFailed(
            f"The receiver answered HTTP {code}.",
            hint="Redirects are not followed: configure the address it leads to." if redirected else _HINTS.get(code, _HINT),
            retry_after=wait,
        ) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise failure_of(error) from None


def failure_of(error: Exception) -> DeliveryFailed:
    """Why a receiver could not be reached, by the kind of error alone: what errors say may quote the address."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return DeliveryFailed("The receiver's certificate cannot be verified.", hint="Check the host and its certificate.")
    if isinstance(cause, ssl.SSLError):
        return DeliveryFailed("The receiver does not speak TLS as asked.", hint="Check port and protocol.")
    if isinstance(cause, TimeoutError):
        return DeliveryFailed("The receiver did not answer in time.", hint="Check host and port, and whether it is busy.")
    if isinstance(cause, OSError):
        words = type(cause).__name__ if cause.strerror is None else cause.strerror
        return DeliveryFailed(f"The receiver cannot be reached ({words}).", hint="Check host and port, and whether it runs.")
    if isinstance(cause, http.client.HTTPException):
        return DeliveryFailed("What answers there does not speak HTTP.", hint="Check host and port.")
    return DeliveryFailed("The address cannot be used as written.", hint="Correct it in the configuration.")


_HINT = "Check the address, or look into the receiver's log, if it stays so."
_HINTS: Mapping[int, str] = {
    401: "Check the secret or token.",
    403: "Check the secret or token, and whether the address was revoked.",
    404: "The address is not known there: it may have been revoked.",
    410: "The address was revoked: make a new one.",
    429: "It asks for fewer messages.",
}


def _request(url: str, content: bytes, headers: Mapping[str, str]) -> urllib.request.Request:
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    given = {"Content-Type": "application/json", "User-Agent": "cost-mcp", **headers}
    if login:
        given["Authorization"] = f"Basic {base64.b64encode(unquote(login).encode()).decode()}"
    plain = urlunsplit((parts.scheme.lower(), host, parts.path or "/", parts.query, ""))
    return urllib.request.Request(plain, data=content, headers=given, method="POST")  # noqa: S310 (settings take http and https only)


def _seconds(text: str | None) -> float | None:
    """The seconds of a Retry-After header; its other form, a date, is no news beside our own waiting."""
    if text is None or not (text.strip().isascii() and text.strip().isdigit()) or len(text) > 9:
        return None
    return min(float(text), MAX_RETRY_AFTER_SECONDS)
