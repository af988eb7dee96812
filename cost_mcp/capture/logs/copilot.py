"""GitHub Copilot CLI's OpenTelemetry file: ``~/.copilot/otel/*.jsonl`` or where ``COPILOT_OTEL_FILE_EXPORTER_PATH`` points.

Written only when ``COPILOT_OTEL_ENABLED`` or that path is set. A line is a span, a log or a metric as JSON. A span whose
``gen_ai.operation.name`` is ``chat`` is one request to a model: ``gen_ai.usage.input_tokens`` includes cache reads and writes,
``output_tokens`` includes reasoning, and counts that are zero are left out. ``invoke_agent`` spans repeat the sums of the
``chat`` spans inside them, and metrics repeat them again: neither is a call. Up to 1.0.52 or so the cache and reasoning counts
have underscores where the conventions have a dot. Some requests that succeeded tell no usage at all (issue 4860): what they cost
is not in the file.

``github.copilot.nano_aiu`` is what GitHub's side charges for the request in billionths of an AI credit, worth $0.01 each; calls
of sub-agents carry none and get the list price. ``github.copilot.cost`` is a multiplier of premium requests, no money.

Source: https://docs.github.com/en/copilot/reference/enterprise-administrators/opentelemetry-reference and
https://docs.github.com/en/copilot/reference/copilot-billing/models-and-pricing (1 AI credit = $0.01); github/copilot-cli
changelog.md at commit 9532bdac (2026-08-03; the names with dots); the unit of ``nano_aiu`` as in sst/opencode,
packages/opencode/src/session/session.ts (``totalNanoAiu`` / 10^11 dollars); a span as version 1.0.84 writes it. Compared with
ryoppippi/ccusage, adapter/copilot, at commit 5816e640 (2026-06-13). Read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from cost_mcp.capture.fields import Fields, as_object
from cost_mcp.capture.logs.record import decode, instant_of_hrtime, instant_of_text
from cost_mcp.capture.logs.sighting import REASONS, FileFacts, LogFormat, Read, Sighting, Skip, State
from cost_mcp.capture.usage import read_usage
from cost_mcp.errors import InvalidInput
from cost_mcp.model.call import Rank

SOURCE = "copilot"
AUTO = "auto"
"""The model's name when Copilot chooses one itself; the response names the real one."""
SUBAGENT = "sub-agent"

_USAGE = "gen_ai.usage."
_REQUEST = re.compile(rb'"gen_ai\.operation\.name": ?"chat"')
_OLDER = {
    _USAGE + "cache_read_input_tokens": _USAGE + "cache_read.input_tokens",
    _USAGE + "cache_creation_input_tokens": _USAGE + "cache_creation.input_tokens",
    _USAGE + "reasoning_output_tokens": _USAGE + "reasoning.output_tokens",
    _USAGE + "reasoning_tokens": _USAGE + "reasoning.output_tokens",
}
"""Names of older versions → the conventions' names."""
_NAMES = frozenset({"gen_ai.response.id", "gen_ai.response.model", "gen_ai.request.model", "gen_ai.provider.name"})
_NANO_AIU_PER_USD = Decimal(10) ** 11
_NANO_USD = Decimal("1e-9")


def cares(line: bytes) -> bool:
    """Whether the bytes can be the span of a request, or tell usage; metrics and the spans of tools do neither."""
    return b'"gen_ai.usage.' in line or _REQUEST.search(line) is not None


class CopilotTelemetry:
    """One file of spans; nothing is carried from line to line."""

    def feed(self, line: bytes, number: int) -> Iterator[Read]:
        """The request a span tells of."""
        record = decode(line)
        attributes = as_object(record.get("attributes")) if record else None
        if record is None or attributes is None:
            yield Skip(number, "unreadable", "It is no JSON object with attributes.")
            return
        span = Fields(attributes, "attributes")
        operation = span.word("gen_ai.operation.name")
        if operation != "chat" or record.get("type", "span") != "span":
            reason = "summary" if operation == "invoke_agent" else "not-usage"
            yield Skip(number, reason, "It is not the span of one request to a model.")
            return
        if not any(name.startswith(_USAGE) for name in attributes):
            yield _without_usage(span, number)
            return
        try:
            yield _sighting(record, span) or Skip(number, "not-usage", "The request's tokens are all zero.")
        except InvalidInput as problem:
            yield Skip(number, "unreadable", problem.sentence)

    def finish(self) -> Iterable[Read]:
        """Nothing: a span is written when it has ended."""
        return ()

    def state(self) -> State:
        """Nothing is needed to go on."""
        return {}


def _without_usage(span: Fields, number: int) -> Skip:
    if span.has("error.type"):
        return Skip(number, "api-error", "The request failed, and no usage was told of it.")
    return Skip(number, "no-tokens", "The request succeeded, and its tokens were not told.")


def _sighting(record: Mapping[str, object], span: Fields) -> Sighting | None:
    read = read_usage(_told(span.values))
    if not read.usage.total_tokens:
        return None
    requested, answered = span.name("gen_ai.request.model"), span.name("gen_ai.response.model")
    model = answered if requested is None or requested == AUTO else requested
    if model is None:
        raise InvalidInput("The span names no model.", field="attributes", hint="Nothing to do.")
    return Sighting(
        key=read.response_id or _span_key(record),
        occurred_at=_instant(record),
        model=model,
        response_model=answered,
        usage=read.usage,
        provider=read.provider,
        session_id=span.name("gen_ai.conversation.id"),
        agent=span.name("gen_ai.agent.name") or (SUBAGENT if span.word("github.copilot.initiator") == SUBAGENT else None),
        stated_cost_usd=_charged(span),
        metadata=_metadata(span),
        uncounted=read.uncounted,
        notes=read.notes,
    )


def _told(attributes: Mapping[str, object]) -> dict[str, object]:
    """The attributes that tell usage, by the conventions' names; none that can hold content."""
    told = {name: value for name, value in attributes.items() if name.startswith(_USAGE) or name in _NAMES}
    for older, name in _OLDER.items():
        if older in told:
            told.setdefault(name, told.pop(older))
    return told


def _span_key(record: Mapping[str, object]) -> str:
    """A key of the span's own ids, for a response that has none."""
    inside = as_object(record.get("spanContext")) or {}
    span = Fields({name: record.get(name, inside.get(name)) for name in ("traceId", "spanId")}, "span")
    trace_id, span_id = span.name("traceId"), span.name("spanId")
    if trace_id is None or span_id is None:
        raise InvalidInput("The span has no ids, and no response id.", field="span", hint="Nothing to do.")
    return f"copilot:{trace_id}:{span_id}"


def _instant(record: Mapping[str, object]) -> datetime:
    for name in ("endTime", "startTime"):
        found = instant_of_hrtime(record.get(name)) or instant_of_text(record.get(name))
        if found is not None:
            return found
    raise InvalidInput("The span has no end.", field="endTime", hint="Nothing to do.")


def _charged(span: Fields) -> Decimal | None:
    """What GitHub charges for the request; none is told by a zero, which a plan's own models have."""
    units = span.values.get("github.copilot.nano_aiu")
    if isinstance(units, bool) or not isinstance(units, int | Decimal) or not 0 < units < 10**18:
        return None
    return (Decimal(units) / _NANO_AIU_PER_USD).quantize(_NANO_USD, ROUND_HALF_EVEN)


def _metadata(span: Fields) -> Mapping[str, object]:
    initiator = span.name("github.copilot.initiator")
    return {"initiator": initiator} if initiator else {}


def _open(facts: FileFacts, state: State | None) -> CopilotTelemetry:
    del facts, state  # a span says all there is to say
    return CopilotTelemetry()


FORMAT = LogFormat(
    source=SOURCE,
    open=_open,
    cares=cares,
    rank=Rank.EVENT,
    reasons={
        **REASONS,
        "no-tokens": "A request whose tokens the agent did not tell.",
        "summary": "The sum over an agent's turn, whose requests are told one by one.",
    },
)
