"""Who may look at the dashboard: a token that opens it once, then a cookie."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest

MOST_SESSIONS = 32
"""Browsers that may look at once; one more, and the one that came first is asked to come again."""


@dataclass(slots=True)
class Session:
    """A browser that was let in; ``form_token`` stands in every form it is given, ``notice`` is for its next page."""

    cookie: str
    form_token: str
    notice: str | None = None

    def wrote(self, form_token: object) -> bool:
        """Whether a form is one of those this browser was given."""
        return isinstance(form_token, str) and compare_digest(form_token.encode(), self.form_token.encode())

    def taken_notice(self) -> str | None:
        """What the next page should say; once."""
        notice, self.notice = self.notice, None
        return notice


class Door:
    """Lets a browser in for a token that works once, and knows it by its cookie afterwards.

    A token that was used is replaced at once; ``renewed`` hears of the new one, for the next browser.
    """

    def __init__(self, renewed: Callable[[str], None] | None = None) -> None:
        self.token = _secret()
        self._renewed = renewed
        self._sessions: dict[str, Session] = {}

    def enter(self, token: str) -> Session | None:
        """A new session for the token; None for any other."""
        if not compare_digest(token.encode(), self.token.encode()):
            return None
        self.token = _secret()
        if len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        session = Session(_secret(), _secret())
        self._sessions[session.cookie] = session
        if self._renewed is not None:
            self._renewed(self.token)
        return session

    def session(self, cookie: str | None) -> Session | None:
        """The session a cookie stands for; None for none."""
        # A lookup by hash tells nothing useful by its time: the cookie has 256 random bits.
        return None if cookie is None else self._sessions.get(cookie)


def _secret() -> str:
    return secrets.token_urlsafe(32)
