"""YAML text as a tree of nodes that know their lines, however the text was meant: small, shallow, and without aliases."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from cost_mcp.errors import PriceBookError

MAX_BOOK_BYTES = 1_000_000
"""The most a price book may hold, here as where books are read from files: every book is read before the first price."""

MAX_DEPTH = 32
"""How deep mappings and lists may stand in each other; a book needs eight levels."""

MAX_NODES = 200_000
"""How many keys and values a book may hold."""

_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader


_FOREIGN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Control characters and halves of characters. Source: https://yaml.org/spec/1.2.2/#51-character-set, read 2026-11-22."""


class Alias(yaml.Node):
    """Where an alias (``*name``) stands. It is never followed: a few lines of them stand for more than memory holds."""

    id = "alias"


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet; a mapping's keys and values stand in it in turn."""

    node: yaml.SequenceNode | yaml.MappingNode
    parts: list[yaml.Node] = field(default_factory=list[yaml.Node])

    def close(self) -> yaml.Node:
        if isinstance(self.node, yaml.MappingNode):
            self.node.value = list(zip(self.parts[::2], self.parts[1::2], strict=True))
        else:
            self.node.value = self.parts
        return self.node


def compose(text: str, file: str) -> yaml.Node | None:
    """The document's root node, or None when it is empty.

    Raises:
        PriceBookError: it is not YAML, or larger or deeper than a book may be.
    """
    if (foreign := _FOREIGN.search(text)) is not None:
        line = text.count("\n", 0, foreign.start()) + 1
        reason = "a character stands here that YAML does not take."
        raise PriceBookError(reason, file=file, line=line, hint="Save it as plain UTF-8 text.")
    if len(text.encode()) > MAX_BOOK_BYTES:
        raise PriceBookError(f"the file is larger than {MAX_BOOK_BYTES:,} bytes.", file=file, line=1, hint="Split it.")
    try:
        return _tree(text, file)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        reason = f"this is not YAML: {error.problem or 'it cannot be read'}."
        raise PriceBookError(reason, file=file, line=line, hint="Check indentation and quotes.") from None
    except yaml.YAMLError:
        raise PriceBookError("this is not YAML text.", file=file, line=1, hint="Save it as UTF-8 text.") from None


def _tree(text: str, file: str) -> yaml.Node | None:
    # From events, not by the library's own composer: that one calls itself for every level, and in C it takes the process
    # with it when the stack ends.
    root: yaml.Node | None = None
    stack: list[_Open] = []
    count = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.DocumentStartEvent) and root is not None:
            hint = "Keep one: remove the line ---."
            raise PriceBookError("a second document begins.", file=file, line=_line(event), hint=hint)
        if isinstance(event, yaml.CollectionEndEvent):
            node = stack.pop().close()
        elif isinstance(event, yaml.NodeEvent):
            count += 1
            if count > MAX_NODES:
                raise PriceBookError(f"more than {MAX_NODES:,} values.", file=file, line=_line(event), hint="Split it.")
            node = _begun(event)
            if isinstance(node, yaml.SequenceNode | yaml.MappingNode):
                stack.append(_Open(node))
                if len(stack) > MAX_DEPTH:
                    raise PriceBookError(f"nested deeper than {MAX_DEPTH} levels.", file=file, line=_line(event))
                continue
        else:
            continue
        if stack:
            stack[-1].parts.append(node)
        else:
            root = node
    return root


def _begun(event: yaml.NodeEvent) -> yaml.Node:
    # Tags are not resolved: what a value means is decided by where it stands.
    mark = yaml.Mark("", 0, _line(event) - 1, 0, None, 0)
    if isinstance(event, yaml.MappingStartEvent):
        return yaml.MappingNode("", [], mark, mark)
    if isinstance(event, yaml.SequenceStartEvent):
        return yaml.SequenceNode("", [], mark, mark)
    if isinstance(event, yaml.ScalarEvent):
        return yaml.ScalarNode("", event.value, mark, mark)
    return Alias("", "", mark, mark)


def _line(event: yaml.Event) -> int:
    return 1 if event.start_mark is None else event.start_mark.line + 1
