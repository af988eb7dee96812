"""Calls made from few words, and every backend the ledger's contract is held on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

from cost_mcp.budgets.windows import window_of
from cost_mcp.ledger.contract import Ledger
from cost_mcp.ledger.sqlite import open_ledger
from cost_mcp.model.budget import Budget, Standing
from cost_mcp.model.call import Call, Context, Rank
from cost_mcp.model.charge import Charge, PricedCall, PriceEntry, Pricing
from cost_mcp.model.receipt import Receipt
from cost_mcp.model.reservation import Reservation, ReserveOrder
from cost_mcp.model.scope import Covered
from cost_mcp.model.usage import Usage

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
_CALL = {
    "tenant",
    "provider",
    "response_model",
    "service_tier",
    "billing",
    "stated_cost_usd",
    "provisional",
    "reservation_id",
    "supplied",
    "metadata",
    "product",
    "unshared",
}
_ORDER = {"tenant", "tokens", "idempotency_key", "billing", "priced"}
_USAGE = {"input_tokens", "output_tokens", "cache_read_input_tokens", "reasoning_output_tokens", "web_search_requests"}


class CallOf(Protocol):
    """A priced call; ``cost=None`` is an unpriced one, ``list_cost`` what the list says where a cost was stated."""

    def __call__(self, call_id: str, *, cost: str | None = ..., list_cost: str | None = ..., **fields: Any) -> PricedCall:
        """A priced call with this id; other fields by their names."""
        ...


def build_call(call_id: str, *, cost: str | None = "0.01", list_cost: str | None = None, **fields: Any) -> PricedCall:
    usage = {name: fields.pop(name) for name in _USAGE & fields.keys()}
    own = {name: fields.pop(name) for name in _CALL & fields.keys()}
    call = Call(
        call_id=call_id,
        occurred_at=fields.pop("at", NOW),
        model=fields.pop("model", "gpt-5"),
        usage=Usage(**({"input_tokens": 1000, "output_tokens": 100} | usage)),
        source=fields.pop("source", "python"),
        rank=fields.pop("rank", Rank.AGENT),
        **own,
        context=Context(**fields),
    )
    return PricedCall(call=call, pricing=_pricing(call, cost, list_cost))


def _pricing(call: Call, cost: str | None, list_cost: str | None) -> Pricing:
    if cost is None:
        return Pricing(priced="unpriced", cost_usd=None, nearest=("gpt-5",), warnings=("no price is known",))
    amount = Decimal(cost)
    entry = PriceEntry(
        entry_id=f"entry-{call.model}",
        provider="openai",
        model=f"{call.model}-catalog",
        service_tier="standard",
        unit_prices={"input": Decimal("0.00000125"), "output": Decimal("0.00001")},
        book="genai-prices",
        source="https://openai.com/pricing",
        version="0.2.3",
    )
    return Pricing(
        priced="list",
        cost_usd=amount,
        charges=(Charge(meter="input", quantity=1, unit_price_usd=amount, cost_usd=amount),),
        entry=entry,
        list_cost_usd=amount if list_cost is None else Decimal(list_cost),
        provider="openai",
        model=f"{call.model}-catalog",
    )


@pytest.fixture(scope="session")
def call_of() -> CallOf:
    return build_call


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture(params=["sqlite"])
async def ledger(request: pytest.FixtureRequest, ledger_path: Path) -> AsyncIterator[Ledger]:
    """An empty ledger of every kind there is."""
    assert request.param == "sqlite"
    opened = await open_ledger(ledger_path, now=NOW, window_of=window_of)
    yield opened
    await opened.close()


class Wallet:
    """Budgets and reservations made from few words, on one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    @classmethod
    def at(cls, ledger: Ledger) -> Wallet:
        """The same on another ledger."""
        return cls(ledger)

    @staticmethod
    def budget(name: str = "b", **fields: Any) -> Budget:
        """An enforcing budget of one dollar a day, unless told otherwise."""
        given: dict[str, Any] = {"period": "day", "mode": "enforce"} | fields
        if not {"limit_tokens", "limit_calls"} & fields.keys():
            given.setdefault("limit_usd", Decimal(1))
        return Budget(name=name, **given)

    @staticmethod
    def order(now: datetime, amount: str = "0.4", seconds: float = 600, **fields: Any) -> ReserveOrder:
        """Forty cents for ten minutes, for a call of gpt-5; other fields are context."""
        own = {name: fields.pop(name) for name in _ORDER & fields.keys()}
        models, provider = fields.pop("models", ("gpt-5",)), fields.pop("provider", "openai")
        return ReserveOrder(
            covered=Covered(context=Context(**fields), provider=provider, models=models),
            amount_usd=Decimal(amount),
            created_at=now,
            expires_at=now + timedelta(seconds=seconds),
            **own,
        )

    async def held(self, now: datetime, amount: str = "0.4", seconds: float = 600, **fields: Any) -> Reservation:
        """The reservation of an order that is admitted."""
        admission = await self.ledger.reserve(self.order(now, amount, seconds, **fields), now)
        assert admission.reservation is not None, admission.why
        return admission.reservation

    async def settle(self, now: datetime, call: PricedCall) -> Receipt:
        """The receipt of a call that is taken."""
        (answer,) = await self.ledger.record([call], now)
        assert isinstance(answer, Receipt), answer
        return answer

    async def refusal(self, now: datetime, call: PricedCall) -> Exception:
        """Why a call is not taken."""
        (answer,) = await self.ledger.record([call], now)
        assert isinstance(answer, Exception)
        return answer

    async def one(self, now: datetime, tenant: str = "default") -> Standing:
        """Where the only window there is stands."""
        (standing,) = await self.ledger.standings(tenant, None, now)
        return standing

    async def sound(self) -> None:
        """Nothing differs from what it is derived from, before and after it is made anew."""
        assert (await self.ledger.verify()).differences == ()
        assert (await self.ledger.rebuild()).differences == ()
        assert (await self.ledger.verify()).differences == ()


@pytest.fixture
def wallet(ledger: Ledger) -> Wallet:
    return Wallet(ledger)
