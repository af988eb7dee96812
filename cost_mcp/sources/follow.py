"""Following folders: which files in them were written to, soon after they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from time import monotonic

LOOK_ANEW_SECONDS = 30.0
"""How often everything is looked at whether or not the system told of a change: folders that were not there, and network
drives that tell of nothing."""

_STEP_MS, _SETTLE_MS, _WAKE_MS = 50, 250, 1000


def follow(folders: Callable[[], Sequence[Path]], stop: Event) -> Iterator[frozenset[str] | None]:
    """The paths written to since the last time, as often as there are some; None where everything should be looked at.

    None comes first, once changes are seen for certain: what was written before that is in no other answer. Ends when ``stop``
    is set.

    Args:
        folders: the folders to follow, with everything below them; asked again from time to time.
        stop: ends the following, within a second.
    """
    from watchfiles import watch

    while not stop.is_set():
        there = tuple(folder for folder in folders() if folder.is_dir())
        if not there:
            yield None
            stop.wait(_WAKE_MS / 1000)
            continue
        looked: float | None = None
        seen = watch(
            *there,
            watch_filter=None,
            debounce=_SETTLE_MS,
            step=_STEP_MS,
            stop_event=stop,
            rust_timeout=_WAKE_MS // 4,
            yield_on_timeout=True,
            raise_interrupt=True,
        )
        for changes in seen:
            now = monotonic()
            if looked is None or now - looked >= LOOK_ANEW_SECONDS:
                looked = now
                yield None
                if tuple(folder for folder in folders() if folder.is_dir()) != there:
                    break
            elif changes:
                yield frozenset(path for _, path in changes)
