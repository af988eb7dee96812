"""An amount held against budgets for a call that is about to be made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cost_mcp.errors import InvalidInput
from cost_mcp.model.budget import MAX_LIMIT_USD, Standing
from cost_mcp.model.call import BILLING_MODES, DEFAULT_TENANT, check_choice
from cost_mcp.model.decision import Spend
from cost_mcp.model.fitting import Fitting
from cost_mcp.model.money import parse_usd
from cost_mcp.model.name import optional_name
from cost_mcp.model.scope import Covered
from cost_mcp.model.usage import check_quantity

RESERVATION_STATES = ("held", "settled", "released", "expired")
MIN_TTL_SECONDS, MAX_TTL_SECONDS, DEFAULT_TTL_SECONDS = 1, 86_400, 600


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveOrder:
    """What a caller asks to hold: dollars, tokens where known, one call; for whom, until when, under which retry key.

    ``covered`` is what budgets are looked up with; ``billing`` says whether a subscription pays, which only some budgets
    count. ``priced`` is False when nobody knows what the call will cost: ``amount_usd`` is then the part that is known, and
    the unpriced tokens are those that have no price.

    Raises:
        InvalidInput: an amount, count or key that cannot be taken, or an end that is not ahead.
    """

    covered: Covered
    amount_usd: Decimal
    created_at: datetime
    expires_at: datetime
    tenant: str = DEFAULT_TENANT
    tokens: int | None = None
    idempotency_key: str | None = None
    billing: str = "api"
    priced: bool = True
    unpriced_input_tokens: int = 0
    unpriced_output_tokens: int = 0

    def __post_init__(self) -> None:
        parse_usd(self.amount_usd, "amount_usd", maximum=MAX_LIMIT_USD)
        if self.tokens is not None:
            check_quantity(self.tokens, "tokens")
        check_quantity(self.unpriced_input_tokens, "input_tokens")
        check_quantity(self.unpriced_output_tokens, "output_tokens")
        check_choice(self.billing, BILLING_MODES, "billing")
        object.__setattr__(self, "idempotency_key", optional_name(self.idempotency_key, "idempotency_key"))
        if self.expires_at <= self.created_at:
            raise InvalidInput("ttl_seconds is not above zero.", field="ttl_seconds", hint="Give the seconds to hold it.")

    @property
    def spend(self) -> Spend:
        """What budgets are asked to admit."""
        return Spend(
            usd=self.amount_usd,
            tokens=self.tokens,
            priced=self.priced,
            unpriced_input_tokens=self.unpriced_input_tokens,
            unpriced_output_tokens=self.unpriced_output_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A hold as the ledger knows it. ``settled_by`` is the call that settled it; ``excess_usd`` what that call cost above it.

    Budgets that assume a price for unpriced calls hold that of the unpriced tokens on top of the amount.
    """

    reservation_id: str
    tenant: str
    state: str
    amount_usd: Decimal
    created_at: datetime
    expires_at: datetime
    tokens: int | None = None
    settled_by: str | None = None
    excess_usd: Decimal = Decimal(0)
    unpriced_input_tokens: int = 0
    unpriced_output_tokens: int = 0

    def __post_init__(self) -> None:
        check_choice(self.state, RESERVATION_STATES, "state")

    @property
    def spend(self) -> Spend:
        """What it takes of a budget while it is held."""
        return Spend(
            usd=self.amount_usd,
            tokens=self.tokens,
            priced=not (self.unpriced_input_tokens or self.unpriced_output_tokens),
            unpriced_input_tokens=self.unpriced_input_tokens,
            unpriced_output_tokens=self.unpriced_output_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The answer to an order: ``allow`` or ``warn`` with the reservation, or ``deny`` with the budget that denied it.

    ``standings`` are the covering budgets' windows after the decision, tightest first. ``repeated`` says that the key was
    used before for the same order and the first reservation is answered again. ``fitting`` says what a denied call could be
    instead.
    """

    decision: str
    why: str
    reservation: Reservation | None = None
    denied_by: Standing | None = None
    standings: tuple[Standing, ...] = ()
    repeated: bool = False
    fitting: Fitting | None = None
