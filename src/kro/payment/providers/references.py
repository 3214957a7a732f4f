"""References we give to providers: one form that every provider accepts for payments and transfers alike."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from kro.payment.providers.errors import InvalidReferenceError

# Paystack takes letters, digits and "-.=" for payments, but 16 to 50 of "a-z0-9-_" for transfers; their common
# ground is the usual lower-case form of a UUID.
_REFERENCE: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def provider_reference_for(attempt_id: UUID) -> str:
    """Return the reference of a payment or transfer attempt: its id as lower-case hexadecimal with hyphens."""
    return str(attempt_id)


def is_own_reference(reference: str) -> bool:
    """Say whether a reference has the form of ours."""
    return _REFERENCE.fullmatch(reference) is not None


def ensure_own_reference(reference: str) -> str:
    """Return the reference if it is one of ours.

    :raises InvalidReferenceError: otherwise, before anything is sent.
    """
    if not is_own_reference(reference):
        raise InvalidReferenceError
    return reference
