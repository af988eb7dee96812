"""What ``doctor`` finds out: versions, settings and their origins, the ledger's file, the price books."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.errors import CostError
from cost_mcp.model.period import WEEKDAYS

if TYPE_CHECKING:
    from datetime import datetime

    from cost_mcp.config.settings import Loaded, Settings
    from cost_mcp.model.plan_limit import PlanLimit

PACKAGES = ("cost-mcp", "mcp", "genai-prices", "aiosqlite", "click", "rich", "pyyaml", "platformdirs", "apprise")


@dataclass(slots=True)
class Diagnosis:
    """Facts by heading (name → text), and what is wrong or worth a look; healthy when nothing is wrong."""

    versions: dict[str, str] = field(default_factory=dict[str, str])
    table: dict[str, str] = field(default_factory=dict[str, str])
    ledger: dict[str, str] = field(default_factory=dict[str, str])
    settings: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    books: dict[str, str] = field(default_factory=dict[str, str])
    plans: dict[str, str] = field(default_factory=dict[str, str])
    problems: list[str] = field(default_factory=list[str])
    warnings: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])


def diagnose(around: Surroundings) -> Diagnosis:
    """Everything that can be said without changing anything; what cannot be read is a problem among the others."""
    from cost_mcp.config.settings import load_settings

    found = Diagnosis(versions={"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}})
    try:
        loaded = load_settings(around.environ, around.cwd)
    except CostError as error:
        found.problems.append(str(error))
        return found
    found.warnings += loaded.warnings
    found.settings = _settings(loaded)
    for look in (_ledger, _missed, _logs, _table, _books, _channels):
        try:
            look(found, loaded.settings, around)
        except CostError as error:
            found.problems.append(str(error))
        except OSError as error:
            found.problems.append(
                f"{error.filename} cannot be looked at ({error.strerror}). Give this user the right to read it."
            )
    return found


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _settings(loaded: Loaded) -> dict[str, tuple[str, str]]:
    shown: dict[str, tuple[str, str]] = {}
    for name, origin in loaded.origins.items():
        value: object = getattr(loaded.settings, name)
        if name == "db" and "://" in loaded.settings.db:
            value = loaded.settings.db.partition("://")[0] + "://…"  # it may hold a password
        elif name == "week_start":
            value = WEEKDAYS[loaded.settings.week_start]
        shown[name] = (_text(value), str(origin))
    return shown


def _text(value: object) -> str:
    if value is None or value in ((), {}):
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {item}" for name, item in cast("dict[object, object]", value).items())
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(str(item) for item in cast("tuple[object, ...]", value)) if isinstance(value, tuple) else str(value)


def _ledger(found: Diagnosis, settings: Settings, around: Surroundings) -> None:
    from cost_mcp.ledger.health import examine
    from cost_mcp.service.opening import open_quick

    path = settings.ledger_path
    found.ledger["file"] = str(path)
    health = examine(path)
    found.versions["sqlite"] = health.sqlite
    if not health.wal_reset_fixed:
        found.notes.append(
            f"SQLite {health.sqlite} has the WAL-reset bug (sqlite.org/wal.html#walresetbug), by which two writers at one moment "
            "can damage a file. cost-mcp is not affected: its processes write one at a time, under a lock. Do not write to the "
            "ledger with other programs."
        )
    if not health.exists:
        found.ledger["state"] = "not there yet; the first call makes it"
    if not health.writable:
        found.problems.append(f"{path} cannot be written by this user. Give it the rights, or point COST_MCP_DB elsewhere.")
    if not health.private:
        found.warnings.append(f"{path} can be read by other users of this machine: chmod 600 it.")
    if not health.exists:
        return
    found.ledger |= {"size": f"{health.size:,} bytes", "schema": f"{health.schema} of {health.known_schema}"}
    quick = open_quick(settings, clock=around.clock)
    try:
        totals = quick.cost_report({"period": "total"}).report.totals
        found.ledger["calls"] = f"{totals.calls:,}"
        found.ledger["budgets"] = f"{len(quick.budgets()):,}"
        now = around.clock()
        for limit in quick.readings.plan_limits(settings.tenant):
            found.plans[f"{limit.source} {limit.name}, {limit.window}"] = _fullness(limit, now)
    finally:
        quick.close()


def _fullness(limit: PlanLimit, now: datetime) -> str:
    """How full a plan's window is, as far as anybody said."""
    from cost_mcp.views.terminal_words import duration_words

    said = f"{limit.used_percent.normalize():f} % used, said {duration_words(max(now - limit.seen_at, timedelta(0)))} ago"
    if limit.resets_at is None:
        return said
    return (
        f"{said}; resets in {duration_words(limit.resets_at - now)}" if limit.resets_at > now else f"{said}; began anew since"
    )


def _logs(found: Diagnosis, settings: Settings, around: Surroundings) -> None:
    """Whose logs lie on this machine, where nobody was told to follow them; and whose agent writes none."""
    from cost_mcp.sources.places import COPILOT, SOURCES, files_at, places

    home = Path(around.environ.get("HOME") or Path.home())
    known = {source: places(source, around.environ, home) for source in SOURCES}
    there = [source for source, some in known.items() if any(True for place in some for _ in files_at(place))]
    if there and settings.capture != "auto":
        found.notes.append(
            f"This machine has logs of {', '.join(there)}: `cost-mcp import` brings them in. With COST_MCP_CAPTURE=auto in the "
            "server's environment, or `capture: auto` in config.yaml, `cost-mcp serve` follows them by itself."
        )
    if COPILOT not in there and any(place.folder.is_dir() for place in known[COPILOT]):
        found.notes.append(
            "Copilot CLI writes what its calls used only when its OpenTelemetry file exporter is on: set "
            "COPILOT_OTEL_FILE_EXPORTER_PATH to a file in ~/.copilot/otel where Copilot is started."
        )


def _missed(found: Diagnosis, settings: Settings, around: Surroundings) -> None:
    """What Python programs that track their clients could not record."""
    from cost_mcp.client.missed import read_missed

    missed = read_missed(settings.ledger_path, around.clock().date())
    if missed.total:
        found.ledger["not recorded"] = f"{missed.total:,}"
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in missed.by_reason.items())
        found.warnings.append(
            f"Python programs could not record {missed.total:,} of the calls they track since {missed.since} ({reasons}); sums "
            "lack them. The programs' own logs say why, under the name cost_mcp."
        )


def _table(found: Diagnosis, _: Settings, __: Surroundings) -> None:
    from cost_mcp.config.books import fetched_table
    from cost_mcp.pricing.library import BOOK, Library
    from cost_mcp.pricing.tables import listed_models
    from cost_mcp.service.opening import load_tables

    fetched = fetched_table()
    if not fetched.exists():
        found.table["version"] = f"{BOOK} {found.versions['genai-prices']}, packaged"
        return
    found.table["file"] = str(fetched)
    tables = load_tables()
    found.table["version"] = f"{BOOK} {tables.version}, fetched"
    lacking = len(listed_models(Library()) - listed_models(tables))
    if lacking:
        found.notes.append(
            f"The fetched price table lacks {lacking:,} models that the packaged one lists, which may be newer by now: "
            "`cost-mcp prices update --reset` goes back to it."
        )


def _books(found: Diagnosis, settings: Settings, _: Surroundings) -> None:
    from cost_mcp.config.books import price_books
    from cost_mcp.service.opening import load_catalog

    for book in price_books(settings).books:
        found.books[str(book.file)] = book.layer
    catalog = load_catalog(settings)
    found.problems += [str(problem) for problem in catalog.problems]
    found.warnings += catalog.warnings


def _channels(found: Diagnosis, settings: Settings, _: Surroundings) -> None:
    """Whether apprise is there and knows the addresses that are its own; nothing is sent."""
    from cost_mcp.errors import DeliveryFailed
    from cost_mcp.model.address import AppriseUrl

    for declared in settings.notifications:
        if isinstance(declared.address, AppriseUrl):
            from cost_mcp.notify.by_apprise import check_apprise

            try:
                check_apprise(declared.address.url)
            except DeliveryFailed as failure:
                found.problems.append(f"The channel {declared.channel.name} ({declared.place}): {failure}")
