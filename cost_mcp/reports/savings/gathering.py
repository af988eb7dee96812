"""One pass over the calls of a period, counting for every rule what it will ask about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from cost_mcp.model.charge import PriceEntry
from cost_mcp.model.saving import CELL, TASK_MARK, ScannedRow, SeriesNames
from cost_mcp.reports.savings.batch import CROWD
from cost_mcp.reports.savings.cached_run import close, pause
from cost_mcp.reports.savings.cell import Cell, Series, Tally
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.prompt_caching import MIN_PREFIX
from cost_mcp.reports.savings.reasoning import ALLOWED, TIMES
from cost_mcp.reports.savings.retry_storms import LONGEST_PAUSE, STORM
from cost_mcp.reports.savings.run import FIVE_MINUTES, HOUR, Run, likeness
from cost_mcp.reports.savings.smaller_model import SMALL_INPUT, SMALL_OUTPUT


class Gathering:
    """Takes calls in the order in which they happened.

    A run is the calls of one series in one session (or task), none more than an hour after the one before: as long as any cache
    lasts. When the ledger's clock strikes an hour, runs without a call in the whole hour before are judged and forgotten, so
    that memory grows with what goes on at once, and by one entry for each session.
    """

    def __init__(self, *, kept: int) -> None:
        self._kept = kept
        self._cells: dict[int, Cell] = {}
        self._series: dict[int, Series] = {}
        self._names: Mapping[int, SeriesNames] = {}
        self._entries: Mapping[int, PriceEntry] = {}
        self._awake: set[Series] = set()  # those with runs: of thousands of series few have any at once
        self._waiting: list[Tally] = []  # those with rows that are not added yet
        self._strays: defaultdict[Cell, list[ScannedRow]] = defaultdict(list)
        self._mains: dict[str, Cell] = {}
        self._strikes = 0
        self._chainless = self._last_at = 0

    def begin(self, series: Mapping[int, SeriesNames], entries: Mapping[int, PriceEntry]) -> None:
        """Hear what the numbers in the rows stand for."""
        self._names, self._entries = series, entries

    def take(self, rows: Sequence[ScannedRow]) -> None:  # noqa: C901, PLR0912, PLR0915 (a million rows: a call for each would cost more than what it does)
        """Take the next calls."""
        cells, strikes, waits = self._cells, self._strikes, self._waits
        for row in rows:
            seq, at, number, chain, inputs, outputs, read, written, hour, reasoned, nanos = row
            if at >= strikes:
                strikes = self._strike(at)
            cell = cells.get(number) or self._cell(number)
            cell.calls += 1
            cell.nanos += nanos
            if reasoned > ALLOWED:
                excess = reasoned - max(ALLOWED, TIMES * (outputs - reasoned))
                if excess > 0:
                    cell.reasoning.add(seq, nanos, excess)
            elif inputs <= SMALL_INPUT and outputs <= SMALL_OUTPUT and not reasoned:
                waits(cell.small, row)
            if cell.long is not None:
                waits(cell.long, row)
            series = cell.series
            run = series.runs.get(chain)
            if run is None:
                run = series.older.pop(chain, None)
                if run is None or at - run.at > HOUR:
                    self._start(cell, chain, row, run)
                    continue
                series.runs[chain] = run
            gap = at - run.at
            run.calls += 1
            if chain is None:
                self._strays[cell].append(row)
            else:
                seen = run.seen
                if seen is None:
                    seen = run.seen = {likeness(run.row)}
                like = inputs << 40 | outputs
                if like in seen:
                    cell.repeated.add(seq, nanos)
                else:
                    seen.add(like)
                    if inputs == run.input and gap <= LONGEST_PAUSE:
                        run.streak = run.streak or [(run.cell, run.row)]
                        run.streak.append((cell, row))
                    elif run.streak is not None:
                        _end_streak(run)
                    run.cell = cell
                    run.row = row
                if run.sub:
                    cell.sub.add(seq, nanos)
                    if run.dear:
                        waits(cell.dear, row)
            if read or written or run.written:
                run.plain = not read and not written
                run.started = False
                if run.written:
                    if gap > FIVE_MINUTES:
                        pause(run, read=read > 0)
                    elif read:
                        run.read = True
                if read:
                    cell.read = True
                if written:
                    cell.written = True
                    if not run.written:
                        run.written = [(cell, seq, written - hour, hour, nanos)]
                    elif hour or not run.read:  # what lasts five minutes is never held against a session that reads
                        run.written.append((cell, seq, written - hour, hour, nanos))
            elif run.plain and MIN_PREFIX <= run.input <= inputs and gap <= FIVE_MINUTES and cell.caches and chain is not None:
                cell.reused.add(seq, nanos, run.input, inputs - run.input if run.started else inputs)
                run.started = True
            else:
                run.plain, run.started = True, False
            run.at = at
            run.input = inputs
        if rows:
            self._last_at = rows[-1][1]
        self._add_waiting()

    def end(self, until: int) -> Gathered:
        """What was found in the calls taken, and nothing that calls after ``until`` (in microseconds) may still show otherwise."""
        for series in self._awake:
            self._end_runs(series.older, until)
            self._end_runs(series.runs, until)
            series.older.clear()
            series.runs.clear()
        self._add_strays()
        self._add_waiting()
        cells = tuple(self._cells.values())
        return Gathered(
            cells=cells,
            calls=sum(cell.calls for cell in cells),
            chainless=self._chainless,
            unpriced=sum(cell.calls for cell in cells if cell.prices is None),
            sessions=bool(self._mains),
            last_at=self._last_at,
        )

    def _waits(self, tally: Tally, row: ScannedRow) -> None:
        if not tally.rows:
            self._waiting.append(tally)
        tally.rows.append(row)

    def _add_waiting(self) -> None:
        for tally in self._waiting:
            tally.add_waiting()
        self._waiting.clear()

    def _cell(self, number: int) -> Cell:
        series_id, price_id = divmod(number, CELL)
        series = self._series.get(series_id)
        if series is None:
            series = self._series[series_id] = Series(self._names[series_id])
        cell = self._cells[number] = Cell(series, self._entries.get(price_id), self._kept)
        return cell

    def _start(self, cell: Cell, chain: str | None, row: ScannedRow, before: Run | None) -> None:
        """The first call of a series in a session, or the first for an hour: the run before has ended."""
        sub = dear = False
        if chain is None:
            self._strays[cell].append(row)
        elif not chain.startswith(TASK_MARK):
            main = self._mains.setdefault(chain, cell)
            if main is not cell:
                sub = bool(cell.names.agent) and cell.names.agent != main.names.agent
                dear = sub and cell.rank is not None and main.rank is not None and cell.rank >= main.rank
            if sub:
                cell.sub.add(row[0], row[10])
            if dear:
                self._waits(cell.dear, row)
        if row[6]:
            cell.read = True
        if row[7]:
            cell.written = True
        run = Run(cell, row, sub, dear)
        if before is not None:
            _end(before, row[1])
            run.calls += before.calls
        if not cell.series.runs:
            self._awake.add(cell.series)
        cell.series.runs[chain] = run

    def _strike(self, at: int) -> int:
        """Judge and forget the runs without a call in the hour that has ended, or in the one before it; when the next hour strikes."""
        idle = at >= self._strikes + HOUR
        for series in tuple(self._awake):
            if series.older:
                self._end_runs(series.older, at)
            if idle and series.runs:
                self._end_runs(series.runs, at)
            series.older = {} if idle else series.runs
            series.runs = {}
            if not series.older:
                self._awake.discard(series)
        self._add_strays()
        self._strikes = (at // HOUR + 1) * HOUR
        return self._strikes

    def _end_runs(self, runs: Mapping[str | None, Run], at: int) -> None:
        """End runs of one series, and count the calls that stand alone where there was a crowd of them in an hour."""
        crowds: dict[Cell, list[ScannedRow]] = {}
        for chain, run in runs.items():
            if run.streak is not None or run.written:
                _end(run, at)
            if run.calls == 1 and chain is not None:
                crowds.setdefault(run.cell, []).append(run.row)
        for cell, rows in crowds.items():
            self._crowd(cell, rows)

    def _add_strays(self) -> None:
        """The same for calls with neither session nor task."""
        for cell, rows in self._strays.items():
            self._chainless += len(rows)
            self._crowd(cell, rows)
        self._strays.clear()

    def _crowd(self, cell: Cell, rows: Sequence[ScannedRow]) -> None:
        if len(rows) >= CROWD:
            if not cell.alone.rows:
                self._waiting.append(cell.alone)
            cell.alone.rows += rows


def _end(run: Run, at: int) -> None:
    """End a run, or judge what is certain of it at a moment."""
    if run.streak is not None:
        _end_streak(run)
    if run.written:
        close(run, at - run.at)


def _end_streak(run: Run) -> None:
    streak, run.streak = run.streak or (), None
    if len(streak) >= STORM:
        for cell, row in streak[:-1]:
            cell.retried.add(row[0], row[10])
