"""What becomes of what a session writes to a cache: read again in time, kept longer than needed, or never read."""

from __future__ import annotations

from cost_mcp.reports.savings.run import FIVE_MINUTES, HOUR, Run, Write


def pause(run: Run, *, read: bool) -> None:
    """Judge what a run wrote once it goes on after more than five minutes (and at most an hour).

    A read was then answered from what is kept for an hour: that was needed. Where nothing is left of what was written, what is
    written from now on is judged by what comes after it.
    """
    settle_five(run)
    if read and run.written:
        run.written.clear()
        run.read = True


def settle(run: Run) -> None:
    """Judge everything written, after an hour without a call.

    Where anything was read after the first write, caching does its work in this session: what its last calls wrote had to be
    written for the case that it went on, and is not held against them. What was kept for an hour was then not needed so long.
    """
    for cell, seq, five, hour, nanos in run.written or ():
        if not run.read:
            cell.unread.add(seq, nanos, five, hour)
        elif hour:
            cell.kept_long.add(seq, nanos, hour)
    run.written = None
    run.read = False


def settle_five(run: Run) -> None:
    """Judge what was written for five minutes, after as long without a call."""
    left: list[Write] = []
    for cell, seq, five, hour, nanos in run.written or ():
        if five and not run.read:
            cell.unread.add(seq, nanos, five)
        if hour:  # its call is counted already where the other part of it was
            left.append((cell, None if five and not run.read else seq, 0, hour, nanos))
    run.written = left
    run.read = run.read and bool(left)


def close(run: Run, idle: int) -> None:
    """Judge what a run wrote when it ends, or the period does, so many microseconds after its last call."""
    if idle > HOUR:
        settle(run)
    elif idle > FIVE_MINUTES:
        settle_five(run)
