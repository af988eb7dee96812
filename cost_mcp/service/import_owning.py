"""The sessions that the logs of one import tell of: what agents reported of them without ids does not count beside the logs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cost_mcp.ledger.owning import Claim

if TYPE_CHECKING:
    from cost_mcp.ledger.outlook import Outlook
    from cost_mcp.model.call import Call
    from cost_mcp.model.charge import PricedCall

MOST_HELD = 16_384
"""The most calls that wait for the end of their file: others wait for the ledger's lock while they are written."""


@dataclass(slots=True)
class Owning:
    """What one import claims of a tenant's sessions.

    A log owns the sessions it tells of also where its calls are in the ledger already, or under another session: a copy of them
    may have been read first.
    """

    tenant: str
    outlook: Callable[[], Outlook]
    _claims: set[Claim] = field(default_factory=set[Claim], init=False)
    _sessions: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str], init=False)
    _holding: bool = field(default=False, init=False)

    def saw(self, call: Call, file: str) -> None:
        """Remember that a file tells of a call's session, for who wants to know what that takes the place of."""
        session = call.context.session_id
        if call.product is not None and session is not None:
            self._sessions.setdefault((call.product, session), file)

    def claim(self, call: Call) -> None:
        """Claim the session of a call that is not entered itself."""
        session = call.context.session_id
        if call.product is not None and session is not None:
            self._claims.add(Claim(product=call.product, session_id=session, source=call.source, rank=call.rank))

    def take_claims(self) -> set[Claim]:
        """What was claimed since the last time."""
        claims, self._claims = self._claims, set()
        return claims

    def holds_back(self, many: int, calls: Iterable[Call]) -> bool:
        """Whether so many calls that were read wait for the rest of their file: what takes the place of agents' reports does so at once.

        A part of it would leave budgets with less spent than there is until the rest comes, and for ever if nothing came.
        """
        if many >= MOST_HELD:
            return False
        if not self._holding:
            told = {(call.product, call.context.session_id) for call in calls}
            sessions = [(product, session) for product, session in told if product is not None and session is not None]
            self._holding = bool(self.outlook().unshared(self.tenant, sessions))
        return self._holding

    def let_go(self) -> bool:
        """Whether calls were held back; a file has ended, and they wait no more."""
        held, self._holding = self._holding, False
        return held

    def foreseen(self) -> Iterator[tuple[str, PricedCall]]:
        """Each call that would not count any more if what was seen were written: the product whose log would own it, and the call."""
        for product, session in self._sessions:
            found = self.outlook().unshared(self.tenant, [(product, session)])
            for stored in self.outlook().known(self.tenant, found).values():
                yield product, stored.priced

    def superseded(self) -> Iterator[tuple[str, str, str]]:
        """Each call that is kept and not counted in the sessions seen: the file that tells of its session, the product, its id."""
        sessions, self._sessions = self._sessions, {}
        for (product, session), file in sessions.items():
            for call_id in self.outlook().uncounted(self.tenant, product, session):
                yield file, product, call_id
