"""The settings in force: environment over project file over user file over defaults, each with where it came from."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from cost_mcp.config.budgets import (
    BUDGET_KEYS,
    PERCENTS,
    DeclaredBudget,
    declared_in_environment,
    declared_in_file,
    file_origin,
    with_percents,
)
from cost_mcp.config.declared import (
    BOUND_NAMES,
    NOTIFICATION_VARIABLES,
    NOTIFICATIONS_KEY,
    OTHER_VARIABLES,
    PREFIX,
    SETTINGS,
    Declared,
    Given,
)
from cost_mcp.config.folders import config_folder, data_folder
from cost_mcp.config.place import project_folder, system_zone
from cost_mcp.config.trust import CONFIG_NAME, PRICES_NAME, is_trusted
from cost_mcp.config.written import (
    MAX_BYTES,
    MAX_SETTINGS_BYTES,
    Entry,
    WrittenFile,
    read_bytes,
    read_written,
    shown_key,
    written,
)
from cost_mcp.errors import ConfigError
from cost_mcp.model.call import DEFAULT_TENANT

if TYPE_CHECKING:
    from cost_mcp.config.notifications import DeclaredChannel

LEDGER_NAME = "ledger.db"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a process works with. ``db`` is a path or a ``postgresql://`` URL; ``week_start`` is 0 for Monday … 6 for Sunday.

    ``project``, ``agent``, ``session_id`` and ``task_id`` are used where a call does not say; those in ``bound`` (and
    ``tenant``) came from the environment, and a call that says otherwise is refused. ``price_book`` is the user's,
    ``project_price_book`` the project's once trusted (``books.price_books`` reads both).

    ``budgets`` are those that the environment and files declare, a later one of the same name counting instead of an earlier.
    ``budget_origins`` names the files that were read in full: what they no longer declare is over. A file with a key that is no
    setting is not among them: what it meant to declare there is not known. ``notifications`` are the channels that alerts are
    sent to, no two of one name.
    """

    db: str
    timezone: str = "UTC"
    week_start: int = 0
    tenant: str = DEFAULT_TENANT
    project: str | None = None
    agent: str | None = None
    session_id: str | None = None
    task_id: str | None = None
    bound: frozenset[str] = field(default=frozenset())
    enabled: bool = True
    price_book: Path | None = None
    project_price_book: Path | None = None
    max_backdate_hours: int = 24
    billing: str = "api"
    source_billing: Mapping[str, str] = field(default_factory=dict[str, str])
    capture: str = "off"
    export_on_exit: Path | None = None
    export_format: str | None = None
    warning_percent: Decimal | None = None
    critical_percent: Decimal | None = None
    hook_on_error: str = "allow"
    anomalies: bool = True
    anomalies_sensitivity: str = "normal"
    anomalies_min_usd: Decimal = Decimal(1)
    budgets: tuple[DeclaredBudget, ...] = ()
    budget_origins: tuple[str, ...] = ()
    notifications: tuple[DeclaredChannel, ...] = ()
    task_patterns: tuple[str, ...] = ()

    @property
    def ledger_path(self) -> Path:
        """The ledger's file.

        Raises:
            ConfigError: ``db`` is a PostgreSQL URL, which this version cannot open.
        """
        if "://" in self.db:
            raise ConfigError(
                "A PostgreSQL ledger is not yet supported in this version.",
                field="db",
                hint="Set COST_MCP_DB to the path of a file, or leave it out.",
            )
        return Path(self.db)

    def bound_context(self) -> dict[str, str]:
        """Context name → the value the environment binds it to; ``tenant`` among them."""
        return {name: getattr(self, name) for name in BOUND_NAMES if name in self.bound}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: ``kind`` is environment, project, user, system or default; ``place`` names it."""

    kind: str
    place: str

    def __str__(self) -> str:
        return self.place or self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The settings, the origin of each by name, what was ignored and why, and the files that were looked at.

    ``unknown_keys`` are those of the ``warnings`` that tell of a file's key that is no setting: it may have meant budgets.
    """

    settings: Settings
    origins: Mapping[str, Origin]
    warnings: tuple[str, ...] = ()
    unknown_keys: tuple[str, ...] = ()
    user_file: Path | None = None
    project_folder: Path | None = None
    project_trusted: bool = False


def load_settings(environ: Mapping[str, str], cwd: Path) -> Loaded:
    """Everything this process is told, read once.

    Args:
        environ: the environment; an empty variable counts as not set, except ``COST_MCP_CONFIG`` (no user file).
        cwd: the folder a project is looked for in and above; relative paths in the environment start here.

    Raises:
        ConfigError: a value or file that cannot be taken as written; variable, or file and line, are named.
    """
    reading = _Reading(warnings=_misspelt_variables(environ), environ=environ)
    user_file = _user_file(environ, cwd)
    if user_file is not None and _is_file(user_file):
        written_by_user = read_written(user_file)
        reading.take_file(written_by_user, "user", trusted=True)
        reading.take_budgets(written_by_user, "user", trusted=True)
        reading.take_channels(written_by_user, "user")
    folder = project_folder(cwd)
    trusted = folder is not None and reading.take_project(folder)
    reading.take_environment(environ, cwd)
    reading.fill(environ, user_file)
    reading.finish_budgets(environ)
    reading.finish_channels()
    return Loaded(
        settings=reading.settings(),
        origins=reading.origins,
        warnings=tuple(reading.warnings),
        unknown_keys=tuple(reading.unknown_keys),
        user_file=user_file,
        project_folder=folder,
        project_trusted=trusted,
    )


@dataclass(slots=True)
class _Reading:
    """Values and origins gathered so far; a later source replaces what an earlier one said."""

    warnings: list[str]
    environ: Mapping[str, str]
    unknown_keys: list[str] = field(default_factory=list[str])
    values: dict[str, object] = field(default_factory=dict[str, object])
    origins: dict[str, Origin] = field(default_factory=dict[str, Origin])
    budgets: list[DeclaredBudget] = field(default_factory=list[DeclaredBudget])
    budget_origins: list[str] = field(default_factory=list[str])
    channels: dict[str, DeclaredChannel] = field(default_factory=dict[str, "DeclaredChannel"])

    def put(self, name: str, value: object, origin: Origin) -> None:
        self.values[name] = value
        self.origins[name] = origin

    def take_file(self, file: WrittenFile, kind: str, *, trusted: bool) -> None:
        """Take a file's entries; from one that is not trusted, only those any project may set, where they can be taken."""
        # Cloned code must not choose where it is told what was spent.
        ignored = [NOTIFICATIONS_KEY] if NOTIFICATIONS_KEY in file.entries and not trusted else []
        for key, entry in file.entries.items():
            declared = _BY_KEY.get(key)
            if key in (*BUDGET_KEYS, NOTIFICATIONS_KEY):
                continue  # budgets are taken when the file's project is known, channels when the file is trusted
            if declared is None:
                self.unknown_keys.append(_unknown_key(file.path, key, entry))
                self.warnings.append(self.unknown_keys[-1])
            elif entry.value is None:
                continue  # a key without a value is not set
            elif not (trusted or declared.project_may_set):
                ignored.append(key)
            else:
                place = f"{file.path}, line {entry.line}"
                given = Given(entry.value, f"{place}: {key}", file.path.parent, declared.name)
                try:
                    self.put(declared.name, declared.parse(given), Origin(kind, place))
                except ConfigError as error:
                    if trusted:
                        raise
                    self.warnings.append(f"{error.sentence} It is ignored. {error.hint}")
        if ignored:
            self.warnings.append(
                f"{file.path}: {', '.join(ignored)} ignored, because a project's file is not trusted until you say so. "
                "Read it, then run `cost-mcp trust`."
            )

    def take_budgets(self, file: WrittenFile, kind: str, *, trusted: bool) -> None:
        """Take the budgets of a file; those of one that is not trusted are left out, with a warning, where they cannot be read."""
        named = file.entries.get("project")
        project = None if named is None or not isinstance(named.value, str) else named.value.strip() or None
        try:
            self.budgets += declared_in_file(file, trusted=trusted, project=project, of_project=kind == "project")
        except ConfigError as error:
            if trusted:
                raise
            self.warnings.append(f"{error.sentence} Its budgets are ignored. {error.hint}")
            return
        if all(key in KNOWN_KEYS for key in file.entries):  # a misspelt `budgets` must not end what it meant to declare
            self.budget_origins.append(file_origin(file.path))

    def finish_budgets(self, environ: Mapping[str, str]) -> None:
        """Add the environment's budgets, and the percents that apply to whatever has none of its own."""
        self.budgets += declared_in_environment(environ)
        percents = {name: value for name in PERCENTS if isinstance(value := self.values.get(name), Decimal)}
        place = ", ".join(str(self.origins[name]) for name in percents)
        self.values["budgets"] = tuple(with_percents(budget, percents, place) for budget in self.budgets)
        self.values["budget_origins"] = tuple(self.budget_origins)

    def take_channels(self, file: WrittenFile, kind: str) -> None:
        """Take the channels of a file that is trusted; one of a name that another file gave replaces it."""
        if NOTIFICATIONS_KEY not in file.entries:
            return
        from cost_mcp.config.notifications import channels_in_file, read_surround  # 9 ms

        found, warnings = channels_in_file(file, read_surround(self.environ), tuple(self.channels))
        self.warnings += warnings
        for one in found:
            self.channels[one.channel.name] = one
            self.origins[NOTIFICATIONS_KEY] = Origin(kind, str(file.path))

    def finish_channels(self) -> None:
        """Add the environment's channels."""
        if any(self.environ.get(variable, "").strip() for variable in NOTIFICATION_VARIABLES):
            from cost_mcp.config.notifications import channels_in_environment, read_surround

            for one in channels_in_environment(read_surround(self.environ)):
                self.channels[one.channel.name] = one
                self.origins[NOTIFICATIONS_KEY] = Origin("environment", one.place)
        self.values[NOTIFICATIONS_KEY] = tuple(self.channels.values())
        self.origins.setdefault(NOTIFICATIONS_KEY, Origin("default", ""))

    def take_project(self, folder: Path) -> bool:
        """Take a project's settings and, once trusted, its price book; answers whether its settings are trusted.

        A file that is not trusted and cannot be read as written is ignored with a warning: cloned code must not be able to
        keep calls from being recorded.
        """
        config, prices = folder / CONFIG_NAME, folder / PRICES_NAME
        trusted = False
        if (content := self.project_bytes(config, MAX_SETTINGS_BYTES)) is not None:
            trusted = is_trusted(config, content)
            try:
                file = written(config, content)
                self.take_file(file, "project", trusted=trusted)
                self.take_budgets(file, "project", trusted=trusted)
                if trusted:
                    self.take_channels(file, "project")
            except ConfigError as error:
                if trusted:
                    raise
                self.warnings.append(f"{error.sentence} The file is ignored. {error.hint}")
        if (content := self.project_bytes(prices)) is not None:
            if is_trusted(prices, content):
                self.put("project_price_book", prices, Origin("project", str(prices)))
            else:
                self.warnings.append(
                    f"{prices} ignored, because a project's prices are not trusted until you say so. "
                    "Read it, then run `cost-mcp trust`."
                )
        return trusted

    def project_bytes(self, file: Path, most: int = MAX_BYTES) -> bytes | None:
        """A project's file; None where there is none, and, with a warning, where it cannot be read."""
        try:
            return read_bytes(file, most) if _is_file(file) else None
        except ConfigError as error:
            self.warnings.append(f"{error.sentence} The file is ignored. {error.hint}")
            return None

    def take_environment(self, environ: Mapping[str, str], cwd: Path) -> None:
        """Take the variables; context names given here bind."""
        bound: set[str] = set()
        for declared in SETTINGS:
            text = environ.get(declared.variable, "") if declared.variable else ""
            if declared.variable is None or not text.strip():
                continue
            given = Given(text, declared.variable, cwd, declared.name)
            self.put(declared.name, declared.parse(given), Origin("environment", declared.variable))
            if declared.name in BOUND_NAMES:
                bound.add(declared.name)
        self.values["bound"] = frozenset(bound)

    def fill(self, environ: Mapping[str, str], user_file: Path | None) -> None:
        """Defaults that depend on the machine; the others stand in ``Settings``."""
        if "db" not in self.values:
            self.put("db", str(data_folder() / LEDGER_NAME), Origin("default", ""))
        if "timezone" not in self.values and (name := system_zone(environ)) is not None:
            self.put("timezone", name, Origin("system", ""))
        beside = None if user_file is None else user_file.with_name(PRICES_NAME)
        if "price_book" not in self.values and beside is not None and _is_file(beside):
            self.put("price_book", beside, Origin("user", str(beside)))
        for declared in SETTINGS:
            self.origins.setdefault(declared.name, Origin("default", ""))

    def settings(self) -> Settings:
        return replace(Settings(db=""), **self.values)


_BY_KEY: dict[str, Declared] = {declared.key: declared for declared in SETTINGS if declared.key is not None}
KNOWN_KEYS = (*_BY_KEY, *BUDGET_KEYS, NOTIFICATIONS_KEY)
"""The keys that a settings file may have."""


def _user_file(environ: Mapping[str, str], cwd: Path) -> Path | None:
    named = environ.get(CONFIG_VARIABLE)
    if named is None:
        return config_folder() / CONFIG_NAME
    if not named.strip():
        return None
    path = cwd / Path(named.strip()).expanduser()
    if not _is_file(path):
        raise ConfigError(
            f"{CONFIG_VARIABLE} names a file that is not there.", field="config", hint="Correct it, or leave it empty for none."
        )
    return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:  # a folder on the way that may not be entered
        raise ConfigError(f"{path} cannot be looked at ({error.strerror}).", field="file", hint="Check its rights.") from None


def _nearest(word: str, known: Iterable[str]) -> str | None:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return near[0] if near else None


def _unknown_key(path: Path, key: str, entry: Entry) -> str:
    near = _nearest(key.lower().replace("-", "_"), KNOWN_KEYS)
    hint = f"Did you mean {near}?" if near else f"Known keys: {', '.join(KNOWN_KEYS)}."
    kept = "Until it is corrected, no budget of this file ends."
    return f"{path}, line {entry.line}: {shown_key(key)} is not a setting and is ignored. {hint} {kept}"


def _misspelt_variables(environ: Mapping[str, str]) -> list[str]:
    known = [name.removeprefix(PREFIX) for name in (*(d.variable for d in SETTINGS if d.variable), *OTHER_VARIABLES)]
    given = [name.removeprefix(PREFIX) for name in sorted(environ) if name.startswith(PREFIX)]
    return [
        f"{PREFIX}{name} is not a variable cost-mcp reads and is ignored. Did you mean {PREFIX}{near}?"
        for name in given
        if name not in known and (near := _nearest(name, known)) is not None
    ]
