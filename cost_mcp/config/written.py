"""A settings file as written: its keys and values with the line each stands on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cost_mcp.errors import ConfigError

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 1_000_000
"""The largest file read; one that long is a mistake, or an attack by a cloned project."""

MAX_SETTINGS_BYTES = 32_000
"""The largest settings file: reading a megabyte of YAML takes half a minute, in every command and before every first call."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A value, the line its key stands on, and the lines of what is below it by the keys and positions that lead there."""

    value: object
    line: int
    lines: Mapping[tuple[str | int, ...], int] = field(default_factory=dict[tuple[str | int, ...], int])


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One settings file: where, its bytes as read once, and its top-level entries in order."""

    path: Path
    content: bytes
    entries: Mapping[str, Entry]


def read_bytes(path: Path, most: int = MAX_BYTES) -> bytes:
    """A small regular file's contents.

    Args:
        path: the file.
        most: the largest size taken, in bytes.

    Raises:
        ConfigError: not there, not readable, not a file, too large.
    """
    try:
        if not path.is_file():
            raise ConfigError(f"{path} is not a file.", field="file", hint="Check the path.")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}).", field="file", hint="Check its rights.") from error
    if len(content) > most:
        raise ConfigError(f"{path} is larger than {most:,} bytes.", field="file", hint="Check what it holds.")
    return content


def decoded(path: Path, content: bytes) -> str:
    """The text of a file's bytes.

    Raises:
        ConfigError: not UTF-8; the line is named.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: not UTF-8 text.", field="file", hint="Save it as UTF-8.") from None


def read_written(path: Path) -> WrittenFile:
    """A YAML settings file, read now.

    Raises:
        ConfigError: unreadable, or what ``written`` refuses.
    """
    return written(path, read_bytes(path, MAX_SETTINGS_BYTES))


def written(path: Path, content: bytes) -> WrittenFile:
    """A YAML settings file by its bytes; an empty one has no entries.

    Raises:
        ConfigError: not YAML, not a mapping of keys to values, with aliases, or a key given twice; file and line
            are named.
    """
    text = decoded(path, content)
    if not text.strip():
        return WrittenFile(path, content, {})
    import yaml  # 19 ms: only where there is a file to read

    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:  # NUL and other characters that YAML does not take
        raise _not_yaml(path, error, text.count("\n", 0, error.position) + 1) from None
    try:
        node = loader.get_single_node()
        entries = _entries(path, loader, node)
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # Beside YAMLError: what constructors of tagged scalars (!!bool x, 2026-99-99) and bottomless nesting raise.
        raise _not_yaml(path, error) from None
    finally:
        loader.dispose()
    return WrittenFile(path, content, entries)


def _not_yaml(path: Path, error: Exception, line: int | None = None) -> ConfigError:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        line = mark.line + 1
    where = "" if line is None else f", line {line}"
    return ConfigError(
        f"{path}{where}: not valid YAML.",
        field="file",
        hint="Look at quotes, colons and indentation there and on the line before.",
    )


def _entries(path: Path, loader: yaml.SafeLoader, node: yaml.Node | None) -> dict[str, Entry]:
    import yaml

    if node is None or node.tag == "tag:yaml.org,2002:null":
        return {}
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1
        raise ConfigError(f"{path}, line {line}: not a mapping.", field="file", hint="Write one `key: value` per line.")
    _refuse_aliases(path, node)
    entries: dict[str, Entry] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = str(_constructed(loader, key_node))
        if key in entries:
            raise ConfigError(
                f"{path}, line {line}: {shown_key(key)} stands already on line {entries[key].line}.",
                field="file",
                hint="Keep one of the two.",
            )
        entries[key] = Entry(_constructed(loader, value_node), line, _lines(path, value_node))
    return entries


def _lines(path: Path, root: yaml.Node) -> dict[tuple[str | int, ...], int]:
    import yaml

    lines: dict[tuple[str | int, ...], int] = {}
    waiting: list[tuple[tuple[str | int, ...], yaml.Node]] = [((), root)]
    while waiting:
        above, node = waiting.pop()
        below: list[tuple[str | int, yaml.Node, yaml.Node]] = []
        if isinstance(node, yaml.MappingNode):
            below = [(str(key.value), key, value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            below = [(number, item, item) for number, item in enumerate(node.value)]
        for name, marked, value in below:
            here = (*above, name)
            line = marked.start_mark.line + 1
            if here in lines:
                raise ConfigError(
                    f"{path}, line {line}: {shown_key(str(name))} stands already on line {lines[here]}.",
                    field="file",
                    hint="Keep one of the two.",
                )
            lines[here] = line
            waiting.append((here, value))
    return lines


def _refuse_aliases(path: Path, root: yaml.Node) -> None:
    """Few lines of aliases of aliases stand for more values than memory holds, and merge keys (``<<``) build them all."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            raise ConfigError(
                f"{path}, line {node.start_mark.line + 1}: an alias (*name) stands for this.",
                field="file",
                hint="Write the value out where it is meant.",
            )
        seen.add(id(node))
        parts = cast("list[yaml.Node | tuple[yaml.Node, yaml.Node]]", node.value if isinstance(node.value, list) else [])
        for part in parts:
            waiting += part if isinstance(part, tuple) else [part]


def _constructed(loader: yaml.SafeLoader, node: yaml.Node) -> object:
    import yaml

    construct = cast("Callable[[yaml.Node, bool], object]", loader.construct_object)  # pyright: ignore[reportUnknownMemberType]: no types
    try:
        return construct(node, True)
    except (ValueError, LookupError, TypeError, AttributeError):
        # Name the line: what tagged scalars raise carries no mark.
        raise yaml.constructor.ConstructorError(None, None, "value", node.start_mark) from None


def shown_key(key: str) -> str:
    """A key of a file, fit for a message: what does not look like a key may be any file's contents, and is not repeated."""
    return key if re.fullmatch(r"[A-Za-z][\w.-]{0,39}", key) else "a key"
