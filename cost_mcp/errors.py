"""Everything that can go wrong, on one page.

    CostError
    ├── InvalidInput          a value cannot be taken (field named)
    │   ├── UnknownName       a name that is not one of a known list (nearest given)
    │   └── ContextBound      a context field differs from what the environment binds
    ├── Conflict              the same key was used before with other contents
    ├── NotFound              nothing has this id or name
    ├── BudgetExceeded        an enforcing budget denies what was asked to be held
    ├── ConfigError           a settings or price-book file cannot be read as written
    │   └── PriceBookError    one entry of a price book (file and line named)
    ├── DeliveryFailed        a channel did not take an alert
    └── LedgerError           the ledger cannot answer
        ├── LedgerUnavailable missing rights, full disk, not a database, locked by another program
        ├── LedgerCorrupt     the file is damaged
        └── LedgerNewer       written by a newer version of cost-mcp

Each carries a stable ``code``, one sentence, the ``field`` it is about (or None) and a ``hint``: the next step. No error
quotes a value it was given, apart from numbers: input may hold prompt text, and errors reach logs (promise P10).
"""

from __future__ import annotations

from typing import Any, ClassVar


class CostError(Exception):
    """Anything cost-mcp refuses or cannot do; ``str()`` is the sentence followed by the hint."""

    code: ClassVar[str] = "error"

    def __init__(self, sentence: str, *, field: str | None = None, hint: str | None = None) -> None:
        self.sentence = sentence
        self.field = field
        self.hint = hint
        super().__init__(f"{sentence} {hint}" if hint else sentence)


class InvalidInput(CostError):
    """A value cannot be taken; nothing was written."""

    code = "invalid_input"


class UnknownName(InvalidInput):
    """A name that is not one of a known list; the hint gives the nearest ones."""

    code = "unknown_name"


class ContextBound(InvalidInput):
    """A context field was given that differs from what this server's environment binds it to."""

    code = "context_bound"


class Conflict(CostError):
    """The same key was used before with other contents; the first stands."""

    code = "conflict"


class NotFound(CostError):
    """Nothing has this id or name."""

    code = "not_found"


class BudgetExceeded(CostError):
    """An enforcing budget denies what was asked to be held; nothing is reserved.

    ``admission`` is the whole answer (a ``cost_mcp.model.reservation.Admission``; this page knows no floor above it): who denied,
    what is left, what would fit.
    """

    code = "budget_exceeded"

    def __init__(self, sentence: str, *, hint: str | None = None, admission: Any) -> None:
        self.admission = admission
        super().__init__(sentence, hint=hint)


class ConfigError(CostError):
    """A settings file or environment value cannot be read as written."""

    code = "config"


class PriceBookError(ConfigError):
    """One place in a price book that cannot be read; the rest of the book still counts."""

    code = "price_book"

    def __init__(self, reason: str, *, file: str, line: int, hint: str | None = None) -> None:
        self.reason = reason
        self.file = file
        self.line = line
        super().__init__(f"{file}, line {line}: {reason}", field="price_book", hint=hint)


class DeliveryFailed(CostError):
    """A channel did not take an alert. What it says is stored with the alert and shown: never an address, never a secret.

    ``retry_after`` is the seconds the receiver asked for before the next attempt; None where it did not say.
    """

    code = "delivery_failed"

    def __init__(self, sentence: str, *, hint: str | None = None, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(sentence, hint=hint)


class LedgerError(CostError):
    """The ledger cannot answer; what was acknowledged before is safe."""

    code = "ledger"


class LedgerUnavailable(LedgerError):
    """The ledger cannot be opened or written: rights, disk space, not a database, held by another program."""

    code = "ledger_unavailable"


class LedgerCorrupt(LedgerError):
    """The ledger's file is damaged."""

    code = "ledger_corrupt"


class LedgerNewer(LedgerError):
    """The ledger was written by a newer version of cost-mcp than this one."""

    code = "ledger_newer"
