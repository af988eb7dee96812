"""One model call: what it used, and the context it was made in."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from enum import IntEnum

from cost_mcp.errors import InvalidInput, UnknownName
from cost_mcp.model.name import (
    EMPTY_METADATA,
    EMPTY_TAGS,
    MAX_NAME,
    MAX_TITLE,
    clean_metadata,
    clean_name,
    clean_tags,
    optional_name,
)
from cost_mcp.model.provider import canonical_provider
from cost_mcp.model.usage import Usage

DEFAULT_TENANT = "default"
SERVICE_TIERS = ("standard", "batch", "flex", "priority", "fast")
BILLING_MODES = ("api", "subscription")
INFERENCE_GEO = "inference_geo"
"""The metadata under which a call keeps where its inference was bound to, as the provider's usage says: it has a price."""


class Rank(IntEnum):
    """How much a source is believed when several tell of the same call; the higher one corrects the lower."""

    METRIC = 10
    AGENT = 20
    EVENT = 30
    LOG = 40
    RESPONSE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who made a call and for what; every field may be absent. Names are cleaned as they come in.

    Raises:
        InvalidInput: an empty, overlong or unprintable name; the field is named.
    """

    project: str | None = None
    task_id: str | None = None
    task_title: str | None = None
    task_type: str | None = None
    session_id: str | None = None
    agent: str | None = None
    feature: str | None = None
    purpose: str | None = None
    tags: Mapping[str, str] = field(default_factory=lambda: EMPTY_TAGS)

    def __post_init__(self) -> None:
        for name in CONTEXT_NAMES:
            value = getattr(self, name)
            if value is not None:
                maximum = MAX_TITLE if name == "task_title" else MAX_NAME
                object.__setattr__(self, name, clean_name(value, name, maximum=maximum))
        object.__setattr__(self, "tags", clean_tags(self.tags))

    def as_dict(self) -> dict[str, str]:
        """The names that are present, tags left out."""
        return {name: value for name in CONTEXT_NAMES if (value := getattr(self, name)) is not None}


CONTEXT_NAMES: tuple[str, ...] = tuple(f.name for f in fields(Context) if f.name != "tags")
NO_CONTEXT = Context()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as reported: usage plus context.

    ``call_id`` is the key it is counted once under; the provider's response id is best. ``supplied`` names the fields
    the reporter itself gave (of provider, service_tier, occurred_at, stated_cost_usd): only those can contradict a
    later report of the same call. ``provisional`` means that the final usage was not seen. ``product`` names the agent program
    whose own spend the call may be, as the source of its log is called; ``unshared`` says that the call came without an id and
    was given one here, which no other source of that spend can know.

    Raises:
        InvalidInput: a name that cannot be taken, an unknown tier or billing mode, a time without an offset.
    """

    call_id: str
    occurred_at: datetime
    model: str
    usage: Usage
    source: str
    rank: Rank
    tenant: str = DEFAULT_TENANT
    provider: str | None = None
    response_model: str | None = None
    service_tier: str = "standard"
    billing: str = "api"
    context: Context = NO_CONTEXT
    metadata: Mapping[str, object] = field(default_factory=lambda: EMPTY_METADATA)
    stated_cost_usd: Decimal | None = None
    reservation_id: str | None = None
    provisional: bool = False
    supplied: frozenset[str] = field(default=frozenset())
    product: str | None = None
    unshared: bool = False

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in ("call_id", "model", "source", "tenant"):
            put(self, name, clean_name(getattr(self, name), name))
        put(self, "response_model", optional_name(self.response_model, "response_model"))
        put(self, "reservation_id", optional_name(self.reservation_id, "reservation_id"))
        put(self, "provider", None if self.provider is None else canonical_provider(self.provider))
        put(self, "metadata", clean_metadata(self.metadata))
        check_choice(self.service_tier, SERVICE_TIERS, "service_tier")
        check_choice(self.billing, BILLING_MODES, "billing")
        if self.occurred_at.utcoffset() is None:
            raise InvalidInput("occurred_at has no offset from UTC.", field="occurred_at", hint="Add Z or +02:00 to the time.")


def check_choice(value: object, choices: tuple[str, ...], name: str) -> str:
    """``value`` when it is one of ``choices``.

    Raises:
        UnknownName: it is not; the hint lists them.
    """
    if isinstance(value, str) and value in choices:
        return value
    raise UnknownName(f"{name} is not one of the known values.", field=name, hint=f"Use one of: {', '.join(choices)}.")


_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(prefix: str) -> str:
    """A new key that sorts by time: ``prefix_`` and 26 characters (48 bits of milliseconds, 80 random bits).

    Source: the ULID layout, https://github.com/ulid/spec, read 2026-11. Time-ordered keys keep the ledger's unique index
    five times cheaper to extend than random ones.
    """
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    return f"{prefix}_" + "".join(_BASE32[(number >> shift) & 31] for shift in range(125, -1, -5))
