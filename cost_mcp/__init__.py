"""cost-mcp: the ledger and the wallet of AI agents.

``async with cost_mcp.open() as cost: await cost.record(response, task_id="T-1")``. Names load when they are first used, so
that a hook or a status line that needs a corner of the package pays for that corner only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cost_mcp.client.cost import Cost as Cost
    from cost_mcp.client.cost import open_cost as open  # noqa: A004 (cost_mcp.open reads as it should)
    from cost_mcp.client.hold import Hold as Hold
    from cost_mcp.errors import BudgetExceeded as BudgetExceeded
    from cost_mcp.errors import Conflict as Conflict
    from cost_mcp.errors import CostError as CostError
    from cost_mcp.errors import InvalidInput as InvalidInput
    from cost_mcp.errors import LedgerError as LedgerError
    from cost_mcp.errors import NotFound as NotFound
    from cost_mcp.model.receipt import Receipt as Receipt
    from cost_mcp.model.usage import Usage as Usage

__version__ = "0.1.0"

_HOMES = {
    "open": ("cost_mcp.client.cost", "open_cost"),
    "Cost": ("cost_mcp.client.cost", "Cost"),
    "Hold": ("cost_mcp.client.hold", "Hold"),
    "Receipt": ("cost_mcp.model.receipt", "Receipt"),
    "Usage": ("cost_mcp.model.usage", "Usage"),
    "BudgetExceeded": ("cost_mcp.errors", "BudgetExceeded"),
    "CostError": ("cost_mcp.errors", "CostError"),
    "InvalidInput": ("cost_mcp.errors", "InvalidInput"),
    "Conflict": ("cost_mcp.errors", "Conflict"),
    "NotFound": ("cost_mcp.errors", "NotFound"),
    "LedgerError": ("cost_mcp.errors", "LedgerError"),
}

__all__ = [
    "BudgetExceeded",
    "Conflict",
    "Cost",
    "CostError",
    "Hold",
    "InvalidInput",
    "LedgerError",
    "NotFound",
    "Receipt",
    "Usage",
    "__version__",
    "open",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    value: object = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
