"""What sums are kept of calls, and by which stretches of time."""

from __future__ import annotations

import sqlite3

GRAINS = (1, 4, 96)
"""Quarter-hours in a bucket. All zones since 2000 are whole quarter-hours off UTC, so nothing finer is needed."""

QUARTER = 900_000_000
"""Microseconds in a quarter-hour."""

HOUR = 4 * QUARTER
"""Microseconds in an hour."""

ROLLUP_SUMS = (
    "calls", "unpriced_calls", "provisional_calls", "cost_nanos", "charged_nanos", "provisional_nanos", "provisional_tokens",
    "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "reasoning_output_tokens",
    "web_search_requests",
)  # fmt: skip

_COMPUTED = {
    "calls": "e.sign",
    "provisional_nanos": "CASE e.provisional_calls WHEN 0 THEN 0 ELSE e.cost_nanos END",
    "provisional_tokens": "CASE e.provisional_calls WHEN 0 THEN 0 ELSE e.input_tokens + e.output_tokens END",
}
ENTRY_SUMS = tuple(_COMPUTED.get(name, f"e.{name}") for name in ROLLUP_SUMS)
"""What one row ``e`` of entries adds to each of ``ROLLUP_SUMS``."""


def is_too_large(error: sqlite3.Error) -> bool:
    """Whether a statement failed because a sum does not fit 64 bits."""
    return "integer overflow" in str(error) or "cannot store REAL value" in str(error)
