"""Where the windows stand that a transaction looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast, overload

from cost_mcp.ledger.window import Window, standing, tightest_first
from cost_mcp.model.budget import Standing


class Held:
    """What windows held when a transaction had written everything; shared by all calls of its commit."""

    def __init__(self, windows: Sequence[Window] = (), sums: Sequence[Sequence[int]] = ()) -> None:
        self._windows = windows
        self._sums = sums
        self._standings: tuple[Standing, ...] | None = None

    def __iter__(self) -> Iterator[tuple[Window, Sequence[int]]]:
        """Each window with its sums, as ``sums_of`` gives them."""
        return zip(self._windows, self._sums, strict=True)

    def standings(self, windows: Sequence[Window]) -> tuple[Standing, ...]:
        """Where some of the windows stand, tightest first."""
        if len(windows) == len(self._windows):  # every call of the commit in the same windows, as it mostly is
            if self._standings is None:
                self._standings = tightest_first([standing(window, sums) for window, sums in self])
            return self._standings
        wanted = {window.key for window in windows}
        return tightest_first([standing(window, sums) for window, sums in self if window.key in wanted])


class Standings(Sequence[Standing]):
    """Where some windows stood at a commit, tightest first; worked out when somebody looks, and many callers never do."""

    __slots__ = ("_held", "_windows")

    def __init__(self, held: Held, windows: Sequence[Window]) -> None:
        self._held = held
        self._windows = windows

    def __len__(self) -> int:
        return len(self._windows)

    @overload
    def __getitem__(self, index: int) -> Standing: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Standing]: ...
    def __getitem__(self, index: int | slice) -> Standing | Sequence[Standing]:
        return self._held.standings(self._windows)[index]

    def __iter__(self) -> Iterator[Standing]:
        return iter(self._held.standings(self._windows))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(cast("Sequence[object]", other))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))
