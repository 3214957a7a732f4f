"""Money as integers in minor units, with its currency always beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from kro.core.errors import ErrorKind, KroError

MAX_AMOUNT_MINOR: Final = 2**53 - 1
"""The largest integer every JSON client holds exactly; about 90 trillion naira in kobo."""

BASIS_POINTS: Final = 10_000

_ZERO_DECIMALS = ("JPY", "XOF", "XAF", "UGX", "RWF", "GNF", "KMF", "DJF", "VND", "KRW", "CLP", "PYG")
_TWO_DECIMALS = ("NGN", "GHS", "KES", "ZAR", "USD", "EUR", "GBP", "EGP", "MAD", "TZS")
_THREE_DECIMALS = ("KWD", "BHD", "OMR", "JOD", "TND", "IQD", "LYD")
EXPONENTS: Final[dict[str, int]] = {
    **dict.fromkeys(_ZERO_DECIMALS, 0),
    **dict.fromkeys(_TWO_DECIMALS, 2),
    **dict.fromkeys(_THREE_DECIMALS, 3),
}


class UnknownCurrencyError(KroError):
    """The currency is not enabled."""

    kind = ErrorKind.INVALID
    code = "unknown_currency"


class CurrencyMismatchError(KroError):
    """Amounts of different currencies cannot be combined."""

    kind = ErrorKind.CONFLICT
    code = "currency_mismatch"


class AmountOutOfRangeError(KroError):
    """The amount is not a whole number of minor units in the allowed range."""

    kind = ErrorKind.INVALID
    code = "amount_out_of_range"


def exponent(currency: str) -> int:
    """Return how many decimals a currency has (ISO 4217).

    :raises UnknownCurrencyError: never guesses a default for a currency that is not listed.
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrencyError(f"{currency!r} is not an enabled currency.") from None


@dataclass(frozen=True, slots=True)
class Money:
    """A signed whole number of minor units (kobo for NGN) in one currency.

    Arithmetic and comparison across currencies raise; results outside the safe JSON range raise.
    """

    amount: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)
        if type(self.amount) is not int or abs(self.amount) > MAX_AMOUNT_MINOR:
            raise AmountOutOfRangeError

    @classmethod
    def from_major(cls, text: str, currency: str) -> Money:
        """Read a decimal string in major units (``"1500.50"``).

        :raises AmountOutOfRangeError: if it is not a number or has more decimals than the currency.
        """
        try:
            minor = Decimal(text).scaleb(exponent(currency))
        except InvalidOperation:
            raise AmountOutOfRangeError from None
        if not minor.is_finite() or minor != minor.to_integral_value():
            raise AmountOutOfRangeError
        return cls(int(minor), currency)

    def to_major(self) -> str:
        """Return the decimal string in major units, with exactly the currency's decimals."""
        digits = exponent(self.currency)
        return f"{Decimal(self.amount).scaleb(-digits):.{digits}f}"

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatchError(f"{other.currency} cannot be combined with {self.currency}.")
        return other.amount


def round_half_up(numerator: int, denominator: int) -> int:
    """Divide and round to the nearest integer, ties away from zero: the rounding of fees and VAT."""
    if denominator <= 0:
        raise ValueError("denominator must be positive")
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return quotient if numerator >= 0 else -quotient


def share(amount: int, rate_bps: int) -> int:
    """Return ``rate_bps`` basis points of an amount in minor units, rounded half up."""
    return round_half_up(amount * rate_bps, BASIS_POINTS)


def allocate(whole: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split a non-negative amount by weights so that the parts sum exactly to the whole.

    Largest remainder: each part is floored, and the minor units left over go to the largest remainders, earlier
    weights first. The caller fixes the order of the weights (by id) so that a rerun gives the same split.
    """
    total = sum(weights)
    if whole < 0 or total <= 0 or min(weights) < 0:
        raise ValueError("an allocation needs a non-negative whole and weights with a positive sum")
    parts = [whole * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % total), i))
    for i in by_remainder[: whole - sum(parts)]:
        parts[i] += 1
    return tuple(parts)
