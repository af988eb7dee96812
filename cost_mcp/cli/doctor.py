"""``doctor``: is everything as it should be, and where does every value come from."""

from __future__ import annotations

import click

from cost_mcp.cli.diagnosis import Diagnosis, diagnose
from cost_mcp.cli.failure import REFUSED
from cost_mcp.cli.options import as_json
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.views.terminal_page import BLANK, Column, Line, Page, Span, Table, line


@click.command()
@as_json
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check versions, settings, ledger and price books.

    Shows where each setting comes from. Exit code 0 when healthy, 1 when something is wrong. Nothing is changed.
    """
    found = diagnose(ctx.ensure_object(Surroundings))
    if as_json:
        put_json(_shape(found))
    else:
        put_page(_page(found))
    if found.problems:
        ctx.exit(REFUSED)


def _shape(found: Diagnosis) -> dict[str, object]:
    return {
        "healthy": not found.problems,
        "versions": found.versions,
        "ledger": found.ledger,
        "settings": {name: {"value": value, "origin": origin} for name, (value, origin) in found.settings.items()},
        "price_table": found.table,
        "price_books": [{"file": file, "layer": layer} for file, layer in found.books.items()],
        "plans": found.plans,
        "problems": found.problems,
        "warnings": found.warnings,
        "notes": found.notes,
    }


def _page(found: Diagnosis) -> Page:
    page: list[Line | Table] = [line(Span("Versions", "strong")), _facts(found.versions)]
    if found.settings:
        rows = tuple(
            (line(Span(name, "name")), line(value), line(Span(origin, "dim")))
            for name, (value, origin) in found.settings.items()
        )
        columns = (
            Column(title="Setting"),
            Column(title="Value", shortens=True),
            Column(title="Comes from", shortens=True),
        )
        page += [BLANK, line(Span("Settings", "strong")), Table(columns=columns, rows=rows)]
    page += [BLANK, line(Span("Ledger", "strong")), _facts(found.ledger)] if found.ledger else []
    page += [BLANK, line(Span("Price table", "strong")), _facts(found.table)] if found.table else []
    page += [BLANK, line(Span("Price books", "strong")), _facts(found.books or {"packaged": "no others"})]
    page += [BLANK, line(Span("Plans, as their logs say", "strong")), _facts(found.plans)] if found.plans else []
    page += [BLANK] if found.notes or found.warnings or found.problems else []
    page += [line(Span(f"note: {note}", "dim")) for note in found.notes]
    page += [line(Span(f"warning: {warning}", "warning")) for warning in found.warnings]
    page += [line(Span(f"problem: {problem}", "critical")) for problem in found.problems]
    verdict = Span("Healthy.", "ok") if not found.problems else Span("Not healthy.", "critical")
    return (*page, BLANK, line(verdict))


def _facts(facts: dict[str, str]) -> Table:
    rows = tuple((line(Span(name, "name")), line(value)) for name, value in facts.items())
    return Table(columns=(Column(title=""), Column(title="", shortens=True)), rows=rows)
