"""Recovery codes: ten in a set, 80 random bits each, kept as keyed hashes bound to their owner. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final
from uuid import UUID

from kro.core.auth.randomness import Randomness

CODES_IN_A_SET: Final = 10
_BYTES: Final = 10
_GROUP: Final = 4
# The letters and digits that people take for one another; base32 has only the first of each pair.
_LOOKALIKES: Final = str.maketrans("018", "OIB", " -")


def draw_codes(randomness: Randomness) -> tuple[str, ...]:
    """Return a new set in the form people write down: ``ABCD-EFGH-IJKL-MNOP``."""
    texts = (base64.b32encode(randomness.token(_BYTES)).decode() for _ in range(CODES_IN_A_SET))
    return tuple("-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP)) for text in texts)


def recovery_mac(code: str, *, key: bytes, owner_id: UUID) -> bytes:
    """Return what a code is kept as and found by, however it is typed."""
    plain = code.upper().translate(_LOOKALIKES)
    return hmac.digest(key, "\n".join(("recovery", str(owner_id), plain)).encode(), hashlib.sha256)


def draw_secret(randomness: Randomness) -> str:
    """Return a new secret of 160 bits in base32, as authenticators take it (RFC 4226, section 4)."""
    return base64.b32encode(randomness.token(20)).decode()
