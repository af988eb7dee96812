"""Importing: other programs' logs into the ledger, each call once, from where every file was left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from cost_mcp.capture.logs.sighting import LogFormat, Sighting, Skip
from cost_mcp.errors import CostError
from cost_mcp.ledger.cursor import Cursor
from cost_mcp.ledger.repeat import corrects
from cost_mcp.model.charge import PricedCall
from cost_mcp.model.receipt import EXISTS
from cost_mcp.model.succession import succeed
from cost_mcp.service.import_database import DatabaseReading, is_database
from cost_mcp.service.import_log import LogReading
from cost_mcp.service.import_owning import Owning
from cost_mcp.service.import_packed import PackedReading
from cost_mcp.service.import_progress import Progress, bytes_new
from cost_mcp.service.import_reading import Reading
from cost_mcp.service.import_summary import ImportSummary, SourceTally
from cost_mcp.sources.fingerprint import Stamp
from cost_mcp.sources.lines import REST_BYTES
from cost_mcp.sources.packed import is_packed

if TYPE_CHECKING:
    from cost_mcp.config.settings import Settings
    from cost_mcp.ledger.intake import Intake
    from cost_mcp.ledger.outlook import Outlook
    from cost_mcp.ledger.owners import Superseded
    from cost_mcp.ledger.stored import StoredEntry
    from cost_mcp.model.call import Call
    from cost_mcp.model.plan_limit import PlanLimit
    from cost_mcp.pricing.catalog import Catalog
    from cost_mcp.service.importing_call import Naming
    from cost_mcp.sources.places import LogFile

CALLS_AT_ONCE = 1024
"""Calls in one transaction: others wait for the ledger's lock no longer than these take."""

FOLD_FROM = 256
"""New calls from which on the sums that reports are made of are brought up to date at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a line or a call, for who wants to know: ``number`` where it is a line's, ``key`` where it is a call's."""

    file: str
    what: str
    why: str
    number: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who hears of an import while it runs: of every line and call that made no new call, and of how far it is, in bytes.

    ``ended`` says that it should stop after the file at hand, or where that may be gone on from.
    """

    told: Callable[[Told], None] | None = None
    progress: Callable[[int, int], None] | None = None
    ended: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Which calls are wanted; all where nothing is said."""

    since: datetime | None = None
    project: str | None = None

    def takes(self, call: Call) -> bool:
        """Whether this call is wanted."""
        if self.since is not None and call.occurred_at < self.since:
            return False
        return self.project is None or call.context.project == self.project

    def may_hold(self, file: LogFile) -> bool:
        """Whether a file that was last written to then can hold a wanted call."""
        return self.since is None or datetime.fromtimestamp(file.found.st_mtime, UTC) >= self.since


@dataclass(slots=True)
class _Found:
    """A sighting on its way: the report, how it is worded, what it replaces."""

    call: Call
    sighting: Sighting
    tally: SourceTally
    file: str
    stored: StoredEntry | None = None


@dataclass(slots=True, kw_only=True)
class Importing:
    """One run: give it files, ask it for the summary.

    Args:
        settings: tenant and billing.
        outlook: the ledger, to look things up in.
        intake: opens the ledger for writing when there is something to write.
        catalog: opens the prices when there is something to price.
        naming: gives calls their context.
        formats: how each source's logs are read.
        clock: tells the time.
        listener: hears what becomes of lines and calls.
        narrowed: which calls are wanted.
        anew: read every file from its beginning.
        dry_run: what is written is thrown away; nobody is told of it, and it need not be durable.
        at_once: how many calls one transaction holds.
        rest_every: how many bytes of files are read at most before what they told is written down.
        settle: done at the end of a run.
    """

    settings: Settings
    outlook: Callable[[], Outlook]
    intake: Callable[[], Intake]
    catalog: Callable[[], Catalog]
    naming: Naming
    formats: Mapping[str, LogFormat]
    clock: Callable[[], datetime]
    listener: Listener = field(default_factory=Listener)
    narrowed: Narrowed = field(default_factory=Narrowed)
    anew: bool = False
    dry_run: bool = False
    at_once: int = CALLS_AT_ONCE
    rest_every: int = REST_BYTES
    settle: Callable[[], None] = lambda: None
    _tallies: dict[str, SourceTally] = field(default_factory=dict[str, SourceTally], init=False)
    _problems: list[str] = field(default_factory=list[str], init=False)
    _cursors: dict[tuple[str, str], Cursor] = field(default_factory=dict[tuple[str, str], Cursor], init=False)
    _moved: dict[tuple[str, str], Cursor] = field(default_factory=dict[tuple[str, str], Cursor], init=False)
    _loaded: set[str] = field(default_factory=set[str], init=False)
    _pending: dict[str, _Found] = field(default_factory=dict[str, _Found], init=False)
    _read: list[Cursor] = field(default_factory=list[Cursor], init=False)
    _limits: dict[tuple[str, str, str], PlanLimit] = field(default_factory=dict[tuple[str, str, str], "PlanLimit"], init=False)
    _unsettled: bool = field(default=False, init=False)
    _progress: Progress = field(default_factory=Progress, init=False)
    _owning: Owning = field(init=False)

    def __post_init__(self) -> None:
        self._owning = Owning(self.settings.tenant, self.outlook)

    def take(self, files: Iterable[LogFile]) -> None:
        """Bring in what these files hold that was not read before; durable when this returns.

        A file that cannot be read is a problem and stops no other.
        """
        changed = list(self._changed(files))
        self._progress.heard = self.listener.progress
        if changed:
            self._progress.expect(sum(bytes_new(file, cursor) for file, cursor in changed))
        for file, cursor in sorted(changed, key=lambda pair: pair[0].found.st_mtime_ns):
            # The oldest first: of a call that a later session copied, the session that made it is told of first.
            self._progress.begin(file, cursor)
            self._take_one(file, cursor)
            self._progress.end()
            if self._owning.let_go():
                self._flush()
            if self._has_ended():
                break
        self._flush()
        if self._unsettled and not self.dry_run:
            self._unsettled = False
            self.intake().settle()

    def finish(self, began: float) -> ImportSummary:
        """What came of everything taken since the last time; alerts that it calls for are raised now."""
        alerts = 0
        if not self.dry_run and (self._wrote() or self.outlook().alerts_are_due(self.settings.tenant)):
            alerts = self.intake().raise_due(self.settings.tenant, self.clock())
            if sum(tally.calls + tally.corrected for tally in self._tallies.values()) >= FOLD_FROM:
                self.intake().fold()
        for product, priced in self._owning.foreseen() if self.dry_run else ():
            self.tally(product).takes_over(priced)
        if self.listener.told is not None:
            for file, product, call_id in self._owning.superseded():
                why = f"The log of {product} tells what its session spent: it is kept, and not counted."
                self.listener.told(Told(file=file, what="superseded", why=why, key=call_id))
        self.settle()
        tallies, self._tallies = self._tallies, {}
        problems, self._problems = self._problems, []
        self._progress.forget()
        return ImportSummary(
            sources=tallies,
            seconds=monotonic() - began,
            alerts=alerts,
            dry_run=self.dry_run,
            problems=tuple(problems),
        )

    def _wrote(self) -> bool:
        return any(tally.calls or tally.corrected for tally in self._tallies.values())

    def tally(self, source: str) -> SourceTally:
        """The counts of one source."""
        return self._tallies.setdefault(source, SourceTally())

    def _changed(self, files: Iterable[LogFile]) -> Iterator[tuple[LogFile, Cursor | None]]:
        for file in files:
            tally = self.tally(file.source)
            tally.files += 1
            cursor = self._cursor(file)
            if self.anew:
                cursor = None
            elif cursor is not None and cursor.stamp == Stamp.of(file.found).to_text():
                tally.unchanged += 1
                if cursor.path != file.name:
                    self._read.append(replace(cursor, path=file.name))
                continue
            if not self.narrowed.may_hold(file):
                tally.unchanged += 1
                continue
            yield file, cursor

    def _cursor(self, file: LogFile) -> Cursor | None:
        """How far the file was read, under this name or, where it was moved, under another."""
        if file.source not in self._loaded:
            self._loaded.add(file.source)
            for cursor in self.outlook().cursors(self.settings.tenant, file.source):
                self._cursors[file.source, cursor.path] = cursor
                self._moved[file.source, Stamp.from_text(cursor.stamp).identity] = cursor
        known = self._cursors.get((file.source, file.name))
        return known if known is not None else self._moved.get((file.source, Stamp.of(file.found).identity))

    def _has_ended(self) -> bool:
        return self.listener.ended is not None and self.listener.ended()

    def _take_one(self, file: LogFile, cursor: Cursor | None) -> None:
        form, tally = self.formats[file.source], self.tally(file.source)
        reading = self._reading(file, form, cursor)
        left_out = tally.left_out
        try:
            for one in reading.reads():
                if isinstance(one, Skip):
                    tally.skip(one.reason)
                    self._tell(file, one.reason, one.detail, number=one.line)
                elif isinstance(one, Sighting):
                    self._sight(one, form, file, tally)
                elif isinstance(one, Cursor):
                    # What was left out may be wanted the next time: the file then counts as not read.
                    if tally.left_out == left_out and not self.anew:
                        self._read.append(one)
                    if self._progress.unsaved >= self.rest_every and not self._holds_back():
                        self._flush()
                        if self._has_ended():
                            break
                else:
                    self._note(one)
        except OSError as error:
            tally.failed += 1
            self._problems.append(f"{file.name} cannot be read ({error.strerror}).")
            return
        tally.bytes_read += reading.bytes_read

    def _reading(self, file: LogFile, form: LogFormat, cursor: Cursor | None) -> Reading:
        kind = DatabaseReading if is_database(file) else PackedReading if is_packed(file.path) else LogReading
        return kind(file, form, cursor, passed=self._progress.at, rest_every=self.rest_every)

    def _holds_back(self) -> bool:
        return self._owning.holds_back(len(self._pending), (found.call for found in self._pending.values()))

    def _note(self, limit: PlanLimit) -> None:
        known = self._limits.get(limit.key)
        if known is None or known.order < limit.order:
            self._limits[limit.key] = limit

    def _sight(self, sighting: Sighting, form: LogFormat, file: LogFile, tally: SourceTally) -> None:
        try:
            call = self.naming.call(sighting, file.source, form.rank)
        except CostError as error:
            tally.refused += 1
            self._tell(file, "refused", error.sentence, key=sighting.key)
            return
        if not self.narrowed.takes(call):
            tally.left_out += 1
            return
        found = _Found(call, sighting, tally, file.name)
        if self.dry_run or self.listener.told is not None:
            self._owning.saw(call, file.name)
        earlier = self._pending.get(call.call_id)
        if earlier is None:
            self._pending[call.call_id] = found
            if len(self._pending) >= self.at_once and not self._holds_back():
                self._flush()
            return
        tally.merged += 1
        if earlier.call.context.session_id != call.context.session_id:
            self._owning.claim(earlier.call)
            self._owning.claim(call)
        if corrects(earlier.call, call):
            self._pending[call.call_id] = found
            self._tell(file, "superseded", "A fuller report of the same call was read after it.", key=call.call_id)
        else:
            self._tell(file, "merged", "It tells of a call that was read before.", key=call.call_id)

    def _flush(self) -> None:
        self._progress.unsaved = 0
        pending, self._pending = self._pending, {}
        read, self._read = self._read, []
        limits, self._limits = self._limits, {}
        if not pending and (self.dry_run or not read):
            return
        tenant = self.settings.tenant
        known = self.outlook().known(tenant, [*pending])
        wanted = [found for key, found in pending.items() if self._is_news(found, known.get(key))]
        priced = [(found, call) for found in wanted if (call := self._priced(found)) is not None]
        answers = self.intake().bring_in(
            tenant,
            [call for _, call in priced],
            self.clock(),
            read=read,
            limits=limits.values(),
            claims=self._owning.take_claims(),
            superseded=self._superseded,
        )
        self._unsettled = True
        for (found, call), answer in zip(priced, answers, strict=True):
            self._answered(found, call, answer)
        for cursor in read:
            self._cursors[cursor.source, cursor.path] = cursor

    def _is_news(self, found: _Found, stored: StoredEntry | None) -> bool:
        """Whether the report says more than the ledger does; it is then completed from what the ledger knows."""
        if stored is None:
            return True
        earlier = stored.priced.call
        if not corrects(earlier, found.call):
            found.tally.merged += 1
            self._owning.claim(found.call)
            self._tell_of(found, "merged", "The ledger has this call, told as well or better.")
            return False
        if earlier.rank < found.call.rank:
            found.call = succeed(found.call, earlier)
        found.stored = stored
        return True

    def _priced(self, found: _Found) -> PricedCall | None:
        try:
            pricing = self.catalog().price(found.call)
        except CostError as error:
            found.tally.refused += 1
            self._tell_of(found, "refused", error.sentence)
            return None
        sighting = found.sighting
        if sighting.notes or sighting.uncounted:
            pricing = pricing.remarked(sighting.notes, sighting.uncounted, agents=False)
        return PricedCall(call=found.call, pricing=pricing)

    def _answered(self, found: _Found, call: PricedCall, answer: str | CostError) -> None:
        if isinstance(answer, CostError):
            found.tally.refused += 1
            self._tell_of(found, "refused", answer.sentence)
        elif answer == EXISTS:
            found.tally.merged += 1
            self._tell_of(found, "merged", "Another program recorded this call meanwhile.")
        else:
            found.tally.took(call, None if found.stored is None else found.stored.priced)
            if found.stored is not None:
                better = found.stored.priced.call.rank < found.call.rank
                why = f"It is believed more than {found.stored.priced.call.source}." if better else "It tells more than before."
                self._tell_of(found, "corrected", why)

    def _superseded(self, superseded: Superseded) -> None:
        self.tally(superseded.owner).takes_over(superseded.priced)

    def _tell(self, file: LogFile, what: str, why: str, *, number: int | None = None, key: str | None = None) -> None:
        if self.listener.told is not None:
            self.listener.told(Told(file=file.name, what=what, why=why, number=number, key=key))

    def _tell_of(self, found: _Found, what: str, why: str) -> None:
        if self.listener.told is not None:
            self.listener.told(Told(file=found.file, what=what, why=why, key=found.call.call_id))
