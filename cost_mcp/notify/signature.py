"""The signature of a webhook, as Standard Webhooks has it: HMAC-SHA256 over the delivery's id, the time and the body.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md; read 2026-11-22. Its libraries verify
what is sent here, in many languages.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

KEY_PREFIX = "whsec_"


def signed_headers(secret: str | None, delivery_id: str, now: datetime, content: bytes) -> dict[str, str]:
    """The headers that go with a body; without a secret all but the signature.

    ``webhook-id`` is the same at every attempt; ``webhook-timestamp`` is the attempt's time in whole seconds since 1970.
    """
    stamp = str(int(now.timestamp()))
    headers = {"webhook-id": delivery_id, "webhook-timestamp": stamp}
    if secret is not None:
        signed = f"{delivery_id}.{stamp}.".encode() + content
        digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def _key(secret: str) -> bytes:
    """The key's bytes: what follows ``whsec_`` in base64, else the text itself."""
    if secret.startswith(KEY_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(KEY_PREFIX), validate=True)
        except binascii.Error:
            return secret.encode()  # a text that only begins like one
    return secret.encode()
