"""What a rule is, and the suggestion it makes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from cost_mcp.model.saving import SUBJECT_DIMENSIONS
from cost_mcp.reports.savings.cell import Cell
from cost_mcp.reports.savings.gathered import Gathered
from cost_mcp.reports.savings.unit_prices import UnitPrices

LOW, MEDIUM, HIGH = "low", "medium", "high"
CONFIDENCES = (LOW, MEDIUM, HIGH)
"""How sure it is that the money can be saved, not how exactly it is computed: every amount is exact for what it says."""

Subject = tuple[str, str, str, str]
"""The values of ``SUBJECT_DIMENSIONS``; '' for what the calls lack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Money that one rule finds in the calls of one subject.

    ``spent_usd`` is what the ``calls`` it goes by cost, ``seqs`` the ledger's rows of the first few of them. ``reason`` says why
    the confidence is what it is, ``advice`` what to do. ``instead`` names the model or tier whose price it compares with.
    """

    rule: str
    subject: Subject
    saved_usd: Decimal
    spent_usd: Decimal
    calls: int
    seqs: tuple[int, ...]
    confidence: str
    reason: str
    advice: str
    instead: str | None = None

    @property
    def saving_id(self) -> str:
        """What it is called: the same for the same rule and subject, whatever the period."""
        return saving_id_of(self.rule, self.subject)

    def named(self) -> dict[str, str]:
        """The dimensions of the subject that the calls have."""
        return {name: value for name, value in zip(SUBJECT_DIMENSIONS, self.subject, strict=True) if value}


class Found(Protocol):
    """Calls of one subject in which a rule found money, as it counted them."""

    @property
    def calls(self) -> int:
        """How many there are."""
        ...

    @property
    def spent(self) -> Decimal:
        """What they cost."""
        ...

    @property
    def saved(self) -> Decimal:
        """What of that could have been saved."""
        ...

    @property
    def seqs(self) -> tuple[int, ...]:
        """The ledger's rows of the first few."""
        ...

    @property
    def instead(self) -> str | None:
        """The model or tier whose price they were compared with, where they were."""
        ...


def suggestion(rule: str, subject: Subject, found: Found, *, confidence: str, reason: str, advice: str) -> Suggestion:
    """What a rule says of the money it found."""
    return Suggestion(
        rule=rule,
        subject=subject,
        saved_usd=found.saved,
        spent_usd=found.spent,
        calls=found.calls,
        seqs=found.seqs,
        confidence=confidence,
        reason=reason,
        advice=advice,
        instead=found.instead,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A typical call, to ask prices about: the mean tokens of many."""

    provider: str
    model: str
    service_tier: str
    at: datetime
    input_tokens: int
    read_tokens: int
    written_tokens: int
    output_tokens: int
    reasoning_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Instead:
    """Other unit prices for the same tokens, and the name of what is charged so."""

    name: str
    prices: UnitPrices


class Market(Protocol):
    """Prices that no call was charged at, as they were when the calls were made; None where no book knows them."""

    def smaller(self, sample: Sample) -> Instead | None:
        """The next cheaper model of the same provider."""
        ...

    def batch(self, sample: Sample) -> Instead | None:
        """The same model, for work that may take a day."""
        ...

    def short(self, sample: Sample, context_above: int) -> Instead | None:
        """The same model, for a call that does not exceed so many input tokens."""
        ...


class Rule(Protocol):
    """One way of finding money, a module of its own."""

    NAME: str
    """Its name, in hyphens."""

    TITLE: str
    """What it finds, in a few words."""

    UNIT: str
    """What its waste is told for each of, once it was acted upon: ``call`` …"""

    def suggestions(self, found: Gathered, market: Market, /) -> Iterator[Suggestion]:
        """What it finds, a suggestion for each subject."""
        ...

    def blind(self, found: Gathered, /) -> str | None:
        """Why it cannot tell, or not of all calls; None when it sees everything."""
        ...


def saving_id_of(rule: str, subject: Subject) -> str:
    """The id of a rule's suggestion about a subject."""
    return f"sav_{hashlib.sha256(json.dumps([rule, *subject]).encode()).hexdigest()[:10]}"


def subject_of(cell: Cell) -> Subject:
    """What the calls of a cell are about."""
    names = cell.names
    return names.agent, names.task_type, names.provider, names.model


def by_subject(cells: Iterable[Cell]) -> Mapping[Subject, list[Cell]]:
    """Cells by what their calls are about."""
    grouped: dict[Subject, list[Cell]] = {}
    for cell in cells:
        grouped.setdefault(subject_of(cell), []).append(cell)
    return grouped


def whose(subject: Subject) -> str:
    """A subject in words: ``agent tester`` or ``calls without an agent``, and their kind of task."""
    agent, task_type, _, model = subject
    who = f"agent {agent}" if agent else "calls without an agent"
    return f"{who} on {task_type} with {model}" if task_type else f"{who} with {model}"
