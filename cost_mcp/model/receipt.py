"""What recording a call answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from cost_mcp.model.budget import Standing
from cost_mcp.model.charge import PricedCall, Pricing

CREATED, EXISTS, CORRECTED, SKIPPED = "created", "exists", "corrected", "skipped"
OUTCOMES = (CREATED, EXISTS, CORRECTED, SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The outcome of recording one call, and what now stands in the ledger under its id.

    ``priced`` is what counts after this report: for ``exists`` that is the earlier report's call and pricing, for
    ``skipped`` (tracking is off) what would have been recorded. ``standings`` are the budget windows that cover it.
    """

    outcome: str
    recorded: PricedCall
    standings: tuple[Standing, ...] = ()
    warnings: tuple[str, ...] = ()

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
