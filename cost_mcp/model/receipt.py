"""What recording a call answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from cost_mcp.model.budget import Standing
from cost_mcp.model.charge import PricedCall, Pricing
from cost_mcp.model.reservation import Reservation

CREATED, EXISTS, CORRECTED, SKIPPED = "created", "exists", "corrected", "skipped"
OUTCOMES = (CREATED, EXISTS, CORRECTED, SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The outcome of recording one call, and what now stands in the ledger under its id.

    ``priced`` is what counts after this report: for ``exists`` that is the earlier report's call and pricing, for
    ``skipped`` (tracking is off) what would have been recorded. ``standings`` are the budget windows that cover it.
    ``reservation`` is the one the call names, as it now is; ``unadmitted`` that an enforcing budget did not admit the call
    beforehand: it came without a reservation, cost more than was held, or named one that had ended.
    """

    outcome: str
    recorded: PricedCall
    standings: Sequence[Standing] = ()
    warnings: tuple[str, ...] = ()
    reservation: Reservation | None = None
    unadmitted: bool = False

    @property
    def excess_usd(self) -> Decimal:
        """What the call cost above what its reservation held; zero without one."""
        return self.reservation.excess_usd if self.reservation is not None else Decimal(0)

    @property
    def call_id(self) -> str:
        """The id the call is counted under."""
        return self.recorded.call.call_id

    @property
    def pricing(self) -> Pricing:
        """The pricing that counts."""
        return self.recorded.pricing

    @property
    def cost_usd(self) -> Decimal | None:
        """What the call counts as; None while it is unpriced."""
        return self.recorded.pricing.cost_usd

    def warned(self, *more: str) -> Receipt:
        """The same receipt with further warnings, each once, in order."""
        return replace(self, warnings=tuple(dict.fromkeys((*self.warnings, *more))))
