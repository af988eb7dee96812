"""Where alerts are sent. What is secret in an address never shows: not in ``repr``, not in ``shown``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

CHATS = ("slack", "teams", "discord")
"""Services that take a message by a POST to an address that is itself the secret."""

SMTP_SECURITY = ("starttls", "tls", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Email over one SMTP server. ``sender`` is its From; ``user`` and ``password`` are None where the server asks for none."""

    to: tuple[str, ...]
    sender: str
    host: str
    port: int
    security: str = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """For people: to whom, over which server."""
        return f"email to {', '.join(self.to)} over {self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """An incoming webhook of Slack, Teams or Discord (or of what speaks as they do)."""

    service: str
    url: str = field(repr=False)

    @property
    def shown(self) -> str:
        """For people: the service and its host."""
        return f"{self.service} at {host_of(self.url)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A program of one's own, told by a POST that is signed where there is a ``secret``."""

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """For people: the host, and whether what is sent is signed."""
        return f"webhook at {host_of(self.url)}, {'signed' if self.secret else 'not signed'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseUrl:
    """Any service that the apprise library knows, by its URL, which mostly holds a token where others have a host."""

    url: str = field(repr=False)

    @property
    def shown(self) -> str:
        """For people: which service, nothing else."""
        return f"{self.url.partition(':')[0].lower()} through apprise"


Address: TypeAlias = Mailbox | Chat | Webhook | AppriseUrl


def host_of(url: str) -> str:
    """The host of an http(s) URL and its port, without who logs in and what the path says."""
    return url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]
