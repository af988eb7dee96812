"""YAML of the kind people mostly write, read without a parser; whatever is less plain is left to one.

A parser takes 19 ms to import, and the settings behind it more: too long for a process that answers before every prompt. What is
read here is a subset that can be told for certain: blocks of ``key: value`` and ``- item``, one line to a scalar, lists and
mappings in brackets on one line, texts after ``|`` and ``>``, comments, ``---`` and ``...``. What it answers, a parser answers too.

Source: YAML 1.1, https://yaml.org/spec/1.1/, as PyYAML 6 reads it; read 2026-11-22.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LINE = 1000
"""Characters of a line: above 1,024 a parser takes nothing for a key any more."""

_MOST_LEVELS, _MOST_BRACKETS = 20, 8
_QUOTED = r""""(?:[^"\\]|\\["\\/nt])*+"|'(?:[^']|'')*+'"""
_BARE = r"""[^\[\]{},:#?'" ](?:[^\[\]{},:#?]|:(?=[^ ,\[\]{}]))*+"""
_IN_BRACKETS = rf" *+({_QUOTED}|[\[\]{{}},]|:(?= )|{_BARE})"
_NUMBER = r"-?[0-9]{1,12}(?:\.[0-9]{1,12})?(?: ?%)?"
_TEXT_FOLLOWS = r"[|>][+-]?(?: +#.*)?"
# Compiled where they are needed (``re`` keeps them): most files need one or two, and each takes half a millisecond.
_NOT_TEXT = {"yes", "no", "on", "off", "true", "false", "null"}


class Scalar(NamedTuple):
    """One value on one line. ``word`` says that it is a text and nothing else: quoted, or no number, switch or null."""

    text: str
    word: bool


class NotPlainError(Exception):
    """Only a parser can tell what is written here."""


class _Level(NamedTuple):
    """A collection being read: its column, and the keys seen so far; None for a list."""

    column: int
    keys: set[str] | None


def plain_entries(content: bytes) -> dict[str, Scalar | None] | None:
    """The top-level entries of a settings file, None for a value that is no scalar; None in all when only a parser can tell."""
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
        # What can be printed holds no tab, no other line break and no character that a parser refuses.
        if not text.replace("\n", "").isprintable():
            return None
        return _Reading().read(text.split("\n"))
    except (UnicodeDecodeError, NotPlainError):
        return None


class _Reading:
    """Line by line: the open collections, whether a value may still follow below, and the text that is being passed over."""

    def __init__(self) -> None:
        self.entries: dict[str, Scalar | None] = {}
        self._levels: list[_Level] = []
        self._awaits: _Level | None = None
        self._text_below: int | None = None
        self._text_column = 0
        self._marked = self._ended = False

    def read(self, lines: list[str]) -> dict[str, Scalar | None]:
        for line in lines:
            _check(len(line) <= MAX_LINE)
            content = line.strip(" ")
            column = len(line) - len(line.lstrip(" "))
            if self._is_text(line, content, column) or not content or content[0] == "#":
                continue
            if column == 0 and line[:3] in {"---", "..."}:
                self._mark(line[:3], line[3:])
            else:
                _check(not self._ended)
                self._entry(column, content)
        return self.entries

    def _is_text(self, line: str, content: str, column: int) -> bool:
        """Whether this is a line of the text after ``|`` or ``>``."""
        if self._text_below is None:
            return False
        if content and column <= self._text_below:
            self._text_below = None
            return False
        if content:
            self._text_column = self._text_column or column
            _check(column >= self._text_column)
        else:
            _check(not line or self._text_column > 0)  # blanks before the first line have a say in where it begins
        return True

    def _mark(self, mark: str, rest: str) -> None:
        """Take ``---`` before everything, ``...`` behind it."""
        _check_over(rest)
        _check(bool(self.entries) == (mark == "...") and not self._ended and (mark == "..." or not self._marked))
        self._marked, self._ended = True, mark == "..."

    def _entry(self, column: int, content: str) -> None:
        if content == "-" or content.startswith("- "):
            self._item(column, content[1:])
            return
        found = _key_and_value(content)
        _check(found is not None)
        assert found is not None
        key, rest = found
        keys = self._place(column, item=False)
        assert keys is not None
        _check(key not in keys)
        keys.add(key)
        if len(self._levels) == 1:
            _check(_is_word(key) and key.lower() not in _NOT_TEXT)
            self.entries[key] = self._value(rest, _Level(column, keys))
        else:
            self._value(rest, _Level(column, keys))

    def _item(self, column: int, rest: str) -> None:
        self._place(column, item=True)
        content = rest.lstrip(" ")
        inner = column + 1 + len(rest) - len(content)
        if content == "-" or content.startswith("- ") or (content[:1] not in {"", "#"} and _key_and_value(content) is not None):
            self._awaits = _Level(column, None)
            self._entry(inner, content)
        else:
            self._value(content, _Level(column, None))

    def _place(self, column: int, *, item: bool) -> set[str] | None:
        """The keys of the collection that an entry in this column belongs to, begun where it is new; None for a list."""
        awaits, self._awaits = self._awaits, None
        levels = self._levels
        below = awaits is not None and (
            column > awaits.column or (item and column == awaits.column and awaits.keys is not None)
        )
        if below or not levels:
            _check(below or (column == 0 and not item))
            levels.append(_Level(column, None if item else set()))
            _check(len(levels) <= _MOST_LEVELS)
        while levels and (levels[-1].column > column or (levels[-1].column == column and levels[-1].keys is None and not item)):
            levels.pop()
        _check(bool(levels) and levels[-1].column == column and (levels[-1].keys is None) == item)
        return levels[-1].keys

    def _value(self, rest: str, owner: _Level) -> Scalar | None:
        """What stands behind a key or a dash; nothing there lets it follow below."""
        written = rest.strip(" ")
        if not written or written[0] == "#":
            self._awaits = owner
            return None
        if written[0] in "|>":
            _check(re.fullmatch(_TEXT_FOLLOWS, written) is not None)
            self._text_below, self._text_column = owner.column, 0
            return None
        if written[0] in "[{":
            _check_brackets(written)
            return None
        if written[0] in "\"'":
            found = re.match(_QUOTED, written)
            _check(found is not None)
            assert found is not None
            _check_over(written[found.end() :])
            text = found[0][1:-1]
            return Scalar(text.replace("''", "'"), word=True) if written[0] == "'" else Scalar(text, word="\\" not in text)
        text = written.partition(" #")[0].rstrip(" ")
        _check(": " not in text and not text.endswith(":"))
        return _unquoted(text)


def _key_and_value(content: str) -> tuple[str, str] | None:
    """What stands before and behind the colon of ``key: value``; None where there is none."""
    if content[0] in "[{":
        return None
    if content[0] in "\"'":
        found = re.match(_QUOTED, content)
        rest = "" if found is None else content[found.end() :]
        if found is None or rest[:1] != ":" or rest[1:2] not in {"", " "}:
            return None
        _check("\\" not in found[0] and "'" not in found[0][1:-1])
        return found[0][1:-1], rest[1:]
    key, colon, rest = f"{content} ".partition(": ")
    if not colon or " #" in key:
        return None
    _check(key == key.rstrip(" "))
    return _unquoted(key).text, rest


def _is_word(key: str) -> bool:
    return key.isascii() and key[:1].isalpha() and key.replace("-", "_").isidentifier()


def _unquoted(text: str) -> Scalar:
    """A text without quotes of which it is known what it is: some that begin with a digit or sign are dates, or no values at all."""
    if text[:1].isalpha() or text[:1] in {"$", "_", "/"} or text.startswith("~/"):
        return Scalar(text, word=text.lower() not in _NOT_TEXT)
    _check(re.fullmatch(_NUMBER, text) is not None)
    return Scalar(text, word=False)


def _check_brackets(written: str) -> None:
    """Whether a list or mapping in brackets ends on its line, and is one."""
    tokens: list[str] = []
    at = depth = 0
    token = re.compile(_IN_BRACKETS)
    while True:
        found = token.match(written, at)
        _check(found is not None)
        assert found is not None
        tokens.append(found[1].rstrip(" "))
        at = found.end()
        depth += (found[1] in "[{") - (found[1] in "]}")
        _check(depth <= _MOST_BRACKETS)
        if depth == 0:
            break
    _check_over(written[at:])
    _check(_node([*tokens, ""], 0) == len(tokens))


def _node(tokens: list[str], at: int) -> int:
    """Where the list, mapping or scalar that begins at a token is over; behind the last token stands an empty one."""
    first = tokens[at]
    if first not in {"[", "{"}:
        _bare(first)
        return at + 1
    closing, keys = {"[": "]", "{": "}"}[first], set[str]()
    begun, at = at, at + 1
    while tokens[at] != closing:
        if at > begun + 1:
            _check(tokens[at] == ",")
            at += 1
        if first == "{":
            key = _bare(tokens[at])
            _check(key not in keys and "\\" not in key and tokens[at + 1] == ":")
            keys.add(key)
            at += 2
        at = _node(tokens, at)
    return at + 1


def _bare(token: str) -> str:
    """A scalar's text, the quotes taken off."""
    _check(token not in {"", "[", "]", "{", "}", ",", ":"})
    return token[1:-1] if token[0] in "\"'" else _unquoted(token).text


def _check_over(rest: str) -> None:
    """Nothing but a comment may stand behind."""
    _check(not rest.strip(" ") or (rest[0] == " " and rest.lstrip(" ")[0] == "#"))


def _check(plain: bool) -> None:  # noqa: FBT001 (reads as a sentence where it stands)
    if not plain:
        raise NotPlainError
