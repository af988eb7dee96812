"""Synthetic logs of Claude Code that know their own truth: what of them is a call, and what those calls cost.

Shaped like real ones: of every ten kilobytes six are what tools answered, a message stands in one to three lines of which the
first carry placeholders, and among the sessions are resumed ones (copies of whole lines under a new session), sub-agents whose
last request has no final usage, lines of errors and of Claude Code itself, and snapshots of files.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

PRICES = {
    "claude-opus-4-6": ("5", "0.5", "6.25", "10", "25"),
    "claude-sonnet-4-6": ("3", "0.3", "3.75", "6", "15"),
    "claude-haiku-4-5": ("1", "0.1", "1.25", "2", "5"),
}
"""US dollars for a million tokens: input, cache read, cache written for five minutes and for an hour, output.

Source: https://platform.claude.com/docs/en/about-claude/pricing, read 2026-11-22.
"""

_WORDS = 'the server answers with a list of files and then waits for what the tool returns " \\ \n\t{}[]: \u00e9 \u2013 '
_FIRST = datetime(2026, 10, 1, 8, tzinfo=UTC)


@dataclass(slots=True)
class Truth:
    """What an import has to come to."""

    calls: int = 0
    tokens: int = 0
    provisional: int = 0
    cost_usd: Decimal = Decimal(0)
    lines: int = 0
    bytes: int = 0
    files: int = 0

    def add(self, model: str, usage: dict[str, int], *, final: bool) -> None:
        """Count a call."""
        self.calls += 1
        self.provisional += not final
        counts = (usage["input"], usage["read"], usage["five"], usage["hour"], usage["output"])
        self.tokens += sum(counts)
        prices = PRICES[model]
        self.cost_usd += sum((Decimal(n) * Decimal(p) for n, p in zip(counts, prices, strict=True)), Decimal(0)) / 1_000_000


class Maker:
    """Makes a folder as ``~/.claude`` is, of about so many bytes."""

    def __init__(self, folder: Path, size: int, seed: int = 1) -> None:
        self.truth = Truth()
        self._folder = folder / "projects"
        self._size = size
        self._random = random.Random(seed)
        self._pool = " ".join(self._random.choices(_WORDS.split(" "), k=60_000))

    def make(self) -> Truth:
        """Write the files; answers what is true of them."""
        session = 0
        while self.truth.bytes < self._size:
            self._session(session)
            session += 1
        return self.truth

    def _session(self, number: int) -> None:
        rng = self._random
        project = f"shop-{number % 12}"
        identity = f"{rng.getrandbits(32):08x}-0000-4000-8000-{number:012x}"
        context = _Context(f"/home/dev/{project}", identity, f"feature/SHOP-{number}")
        at = _FIRST + timedelta(hours=number * 3)
        folder = self._folder / f"-home-dev-{project}"
        lines = [*self._turns(context, at, rng.randint(40, 240))]
        self._write(folder / f"{identity}.jsonl", lines)
        if number % 6 == 1:  # a sub-agent, whose last request never got its final usage
            side = _Context(context.cwd, identity, context.branch, agent=f"{number:08x}")
            turns = [*self._turns(side, at + timedelta(minutes=5), rng.randint(10, 40)), *self._message(side, at, final=False)]
            self._write(folder / identity / "subagents" / f"agent-{side.agent}.jsonl", turns)
        if number % 10 == 3:  # resumed: what was said before stands in the new file too
            resumed = f"{rng.getrandbits(32):08x}-1111-4000-8000-{number:012x}"
            copied = [line.replace(identity, resumed) for line in lines[: len(lines) // 2]]
            going_on = _Context(context.cwd, resumed, context.branch)
            self._write(folder / f"{resumed}.jsonl", [*copied, *self._turns(going_on, at + timedelta(hours=2), 20)])

    def _write(self, path: Path, lines: list[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = ("\n".join(lines) + "\n").encode()
        path.write_bytes(content)
        self.truth.files += 1
        self.truth.lines += len(lines)
        self.truth.bytes += len(content)

    def _turns(self, context: _Context, at: datetime, turns: int) -> Iterator[str]:
        rng = self._random
        yield context.line({"type": "file-history-snapshot", "snapshot": {"files": self._text(rng.randint(2_000, 60_000))}}, at)
        for turn in range(turns):
            at += timedelta(seconds=rng.randint(3, 40))
            yield from self._message(context, at, final=True)
            answer = self._text(int(rng.paretovariate(1.3) * 1_200))[:200_000]
            result = {"type": "tool_result", "tool_use_id": f"toolu_{rng.getrandbits(64):x}", "content": answer}
            told = {"type": "user", "message": {"role": "user", "content": [result]}, "toolUseResult": {"stdout": answer}}
            yield context.line(told, at + timedelta(seconds=2))
            if turn % 50 == 49:
                yield context.line(
                    {"type": "assistant", "isApiErrorMessage": True, "message": _said("<synthetic>", "API Error", {})}, at
                )

    def _message(self, context: _Context, at: datetime, *, final: bool) -> Iterator[str]:
        rng = self._random
        model = rng.choice((*PRICES, "claude-opus-4-6"))
        usage = {
            "input": rng.randint(1, 40),
            "read": rng.randint(5_000, 120_000),
            "five": rng.randint(0, 3_000) if rng.random() < 0.7 else 0,
            "hour": rng.randint(0, 2_000) if rng.random() < 0.2 else 0,
            "output": rng.randint(20, 2_500),
        }
        identity = f"msg_{rng.getrandbits(96):024x}"
        request = f"req_{rng.getrandbits(96):024x}"
        count = rng.choice((1, 2, 2, 3))
        if not final:
            usage["output"] = rng.randint(1, 8)
        self.truth.add(model, usage, final=final)
        for n in range(count):
            last = n == count - 1
            shown = usage if last else {**usage, "output": min(usage["output"], 1 + n)}
            message = _said(model, self._text(rng.randint(200, 2_400)), shown)
            message |= {"id": identity, "stop_reason": "tool_use" if last and final else None}
            yield context.line({"type": "assistant", "requestId": request, "message": message}, at + timedelta(seconds=n))

    def _text(self, length: int) -> str:
        start = self._random.randrange(len(self._pool) - 1)
        text = self._pool[start : start + length]
        while len(text) < length:
            text += self._pool[: length - len(text)]
        return text


@dataclass(frozen=True, slots=True)
class _Context:
    cwd: str
    session: str
    branch: str
    agent: str = ""

    def line(self, told: Mapping[str, object], at: datetime) -> str:
        head = {
            "parentUuid": "00000000-0000-4000-8000-000000000000",
            "isSidechain": bool(self.agent),
            "userType": "external",
            "cwd": self.cwd,
            "sessionId": self.session,
            "version": "2.1.90",
            "gitBranch": self.branch,
        }
        agent = {"agentId": self.agent} if self.agent else {}
        tail = {"uuid": f"{at.timestamp():.6f}", "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
        return json.dumps({**head, **agent, **told, **tail}, ensure_ascii=False, separators=(",", ":"))


def _said(model: str, text: str, usage: dict[str, int]) -> dict[str, object]:
    counts = {
        "input_tokens": usage.get("input", 0),
        "cache_creation_input_tokens": usage.get("five", 0) + usage.get("hour", 0),
        "cache_read_input_tokens": usage.get("read", 0),
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.get("five", 0),
            "ephemeral_1h_input_tokens": usage.get("hour", 0),
        },
        "output_tokens": usage.get("output", 0),
        "service_tier": "standard",
        "inference_geo": "not_available",
    }
    return {
        "model": model,
        "id": "",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": text}],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": counts,
    }
