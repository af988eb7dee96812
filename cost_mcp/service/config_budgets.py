"""The budgets that settings declare, and what has to change in the ledger for them to be in force."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cost_mcp.config.budgets import ENVIRONMENT, DeclaredBudget
from cost_mcp.config.place import PROJECT_FOLDER
from cost_mcp.config.trust import CONFIG_NAME, is_trusted
from cost_mcp.config.written import read_bytes
from cost_mcp.errors import ConfigError, InvalidInput, NotFound
from cost_mcp.model.budget import Budget
from cost_mcp.service.budget_order import read_budget

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.ledger.contract import Ledger

_FILE = "file:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What brings the ledger into step with the settings, and what the user should hear; empty when it is."""

    puts: tuple[Budget, ...] = ()
    removes: tuple[Budget, ...] = ()
    warnings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.puts or self.removes)


def changes(settings: Settings, in_force: Iterable[Budget]) -> Changes:
    """What the declared budgets change in those in force.

    A budget that the command line set is left as it is. The environment counts before files. Of project files that give one name
    to two budgets, a trusted one has the name before others, else the first; the other budget is in force under a name of its
    own, because whoever clones a project must not be able to keep another copy's limits out of force. A budget of a file is over
    when that file, read again, no longer declares it; one of the environment ends on the command line only, because every
    process has an environment of its own.

    Raises:
        ConfigError: a budget of the user's, or of a trusted file, that cannot be taken; its place is named.
    """
    warnings: list[str] = []
    wanted: dict[str, Budget] = {}
    sure: set[str] = set()
    declared: set[tuple[str, str]] = set()
    unread: set[str] = set()
    known = {budget.name: budget for budget in in_force}
    for one in settings.budgets:
        declared.add((one.origin, one.name))
        try:
            budget = _read(one, settings)
        except ConfigError as error:
            if one.trusted:
                raise
            warnings.append(f"{error.sentence} This budget is ignored. {error.hint}")
            unread.add(one.origin)
            continue
        holder = wanted.get(budget.name) or known.get(budget.name)
        if one.of_project and holder is not None and _is_others(budget, holder, trusted=one.trusted):
            named = replace(budget, name=own_name(budget))
            warnings.append(_renamed(budget, named.name, holder))
            budget = named
        wanted[budget.name] = budget
        if one.trusted:
            sure.add(budget.name)
    puts: list[Budget] = []
    for budget in wanted.values():
        before = known.get(budget.name)
        if before is None or _may_replace(budget, before, trusted=budget.name in sure):
            puts += [budget] if before is None or not _same(budget, before) else []
        else:
            warnings.append(_taken(budget, before))
    over = set(settings.budget_origins) - unread
    removes = [b for b in known.values() if b.origin in over and (b.origin, b.name) not in declared and b.name not in wanted]
    return Changes(puts=tuple(puts), removes=tuple(removes), warnings=tuple(warnings))


async def put_in_force(settings: Settings, ledger: Ledger, now: datetime) -> tuple[str, ...]:
    """Write what the settings declare into the ledger where it differs; answers what the user should hear.

    Raises:
        ConfigError: a budget that cannot be taken; nothing was then changed.
    """
    if not settings.budgets and not settings.budget_origins:
        return ()
    found = changes(settings, await ledger.budgets(settings.tenant))
    for budget in found.puts:
        await ledger.set_budget(budget, now, budget.origin)
    for budget in found.removes:
        with suppress(NotFound):  # another process that read the same file was first
            await ledger.remove_budget(settings.tenant, budget.name, now, budget.origin)
    return found.warnings


def _read(declared: DeclaredBudget, settings: Settings) -> Budget:
    try:
        return read_budget(declared.fields, settings, origin=declared.origin)
    except InvalidInput as error:
        place = declared.places.get(_field(declared, error), declared.place)
        raise ConfigError(f"{place}: {error.sentence}", field=error.field, hint=error.hint) from None


def _field(declared: DeclaredBudget, error: InvalidInput) -> str:
    field = (error.field or "").partition(" ")[0]
    if field != "limit" or "limit" in declared.places:
        return field
    return next((name for name in ("limit_tokens", "limit_calls") if name in declared.places), field)


def own_name(budget: Budget) -> str:
    """The name of a project's budget where another file has the one it gives: the same for the same file, always."""
    mark = hashlib.sha256(budget.origin.encode()).hexdigest()[:6]
    return f"{budget.name[: 64 - 7]}@{mark}"


def _is_others(budget: Budget, holder: Budget, *, trusted: bool) -> bool:
    """Whether a name belongs to the budget of another file."""
    return holder.origin.startswith(_FILE) and not _may_replace(budget, holder, trusted=trusted)


def _may_replace(budget: Budget, before: Budget, *, trusted: bool) -> bool:
    if budget.origin == before.origin:
        return True
    if not before.origin.startswith(_FILE):
        return False
    file = Path(before.origin.removeprefix(_FILE))
    return budget.origin == ENVIRONMENT or not file.exists() or (trusted and _is_cloned(file))


def _is_cloned(file: Path) -> bool:
    """Whether this is a project's settings file that the user does not trust as it is now."""
    if (file.parent.name, file.name) != (PROJECT_FOLDER, CONFIG_NAME):
        return False
    try:
        return not is_trusted(file, read_bytes(file))
    except ConfigError:
        return True


def _same(budget: Budget, before: Budget) -> bool:
    kept = replace(budget, budget_id=before.budget_id, created_at=before.created_at, counts_from=before.counts_from)
    return kept == before


def _taken(budget: Budget, before: Budget) -> str:
    owner = {"cli": "the command line", ENVIRONMENT: "an environment variable"}.get(before.origin, "another file")
    return (
        f"The budget {budget.name} that {_source(budget.origin)} declares is not in force: {owner} set one of this name, which "
        f"stays. `cost-mcp budget remove {budget.name}` gives the name free."
    )


def _renamed(budget: Budget, name: str, holder: Budget) -> str:
    return (
        f"{_source(holder.origin)} has a budget {budget.name} already: the one that {_source(budget.origin)} declares is in force "
        f"as {name}. `cost-mcp trust` gives the name to the file that you trust."
    )


def _source(origin: str) -> str:
    return "the environment" if origin == ENVIRONMENT else origin.removeprefix(_FILE)
