"""The mail server and the recipients of one ``type: email`` notification."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from cost_mcp.config.at import At
from cost_mcp.errors import ConfigError
from cost_mcp.model.address import SMTP_SECURITY, Mailbox

MAIL_KEYS = (
    "to", "from", "smtp_host", "smtp_port", "smtp_security", "smtp_user", "smtp_password", "smtp_password_env",
)  # fmt: skip
_PORTS: Mapping[str, int] = {"starttls": 587, "tls": 465, "none": 25}
_LOCAL = ("localhost", "127.0.0.1", "::1")
_MAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[\w.-]{1,255}", re.ASCII)
_HOST = re.compile(r"[\w.-]{1,253}|[0-9a-fA-F:.]{2,45}", re.ASCII)
_MAX_RECIPIENTS = 20


def read_mailbox(at: At, number: int, given: Mapping[str, object], password: str | None) -> Mailbox:
    """The mailbox an item describes. Without a server it is the one of this machine; without encryption only there.

    Args:
        at: the list of notifications.
        number: which item of it.
        given: its fields.
        password: the password it gives or whose variable it names.

    Raises:
        ConfigError: something is missing or malformed; file and line are named.
    """
    item = _Item(at, number, given)
    to = _addresses(given.get("to"))
    if not to:
        raise item.refused("to", "there are no addresses to send to.", "Give `to: ops@example.com`, or a list of addresses.")
    host, security = item.server()
    user = item.text("smtp_user")
    if (user is None) != (password is None):
        raise item.refused("smtp_user", "smtp_user and its password belong together.", "Give both, or neither.")
    if password is not None and security == "none" and host not in _LOCAL:
        raise item.refused("smtp_security", "the password would be sent in the clear.", "Use starttls or tls.")
    sender = _addresses(item.text("from") or (user if user is not None and _MAIL.fullmatch(user) else to[0]))
    if len(sender) != 1:
        raise item.refused("from", "from is not an address.", "Give one such as cost@example.com.")
    port = given.get("smtp_port", _PORTS[security])
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        raise item.refused("smtp_port", "smtp_port is not a port.", "Give a number such as 587.")
    return Mailbox(to=to, sender=sender[0], host=host, port=port, security=security, user=user, password=password)


@dataclass(frozen=True, slots=True)
class _Item:
    at: At
    number: int
    given: Mapping[str, object]

    def refused(self, key: str, reason: str, hint: str) -> ConfigError:
        return self.at.refused((self.number, key) if key in self.given else (self.number,), reason, hint)

    def text(self, key: str) -> str | None:
        value = self.given.get(key)
        if value is not None and not isinstance(value, str):
            raise self.refused(key, f"{key} is not text.", "Put it in quotes.")
        return None if value is None else value.strip()

    def server(self) -> tuple[str, str]:
        host = self.text("smtp_host") or "localhost"
        if _HOST.fullmatch(host) is None:
            raise self.refused("smtp_host", "smtp_host is not a host.", "Give a name such as smtp.example.com.")
        security = (self.text("smtp_security") or ("none" if host in _LOCAL else "starttls")).lower()
        if security not in SMTP_SECURITY:
            raise self.refused("smtp_security", "smtp_security is not known.", f"Use one of: {', '.join(SMTP_SECURITY)}.")
        return host, security


def _addresses(value: object) -> tuple[str, ...]:
    """Plain addresses, from a list or a text with commas; none when one is not."""
    listed = value.split(",") if isinstance(value, str) else value
    if not isinstance(listed, list):
        return ()
    found = [str(item).strip() for item in cast("list[object]", listed)]
    good = len(found) <= _MAX_RECIPIENTS and all(_MAIL.fullmatch(one) for one in found)
    return tuple(dict.fromkeys(found)) if good else ()
