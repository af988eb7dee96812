"""By which names calls made here are recorded: what a hook and a status line look budgets up with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cost_mcp.config.brief import Brief
    from cost_mcp.config.settings import Settings

MAIN_AGENT = "claude-code"
"""How imported calls name the agent that is no sub-agent."""


def names_here(settings: Brief | Settings, cwd: Path, agent: str, session_id: str) -> dict[str, tuple[str, ...]]:
    """Context name → the values it has here: those a server is bound to, and those an import from a log gives.

    Args:
        settings: What this process is bound to.
        cwd: The folder the agent works in.
        agent: What a log calls the agent; empty where it has no name of its own.
        session_id: The agent's own; empty where it is not known.
    """
    told = {
        "project": (settings.project or project_here(cwd),),
        "task_id": (settings.task_id,),
        "agent": (settings.agent, agent),
        "session_id": (settings.session_id, session_id),
    }
    return {name: tuple(dict.fromkeys(value for value in values if value)) for name, values in told.items()}


def main_agent(environ: Mapping[str, str]) -> str:
    """What a log's import calls the agent that is no sub-agent; empty where the environment names it, which then is its only name."""
    return "" if environ.get("COST_MCP_AGENT", "").strip() else MAIN_AGENT


def project_here(cwd: Path) -> str | None:
    """Where no settings name the project: the name an import gives calls made in this folder."""
    from cost_mcp.sources.project import project_name

    return project_name(str(cwd))
