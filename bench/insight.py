"""Reports over ten million calls of a year, asked of the ledger itself, against the GROUP BY over the calls.

The year's calls: twelve projects, forty agents (a hundred and twenty pairs of them), six features in each, five task types, four
purposes, five models of three providers: some 2,600 sets of dimensions. A task has a hundred calls over about two hours, on two
models and for two purposes; twenty tasks run at once, two to a session: in a month 8,500 tasks, 4,200 sessions and 850,000 calls.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from bench.bulk import NUMBER, Shape
from bench.rows import MODELS, USAGE
from bench.rows import pricing as priced_as
from bench.table import Row, median, shown
from cost_mcp.model.call import Call, Context, Rank
from cost_mcp.model.charge import PricedCall, Pricing
from cost_mcp.model.period import Period, named_period
from cost_mcp.model.report import ReportQuery

CALLS = 10_000_000
CALLS_PER_TASK, AT_ONCE = 100, 20
PATTERNS = 720
"""Tasks of different dimensions: with their calls, every series there is."""

_TASK = f"({NUMBER} / {CALLS_PER_TASK * AT_ONCE} * {AT_ONCE} + {NUMBER} % {AT_ONCE})"
PROVIDERS = {"gpt": "openai", "gemini": "google", "claude": "anthropic"}
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu")
THREE_WAYS = (
    ("task_id", "model", "day"),
    ("session_id", "agent", "day"),
    ("task_id", "session_id", "purpose"),
    ("task_id", "project", "week"),
    ("agent", "project", "feature"),
    ("day", "agent", "feature"),
    ("hour", "agent", "model"),
    ("week", "task_type", "purpose"),
)
PAGE = 50
"""Groups on a page, as many as a report shows when it is not told how many."""

RAW = """
SELECT occurred_at / 86400000000 AS day, series.model, sum(sign), sum(cost_nanos), sum(input_tokens), sum(output_tokens)
FROM entries JOIN series ON series.series_id = entries.series_id
WHERE entries.tenant = 'default' AND occurred_at >= :start AND occurred_at < :end
GROUP BY day, series.model
"""


@cache
def _pricing(model: str, size: int) -> Pricing:
    """One of ten pricings a model: tasks of equal cost would be no order to find."""
    plain = priced_as(model)
    charges = tuple(replace(charge, cost_usd=charge.cost_usd * (7 + size) / 10) for charge in plain.charges)
    cost = sum((charge.cost_usd for charge in charges), Decimal(0))
    return replace(plain, charges=charges, cost_usd=cost, list_cost_usd=cost)


def call(call_id: str, at: datetime, n: int) -> PricedCall:
    """The n-th call of the year."""
    task, turn = n // (CALLS_PER_TASK * AT_ONCE) * AT_ONCE + n % AT_ONCE, n // AT_ONCE % CALLS_PER_TASK
    model = MODELS[-1] if turn % 3 == 0 else MODELS[task % len(MODELS)]
    size = (task * 7 + turn) % 10 if task % 3 else task % 10
    return PricedCall(
        call=Call(
            call_id=call_id,
            occurred_at=at,
            model=model,
            usage=USAGE,
            source="mcp",
            rank=Rank.AGENT,
            provider=PROVIDERS[model.partition("-")[0]],
            context=Context(
                project=f"project-{task % 12}",
                agent=f"agent-{task % 40}",
                feature=f"feature-{task % 12}-{task // 120 % 6}",
                task_type=f"type-{task % 5}",
                purpose=f"purpose-{task // 3 % 2 * 2 + turn // 50}",
                task_id=f"T-{task}",
                session_id=f"S-{task // 2}",
            ),
        ),
        pricing=_pricing(model, size),
    )


A_YEAR = Shape(
    call_of=call,
    differing={"task_id": f"'T-' || {_TASK}", "session_id": f"'S-' || ({_TASK} / 2)"},
    days=365,
    recorded=PATTERNS * CALLS_PER_TASK,
)


def insight(db: Path, rounds: int = 9) -> list[Row]:
    """Last month by day and model in three zones, and the slowest of several groupings by three dimensions."""
    from cost_mcp.budgets.windows import window_of
    from cost_mcp.ledger.quick import open_readings

    now = datetime.now(UTC)
    months = {zone: named_period("last_month", now, zone) for zone in ZONES}
    asked: dict[str, list[float]] = {zone: [] for zone in ZONES}
    scanned: list[float] = []
    ways: dict[tuple[str, ...], list[float]] = {way: [] for way in THREE_WAYS}
    with (
        closing(open_readings(db, window_of=window_of)) as door,
        closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as raw,
    ):

        def seconds(query: ReportQuery) -> float:
            began = time.perf_counter()
            found = door.report(query)
            taken = time.perf_counter() - began
            assert found.totals.calls > 0
            assert found.groups
            return taken

        for n in range(rounds + 1):
            for zone, month in months.items():
                asked[zone].append(seconds(ReportQuery(period=month, group_by=("day", "model"))))
            scanned.append(_scan(raw, months["UTC"]))
            for way in THREE_WAYS:
                ways[way].append(seconds(ReportQuery(period=months["UTC"], group_by=way, limit=PAGE)))
            if n == 0:
                for times in (scanned, *asked.values(), *ways.values()):
                    times.clear()
    against = median(scanned)
    rows: list[Row] = []
    for zone, (most, faster) in {"UTC": (0.020, 30), **dict.fromkeys(ZONES[1:], (0.050, 15))}.items():
        taken = median(asked[zone])
        rows.append(
            Row(
                f"a month by day × model of {CALLS:,} calls over a year, {zone} (GROUP BY on the calls against it)",
                shown(taken, "s"),
                shown(against, "s"),
                f"{against / taken:.0f} × faster",
                f"≤ {most * 1e3:g} ms, ≥ {faster} ×",
                taken <= most and against / taken >= faster,
            )
        )
    return rows + _ways(ways)


def _ways(ways: dict[tuple[str, ...], list[float]]) -> list[Row]:
    rows: list[Row] = []
    worst = max(ways, key=lambda way: median(ways[way]))
    for way, times in ways.items():
        taken, said = median(times), " × ".join(name.removesuffix("_id") for name in way)
        slowest = way == worst
        bound, held = ("≤ 100 ms", taken <= 0.1) if slowest else ("", None)
        what = f"the {PAGE} largest groups of a month by {said}{', the slowest of its kind' if slowest else ''}"
        rows.append(Row(what, shown(taken, "s"), "", "", bound, held))
    return rows


def _scan(db: sqlite3.Connection, period: Period) -> float:
    bounds: Sequence[int] = [int(at.timestamp() * 1e6) for at in (period.start, period.end)]
    began = time.perf_counter()
    db.execute(RAW, dict(zip(("start", "end"), bounds, strict=True))).fetchall()
    return time.perf_counter() - began
