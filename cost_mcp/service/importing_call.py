"""From what a log tells of a call to the call itself: whose it is, for what, and how it was paid for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cost_mcp.errors import CostError
from cost_mcp.model.call import Call, Context, Rank
from cost_mcp.service.call_report import BOUND_CONTEXT
from cost_mcp.sources.project import name_of, project_name, usable_name

if TYPE_CHECKING:
    from cost_mcp.capture.logs.sighting import Sighting
    from cost_mcp.config.settings import Settings

MOST_CONTEXTS = 4096
BRANCH = "branch"
"""The tag a call keeps the branch under that it was made on."""


class Naming:
    """Gives the calls of logs their context.

    A call belongs to the project its folder lies in: the name a ``.cost-mcp`` folder gives it, else the repository's, else the
    folder's. Its agent is the sub-agent that made it, else the program whose log it is. The branch is kept as a tag, and tells
    the task where a pattern of the settings matches it: the pattern's first group, or all that it matches.

    Args:
        settings: tenant, billing, patterns; and what this process is bound to.
        named: whether the files were named one by one: then what the log leaves open is taken from what this process is bound
            to. What lies in an agent's folder is of all tasks there ever were.
        project_at: the project that a folder on this machine declares; None where it declares none.
    """

    def __init__(self, settings: Settings, *, named: bool, project_at: Callable[[Path], str | None]) -> None:
        self._settings = settings
        self._patterns = [re.compile(pattern) for pattern in settings.task_patterns]
        self._bound = {name: getattr(settings, name) for name in BOUND_CONTEXT if name in settings.bound} if named else {}
        self._project_at = project_at
        self._projects: dict[str, str | None] = {}
        self._contexts: dict[tuple[object, ...], Context] = {}

    def call(self, sighting: Sighting, source: str, rank: Rank) -> Call:
        """The call a sighting tells of.

        Raises:
            InvalidInput: its id or model cannot be taken.
        """
        billing = sighting.billing or self._settings.source_billing.get(source)
        supplied = {"occurred_at"}
        supplied |= {"billing"} if billing else set()
        supplied |= {"provider"} if sighting.provider else set()
        supplied |= {"service_tier"} if sighting.service_tier != "standard" else set()
        supplied |= {"stated_cost_usd"} if sighting.stated_cost_usd is not None else set()
        return Call(
            call_id=sighting.key,
            occurred_at=sighting.occurred_at,
            model=sighting.model,
            usage=sighting.usage,
            source=source,
            rank=rank,
            tenant=self._settings.tenant,
            provider=sighting.provider,
            response_model=sighting.response_model,
            service_tier=sighting.service_tier,
            billing=billing or self._settings.billing,
            context=self._context(sighting, source),
            metadata=sighting.metadata,
            stated_cost_usd=sighting.stated_cost_usd,
            provisional=sighting.provisional,
            supplied=_frozen(tuple(sorted(supplied))),
            product=source,
        )

    def _context(self, sighting: Sighting, source: str) -> Context:
        key = (sighting.cwd, sighting.session_id, sighting.agent, sighting.branch, source, *sighting.tags.items())
        known = self._contexts.get(key)
        if known is None:
            if len(self._contexts) >= MOST_CONTEXTS:
                self._contexts.clear()
            known = self._contexts[key] = self._made(sighting, source)
        return known

    def _made(self, sighting: Sighting, source: str) -> Context:
        branch = usable_name(sighting.branch)
        tags = dict(sighting.tags)
        if branch is not None:
            tags.setdefault(BRANCH, branch)
        given = {
            "project": self._project(sighting.cwd),
            "session_id": usable_name(sighting.session_id),
            "agent": usable_name(sighting.agent),
            "task_id": self._task(branch),
        }
        told = {name: value or self._bound.get(name) for name, value in given.items()}
        return Context(**{**told, "agent": told["agent"] or source}, tags=tags)

    def _task(self, branch: str | None) -> str | None:
        for pattern in self._patterns if branch is not None else ():
            if (match := pattern.search(branch or "")) is not None:
                return usable_name(match.group(1) if pattern.groups else match.group())
        return None

    def _project(self, cwd: str | None) -> str | None:
        if cwd is None:
            return None
        if cwd not in self._projects:
            if len(self._projects) >= MOST_CONTEXTS:
                self._projects.clear()
            self._projects[cwd] = self._found(cwd)
        return self._projects[cwd]

    def _found(self, cwd: str) -> str | None:
        folder = Path(cwd) if "\0" not in cwd else None
        try:
            here = folder is not None and folder.is_absolute() and folder.is_dir()
            if folder is not None and here and (declared := self._project_at(folder)) is not None:
                return declared
        except (OSError, CostError):
            return usable_name(name_of(cwd))  # it may not be looked into: its name is all there is
        return project_name(cwd)


@lru_cache(maxsize=64)
def _frozen(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(names)


def project_of_folder(environ: Mapping[str, str]) -> Callable[[Path], str | None]:
    """How to find the project that a folder declares: by the settings as they would be read there."""

    def found(folder: Path) -> str | None:
        from cost_mcp.config.place import project_folder

        if project_folder(folder) is None:
            return None
        from cost_mcp.config.settings import load_settings

        return load_settings({**environ, "COST_MCP_PROJECT": ""}, folder).settings.project

    return found
