"""What becomes of what a session writes to a cache: read again in time, kept longer than needed, or never read."""

from __future__ import annotations

from cost_mcp.model.saving import ScannedRow
from cost_mcp.reports.savings.cell import Cell
from cost_mcp.reports.savings.run import FIVE_MINUTES, Run, Write


def follow(run: Run, cell: Cell, row: ScannedRow, gap: int) -> None:
    """Go on with the next call of a run, ``gap`` microseconds (an hour at most) after the one before.

    A read after more than five minutes was answered from what is kept for an hour: that was needed. Where nothing was, what is
    written now is judged by what comes after it.
    """
    read, written = row[6], row[7]
    if run.written and gap > FIVE_MINUTES:
        settle_five(run)
        if read and run.written:
            run.written.clear()
            run.read = True
    elif read and run.written:
        run.read = True
    if written:
        cell.written += written
        run.written.append(Write(cell, row))


def settle(run: Run) -> None:
    """Judge everything written, after an hour without a call.

    Where anything was read after the first write, caching does its work in this session: what its last calls wrote had to be
    written for the case that it went on, and is not held against them. What was kept for an hour was then not needed so long.
    """
    for write in run.written:
        if not run.read:
            write.cell.unread.add(write.seq, write.nanos, write.five, write.hour)
        elif write.hour:
            write.cell.kept_long.add(write.seq, write.nanos, write.hour)
    run.written.clear()
    run.read = False


def settle_five(run: Run) -> None:
    """Judge what was written for five minutes, after as long without a call."""
    for write in run.written:
        if write.five and not run.read:
            write.cell.unread.add(write.seq, write.nanos, write.five)
            write.seq = None  # this call is counted, whatever becomes of the rest of it
        write.five = 0
    run.written[:] = [write for write in run.written if write.hour]
    if not run.written:
        run.read = False
