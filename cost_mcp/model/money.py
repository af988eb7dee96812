"""US dollars, exactly: ``Decimal`` in Python, whole nano-dollars in storage, plain decimal text in JSON."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from cost_mcp.errors import InvalidInput

NANOS_PER_USD = 1_000_000_000
MAX_CALL_USD = Decimal(1_000_000)
"""The largest cost one call may have: 9,000 of them fit a 64-bit sum, so no single report can break the totals."""

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_NANO = Decimal("1e-9")
_NANOS = Decimal(NANOS_PER_USD)
_times = _WIDE.multiply
_CENT = 10_000_000
_HALF_CENT = _CENT // 2


def usd(nanos: int) -> Decimal:
    """Dollars for whole nano-dollars, exact at nine decimals."""
    return _times(Decimal(nanos), _NANO)


def nanos(amount: Decimal) -> int:
    """Whole nano-dollars for an amount in dollars, rounded half to even."""
    return round(_times(amount, _NANOS))  # to the even of two neighbours


def usd_text(amount: Decimal) -> str:
    """Plain decimal text: no exponent, no trailing zeros, ``0`` for nothing. The JSON form of every ``_usd`` field."""
    if not amount:
        return "0"
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def nanos_text(nanos: int) -> str:
    """``usd_text`` for whole nano-dollars: for rows by the million, which have no time for a ``Decimal`` each."""
    whole, rest = divmod(abs(nanos), NANOS_PER_USD)
    text = f"{whole}.{rest:09}".rstrip("0") if rest else str(whole)
    return f"-{text}" if nanos < 0 else text


def parse_usd(value: object, field: str, *, maximum: Decimal = MAX_CALL_USD) -> Decimal:
    """An amount given from outside (text, int or Decimal; a float only through its shortest text).

    Raises:
        InvalidInput: not a number, NaN, infinite, negative, above ``maximum``.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise InvalidInput(f"{field} is not an amount of money.", field=field, hint='Give US dollars as text: "0.0125".')
    try:
        amount = Decimal(value if isinstance(value, int | Decimal) else str(value).strip())
    except (InvalidOperation, ValueError):
        raise InvalidInput(
            f"{field} is not an amount of money.", field=field, hint='Give US dollars as text: "0.0125".'
        ) from None
    spent = field != "limit"
    if not amount.is_finite():
        hint = "Leave it out when the cost is not known." if spent else "Give an amount that can be reached, such as 10."
        raise InvalidInput(f"{field} is not finite.", field=field, hint=hint)
    if amount < 0:
        hint = "Give what was spent, as a positive amount." if spent else "Give what may be spent, as a positive amount."
        raise InvalidInput(f"{field} is negative.", field=field, hint=hint)
    if amount > maximum:
        raise InvalidInput(
            f"{field} is above the largest amount accepted ({maximum:,f} USD).", field=field, hint="Check its unit: US dollars."
        )
    return amount


def display_usd(amount: Decimal) -> str:
    """Dollars for people: ``$0.00`` for nothing, two decimals from a cent up, two significant digits below a cent."""
    whole = abs(nanos(amount))
    sign = "-" if amount < 0 and whole else ""
    if whole == 0 or whole >= _CENT:
        cents, rest = divmod(whole, _CENT)
        cents += rest > _HALF_CENT or (rest == _HALF_CENT and cents % 2)  # half to even
        return f"{sign}${cents // 100:,}.{cents % 100:02}"
    digits = 9 - len(str(whole)) + 2
    return f"{sign}${usd_text(usd(whole).quantize(Decimal(1).scaleb(-min(digits, 9)), rounding=ROUND_HALF_EVEN))}"


def display_left(amount: Decimal) -> str:
    """What is left, for people: as ``display_usd``, but rounded down, so that what it says can be spent."""
    whole = max(0, nanos(amount))
    step = Decimal("0.01") if whole >= _CENT else Decimal(1).scaleb(max(-9, len(str(whole)) - 11))
    return display_usd(usd(whole).quantize(step, rounding=ROUND_DOWN))
