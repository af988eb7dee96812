"""What is said of calls that are kept and not counted, since a better source tells what their sessions spent."""

from __future__ import annotations


def uncounted_note(calls: int) -> str:
    """The sentence beside a sum that leaves out so many calls."""
    if calls == 1:
        return "1 call is kept but not counted: it came without an id, and its program's own log tells what its session spent."
    return f"{calls:,} calls are kept but not counted: they came without an id, and logs tell what their sessions spent."
