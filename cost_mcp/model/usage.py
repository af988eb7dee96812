"""What one model call used: tokens by kind, in the words of the OpenTelemetry GenAI conventions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter

from cost_mcp.errors import InvalidInput

MAX_QUANTITY = 1_000_000_000_000
"""The most tokens or requests one call may state; millions of such calls still fit a 64-bit sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens and requests of one call; ``input_tokens`` and ``output_tokens`` are totals, every other field is a part.

    ``input_tokens`` is *all* input, cache reads and writes included; ``output_tokens`` is *all* output, reasoning
    included. Providers that count otherwise are converted once, in ``capture``.

    Raises:
        InvalidInput: a count that is not a whole number from 0 to 10^12, or parts greater than their whole.

    Source: https://github.com/open-telemetry/semantic-conventions (gen_ai.usage.*), read 2026-11.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_creation_1h_input_tokens: int = 0
    reasoning_output_tokens: int = 0
    input_audio_tokens: int = 0
    cache_read_input_audio_tokens: int = 0
    output_audio_tokens: int = 0
    input_image_tokens: int = 0
    output_image_tokens: int = 0
    web_search_requests: int = 0

    def __post_init__(self) -> None:
        counts = (*_counts(self), 0)
        for place, value in enumerate(counts):
            if type(value) is not int or not 0 <= value <= MAX_QUANTITY:
                check_quantity(value, USAGE_FIELDS[place])
        for (first, second, whole), (parts, name) in _PLACED:  # for every call: by place, which costs a third of by name
            if counts[first] + counts[second] > counts[whole]:
                self._check_parts(parts, name)

    def _check_parts(self, parts: tuple[str, ...], whole: str) -> None:
        total = sum(getattr(self, part) for part in parts)
        limit = getattr(self, whole)
        if total > limit:
            raise InvalidInput(
                f"{' + '.join(parts)} is {total}, more than {whole} ({limit}), which includes it.",
                field=parts[0],
                hint=f"Give {whole} as the total, parts included, or pass the provider's raw usage object as usage.",
            )

    @property
    def total_tokens(self) -> int:
        """All input plus all output."""
        return self.input_tokens + self.output_tokens

    @property
    def cache_creation_5m_input_tokens(self) -> int:
        """Cache writes that are not kept for an hour."""
        return self.cache_creation_input_tokens - self.cache_creation_1h_input_tokens

    def as_dict(self) -> dict[str, int]:
        """The fields that are not zero, in declared order."""
        return {name: value for name in USAGE_FIELDS if (value := getattr(self, name))}


USAGE_FIELDS: tuple[str, ...] = tuple(f.name for f in fields(Usage))
_counts = attrgetter(*USAGE_FIELDS)

_PARTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("cache_read_input_tokens", "cache_creation_input_tokens"), "input_tokens"),
    (("cache_creation_1h_input_tokens",), "cache_creation_input_tokens"),
    (("reasoning_output_tokens",), "output_tokens"),
    (("input_audio_tokens", "input_image_tokens"), "input_tokens"),
    (("cache_read_input_audio_tokens",), "input_audio_tokens"),
    (("cache_read_input_audio_tokens",), "cache_read_input_tokens"),
    (("output_audio_tokens", "output_image_tokens"), "output_tokens"),
)


_NOTHING = len(USAGE_FIELDS)
"""The place of a zero behind the counts, for the second of one part."""


def _placed(parts: tuple[str, ...], whole: str) -> tuple[int, int, int]:
    first, *more = [USAGE_FIELDS.index(part) for part in parts]
    return first, more[0] if more else _NOTHING, USAGE_FIELDS.index(whole)


_PLACED = tuple((_placed(parts, whole), (parts, whole)) for parts, whole in _PARTS)


def check_quantity(value: object, field: str) -> int:
    """A whole number from 0 to 10^12.

    Raises:
        InvalidInput: anything else; booleans and fractions too.
    """
    if type(value) is int and 0 <= value <= MAX_QUANTITY:  # nearly every one, and every call has two dozen
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput(f"{field} is not a whole number.", field=field, hint="Give a count of tokens or requests.")
    if value < 0:
        raise InvalidInput(f"{field} is negative.", field=field, hint="Give 0 when there were none.")
    if value > MAX_QUANTITY:
        raise InvalidInput(f"{field} is above {MAX_QUANTITY:,}.", field=field, hint="Give the count of one call.")
    return value
