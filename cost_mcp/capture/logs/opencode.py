"""OpenCode's messages: ``storage/message/<session>/msg_….json``, since 2026 the rows of ``opencode.db``, told the same way.

A message of role ``assistant`` is one call of a model, written when it begins, at every step and when it is completed; from
version 2 on, its row's ``type`` says what it is and ``model`` holds the names. ``tokens.input`` leaves out ``cache.read`` and
``cache.write``. ``tokens.output`` leaves out ``reasoning`` in version 2, and in version 1 since April 2026 (pull request 21047;
for Google's models always); before that it included it. Which it is shows in ``total``, where there is one.

``cost`` 0 is what OpenCode writes for subscriptions and for models it has no price for: it is never taken for free. A cost above
zero is OpenCode's own multiplication by list prices and not taken either, except where OpenCode or GitHub Copilot is who is
paid. It stays in the metadata.

A message of version 1 that ran several steps keeps the tokens of its last one only, and the sum of their costs (issues 21913,
42324). The database's reader hands the steps over (``steps``): the last one goes by the message's id, so that both ways of
reading agree, the others by that id and their number. A file alone cannot tell the earlier ones. What OpenCode asks of a model
for a title is in no message.

A fork writes every message of its parent again under a new id, all else equal. In version 1 an id holds the instant it was made
at, so a message that is much older than its id is a copy; in version 2 a copy's id ends in its place in the session.

Source: anomalyco/opencode (formerly sst/opencode), packages/opencode/src/session/message-v2.ts (``Assistant``), session.ts
(``getUsage``, ``fork``), processor.ts, id/id.ts, and packages/core/src/session/projector.ts (``projectFork``),
message-updater.ts and runner/usage.ts of version 2, as of its 2026 commits 007a9409, 008456f4, 002d9822, 0ae6794d, 008d5715,
03130971, 74816686. Compared with ryoppippi/ccusage, adapter/opencode, at commit 5816e640 (2026-06-13), and its issue 1644. Read
2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from cost_mcp.capture.fields import Fields, as_object, numbered_objects
from cost_mcp.capture.logs.record import decode, instant_of_millis
from cost_mcp.capture.logs.sighting import REASONS, FileFacts, LogFormat, Read, Sighting, Skip, State
from cost_mcp.capture.reading import usage_of
from cost_mcp.errors import InvalidInput
from cost_mcp.model.provider import canonical_provider
from cost_mcp.model.usage import Usage

SOURCE = "opencode"
PRIMARY = frozenset({"build", "plan"})
"""The agents a person talks to; any other name is a sub-agent's, or one of the user's own."""
OWN_PRICES = frozenset({"opencode", "github-copilot"})
"""Providers whose cost in the log is what they charge: OpenCode's own gateway, and Copilot's AI credits."""
INSIDE = "The log states no total; reasoning is taken to be part of output, as OpenCode counted before April 2026."

_ID = re.compile(r"msg_([0-9a-f]{12})[0-9A-Za-z]{14}(_[0-9]+)?")
_WRAP_MS = 2**36
"""An id holds the lowest 36 bits of the milliseconds: they come round every 2.2 years; what is further apart than half of that
counts as earlier."""
_COPY_MS = 10_000
"""A message is given its id and its instant in the same breath; one this much older than its id was copied."""
_NANO_USD = Decimal("1e-9")


def cares(line: bytes) -> bool:
    """Whether the bytes can be a message with tokens."""
    return b'"tokens"' in line


class OpenCodeMessage:
    """Messages, each a document of its own."""

    def feed(self, line: bytes, number: int) -> Iterator[Read]:
        """The call, or the calls, that a message tells of."""
        if not cares(line):  # what a person wrote, and documents of other kinds
            yield Skip(number, "not-usage", "It is no answer of a model.")
            return
        record = decode(line)
        if record is None:
            yield Skip(number, "unreadable", "It is no JSON object.")
            return
        message = Fields(record, "message")
        if message.word("role") != "assistant" and message.word("type") != "assistant":
            yield Skip(number, "not-usage", "It is no answer of a model.")
            return
        try:
            yield from _read(message, number)
        except InvalidInput as problem:
            yield Skip(number, "unreadable", problem.sentence)

    def finish(self) -> Iterable[Read]:
        """Nothing: each message is settled at once."""
        return ()

    def state(self) -> State | None:
        """None: a message is rewritten whole."""
        return None


@dataclass(frozen=True, slots=True)
class _Model:
    name: str
    provider: str | None


def _read(message: Fields, number: int) -> Sequence[Read]:
    identity, created = message.name("id"), _created(message)
    if identity is None:
        raise InvalidInput("message.id is missing.", field="message.id", hint="Nothing to do.")
    if _is_copy(identity, created):
        return (Skip(number, "replayed", "A fork's copy of a message that was written earlier under another id."),)
    model = _model(message)
    steps = tuple(Fields(step, "message.steps") for _, step in numbered_objects(message.values.get("steps")))
    apart = message.has("type") or model.provider == "google"
    calls = [(step, *_usage(step.inner("tokens"), apart=apart)) for step in (steps or (message,))]
    told = [call for call in calls if call[1].total_tokens]
    if not told:
        return (_untold(message, number),)
    last = len(told)
    return tuple(
        _sighting(
            message,
            key=identity if place == last else f"{identity}:{place}",
            created=created,
            model=model,
            usage=usage,
            notes=notes,
            cost=_cost(step),
            provisional=place == last and not message.inner("time").has("completed"),
        )
        for place, (step, usage, notes) in enumerate(told, start=1)
    )


def _sighting(
    message: Fields,
    *,
    key: str,
    created: datetime,
    model: _Model,
    usage: Usage,
    notes: tuple[str, ...],
    cost: Decimal | None,
    provisional: bool,
) -> Sighting:
    session, root = message.name("sessionID"), message.name("rootSessionID")
    inside = root is not None and root != session
    agent = message.name("agent") or message.name("mode")
    metadata: dict[str, object] = {} if cost is None else {"log_cost_usd": format(cost, "f")}
    if inside:
        metadata["subagent_session"] = session
    return Sighting(
        key=f"opencode:{key}",
        occurred_at=created,
        model=model.name,
        provider=model.provider,
        usage=usage,
        session_id=root or session,
        agent=agent if inside or agent not in PRIMARY else None,
        cwd=_text(message.inner("path"), "cwd") or _text(message, "directory"),
        provisional=provisional,
        stated_cost_usd=cost if model.provider in OWN_PRICES else None,
        metadata=metadata,
        notes=notes,
    )


def _untold(message: Fields, number: int) -> Skip:
    """Why a message without tokens is none."""
    if message.has("error"):
        return Skip(number, "api-error", "The call failed before it used anything that was told.")
    if not message.inner("time").has("completed"):
        return Skip(number, "unfinished", "The answer is still being written, or was never finished: no tokens yet.")
    return Skip(number, "not-usage", "The provider told no tokens.")


def _created(message: Fields) -> datetime:
    found = instant_of_millis(message.inner("time").values.get("created"))
    if found is None:
        raise InvalidInput("message.time.created is no instant.", field="message.time.created", hint="Nothing to do.")
    return found


def _is_copy(identity: str, created: datetime) -> bool:
    """Whether the id is a fork's, or was made so much after the message that it is not the one it was written under."""
    matched = _ID.fullmatch(identity)
    if matched is None:
        return False
    made = int(matched[1], 16) >> 12  # the lowest 12 bits count the ids of one millisecond
    since = (made - int(created.timestamp() * 1000)) % _WRAP_MS
    return matched[2] is not None or _COPY_MS < since < _WRAP_MS // 2


def _model(message: Fields) -> _Model:
    inner = as_object(message.values.get("model"))
    told = message if inner is None else Fields(inner, "message.model")
    name = message.name("modelID") or told.name("id", "modelID")
    provider = message.name("providerID") or told.name("providerID")
    if name is None or (inner is None and not message.has("modelID")):
        raise InvalidInput("message.modelID is missing.", field="message.modelID", hint="Nothing to do.")
    return _Model(name, None if provider is None else canonical_provider(provider))


def _usage(tokens: Fields, *, apart: bool) -> tuple[Usage, tuple[str, ...]]:
    """The counts in our convention, with what is to be said of them; ``apart``: reasoning is known to stand beside output."""
    cache = tokens.inner("cache")
    read, written, reasoning = cache.count("read"), cache.count("write"), tokens.count("reasoning")
    inputs = tokens.count("input") + read + written
    output, notes = _output(tokens, inputs, reasoning, apart=apart)
    usage = usage_of(
        input_tokens=inputs,
        output_tokens=output,
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
        reasoning_output_tokens=reasoning,
    )
    return usage, notes


def _output(tokens: Fields, inputs: int, reasoning: int, *, apart: bool) -> tuple[int, tuple[str, ...]]:
    """All output, reasoning included: the total decides whether it already is."""
    output, total = tokens.count("output"), tokens.count("total")
    if not reasoning:
        return output, ()
    if reasoning > output or total == inputs + output + reasoning:
        return output + reasoning, ()
    if total == inputs + output:
        return output, ()
    if total or apart:
        return output + reasoning, ()
    return output, (INSIDE,)


def _cost(told: Fields) -> Decimal | None:
    """The cost as told, to the billionth; None for zero, which is no price."""
    cost = told.values.get("cost")
    if isinstance(cost, bool) or not isinstance(cost, int | Decimal) or not 0 < cost < 10**9:
        return None
    return Decimal(cost).quantize(_NANO_USD, ROUND_HALF_EVEN) or None


def _text(fields: Fields, name: str) -> str | None:
    value = fields.values.get(name)
    return value if isinstance(value, str) and value else None


def _open(facts: FileFacts, state: State | None) -> OpenCodeMessage:
    del facts, state  # a message says all there is to say
    return OpenCodeMessage()


FORMAT = LogFormat(
    source=SOURCE,
    open=_open,
    cares=cares,
    whole=True,
    reasons={**REASONS, "unfinished": "A call that has told no tokens yet."},
)
