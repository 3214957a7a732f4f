"""What the transfer API's response codes mean for the money, each with where that is known from.

Three classes are closed: nothing that is not listed as a success, a failure or a duplicate is anything but unknown, and
neither is a code whose meaning is in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Meaning(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """No money moved."""
    DUPLICATE = "duplicate"
    """The bank has this reference already: what became of it is to be asked."""
    UNKNOWN = "unknown"
    """To be asked again, never to be sent under a new reference."""


class Source(StrEnum):
    BANK = "developer.providusbank.com/transfer-services"
    CLIENT = "brokeyourbike/providusbank-api-client-go"
    INTEGRATOR = "tingodev/providusNip, src/ResponseCode.php"
    PUBLIC_TABLE = "gist tomideo3/36bbd7d8dd6295c26813938b3f9e30ad"
    WORDING = "the code's wording; no table that says so was found"


@dataclass(frozen=True, slots=True)
class Code:
    meaning: Meaning
    source: Source
    says: str = ""


def _failed(source: Source, **codes: str) -> dict[str, Code]:
    return {name.removeprefix("c"): Code(Meaning.FAILED, source, says) for name, says in codes.items()}


CODES: Final[dict[str, Code]] = {
    "00": Code(Meaning.SUCCEEDED, Source.BANK, "approved or completed"),
    "7709": Code(Meaning.DUPLICATE, Source.BANK, "transaction reference exists"),
    **_failed(Source.BANK, c32="not successful"),
    **_failed(
        Source.INTEGRATOR,
        c03="invalid sender",
        c05="do not honour",
        c07="invalid account",
        c08="account name mismatch",
        c13="invalid amount",
        c16="unknown bank",
        c21="no action taken",
        c26="duplicate record",
        c30="format error",
        c57="not permitted to sender",
        c58="not permitted on channel",
        c61="transfer limit exceeded",
        c63="security violation",
        c65="exceeds withdrawal frequency",
        c91="beneficiary bank not available",
        c92="routing error",
        c94="duplicate transaction",
    ),
    **_failed(
        Source.CLIENT,
        c7701="debit account invalid",
        c8005="method not allowed",
        c8888="credit not permitted",
        c505="service unavailable",
    ),
    **_failed(
        Source.WORDING,
        c7702="credit account invalid",
        c7703="credit account dormant",
        c7704="insufficient balance",
        c7708="currency mismatch",
    ),
    # Listed so that it is seen that they were thought of; whatever is missing here is unknown as well.
    **{
        name: Code(Meaning.UNKNOWN, Source.PUBLIC_TABLE)
        for name in (
            *("01", "06", "09", "11", "12", "14", "15", "17", "18", "25", "31", "34", "35", "36", "51", "68"),
            *("69", "70", "96", "97", "909", "919", "999", "9999", "8003", "8004", "7706"),
        )
    },
    "8803": Code(Meaning.UNKNOWN, Source.BANK, "no connection"),
}

NO_SUCH_TRANSFER: Final = "01"
INSUFFICIENT_BALANCE: Final = "7704"
REVERSED: Final = frozenset({"31"})
"""The money came back, when a status says so: a transfer's own answer cannot mean that."""
DOUBTED: Final = frozenset({"91"})
"""Failures by the integrator's table that the bank's own matrix, which is not public, may see otherwise."""
# A second call under a used reference might be told so by the interbank switch instead of the bank.
_MAYBE_OURS: Final = frozenset({"26", "94"})


@dataclass(frozen=True, slots=True)
class ResponseCodes:
    """The table, as the operators have it: ``doubted`` codes are unknown, ``reversed`` ones say that money came back.

    Both exist to be changed once the bank's own matrix is at hand.
    """

    doubted: frozenset[str] = DOUBTED
    reversed: frozenset[str] = REVERSED

    def when_sent(self, code: str) -> Meaning:
        """Say what a code means as the answer to a transfer."""
        return Meaning.DUPLICATE if code in _MAYBE_OURS else self.when_asked(code)

    def when_asked(self, code: str) -> Meaning:
        """Say what a code means as the status of a transfer."""
        known = CODES.get(code)
        return Meaning.UNKNOWN if known is None or code in self.doubted else known.meaning
