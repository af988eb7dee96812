"""Calls as the ledger hands them over, made from few words, and a market of fixed prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from cost_mcp.model.charge import PriceEntry
from cost_mcp.model.saving import CELL, TASK_MARK, ScannedRow, SeriesNames
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.gathering import Gathering
from cost_mcp.reports.savings.registry import RULES
from cost_mcp.reports.savings.rule import Instead, Sample, Suggestion
from cost_mcp.reports.savings.unit_prices import UnitPrices

SECOND = 1_000_000
MONDAY = 1_795_000_000 * SECOND // 3600 // SECOND * 3600 * SECOND
"""The first microsecond of some hour."""

MILLION = Decimal(1_000_000)
PER_MILLION: Mapping[str, Mapping[str, str]] = {
    "large": {"input": "5", "cache_read": "0.5", "cache_write_5m": "6.25", "cache_write_1h": "10", "output": "25"},
    "small": {"input": "1", "cache_read": "0.1", "cache_write_5m": "1.25", "cache_write_1h": "2", "output": "5"},
    "automatic": {"input": "2", "cache_read": "0.5", "output": "8"},
    "uncached": {"input": "2", "output": "8"},
    "long": {"input": "10", "cache_read": "1", "cache_write_5m": "12.5", "cache_write_1h": "20", "output": "37.5"},
}
"""Dollars for a million tokens of made-up models; ``long`` is ``large`` above 200,000 input tokens."""


def unit_prices(model: str) -> dict[str, Decimal]:
    return {meter: Decimal(price) / MILLION for meter, price in PER_MILLION[model].items()}


def entry_of(price: str) -> PriceEntry:
    return PriceEntry(
        entry_id=price,
        provider="maker",
        model="large" if price == "long" else price,
        service_tier="standard",
        unit_prices=unit_prices(price),
        book="test",
        source="made up",
        version="1",
        context_above=200_000 if price == "long" else None,
    )


class FixedMarket:
    """``small`` is the cheaper sibling of everything dearer, batches cost half, and below the step ``large`` is charged."""

    def smaller(self, sample: Sample) -> Instead | None:
        """The small model, for every other one."""
        return None if sample.model == "small" else Instead(name="small", prices=UnitPrices(unit_prices("small")))

    def batch(self, sample: Sample) -> Instead | None:
        """Half of everything."""
        halved = {meter: price / 2 for meter, price in unit_prices(sample.model).items()}
        return Instead(name=f"{sample.model} in the batch tier", prices=UnitPrices(halved))

    def short(self, sample: Sample, context_above: int) -> Instead | None:
        """The price below the step."""
        assert context_above == 200_000
        return Instead(name=sample.model, prices=UnitPrices(unit_prices(sample.model)))


@dataclass
class Calls:
    """A period's calls; each says how many seconds after the period's begin it was made."""

    rows: list[ScannedRow] = field(default_factory=list[ScannedRow])
    series: dict[SeriesNames, int] = field(default_factory=dict[SeriesNames, int])

    def add(
        self,
        at: float,
        *,
        input_tokens: int = 10_000,
        output_tokens: int = 1_000,
        read: int = 0,
        written: int = 0,
        hour: int = 0,
        reasoning: int = 0,
        session: str | None = "s",
        task: str | None = None,
        price: str | None = "large",
        nanos: int | None = None,
        **names: str,
    ) -> Calls:
        """One more call; ``price=None`` is one without unit prices."""
        known = {"agent": "coder", "task_type": "bugfix", "provider": "maker", "model": "large" if price == "long" else price}
        series = SeriesNames(**(dict.fromkeys(SeriesNames._fields, "") | {k: v or "own" for k, v in known.items()} | names))
        number = self.series.setdefault(series, len(self.series) + 1)
        place = 0 if price is None else list(PER_MILLION).index(price) + 1
        chain = session or (None if task is None else f"{TASK_MARK}{task}")
        cost = nanos
        if cost is None:
            prices: Mapping[str, str] = {} if price is None else PER_MILLION[price]
            plain = input_tokens - read - written
            quantities = {"input": plain, "cache_read": read, "cache_write_5m": written - hour, "cache_write_1h": hour}
            quantities["output"] = output_tokens
            cost = int(sum(Decimal(prices.get(meter, "0")) * count * 1000 for meter, count in quantities.items()))
        self.rows.append(
            (
                len(self.rows) + 1, MONDAY + int(at * SECOND), number * CELL + place, chain,
                input_tokens, output_tokens, read, written, hour, reasoning, cost,
            )
        )  # fmt: skip
        return self

    def found(self, *, until: float = 86_400, page: int = 7) -> Gathered:
        """What one pass over them finds, told in pages, in a period that ends so many seconds after its begin."""
        gathering = Gathering(kept=3)
        entries = {number: entry_of(price) for number, price in enumerate(PER_MILLION, 1)}
        gathering.begin({number: names for names, number in self.series.items()}, entries)
        ordered = sorted(self.rows, key=lambda row: (row[1], row[0]))
        for first in range(0, len(ordered), page):
            gathering.take(ordered[first : first + page])
        return gathering.end(MONDAY + int(until * SECOND))

    def suggested(self, rule: str, *, until: float = 86_400) -> list[Suggestion]:
        """What one rule finds in them."""
        return list(RULES[rule].suggestions(self.found(until=until), FixedMarket()))

    def blind(self, rule: str) -> str | None:
        """Of which calls a rule cannot tell."""
        return RULES[rule].blind(self.found())


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture(scope="session")
def new_calls() -> Callable[[], Calls]:
    """Makes periods without calls, as many as a property wants."""
    return Calls


@pytest.fixture(scope="session")
def market() -> FixedMarket:
    return FixedMarket()
