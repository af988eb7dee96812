"""What to import: which agents, which files, which of their calls; and an import made ready from settings and machine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cost_mcp.budgets.windows import window_of
from cost_mcp.errors import InvalidInput, LedgerUnavailable
from cost_mcp.ledger.outlook import open_outlook
from cost_mcp.service.importing import Importing, Listener, Narrowed
from cost_mcp.service.importing_call import Naming, project_of_folder
from cost_mcp.sources.opencode_db import written_with
from cost_mcp.sources.places import SOURCES, LogFile, files_at, files_named, places

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

    from cost_mcp.config.settings import Settings
    from cost_mcp.ledger.cursor import Cursor
    from cost_mcp.ledger.intake import Intake
    from cost_mcp.ledger.outlook import Outlook
    from cost_mcp.ledger.stored import StoredEntry
    from cost_mcp.pricing.catalog import Catalog

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """What to import. Without ``paths`` it is what lies in the default places of the ``sources``; without those, of all.

    ``anew`` reads every file from its beginning, ``dry_run`` writes nothing.
    """

    sources: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    narrowed: Narrowed = field(default_factory=Narrowed)
    anew: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where this runs: environment and home folder."""

    environ: Mapping[str, str]
    home: Path


def read_order(words: Sequence[str], cwd: Path) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """Sources and paths from the words of a command: a word that is a source's name is one, every other is a path.

    Raises:
        InvalidInput: a path without a source that it tells nothing of, or several sources and a path.
    """
    sources = tuple(dict.fromkeys(word for word in words if word in SOURCES))
    paths = tuple(cwd / Path(word).expanduser() for word in words if word not in SOURCES and word != ALL)
    if paths and len(sources) != 1:
        told = {_source_of(path) for path in paths}
        if len(told) != 1 or None in told:
            raise InvalidInput(
                "the paths do not say whose logs they are.",
                field="source",
                hint=f"Name one source before them: {', '.join(SOURCES)}.",
            )
        sources = tuple(source for source in told if source is not None)
    return sources, paths


def _source_of(path: Path) -> str | None:
    """Whose log a path leads to, by the names of the folders on the way."""
    homes = {
        ".claude": "claude-code",
        ".codex": "codex",
        ".gemini": "gemini-cli",
        "opencode": "opencode",
        ".copilot": "copilot",
    }
    found = [source for part, source in homes.items() if part in path.parts]
    if not found and path.name.startswith("rollout-"):
        return "codex"
    return found[0] if len(found) == 1 else None


def find_files(order: ImportOrder, machine: Machine, known: Mapping[str, object]) -> Iterator[LogFile]:
    """The files of an order, of sources that can be read.

    Raises:
        InvalidInput: a path that is not there.
    """
    for source in order.sources or SOURCES:
        if source not in known:
            continue
        if not order.paths:
            for place in places(source, machine.environ, machine.home):
                yield from files_at(place)
        for path in order.paths:
            try:
                yield from files_named(source, path)
            except OSError as error:
                raise InvalidInput(
                    f"{path} cannot be read ({error.strerror}).", field="path", hint="Name a log, or a folder of logs."
                ) from None


def followed(order: ImportOrder, machine: Machine) -> tuple[Path, ...]:
    """The folders in which the files of an order lie, or may one day."""
    if order.paths:
        return tuple(dict.fromkeys(path if path.is_dir() else path.parent for path in order.paths))
    found = [places(source, machine.environ, machine.home) for source in order.sources or SOURCES]
    return tuple(root for some in found for place in some for root in place.roots)


def take_anew(importing: Importing, order: ImportOrder, machine: Machine, paths: frozenset[str] | None) -> None:
    """Bring in what is new: in these files of an order, or in all of them."""
    files = find_files(order, machine, importing.formats)
    importing.take(files if paths is None else (file for file in files if not paths.isdisjoint(written_with(file.path))))


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The ledger as it would be: what a dry run has written, and below it what there is."""

    written: Intake
    below: Outlook

    def cursors(self, tenant: str, source: str | None = None) -> tuple[Cursor, ...]:
        """As ``Outlook.cursors``: those there are, for a dry run reads nothing for good."""
        return self.below.cursors(tenant, source)

    def known(self, tenant: str, call_ids: Sequence[str]) -> Mapping[str, StoredEntry]:
        """As ``Outlook.known``."""
        return {**self.below.known(tenant, call_ids), **self.written.known(tenant, call_ids)}

    def rules(self, tenant: str, mark: str) -> tuple[tuple[str, str], ...]:
        """As ``Outlook.rules``."""
        return self.below.rules(tenant, mark)

    def alerts_are_due(self, tenant: str) -> bool:
        """As ``Outlook.alerts_are_due``; a dry run raises none."""
        return self.below.alerts_are_due(tenant)

    def close(self) -> None:
        """Both are closed by who opened them."""

    def uncounted(self, tenant: str, product: str, session_id: str) -> tuple[str, ...]:
        """As the ledger beneath has it."""
        return self.below.uncounted(tenant, product, session_id)

    def unshared(self, tenant: str, sessions: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """As the ledger beneath has it: what agents report is not in a log."""
        return self.below.unshared(tenant, sessions)


class Bench:
    """What an import works with, opened when it is needed: the ledger to look up, to write, and the prices.

    A dry run writes to a ledger that is thrown away: however much it reads, it knows what it has seen, as a true import does.
    """

    def __init__(self, settings: Settings, clock: Callable[[], datetime], *, dry_run: bool) -> None:
        self._settings = settings
        self._clock = clock
        self._dry_run = dry_run
        self._intake: Intake | None = None
        self._looking: Outlook | None = None
        self._scratch: TemporaryDirectory[str] | None = None
        self._kept = 0

    def intake(self) -> Intake:
        """The ledger, open for writing."""
        if self._intake is None:
            from cost_mcp.ledger.intake import Intake

            path = self._settings.ledger_path
            if self._dry_run:
                from tempfile import TemporaryDirectory

                self._scratch = TemporaryDirectory(prefix="cost-mcp-dry-run-")
                path = Path(self._scratch.name) / "ledger.db"
            self._intake = Intake(path, now=self._clock(), window_of=window_of)
        return self._intake

    def outlook(self) -> Outlook:
        """The ledger to look things up in: for reading only, until there is something to write."""
        if self._intake is not None and self._dry_run:
            return Overlaid(self._intake, self._looked_into())
        return self._looked_into() if self._intake is None else self._intake

    def _looked_into(self) -> Outlook:
        if self._looking is None:
            try:
                self._looking = open_outlook(self._settings.ledger_path)
            except LedgerUnavailable:
                if self._dry_run:
                    raise
                return self.intake()  # an older ledger, which writing brings up to date
        return self._looking

    @cached_property
    def mark(self) -> str:
        """The mark of the price books as they now are."""
        from cost_mcp.service.price_memory import books_mark

        return books_mark(self._settings)

    @cached_property
    def catalog(self) -> Catalog:
        """The prices, reminded of what was resolved before."""
        from cost_mcp.service.opening import load_catalog
        from cost_mcp.service.price_memory import remind

        catalog = load_catalog(self._settings)
        self._kept = remind(catalog, self.outlook().rules(self._settings.tenant, self.mark))
        return catalog

    def keep_prices(self) -> None:
        """Keep what was resolved meanwhile."""
        if "catalog" not in self.__dict__ or self._intake is None or self._dry_run:
            return
        found = self.catalog.remembered()
        if len(found) > self._kept:
            from cost_mcp.service.price_memory import to_keep

            self._intake.keep_rules(self._settings.tenant, self.mark, to_keep(found))
            self._kept = len(found)

    def close(self) -> None:
        """Let go of the ledger."""
        for one in (self._looking, self._intake):
            if one is not None:
                one.close()
        self._looking = self._intake = None
        if self._scratch is not None:
            self._scratch.cleanup()


@contextmanager
def open_importing(
    order: ImportOrder, settings: Settings, machine: Machine, clock: Callable[[], datetime], listener: Listener
) -> Generator[Importing]:
    """An import made ready; the ledger is opened for writing only when there is something to write."""
    from cost_mcp.capture.logs.formats import FORMATS

    bench = Bench(settings, clock, dry_run=order.dry_run)
    try:
        naming = Naming(settings, named=bool(order.paths), project_at=project_of_folder(machine.environ))
        yield Importing(
            settings=settings,
            outlook=bench.outlook,
            intake=bench.intake,
            dry_run=order.dry_run,
            catalog=lambda: bench.catalog,
            naming=naming,
            formats=FORMATS,
            clock=clock,
            listener=listener,
            narrowed=order.narrowed,
            anew=order.anew,
            settle=bench.keep_prices,
        )
    finally:
        bench.close()
