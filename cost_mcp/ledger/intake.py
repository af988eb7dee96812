"""The third door: a synchronous writer for what is brought in by the thousand, and for programs that bring something in and end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cost_mcp.errors import CostError
from cost_mcp.ledger.alerting import enter_quietly, raise_alerts, raise_due
from cost_mcp.ledger.book import Book
from cost_mcp.ledger.cursor import PUT_CURSOR, Cursor, cursor_values
from cost_mcp.ledger.durable import Log
from cost_mcp.ledger.faults import gone, not_durable, system_fault, too_large
from cost_mcp.ledger.file import open_lock, real_path
from cost_mcp.ledger.fold import fold, fold_when_due
from cost_mcp.ledger.limit_row import PUT_LIMIT, limit_values
from cost_mcp.ledger.outlook import (
    lookup_calls,
    lookup_cursors,
    lookup_due,
    lookup_rules,
    lookup_uncounted,
    lookup_unshared,
    set_due,
    told,
)
from cost_mcp.ledger.owners import Superseded
from cost_mcp.ledger.owning import Claim, claim
from cost_mcp.ledger.recording import Entered, prepare
from cost_mcp.ledger.refill import refill_when_due
from cost_mcp.ledger.resolved import PUT_RULE, forget_others
from cost_mcp.ledger.stored import StoredEntry
from cost_mcp.ledger.summing import STEP, sum_up
from cost_mcp.ledger.task_sums import catch_up_tasks
from cost_mcp.model.moment import micros

if TYPE_CHECKING:
    from cost_mcp.ledger.contract import WindowOf
    from cost_mcp.model.charge import PricedCall
    from cost_mcp.model.plan_limit import PlanLimit

FOLD_AFTER = 4096
"""Rows above the watermark at which they are folded while many come in: the more at once, the less each costs."""

MOST_SUMMED = 262_144
"""Rows that the end of an import sums up at most: about two seconds, where what was read took minutes."""

_NEWEST = "SELECT MAX(seq) FROM entries"

Answer = str | CostError
"""``created``, ``corrected`` or ``exists``, or why a call was refused."""


class Intake:
    """The ledger in this file, for one program that waits for every answer. An ``Outlook`` that writes.

    What it brings in raises no alerts by itself; ``raise_due`` makes up for it, also for a program that was killed before.

    Raises:
        LedgerError: it cannot be opened, is damaged, newer, or another program's.
    """

    def __init__(self, path: Path, *, now: datetime, window_of: WindowOf) -> None:
        self._path = path = real_path(path)
        self._lock = open_lock(path)
        self._log: Log | None = None
        self._book: Book | None = None
        try:
            self._book = Book(path, self._lock, now, window_of)
            refill_when_due(self._book, self._lock)
            self._log = Log(path)
            found = path.stat()
        except OSError as error:
            self.close()
            raise system_fault(error) from None
        except BaseException:
            self.close()
            raise
        self._file = (found.st_dev, found.st_ino)
        self._book.fold_after = FOLD_AFTER

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def cursors(self, tenant: str, source: str | None = None) -> tuple[Cursor, ...]:
        """As ``Outlook.cursors``."""
        return lookup_cursors(self._open.db, tenant, source)

    def known(self, tenant: str, call_ids: Sequence[str]) -> Mapping[str, StoredEntry]:
        """As ``Outlook.known``."""
        return lookup_calls(self._open.db, tenant, call_ids)

    def uncounted(self, tenant: str, product: str, session_id: str) -> tuple[str, ...]:
        """As ``Outlook.uncounted``."""
        return lookup_uncounted(self._open.db, tenant, product, session_id)

    def unshared(self, tenant: str, sessions: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """As ``Outlook.unshared``."""
        return lookup_unshared(self._open.db, tenant, sessions)

    def rules(self, tenant: str, mark: str) -> tuple[tuple[str, str], ...]:
        """As ``Outlook.rules``."""
        return lookup_rules(self._open.db, tenant, mark)

    def alerts_are_due(self, tenant: str) -> bool:
        """As ``Outlook.alerts_are_due``."""
        return lookup_due(self._open.db, tenant)

    def bring_in(
        self,
        tenant: str,
        calls: Sequence[PricedCall],
        now: datetime,
        *,
        read: Iterable[Cursor] = (),
        limits: Iterable[PlanLimit] = (),
        claims: Iterable[Claim] = (),
        superseded: Callable[[Superseded], None] | None = None,
    ) -> tuple[Answer, ...]:
        """Record calls, how far the files they come from were read, and what those say of plans, in one transaction.

        Nothing of it is promised to anybody before ``settle``: a power cut may undo it, cursors and calls alike.

        One answer per call, in order. A call that cannot be recorded is refused alone.

        ``claims`` tell of sessions whose calls are in the ledger already, told as well or better: those who told of them own them
        as if they had been first. ``superseded`` hears of each call that this takes out of the count, once that is written.
        """
        prepared = [prepare(call) for call in calls]
        with self._writing() as book:
            for claimed in claims:
                claim(book, tenant, claimed, micros(now))
            answers = enter_quietly(book, prepared, now)
            left = book.owners.superseded
            book.db.executemany(PUT_CURSOR, [cursor_values(tenant, cursor, now) for cursor in read])
            book.db.executemany(PUT_LIMIT, [limit_values(tenant, limit) for limit in limits])
            if any(isinstance(answer, Entered) for answer in answers):
                set_due(book.db, tenant, due=True)
            fold_when_due(book)
        if superseded is not None:
            for each in left:
                superseded(each)
        return tuple(answer.outcome if isinstance(answer, Entered) else answer for answer in answers)

    def settle(self) -> None:
        """Return when everything brought in so far is on the disk."""
        self._sync()

    def keep_rules(self, tenant: str, mark: str, rules: Iterable[tuple[str, str]]) -> None:
        """Keep resolved rules for programs to come, and forget those of other marks."""
        with self._writing() as book:
            book.db.execute(*forget_others(tenant, mark))
            book.db.executemany(PUT_RULE, [(tenant, mark, asked, rule) for asked, rule in rules])

    def raise_due(self, tenant: str, now: datetime) -> int:
        """Raise the alerts that what was brought in calls for, once per budget; how many those were."""
        if not self.alerts_are_due(tenant):
            return 0
        with self._writing() as book:
            raised = raise_due(book, tenant, now)
            set_due(book.db, tenant, due=False)
        self._sync()
        return raised

    def fold(self, most: int = MOST_SUMMED) -> None:
        """Fold what is left above the watermarks, so that the next report need not read it row by row.

        Of a ledger that is far behind with the sums beside the rollups no more than ``most`` rows, others writing in between.
        """
        with self._writing() as book:
            newest = book.db.execute(_NEWEST).fetchone()[0]
            if newest is not None and newest > book.folded_seq:
                book.last_seq = newest
                fold(book)
        for _ in range(0, most, STEP):
            with self._writing() as book:
                more = sum_up(book)
                more = catch_up_tasks(book.db, book.folded_seq) or more
            if not more:
                return

    def close(self) -> None:
        """Let go of the files; safe to call twice."""
        log, self._log = self._log, None
        book, self._book = self._book, None
        if log is not None:
            log.close()
        if book is not None:
            with told(), self._lock:  # a closing connection checkpoints
                book.db.close()
        self._lock.close()

    @property
    def _open(self) -> Book:
        assert self._book is not None
        return self._book

    @contextmanager
    def _writing(self) -> Generator[Book]:
        book, log = self._open, self._log
        assert log is not None
        with told(), self._lock:
            self._check_file()
            try:
                book.begin()
                log.make_room()
                yield book
                raise_alerts(book, book.read_windows())
                book.commit()
            except OverflowError:
                book.rollback()
                raise too_large() from None
            except BaseException:
                book.rollback()
                raise

    def _check_file(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            raise gone() from None
        if (found.st_dev, found.st_ino) != self._file:
            raise gone()

    def _sync(self) -> None:
        assert self._log is not None
        try:
            self._log.sync()
        except OSError:
            raise not_durable() from None
