"""One row of the ledger as exports give it: a report of a call that counted, or the reversal of one."""

from __future__ import annotations

from typing import NamedTuple


class SeriesNames(NamedTuple):
    """The names many calls share, '' for those they lack; the same number is always the same names."""

    series_id: int
    tenant: str
    billing: str
    source: str
    project: str
    agent: str
    provider: str
    model: str
    feature: str
    purpose: str
    task_type: str
    response_model: str
    catalog_provider: str
    catalog_model: str


class PriceMark(NamedTuple):
    """Which price entry a call was priced with, and the context size its unit prices begin at."""

    entry_id: str | None = None
    context_above: int | None = None


class CallRow(NamedTuple):
    """What a call used and cost, or what of an earlier report was taken back, as it is stored.

    A reversal (``sign`` -1) has every amount of what it takes back, negated, at the same ``occurred_at``; plain sums over all
    rows are therefore what counts. Instants are microseconds since 1970 in UTC, money is nano-dollars. ``cost_nanos`` is 0 while
    nobody knows the cost (``priced`` is ``unpriced`` then).

    ``charges`` is the JSON of ``[[meter, quantity, "unit price", cost in nano-dollars], …]`` of the report itself, positive in a
    reversal too. ``tags`` and ``metadata`` are JSON objects, ``inference_geo`` is where the call's inference was bound to.
    """

    names: SeriesNames
    price: PriceMark
    seq: int
    call_id: str
    revision: int
    sign: int
    occurred_at: int
    recorded_at: int
    task_id: str | None
    task_title: str | None
    session_id: str | None
    service_tier: str
    priced: str
    cost_nanos: int
    list_cost_nanos: int | None
    stated_cost_nanos: int | None
    unpriced_calls: int
    provisional_calls: int
    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int
    cache_creation_input_tokens: int
    cache_creation_1h_input_tokens: int
    reasoning_output_tokens: int
    input_audio_tokens: int
    cache_read_input_audio_tokens: int
    output_audio_tokens: int
    input_image_tokens: int
    output_image_tokens: int
    web_search_requests: int
    reservation_id: str | None
    charges: str
    tags: str | None
    metadata: str | None
    inference_geo: str | None

    @property
    def corrects(self) -> bool:
        """Whether it takes something back, or stands in its place."""
        return self.sign < 0 or self.revision > 1
