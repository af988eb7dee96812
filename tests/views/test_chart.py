from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_mcp.views.html.chart import BarChart, Series, stacked_bars

amounts = st.decimals("0", "100000", places=4, allow_nan=False, allow_infinity=False)


def drawn(*values: Decimal, limit: Decimal | None = None, name: str = "gpt-5") -> ET.Element:
    days = [f"Nov {day + 1}" for day in range(len(values))]
    chart = BarChart(title="Cost by day", labels=days, series=[Series(name, values)], limit=limit)
    return ET.fromstring(str(stacked_bars(chart)))  # noqa: S314 (our own drawing)


def parts(tree: ET.Element, name: str) -> list[ET.Element]:
    return list(tree.iter(f"{{http://www.w3.org/2000/svg}}{name}"))


@given(values=st.lists(amounts, min_size=1, max_size=40))
def test_every_bar_stays_inside_the_chart_and_as_high_as_its_amount(values: list[Decimal]):
    bars = [rect for rect in parts(drawn(*values), "rect") if "reactive" in rect.get("class", "")]
    heights = [float(bar.get("height", "0")) for bar in bars]
    assert all(float(bar.get("y", "0")) >= 0 for bar in bars)
    seen = [value for value in values if value]
    if len(heights) == len(seen) > 0:
        dearest = max(seen)
        assert heights[seen.index(dearest)] == pytest.approx(max(heights), abs=0.2)


def test_a_bar_says_its_name_its_day_and_its_amount():
    titles = [title.text for title in parts(drawn(Decimal("1.5"), Decimal(0)), "title")]
    assert "gpt-5 · Nov 1 · $1.50" in titles
    assert not any(title and "Nov 2 · $" in title for title in titles)


def test_a_limit_is_drawn_at_its_own_height():
    tree = drawn(Decimal(4), limit=Decimal(2))
    limit = next(path for path in parts(tree, "path") if path.get("class") == "limit")
    y = float(limit.get("d", "").split()[1])
    (bar,) = [rect for rect in parts(tree, "rect") if "reactive" in rect.get("class", "")]
    top, height = float(bar.get("y", "0")), float(bar.get("height", "0"))
    assert y == pytest.approx(top + height / 2, abs=0.3)


def test_a_drawing_holds_no_script_no_style_and_no_other_address():
    text = str(
        stacked_bars(BarChart(title="<b>", labels=["Nov 1"], series=[Series("</svg><script>alert(1)</script>", [Decimal(1)])]))
    )
    assert not re.search(r"<script|<style|style=|<defs|pygal\.org", text)
    assert [a for a in re.findall(r"https?://[^\s\"]+", text) if "w3.org" not in a] == []
