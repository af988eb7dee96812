"""Templates made into pages: every text escaped, a name that is missing an error and not a blank."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cost_mcp.model.moment import zone
from cost_mcp.model.money import display_usd

STYLE_NAME = "style.css"


def rendered(template: str, **values: object) -> str:
    """A template of this package with values in their places."""
    return _environment().get_template(template).render(**values)


@lru_cache(maxsize=1)
def style() -> str:
    """The one style sheet, for a page that has to carry it."""
    return files("cost_mcp.views.html").joinpath(STYLE_NAME).read_text(encoding="utf-8")


def short_count(count: int) -> str:
    """A count for a glance: ``1,234`` up to ten thousand, then ``12.3K``, ``4.5M``, ``6.7B``."""
    for unit, size in (("B", 10**9), ("M", 10**6), ("K", 10**3)):
        if abs(count) >= size and abs(count) >= 10_000:
            return f"{(Decimal(count) / size).quantize(Decimal('0.1'), ROUND_HALF_EVEN):,f}{unit}"
    return f"{count:,}"


def local_time(instant: datetime, timezone: str) -> str:
    """An instant as a clock on the wall of a zone says it, to the second."""
    return instant.astimezone(zone(timezone)).strftime("%Y-%m-%d %H:%M:%S")


def bar(parts: Mapping[str, Decimal]) -> Markup:
    """A bar of 100 parts: each name's share in percent, one behind the other, cut at the end; names are classes."""
    drawn: list[Markup] = []
    at = Decimal(0)
    for name, percent in parts.items():
        width = min(max(percent, Decimal(0)), Decimal(100) - at)
        if width > 0:
            drawn.append(
                Markup('<rect class="{}" x="{}" y="0" width="{}" height="8"/>').format(name, _short(at), _short(width))
            )
        at += width
    return Markup('<svg class="bar-of-100" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{}</svg>').format(
        Markup("").join(drawn)
    )


def _short(number: Decimal) -> str:
    return f"{number.quantize(Decimal('0.01')):f}".rstrip("0").rstrip(".")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("cost_mcp.views.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., str]] = {
        "usd": display_usd,
        "count": "{:,}".format,
        "short": short_count,
        "at": local_time,
    }
    for name, written in filters.items():
        made.filters[name] = written  # pyright: ignore[reportArgumentType] (jinja2 types its own filters only)
    made.globals["bar"] = bar  # pyright: ignore[reportArgumentType] (jinja2 types its own globals only)
    return made
