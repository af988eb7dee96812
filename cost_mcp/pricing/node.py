"""Reading YAML so that every mistake knows its line: composed nodes, and the values a price book takes from them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal, InvalidOperation

import yaml

from cost_mcp.errors import PriceBookError

MAX_BOOK_BYTES = 4_000_000
_DIGITS = Context(prec=15)
"""Floats carry 15 decimal digits for certain; what a program wrote behind them is noise."""

_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader


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


def compose(text: str, file: str) -> yaml.Node | None:
    """The document's root node, or None when it is empty.

    Raises:
        PriceBookError: it is not YAML, or larger than 4 MB.
    """
    if len(text) > MAX_BOOK_BYTES:
        raise PriceBookError("the file is larger than 4 MB.", file=file, line=1, hint="Split it.")
    try:
        root: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        reason = f"this is not YAML: {error.problem or 'it cannot be read'}."
        raise PriceBookError(reason, file=file, line=line, hint="Check indentation and quotes.") from None
    except yaml.YAMLError:
        raise PriceBookError("this is not YAML text.", file=file, line=1, hint="Save it as UTF-8 text.") from None
    return root


def line_of(node: yaml.Node) -> int:
    """The line a node begins on, counted from 1."""
    return int(node.start_mark.line) + 1


def pairs(node: yaml.Node, what: str) -> list[Pair]:
    """A mapping's keys and values in order, repeated keys included.

    Raises:
        Refused: not a mapping, or a key that is not plain text.
    """
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
        Refused: neither.
    """
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
            raise Refused(pair.at, f"{pair.key} stands twice in {what} with different values.", hint)
        warn.append(f"{file}, line {line_of(pair.at)}: {pair.key} stands twice in {what} with the same value.")
    return kept


def plain(node: yaml.Node) -> object:
    """A node's contents as plain text, lists and pairs, for comparing."""
    if isinstance(node, yaml.MappingNode):
        return [(plain(key), plain(value)) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    return str(node.value)


def known(found: dict[str, Pair], allowed: Iterable[str], what: str) -> None:
    """Nothing, when every key is allowed.

    Raises:
        Refused: an unknown key; the hint names the nearest one.
    """
    names = list(allowed)
    for key, pair in found.items():
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(names)}."
            raise Refused(pair.at, f"{key} is not a key of {what}.", hint)


def text_of(node: yaml.Node, what: str) -> str:
    """A scalar's text without surrounding blanks.

    Raises:
        Refused: not a scalar, or empty.
    """
    if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
        raise Refused(node, f"{what} is not text.", "Give one line of text.")
    return str(node.value).strip()


def number_of(node: yaml.Node, what: str) -> Decimal:
    """A scalar as an exact number, rounded to the 15 digits a float can be trusted with.

    Raises:
        Refused: not a number, not finite, or negative.
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
    return moment.astimezone(UTC)


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
