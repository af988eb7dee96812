"""Values of a price book, taken from YAML nodes so that every mistake knows its line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal, InvalidOperation

import yaml

from cost_mcp.errors import PriceBookError
from cost_mcp.pricing.composing import Alias

_DIGITS = Context(prec=15)
"""Floats carry 15 decimal digits for certain; what a program wrote behind them is noise."""

MAX_ITEMS = 1_000
"""How many values one list may hold."""

MAX_TEXT = 500
"""How many characters one value may have: an address or a note."""

_LOWEST, _HIGHEST = -20, 9
"""Powers of ten between which every number that is not zero must lie: far outside of any price, in any unit."""


class Refused(Exception):
    """One place of a book that cannot be taken; carries what ``PriceBookError`` needs."""

    def __init__(self, node: yaml.Node, reason: str, hint: str | None = None) -> None:
        self.line = line_of(node)
        self.reason = reason
        self.hint = hint
        super().__init__(reason)

    def told(self, file: str) -> PriceBookError:
        """The error as users see it."""
        return PriceBookError(self.reason, file=file, line=self.line, hint=self.hint)


@dataclass(frozen=True, slots=True)
class Pair:
    """One key of a mapping with the nodes of the key and of its value."""

    key: str
    at: yaml.Node
    value: yaml.Node


def line_of(node: yaml.Node) -> int:
    """The line a node begins on, counted from 1."""
    return int(node.start_mark.line) + 1


def pairs(node: yaml.Node, what: str) -> list[Pair]:
    """A mapping's keys and values in order, repeated keys included.

    Raises:
        Refused: not a mapping, or a key that is not plain text.
    """
    _no_alias(node)
    if not isinstance(node, yaml.MappingNode):
        raise Refused(node, f"{what} is not a mapping.", "Write it as key: value lines.")
    found: list[Pair] = []
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise Refused(key, f"a key of {what} is not plain text.")
        found.append(Pair(str(key.value), key, value))
    return found


def items(node: yaml.Node, what: str) -> list[yaml.Node]:
    """A list's nodes; a single scalar counts as a list of one.

    Raises:
        Refused: neither, or more than a thousand.
    """
    found = entries(node, what)
    if len(found) > MAX_ITEMS:
        raise Refused(node, f"{what} holds more than {MAX_ITEMS:,} values.", "Split it.")
    return found


def entries(node: yaml.Node, what: str) -> list[yaml.Node]:
    """A list's nodes, however many; a single scalar counts as a list of one.

    Raises:
        Refused: neither.
    """
    _no_alias(node)
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if isinstance(node, yaml.ScalarNode):
        return [node]
    raise Refused(node, f"{what} is not a list.", "Write it as [a, b].")


def single(found: Iterable[Pair], what: str, warn: list[str], file: str) -> dict[str, Pair]:
    """The pairs by key. A key repeated with the same value is told in ``warn``.

    Raises:
        Refused: a key repeated with another value.
    """
    kept: dict[str, Pair] = {}
    for pair in found:
        first = kept.setdefault(pair.key, pair)
        if first is pair:
            continue
        if plain(first.value) != plain(pair.value):
            hint = f"It is also on line {line_of(first.at)}. Remove one of them."
            raise Refused(pair.at, f"{shown(pair.key)} stands twice in {what} with different values.", hint)
        warn.append(f"{file}, line {line_of(pair.at)}: {shown(pair.key)} stands twice in {what} with the same value.")
    return kept


def plain(node: yaml.Node) -> object:
    """A node's contents as plain text, lists and pairs, for comparing."""
    if isinstance(node, yaml.MappingNode):
        return [(plain(key), plain(value)) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    return str(node.value)


def shown(key: str) -> str:
    """A key, fit for a message: what does not look like a model or a setting may be any text, and is not repeated."""
    return key if re.fullmatch(r"[A-Za-z0-9][\w.:/@+-]{0,79}", key, re.ASCII) else "a key"


def known(found: dict[str, Pair], allowed: Iterable[str], what: str) -> None:
    """Nothing, when every key is allowed.

    Raises:
        Refused: an unknown key; the hint names the nearest one.
    """
    names = list(allowed)
    for key, pair in found.items():
        if key not in names:
            near = difflib.get_close_matches(key[:MAX_TEXT], names, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(names)}."
            raise Refused(pair.at, f"{shown(key)} is not a key of {what}.", hint)


def text_of(node: yaml.Node, what: str) -> str:
    """A scalar's text without surrounding blanks.

    Raises:
        Refused: not a scalar, empty, or longer than 500 characters.
    """
    _no_alias(node)
    if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
        raise Refused(node, f"{what} is not text.", "Give one line of text.")
    text = str(node.value).strip()
    if len(text) > MAX_TEXT:
        raise Refused(node, f"{what} has {len(text):,} characters; {MAX_TEXT} are the most.", "Shorten it.")
    return text


def _no_alias(node: yaml.Node) -> None:
    if isinstance(node, Alias):
        raise Refused(node, "an alias (*name) stands here.", "Write out what it stands for.")


def number_of(node: yaml.Node, what: str) -> Decimal:
    """A scalar as an exact number, rounded to the 15 digits a float can be trusted with.

    Raises:
        Refused: not a number, not finite, negative, or too large or small for any price.
    """
    text = text_of(node, what).replace("_", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        hint = "Give US dollars without a sign or unit: 2.50." if text.lower().lstrip("+-") != ".nan" else "Leave it out."
        raise Refused(node, f"{what} is not a number.", hint) from None
    if not number.is_finite():
        raise Refused(node, f"{what} is not finite.", "Leave it out when the price is not known.")
    if number < 0:
        raise Refused(node, f"{what} is negative.", "Prices are zero or more.")
    if number and not _LOWEST <= number.adjusted() <= _HIGHEST:
        size = "large" if number.adjusted() > 0 else "small"
        raise Refused(node, f"{what} is too {size} for a price.", "Give US dollars: 2.50.")
    return tidy(number)


def tidy(number: Decimal) -> Decimal:
    """A number rounded to 15 significant digits, without trailing zeros."""
    return _DIGITS.plus(number).normalize(_DIGITS)


def instant_of(node: yaml.Node, what: str) -> datetime:
    """A date (its first moment in UTC) or a time with an offset.

    Raises:
        Refused: neither.
    """
    text = text_of(node, what)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(node, f"{what} is not a date.", "Give 2026-11-22, or 2026-08-16T16:00Z.") from None
    if len(text) <= len("2026-11-22"):
        return moment.replace(tzinfo=UTC)
    if moment.tzinfo is None:
        raise Refused(node, f"{what} has no offset from UTC.", "Add Z to the time.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first or last day there is, in another zone
        raise Refused(node, f"{what} is out of the calendar.", "Give 2026-11-22, or 2026-08-16T16:00Z.") from None


def day_of(node: yaml.Node, what: str) -> date:
    """A calendar day.

    Raises:
        Refused: not one.
    """
    try:
        return date.fromisoformat(text_of(node, what))
    except ValueError:
        raise Refused(node, f"{what} is not a date.", "Give 2026-11-22.") from None


def hours_of(node: yaml.Node, what: str) -> tuple[int, int]:
    """Daily hours as ``01:00-04:00``: first minute and end minute of the UTC day.

    Raises:
        Refused: not in that form.
    """
    first, dash, end = text_of(node, what).partition("-")
    try:
        begins, ends = time.fromisoformat(first.strip()), time.fromisoformat(end.strip())
    except ValueError:
        dash = ""
        begins = ends = time()
    if not dash or begins == ends:
        raise Refused(node, f"{what} are not hours.", 'Give UTC hours as "01:00-04:00", in quotes.')
    return begins.hour * 60 + begins.minute, ends.hour * 60 + ends.minute
