"""cost-mcp: the ledger and the wallet of AI agents.

``client = cost_mcp.track(Anthropic())`` records by itself what every call of a client cost; ``async with cost_mcp.open() as
cost: await cost.record(response, task_id="T-1")`` records one and answers. Names load when they are first used, so
that a hook or a status line that needs a corner of the package pays for that corner only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cost_mcp.client.context import context as context
    from cost_mcp.client.context import untracked as untracked
    from cost_mcp.client.cost import Cost as Cost
    from cost_mcp.client.cost import open_cost as open  # noqa: A004 (cost_mcp.open reads as it should)
    from cost_mcp.client.decorator import tracked as tracked
    from cost_mcp.client.hold import Hold as Hold
    from cost_mcp.client.litellm_logger import litellm_logger as litellm_logger
    from cost_mcp.client.shared import flush as flush
    from cost_mcp.client.shared import track as track
    from cost_mcp.client.sync import SyncCost as SyncCost
    from cost_mcp.client.sync import open_sync as open_sync
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
    "open_sync": ("cost_mcp.client.sync", "open_sync"),
    "SyncCost": ("cost_mcp.client.sync", "SyncCost"),
    "track": ("cost_mcp.client.shared", "track"),
    "flush": ("cost_mcp.client.shared", "flush"),
    "context": ("cost_mcp.client.context", "context"),
    "untracked": ("cost_mcp.client.context", "untracked"),
    "tracked": ("cost_mcp.client.decorator", "tracked"),
    "litellm_logger": ("cost_mcp.client.litellm_logger", "litellm_logger"),
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
    "SyncCost",
    "Usage",
    "__version__",
    "context",
    "flush",
    "litellm_logger",
    "open",
    "open_sync",
    "track",
    "tracked",
    "untracked",
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
