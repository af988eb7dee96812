"""``hook``: what Claude Code asks before every prompt and tool, answered in a few dozen milliseconds; and what it tells at the end
of a turn, a sub-agent or a session, whose log is then imported.

Both forms of a denial are those of its reference, https://code.claude.com/docs/en/hooks. No answer lets Claude Code go on as it
would. What was typed, and what a tool is given, is neither kept nor repeated anywhere.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from cost_mcp.cli.whereabouts import main_agent, names_here
from cost_mcp.errors import CostError, InvalidInput

if TYPE_CHECKING:
    from cost_mcp.config.brief import Brief
    from cost_mcp.config.settings import Settings

PROMPT, TOOL = "UserPromptSubmit", "PreToolUse"
TOLD = frozenset({"Stop", "SubagentStop", "SessionEnd"})
"""Events after which there is something new in a log. An exit code other than 0 would keep an agent from stopping."""
BLOCKED = 2
"""The exit code by which a hook denies without an answer: stderr is the reason."""

POLICY_VARIABLE = "COST_MCP_HOOK_ON_ERROR"


class Asked(NamedTuple):
    """What is read of a hook's input; nothing else of it is looked at."""

    event: str
    session_id: str
    cwd: Path | None
    agent: str = ""
    transcripts: tuple[Path, ...] = ()


def hook() -> int:
    """Read one event on stdin and answer it on stdout; answers the exit code."""
    event = ""
    try:
        asked = _asked(sys.stdin.buffer.read())
        event = asked.event
        if event in TOLD:
            from cost_mcp.cli.hook_import import import_told

            return import_told(asked.transcripts, os.environ, asked.cwd)
        reason = _answer(asked, os.environ, datetime.now(UTC)) if event in {PROMPT, TOOL} else None
    except CostError as error:
        return _could_not(event, str(error))
    except Exception as error:  # noqa: BLE001 (a hook that breaks must do what the user said it does then)
        return _could_not(event, f"something broke inside cost-mcp ({type(error).__name__}).")
    if reason is not None:
        _deny(event, reason)
    return 0


def _asked(content: bytes) -> Asked:
    given: dict[str, object] = {}
    try:
        read: object = json.loads(content)
        if isinstance(read, dict):
            given = cast("dict[str, object]", read)
    except (ValueError, RecursionError):
        pass  # refused below, as everything else that is no event
    event, session, cwd, agent = (given.get(name) for name in ("hook_event_name", "session_id", "cwd", "agent_type"))
    if not isinstance(event, str):
        raise InvalidInput(
            "the hook's input is not an event as Claude Code sends it.",
            field="hook_event_name",
            hint="Pipe the event's JSON object to stdin.",
        )
    return Asked(
        event=event,
        session_id=session.strip() if isinstance(session, str) else "",
        cwd=_path(cwd),
        agent=agent.strip() if isinstance(agent, str) else "",
        transcripts=tuple(path for name in ("transcript_path", "agent_transcript_path") if (path := _path(given.get(name)))),
    )


def _path(value: object) -> Path | None:
    return Path(value) if isinstance(value, str) and value and "\0" not in value else None


def _answer(asked: Asked, environ: Mapping[str, str], now: datetime) -> str | None:
    """Why the event is denied; None where it is not."""
    from cost_mcp.config.place import current_folder
    from cost_mcp.service.gate import spent_budget

    cwd = asked.cwd or current_folder()
    settings, unknown = _settings(environ, cwd)
    if not settings.enabled:
        return None
    names = names_here(settings, cwd, asked.agent or main_agent(environ), asked.session_id)
    reason = spent_budget(_ledger(settings), settings.tenant, names, now)
    if unknown:
        _warn(asked.event, unknown, denied=reason is not None)
    return reason


def _warn(event: str, sentences: tuple[str, ...], *, denied: bool) -> None:
    """Say what settings do not say: to the person at a prompt, before every tool only to who reads stderr."""
    for sentence in sentences:
        print(f"warning: {sentence}", file=sys.stderr)
    if event == PROMPT and not denied:
        print(json.dumps({"systemMessage": f"cost-mcp: {' '.join(sentences)}"}))


def _settings(environ: Mapping[str, str], cwd: Path) -> tuple[Brief | Settings, tuple[str, ...]]:
    """The settings, and what is to be said of keys that are none: one of them may have meant budgets."""
    from cost_mcp.config.brief import brief_settings
    from cost_mcp.config.place import from_here

    environ = from_here(environ)
    brief = brief_settings(environ, cwd)
    if brief is not None:
        return brief, ()
    from cost_mcp.config.settings import load_settings

    loaded = load_settings(environ, cwd)
    return loaded.settings, loaded.unknown_keys


def _ledger(settings: Brief | Settings) -> Path:
    return settings.db if isinstance(settings.db, Path) else cast("Settings", settings).ledger_path


def _deny(event: str, reason: str) -> None:
    if event == TOOL:
        verdict = {"hookEventName": TOOL, "permissionDecision": "deny", "permissionDecisionReason": reason}
        print(json.dumps({"hookSpecificOutput": verdict}))
    else:
        print(json.dumps({"decision": "block", "reason": reason}))


def _could_not(event: str, why: str) -> int:
    """Do what the settings say a hook does that cannot find out; why is said on stderr."""
    policy = _policy(os.environ)
    words = {"allow": "Allowed", "deny": "Denied"}
    sentence = f"cost-mcp could not look at the budgets: {why} {words[policy]}, as hook_on_error says."
    print(sentence, file=sys.stderr)
    if policy == "allow":
        return 0
    if event not in {PROMPT, TOOL}:
        return BLOCKED
    _deny(event, sentence)
    return 0


def _policy(environ: Mapping[str, str]) -> str:
    """What to do on an error, from the environment or the user's file: a project's broken file has no say in it."""
    given = environ.get(POLICY_VARIABLE, "").strip().lower()
    if given:
        return "allow" if given == "allow" else "deny"  # whoever sets it and misspells it did not mean the default
    from cost_mcp.config.place import from_here
    from cost_mcp.config.settings import load_settings

    try:
        return load_settings(from_here(environ), Path(Path.cwd().anchor)).settings.hook_on_error
    except (CostError, OSError):
        return "allow"
