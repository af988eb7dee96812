"""The rows of the table: what was measured, what it was compared with, and whether the bound holds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line. ``bound`` reads as text (``≤ 1.15``); ``held`` is None for a figure that is only stated."""

    what: str
    ours: str
    compared: str
    ratio: str
    bound: str
    held: bool | None


def ratio_row(what: str, ours: float, other: float, unit: str, bound: float | None, *, at_least: bool = False) -> Row:
    """A row for two measured figures; the ratio is ours over the other's; no bound for one only stated."""
    ratio = ours / other
    figures = (what, shown(ours, unit), shown(other, unit), f"{ratio:.2f} ×")
    if bound is None:
        return Row(*figures, "", None)
    held = ratio >= bound if at_least else ratio <= bound
    return Row(*figures, f"{'≥' if at_least else '≤'} {bound:g} ×", held)


def shown(value: float, unit: str) -> str:
    """A figure with its unit: seconds as ms or µs, rates per second, bytes."""
    if unit != "s":
        return f"{value:,.0f} {unit}"
    return f"{value * 1e3:,.1f} ms" if value >= 1e-3 else f"{value * 1e6:,.0f} µs"


def markdown(rows: Sequence[Row]) -> str:
    """The table as it stands in the README."""
    head = ["| measured | ours | compared with | ratio | bound | held |", "|---|---|---|---|---|---|"]
    word = {True: "yes", False: "**no**", None: ""}
    return "\n".join(
        [*head, *(f"| {r.what} | {r.ours} | {r.compared} | {r.ratio} | {r.bound} | {word[r.held]} |" for r in rows)]
    )


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that ``percent`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
