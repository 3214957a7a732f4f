"""One-time codes as values: how they are kept, compared and sealed for sending. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from enum import StrEnum
from typing import Final
from uuid import UUID

CODE_DIGITS: Final = 6
_CODE: Final = re.compile(r"[0-9]{6}")


class Purpose(StrEnum):
    REGISTER = "register"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a purpose
    CONTACT_NEW = "contact_new"
    CONTACT_OLD = "contact_old"


def mac_of(code: str, *, key: bytes, purpose: Purpose, target: str, challenge_id: UUID) -> bytes:
    """Return the keyed hash a code is kept as, bound to what it is for, the number or address, and its challenge.

    A million codes are hashed in a second, so a plain hash would hide nothing: the key does.
    """
    message = "\n".join(("otp", purpose, target, str(challenge_id), code)).encode()
    return hmac.digest(key, message, hashlib.sha256)


def is_right(code: str, *, mac: bytes, key: bytes, purpose: Purpose, target: str, challenge_id: UUID) -> bool:
    """Compare a code in constant time; spaces are ignored, other scripts' digits are not digits."""
    digits = code.replace(" ", "")
    expected = mac_of(digits, key=key, purpose=purpose, target=target, challenge_id=challenge_id)
    return _CODE.fullmatch(digits) is not None and hmac.compare_digest(expected, mac)
