"""Options that several commands take, and how their texts become raw fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.model.report import FILTER_DIMENSIONS

F = TypeVar("F", bound=Callable[..., Any])

pass_surroundings = click.make_pass_decorator(Surroundings)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
timezone = click.option("--timezone", help="IANA zone whose calendar days follow, e.g. Europe/Berlin.")
_FLAGS = {
    "task_id": ("--task", "--task-id"),
    "session_id": ("--session", "--session-id"),
    "reservation_id": ("--reservation", "--reservation-id"),
}


class WholeNumber(click.ParamType[int]):
    """A whole number; refused without repeating what was given."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number in a text; ``_`` may group its digits."""
        try:
            return int(value)
        except ValueError:
            self.fail("not a whole number.", param, ctx)


WHOLE = WholeNumber()


def option(name: str, help_text: str, *, multiple: bool = False, whole: bool = False) -> Callable[[F], F]:
    """An option named for a field: ``task_id`` is ``--task`` (or ``--task-id``), the others their name with hyphens."""
    flags = _FLAGS.get(name, (f"--{name.replace('_', '-')}",))
    kind = WHOLE if whole else click.STRING
    return click.option(*flags, name, multiple=multiple, type=kind, help=help_text)


def filters(command: F) -> F:
    """Add an option for every dimension a report can be narrowed to."""
    for name in reversed(FILTER_DIMENSIONS):
        command = option(name, f"Only calls with this {name.removesuffix('_id').replace('_', ' ')}.")(command)
    return command


def tags(command: F) -> F:
    """Add an option that narrows to calls with a tag."""
    said = "Only calls with this tag; may be given several times, and all must be there."
    return click.option("--tag", "tags", multiple=True, metavar="NAME=VALUE", callback=_as_tags, help=said)(command)


def _as_tags(_: click.Context, __: click.Parameter, values: Sequence[str]) -> dict[str, str] | None:
    return pairs(values, "tag")


def period(command: F) -> F:
    """Add the options that say which time is meant."""
    command = click.option("--end", help="The day or instant after the last (default: now).")(command)
    command = click.option("--start", help="First day or instant, instead of a period.")(command)
    named = "today, yesterday, week, last_week, month, year, total, 7d, 4w, 24h, 2026-11 … (default: month)"
    return click.option("--period", help=named)(command)


def pairs(values: Sequence[str], what: str) -> dict[str, str] | None:
    """``name=value`` texts as a mapping; None when there are none.

    Raises:
        click.UsageError: a text without ``=``, or a name twice.
    """
    found: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"--{what} takes NAME=VALUE.")
        if name.strip() in found:
            raise click.UsageError(f"--{what} gives a name twice.")
        found[name.strip()] = value
    return found or None
