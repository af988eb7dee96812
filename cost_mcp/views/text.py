"""Plain text of every answer: complete, compact, for agents and pipes; each says what its JSON shape says.

Dollars are shown as people write them, with ``≥`` before a sum that calls without a known price are part of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_mcp.model.charge import UNPRICED, Charge
from cost_mcp.model.money import display_usd, usd_text
from cost_mcp.model.receipt import CORRECTED, CREATED, EXISTS, SKIPPED, Receipt
from cost_mcp.model.totals import TOKEN_KINDS, ZERO, Totals
from cost_mcp.model.uncounted import uncounted_note
from cost_mcp.views.shape import REPORT_BREAKDOWNS, TASK_BREAKDOWNS, group_names, largest
from cost_mcp.views.text_budget import standing_lines
from cost_mcp.views.text_comparison import change_words, comparison_lines, trend_line
from cost_mcp.views.text_efficiency import efficiency_lines, score_words
from cost_mcp.views.text_estimate import fitting_text
from cost_mcp.views.text_reservation import reservation_text
from cost_mcp.views.text_table import columns
from cost_mcp.views.text_time import instant_words, period_words

if TYPE_CHECKING:
    from cost_mcp.service.answer import BudgetAnswer, ReportAnswer, TaskAnswer

_OUTCOMES = {
    CREATED: "Recorded",
    EXISTS: "Already recorded, counted once:",
    CORRECTED: "Corrected an earlier report:",
    SKIPPED: "Not recorded:",
}
_PARTS = {
    "cache_read_input_tokens": "cache read",
    "cache_creation_input_tokens": "cache write",
    "reasoning_output_tokens": "reasoning",
}


def receipt_text(receipt: Receipt) -> str:
    """What recording a call came to: the cost meter by meter, the budgets it touched, and warnings."""
    pricing = receipt.pricing
    lead = f"{_OUTCOMES[receipt.outcome]} {receipt.call_id}:"
    if pricing.cost_usd is None:
        lines = [f"{lead} {UNPRICED}. Its cost is unknown, not zero; sums that hold it are lower bounds."]
    else:
        bound = "≥ " if pricing.partial else ""
        lines = [f"{lead} {bound}{_exact(pricing.cost_usd)} ({pricing.priced}).{_charges(pricing.charges)}"]
    if receipt.reservation is not None:
        lines.append(reservation_text(receipt.reservation))
    if receipt.unadmitted:
        lines.append("Unadmitted: an enforcing budget did not hold this beforehand. Use reserve_budget before a call.")
    lines += standing_lines(receipt.standings)
    lines += [f"Warning: {warning}" for warning in receipt.warnings]
    return "\n".join(lines)


def task_text(answer: TaskAnswer) -> str:
    """What a task cost, by model, agent and purpose, and the budgets that cover it."""
    task = answer.task
    named = f"Task {task.task_id}" + (f" ({task.title})" if task.title else "")
    kind = f", type {task.task_type}" if task.task_type else ""
    if not task.known:
        near = f" Nearest known tasks: {', '.join(task.nearest)}." if task.nearest else ""
        lines = [f"{named}: nothing is recorded; {display_usd(ZERO)}, 0 calls.{near}"]
    else:
        lines = [f"{named}{kind}: {_sum(task.totals)}", *_notes(task.totals)]
        lines += [f"Note: {uncounted_note(task.uncounted_calls)}"] if task.uncounted_calls else []
        if task.totals.first_call is not None and task.totals.last_call is not None:
            lines.append(f"First call {instant_words(task.totals.first_call)}, last {instant_words(task.totals.last_call)}.")
        lines += _breakdowns(task.breakdowns, TASK_BREAKDOWNS)
        lines += efficiency_lines(answer)
    return "\n".join([*lines, *standing_lines(answer.standings), *(f"Note: {note}" for note in answer.notes)])


def report_text(answer: ReportAnswer) -> str:
    """What a period cost: the sum, the breakdowns, and a table of the groups asked for."""
    report = answer.report
    query = report.query
    only = f", only {', '.join(f'{name}={value}' for name, value in query.filters.items())}" if query.filters else ""
    lines = [f"{period_words(query.period)}{only}: {_sum(report.totals)}", *_notes(report.totals)]
    lines += _breakdowns(report.breakdowns, REPORT_BREAKDOWNS)
    if answer.efficiency_score is not None:
        lines.append(f"Efficiency: {answer.efficiency_score:f}, {score_words(answer.efficiency_tasks)}.")
    if answer.comparison is not None:
        lines += comparison_lines(answer.comparison)
    if answer.forecast is not None:
        from cost_mcp.views.text_forecast import window_line

        lines.append(window_line(answer.forecast))
    if answer.trend is not None:
        lines.append(trend_line(answer.trend))
    if answer.rows:
        lines.append(_group_table(answer))
    elif query.group_by and report.totals.calls:
        lines.append("No groups on this page.")
    if answer.next_cursor is not None:
        lines.append(f"More groups follow: repeat the call with cursor {answer.next_cursor}")
    lines += [f"Note: {note}" for note in answer.notes]
    return "\n".join(lines)


def status_text(answer: BudgetAnswer) -> str:
    """Where budgets stand, tightest first, after the decision when one was asked for."""
    lines: list[str] = []
    if answer.decision is not None:
        lines.append(f"Decision: {answer.decision.decision}. {answer.decision.why}")
    if answer.fitting is not None:
        lines.append(fitting_text(answer.fitting))
    if answer.standings:
        lines += standing_lines(answer.standings)
    elif answer.decision is None:
        lines.append("No budget covers this: nothing limits it.")
    return "\n".join([*lines, *(f"Note: {note}" for note in answer.notes)])


def sum_text(totals: Totals) -> str:
    """Dollars of a sum, marked as a lower bound while calls without a known price are part of it."""
    return bounded(totals.cost_usd, unpriced_calls=totals.unpriced_calls)


def part_text(totals: Totals) -> str:
    """Dollars of one of several sums; ``unpriced`` where nothing of it is known."""
    return UNPRICED if totals.unpriced else sum_text(totals)


def bounded(amount: Decimal, *, unpriced_calls: int) -> str:
    """Dollars, with ``≥`` before them when calls of unknown price come on top."""
    return f"≥ {display_usd(amount)}" if unpriced_calls else display_usd(amount)


def calls_words(count: int) -> str:
    """A number of calls in words."""
    return "1 call" if count == 1 else f"{count:,} calls"


def _charges(charges: tuple[Charge, ...]) -> str:
    shown = [f"{c.meter} {c.quantity:,} × {_exact(c.unit_price_usd)} = {_exact(c.cost_usd)}" for c in charges]
    return f" {'; '.join(shown)}." if shown else ""


def _exact(amount: Decimal) -> str:
    """Every digit, since a receipt must add up; two decimals at least."""
    text = usd_text(amount)
    whole, _, fraction = text.partition(".")
    return f"${whole}.{fraction:0<2}"


def _sum(totals: Totals) -> str:
    parts = [f"{label} {getattr(totals, kind):,}" for kind, label in _PARTS.items() if getattr(totals, kind)]
    of_which = f"; of these {', '.join(parts)}" if parts else ""
    tokens = f"{totals.total_tokens:,} tokens (input {totals.input_tokens:,}, output {totals.output_tokens:,}{of_which})"
    return f"{sum_text(totals)}, {calls_words(totals.calls)}, {tokens}."


def _notes(totals: Totals) -> list[str]:
    notes: list[str] = []
    if totals.unpriced_calls:
        notes.append(f"Lower bound: {calls_words(totals.unpriced_calls)} without a known price not included.")
    if totals.provisional_calls:
        amount = display_usd(totals.provisional_usd)
        notes.append(f"Provisional: {calls_words(totals.provisional_calls)}, {amount}, final usage not seen yet.")
    if totals.subscription_usd:
        worth = bounded(totals.subscription_usd, unpriced_calls=totals.unpriced_calls)
        notes.append(f"Covered by subscriptions, not in the sum: worth {worth} at list price.")
    if totals.web_search_requests:
        notes.append(f"Web searches: {totals.web_search_requests:,}.")
    return notes


def _breakdowns(breakdowns: Mapping[str, Iterable[tuple[str, Totals]]], names: tuple[str, ...]) -> list[str]:
    lines: list[str] = []
    for name in names:
        shown = [f"{value} {part_text(totals)}" for value, totals in largest(breakdowns.get(name, ()))]
        if shown:
            lines.append(f"{name.replace('_', ' ').capitalize()}: {', '.join(shown)}")
    return lines


def _group_table(answer: ReportAnswer) -> str:
    dimensions = answer.report.query.group_by
    totals = [group.totals for group in answer.rows]
    kinds = [kind for kind in TOKEN_KINDS if any(getattr(t, kind) for t in totals)]
    subscribed = any(t.subscription_usd for t in totals)
    unpriced = any(t.unpriced_calls for t in totals)
    labels = {"input_tokens": "input", "output_tokens": "output", **_PARTS}
    head = [*dimensions, "cost", "calls", *(labels[kind] for kind in kinds)]
    changes = answer.changes
    head += ["subscription"] * subscribed + ["unpriced"] * unpriced + ["change"] * bool(changes)
    rows: list[list[str]] = []
    for group in answer.rows:
        row = [*group_names(dimensions, group).values(), part_text(group.totals), f"{group.totals.calls:,}"]
        row += [f"{getattr(group.totals, kind):,}" for kind in kinds]
        row += [display_usd(group.totals.subscription_usd)] * subscribed + [f"{group.totals.unpriced_calls:,}"] * unpriced
        row += [change_words(changes[group.key])] if changes else []
        rows.append(row)
    return columns(head, rows, right_from=len(dimensions))
