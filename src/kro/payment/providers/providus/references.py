"""Our references as the bank takes them.

It publishes no limit; its samples are 14 to 21 letters and digits, and 30 is taken for the most. A UUID written with 36
digits of the Latin alphabet has 25 of them, always, and reads back.
"""

from __future__ import annotations

import string
from enum import StrEnum
from typing import Final
from uuid import UUID

from kro.payment.providers.references import ensure_own_reference

_DIGITS: Final = string.digits + string.ascii_uppercase
_LENGTH: Final = 25
_UUID_RANGE: Final = 2**128


class Rail(StrEnum):
    """The way a transfer takes, each with a status call of its own."""

    INTERBANK = "N"
    WITHIN_THE_BANK = "P"


def to_wire(reference: str) -> str:
    """Return one of our references in the bank's form.

    :raises InvalidReferenceError: if it is not one of ours.
    """
    number = UUID(ensure_own_reference(reference)).int
    digits: list[str] = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def from_wire(written: str) -> str | None:
    """Return our reference that the bank names, in whatever case; ``None`` if it is not one of ours."""
    if len(written) != _LENGTH or not (written.isascii() and written.isalnum()):
        return None
    number = int(written, len(_DIGITS))
    return str(UUID(int=number)) if number < _UUID_RANGE else None


def transfer_to_wire(reference: str, *, rail: Rail) -> str:
    """Return the reference of a transfer on one of the rails.

    A transfer is asked for on both, since only its reference is known by then. The rail in it keeps the call for the
    one from answering with what it holds of the other, such as the debit of a transfer whose credit is pending.

    :raises InvalidReferenceError: if it is not one of ours.
    """
    return f"{to_wire(reference)}{rail}"


def transfer_from_wire(written: str) -> str | None:
    """Return our reference of a transfer that the bank names; ``None`` if it is not one of ours."""
    return from_wire(written[:-1]) if written[-1:].upper() in set(Rail) else None


def split_status_reference(written: str) -> tuple[str, str | None]:
    """Split what a status answer calls its reference: the one that was sent, ``|``, the interbank session."""
    reference, _, session_id = written.partition("|")
    return reference.strip(), session_id.strip() or None
