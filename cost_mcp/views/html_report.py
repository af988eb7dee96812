"""A page as one HTML file: no script, nothing fetched from anywhere, dark where the reader's system is.

Everything that is not ours is escaped; each piece of text stands in a ``bdi`` of its own, so that right-to-left names turn nothing
else around. A policy in the file itself forbids whatever might yet slip through to load or run anything.
"""

from __future__ import annotations

from html import escape

from cost_mcp.views.terminal_page import Cell, Drawing, Line, Page, Span, Table

_BAR_CELLS = 16
_STYLE = """
:root { color-scheme: light dark; --dim: #667085; --line: #d0d5dd; --good: #067647; --warn: #b54708; --bad: #b42318; }
@media (prefers-color-scheme: dark) {
  :root { --dim: #98a2b3; --line: #344054; --good: #47cd89; --warn: #fdb022; --bad: #f97066; }
}
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.25rem; } p { margin: .3rem 0; }
table { border-collapse: collapse; margin: 1.2rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td:first-child { white-space: normal; overflow-wrap: anywhere; }
th { font-weight: 500; color: var(--dim); } .n { text-align: right; }
tfoot td { font-weight: 600; border-bottom: none; }
.strong { font-weight: 600; } .dim { color: var(--dim); font-weight: 400; } .picture { color: var(--dim); letter-spacing: -.05em; }
.ok { color: var(--good); } .warning { color: var(--warn); } .critical, .exceeded { color: var(--bad); }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def html_text(page: Page) -> str:
    """The page as a whole document; its first line is the title and the heading."""
    heading, *blocks = page
    title = "" if isinstance(heading, Table | Drawing) else "".join(span.text for span in heading)
    body = "\n".join(_block(block) for block in (blocks if title else page) if block)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_escaped(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{_line(heading) if title and not isinstance(heading, Table | Drawing) else ''}</h1>\n{body}\n</body>\n</html>\n"
    )


def _block(block: Line | Table | Drawing) -> str:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Drawing):
        return f"<p>{_line((*block.before, *block.picture(block.cells[1]), *block.behind))}</p>"
    return f"<p>{_line(block)}</p>"


def _table(table: Table) -> str:
    kinds = ["" if column.align == "left" else ' class="n"' for column in table.columns]
    head = "".join(f"<th{kind}>{_escaped(column.title)}</th>" for kind, column in zip(kinds, table.columns, strict=True))
    rows = "\n".join(_row(row, kinds) for row in table.rows)
    foot = "" if table.total is None else f"<tfoot>{_row(table.total, kinds)}</tfoot>\n"
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n{foot}</table>"


def _row(row: tuple[Cell, ...], kinds: list[str]) -> str:
    cells = (f"<td{kind}>{_line(_drawn(cell))}</td>" for kind, cell in zip(kinds, row, strict=True))
    return f"<tr>{''.join(cells)}</tr>"


def _drawn(cell: Cell) -> Line:
    return cell(_BAR_CELLS) if callable(cell) else cell


def _line(line: Line) -> str:
    return "".join(_span(span) for span in line)


def _span(span: Span) -> str:
    kind = f' class="{span.style}"' if span.style else ""
    return f"<bdi{kind}>{_escaped(span.text)}</bdi>"


def _escaped(text: str) -> str:
    # What turns text around or hides it would lie about what stands there.
    return escape("".join(c if c.isprintable() else "�" for c in text))
