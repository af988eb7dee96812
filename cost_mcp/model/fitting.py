"""What would be cheaper, and what of a denied call would still fit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A model that the same tokens would cost less with, by the catalog's ids."""

    provider: str
    model: str
    cost_usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """What fits where a call was denied.

    ``max_output_tokens`` is the most output the same call may have, None where no output at all would fit or nobody can tell.
    ``alternatives`` are cheaper models that the whole call fits with, those of the same provider first.
    """

    max_output_tokens: int | None = None
    alternatives: tuple[Alternative, ...] = ()
