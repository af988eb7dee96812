"""Where alerts go, as settings say it: ``notifications:`` in a file, ``COST_MCP_NOTIFY_URLS`` and ``COST_MCP_WEBHOOK_URL``.

Addresses are mostly secrets themselves. What is refused here is named by its place, never quoted; and a file may name the
variable that holds a secret (``url_env``) instead of holding it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from cost_mcp.config.at import At
from cost_mcp.config.declared import (
    NOTIFICATIONS_KEY,
    SECRET_VARIABLE,
    THRESHOLD_VARIABLE,
    URLS_VARIABLE,
    WEBHOOK_VARIABLE,
)
from cost_mcp.config.mailbox import MAIL_KEYS, read_mailbox
from cost_mcp.config.written import WrittenFile
from cost_mcp.errors import ConfigError, InvalidInput
from cost_mcp.model.address import CHATS, Address, AppriseUrl, Chat, Webhook
from cost_mcp.model.alert import KINDS, LEVELS, Channel
from cost_mcp.model.name import clean_name

DEFAULT_LEVEL = "warning"
MAX_CHANNELS = 32

_EVERY_TYPE = ("type", "name", "threshold", "level", "kinds")
_URL_KEYS = ("url", "url_env")
_TYPES: Mapping[str, tuple[str, ...]] = {
    "email": (*MAIL_KEYS, *_URL_KEYS),
    **dict.fromkeys(CHATS, _URL_KEYS),
    "webhook": (*_URL_KEYS, "secret", "secret_env"),
    "apprise": _URL_KEYS,
}
_APPRISE_SCHEMES: Mapping[str, tuple[str, ...]] = {
    "email": ("mailto", "mailtos"),
    "slack": ("slack",),
    "teams": ("msteams", "workflow", "workflows"),
    "discord": ("discord",),
}
"""The apprise URLs a type takes beside an http(s) address of its own."""

_WANTED_KINDS = tuple(kind for kind in KINDS if kind != "test")
_WEB = re.compile(r"https?://(?:[^\s/?#@]*@)?(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:[/?#]\S*)?", re.ASCII | re.IGNORECASE)
_ANY_URL = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s/?#]\S*", re.ASCII | re.IGNORECASE)
_BETWEEN_URLS = re.compile(r"[\s,]+(?=[a-z][a-z0-9+.-]{0,30}://)", re.ASCII | re.IGNORECASE)
"""A comma inside an URL (``?to=a,b``) parts nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredChannel:
    """One channel as declared: which alerts it takes, and where they go. ``place`` says where it stands."""

    channel: Channel
    address: Address = field(repr=False)
    place: str

    def __str__(self) -> str:
        """For people, without anything secret."""
        percent = self.channel.threshold_percent
        start = f"from {self.channel.lowest_level}" if percent is None else f"from {percent.normalize():f}%"
        return f"{self.channel.name} ({self.address.shown}; {start})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surround:
    """What stands around the items: the environment, and the threshold of those that say none."""

    environ: Mapping[str, str]
    threshold: Decimal | None = None


def read_surround(environ: Mapping[str, str]) -> Surround:
    """The environment with its ``COST_MCP_NOTIFY_THRESHOLD``.

    Raises:
        ConfigError: it is not a percent.
    """
    text = environ.get(THRESHOLD_VARIABLE, "").strip()
    percent = _percent(text) if text else None
    if text and percent is None:
        raise ConfigError(f"{THRESHOLD_VARIABLE} is not a percent.", field=NOTIFICATIONS_KEY, hint="Give a number such as 80.")
    return Surround(environ=environ, threshold=percent)


def channels_in_file(file: WrittenFile, around: Surround, taken: Sequence[str]) -> tuple[list[DeclaredChannel], list[str]]:
    """The channels a trusted file declares, in its order, and what is said about those whose variables are not set.

    Args:
        file: the file.
        around: the environment.
        taken: names that other files gave; a channel without a name gets none of them.

    Raises:
        ConfigError: not written as notifications are; file and line are named.
    """
    entry = file.entries.get(NOTIFICATIONS_KEY)
    if entry is None or entry.value is None:
        return [], []
    at = At(file.path, entry, NOTIFICATIONS_KEY)
    value = entry.value
    if not isinstance(value, list):
        raise at.refused((), "notifications are not a list.", "Write `- type: slack`, then its fields below.")
    items = cast("list[object]", value)
    if len(items) > MAX_CHANNELS:
        raise at.refused((), f"{len(items)} notifications; {MAX_CHANNELS} is the most.", "Let one address pass them on.")
    found: list[DeclaredChannel] = []
    warnings: list[str] = []
    named = {given["name"] for item in items if (given := _fields(item)) and isinstance(given.get("name"), str)}
    for number, item in enumerate(items):
        one = _Item(at, number, _fields(item), around)
        name = one.name() or _free_name(one.type(), {*taken, *named, *(had.channel.name for had in found)})
        if any(had.channel.name == name for had in found):
            raise at.refused((number, "name"), "a notification of this name stands already.", "Keep one of them.")
        unset = one.unset_variables()
        if unset:
            warnings.append(f"{at.place(number)}: {', '.join(unset)} is not set. The channel {name} is ignored. Set it.")
            continue
        found.append(DeclaredChannel(channel=one.channel(name), address=one.address(), place=at.place(number)))
    return found, warnings


def channels_in_environment(around: Surround) -> list[DeclaredChannel]:
    """The channels of ``COST_MCP_NOTIFY_URLS`` and ``COST_MCP_WEBHOOK_URL``.

    Raises:
        ConfigError: one of them is not an URL.
    """
    level = DEFAULT_LEVEL if around.threshold is None else LEVELS[0]
    found: list[DeclaredChannel] = []

    def add(name: str, address: Address, place: str) -> None:
        channel = Channel(name=name, threshold_percent=around.threshold, lowest_level=level)
        found.append(DeclaredChannel(channel=channel, address=address, place=place))

    urls = around.environ.get(URLS_VARIABLE, "").strip(" \t\r\n,")
    for number, url in enumerate(_BETWEEN_URLS.split(urls) if urls else (), start=1):
        if _ANY_URL.fullmatch(url) is None:
            raise ConfigError(
                f"{URLS_VARIABLE}: entry {number} is not an URL.",
                field=NOTIFICATIONS_KEY,
                hint="Give apprise URLs such as discord://…, with blanks between them.",
            )
        add(f"notify-{number}", AppriseUrl(url=url), URLS_VARIABLE)
    if webhook := around.environ.get(WEBHOOK_VARIABLE, "").strip():
        if not _is_web(webhook):
            raise ConfigError(f"{WEBHOOK_VARIABLE} is not an URL.", field=NOTIFICATIONS_KEY, hint="Give an https:// address.")
        secret = around.environ.get(SECRET_VARIABLE, "").strip() or None
        add("webhook", Webhook(url=webhook, secret=secret), WEBHOOK_VARIABLE)
    return found


@dataclass(frozen=True, slots=True)
class _Item:
    """One item of the list."""

    at: At
    number: int
    given: Mapping[str, object]
    around: Surround

    def type(self) -> str:
        word = self.given.get("type")
        if not isinstance(word, str) or word.strip().lower() not in _TYPES:
            near = difflib.get_close_matches(word.strip().lower(), _TYPES, n=1) if isinstance(word, str) else []
            hint = f"Did you mean {near[0]}? " if near else ""
            raise self.at.refused(
                (self.number, "type"), "a notification has no known type.", f"{hint}Use one of: {', '.join(_TYPES)}."
            )
        kind = word.strip().lower()
        self.at.refuse_unknown((self.number,), self.given, (*_EVERY_TYPE, *_TYPES[kind]), f"a field of {kind} notifications")
        return kind

    def name(self) -> str | None:
        if self.given.get("name") is None:
            return None
        try:
            name = clean_name(self.given["name"], "name", maximum=64)
        except InvalidInput as error:
            raise self.refused("name", error.sentence, error.hint or "") from None
        if "://" in name:  # names are stored and shown
            raise self.refused("name", "name is an address.", "Give a short name such as ops.")
        return name

    def channel(self, name: str) -> Channel:
        percent = self.around.threshold if "level" not in self.given else None
        if self.given.get("threshold") is not None:
            percent = _percent(self.given["threshold"])
            if percent is None:
                raise self.refused("threshold", "threshold is not a percent.", "Give a number such as 80%.")
        level = self.given.get("level", DEFAULT_LEVEL if percent is None else LEVELS[0])
        if level not in LEVELS:
            raise self.refused("level", "level is not known.", f"Use one of: {', '.join(LEVELS)}.")
        return Channel(name=name, threshold_percent=percent, lowest_level=str(level), kinds=self.kinds())

    def kinds(self) -> tuple[str, ...]:
        kinds = words(self.given.get("kinds"))
        if kinds is None or any(kind not in _WANTED_KINDS for kind in kinds):
            raise self.refused("kinds", "kinds are not known.", f"Use one or both of: {', '.join(_WANTED_KINDS)}.")
        return (*kinds, "test") if kinds else KINDS

    def address(self) -> Address:
        kind = self.type()
        url = self.secret("url")
        if kind == "email":
            if url is None:
                return read_mailbox(self.at, self.number, self.given, self.secret("smtp_password"))
            mixed = next((key for key in MAIL_KEYS if key in self.given), None)
            if mixed is not None:
                raise self.refused(mixed, "it stands beside a url, which says it too.", "Keep one of the two.")
        if url is None:
            raise self.refused("type", f"a {kind} notification has no url.", "Give `url:`, or `url_env:` with a variable.")
        if kind == "apprise" or url.partition("://")[0].lower() in _APPRISE_SCHEMES.get(kind, ()):
            if _ANY_URL.fullmatch(url) is None:
                raise self.refused(self.key_of("url"), "this is not an URL.", "Write it as the service's apprise page shows.")
            return AppriseUrl(url=url)
        if kind == "email" or not _is_web(url):
            wanted = "mailto://…" if kind == "email" else "https://…"
            raise self.refused(self.key_of("url"), f"this is not an URL of {kind}.", f"Give one that begins with {wanted}")
        if kind == "webhook":
            return Webhook(url=url, secret=self.secret("secret"))
        return Chat(service=kind, url=url)

    def key_of(self, key: str) -> str:
        return key if self.given.get(key) is not None else f"{key}_env"

    def secret(self, key: str) -> str | None:
        """A value that the item gives, or the variable that it names."""
        value, variable = self.given.get(key), self.given.get(f"{key}_env")
        if variable is not None:
            return self.around.environ.get(str(variable), "").strip()
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self.refused(key, f"{key} is not text.", "Put it in quotes.")
        return value.strip()

    def unset_variables(self) -> list[str]:
        """The variables it names that are not set: other shells may have them, so that is no reason to refuse to work."""
        unset: list[str] = []
        self.type()
        for key in ("url_env", "secret_env", "smtp_password_env"):
            variable = self.given.get(key)
            if variable is None:
                continue
            if not isinstance(variable, str) or re.fullmatch(r"[A-Za-z_]\w{0,99}", variable, re.ASCII) is None:
                raise self.refused(key, f"{key} is not the name of a variable.", "Give a name such as SLACK_URL.")
            if (plain := key.removesuffix("_env")) in self.given:
                raise self.refused(key, f"{plain} stands there too.", "Keep one of the two.")
            if not self.around.environ.get(variable, "").strip():
                unset.append(variable)
        return unset

    def refused(self, key: str, reason: str, hint: str) -> ConfigError:
        return self.at.refused((self.number, key) if key in self.given else (self.number,), reason, hint)


def words(value: object) -> tuple[str, ...] | None:
    """A list of texts, or one text with commas; none for nothing, None for what is neither."""
    listed = value.split(",") if isinstance(value, str) else [] if value is None else value
    if not isinstance(listed, list):
        return None
    texts = cast("list[object]", listed)
    return tuple(text.strip() for text in texts if isinstance(text, str)) if all(isinstance(t, str) for t in texts) else None


def _fields(item: object) -> dict[str, object]:
    if not isinstance(item, dict):
        return {}
    return {str(key): value for key, value in cast("dict[object, object]", item).items() if value is not None}


def _free_name(kind: str, taken: set[object]) -> str:
    return next(name for number in range(1, len(taken) + 2) if (name := f"{kind}-{number}") not in taken)


def _is_web(url: str) -> bool:
    return _WEB.fullmatch(url) is not None


def _percent(value: object) -> Decimal | None:
    text = str(value).strip().removesuffix("%").strip()
    try:
        percent = Decimal(text) if isinstance(value, str | int | float) and not isinstance(value, bool) else Decimal(0)
    except ArithmeticError:
        return None
    return percent if percent.is_finite() and 0 < percent <= 1000 else None
