"""Charts as SVG that is part of a page: no script, no style of its own, values as titles of what they are drawn as."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from importlib import import_module
from math import ceil, floor, log10
from typing import Any

from markupsafe import Markup

from cost_mcp.model.money import display_usd

WIDTH, HEIGHT = 760, 240
_NOT_OURS = ("defs", "desc")
"""What pygal puts in for its own script and style."""
_PLACES = ("x", "y", "width", "height")
_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


@dataclass(frozen=True, slots=True)
class Series:
    """One name and its dollars, in the order of the chart's labels."""

    name: str
    values: Sequence[Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """Dollars over time, stacked by name. ``limit`` is a line across; ``above`` the limit too, where it lies too far up to draw."""

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    limit: Decimal | None = None
    above: Decimal | None = None


def stacked_bars(chart: BarChart) -> Markup:
    """The chart as an ``svg`` element. Colours come from the page's style, by the number of the series."""
    pygal = _pygal()
    sums = [sum(values, Decimal(0)) for values in zip(*(one.values for one in chart.series), strict=True)]
    marks = _axis(max([*sums, chart.limit or Decimal(0), Decimal("0.01")]))
    graph = pygal.StackedBar(
        css=[],
        js=[],
        style=pygal.style.Style(font_family="inherit", label_font_size=11, major_label_font_size=11),
        width=WIDTH,
        height=HEIGHT,
        margin=2,
        show_legend=False,
        explicit_size=False,
        disable_xml_declaration=True,
        spacing=4,
        range=(0, float(marks[-1])),
        y_labels=[float(mark) for mark in marks],
        truncate_label=-1,
        x_labels_major_every=max(1, ceil(len(chart.labels) / 8)),
        show_minor_x_labels=False,
        value_formatter=_amount,
        no_data_text="",
    )
    graph.x_labels = list(chart.labels)
    for one in chart.series:
        # A drawing needs no exact dollars; the exact ones stand in the table beside it.
        graph.add(one.name, [float(value) for value in one.values])
    return _drawn(graph.render_tree(), chart, marks)


@lru_cache(maxsize=1)
def _pygal() -> Any:  # it has no types of its own
    found = import_module("pygal")
    # It looks for plugins in a way Python gave up, at every import from then on, and Python warns each time.
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]
    return found


def _amount(value: float) -> str:
    return display_usd(Decimal(str(value)))


def _drawn(tree: ET.Element, chart: BarChart, marks: Sequence[Decimal]) -> Markup:
    _say_values(tree, chart)
    for parent in list(tree.iter()):
        for child in [child for child in parent if child.tag in _NOT_OURS or callable(child.tag)]:
            parent.remove(child)
        for name in ("style", "id", "rx", "ry"):
            parent.attrib.pop(name, None)
        for name in _PLACES:
            if name in parent.attrib:
                parent.set(name, f"{float(parent.attrib[name]):.1f}".removesuffix(".0"))
    title = tree.find("title")
    if title is not None:
        title.text = chart.title
    tree.set("role", "img")
    if chart.limit is not None:
        _draw_limit(tree, chart.limit, marks)
    return Markup(ET.tostring(tree, encoding="unicode"))  # noqa: S704 (made by ElementTree, which escapes every text in it)


def _say_values(tree: ET.Element, chart: BarChart) -> None:
    """Each bar says what it stands for where the pointer rests on it."""
    groups = [group for group in tree.iter("g") if "series" in group.get("class", "").split()]
    for group, series in zip(groups, chart.series, strict=False):
        bars = group.find("g")
        for bar in [] if bars is None else list(bars):
            drawn = bar.find("rect")
            if bars is not None and drawn is not None and not float(drawn.get("height", "0")):
                bars.remove(bar)  # nothing to see
                continue
            said = {desc.get("class"): desc.text for desc in bar.findall("desc")}
            shown = (series.name, said.get("x_label"), said.get("value"))
            ET.SubElement(bar, "title").text = " · ".join(part for part in shown if part)


def _draw_limit(tree: ET.Element, limit: Decimal, marks: Sequence[Decimal]) -> None:
    axis = next(group for group in tree.iter("g") if group.get("class", "").split()[:2] == ["axis", "y"])
    # Each mark has a guide across the plot: the first and the last say where dollars lie.
    heights = [float(path.get("d", "").split()[1]) for path in axis.iter("path")]
    bottom, top = heights[0], heights[-1]
    y = bottom + (top - bottom) * float(limit / marks[-1])
    plot = next(group for group in tree.iter("g") if group.get("class") == "plot")
    line = ET.SubElement(plot, "path", {"class": "limit", "d": f"M0 {y:.1f} h{WIDTH}"})
    ET.SubElement(line, "title").text = f"Limit {display_usd(limit)}"


def _axis(highest: Decimal) -> list[Decimal]:
    """Three to six round amounts from zero to the highest or a little more."""
    rough = highest / 4
    unit = Decimal(10) ** floor(log10(float(rough)))
    step = next(unit * one for one in _STEPS if unit * one >= rough)
    return [step * n for n in range(int((highest / step).to_integral_value(ROUND_CEILING)) + 1)]
