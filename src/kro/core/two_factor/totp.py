"""Time-based one-time passwords (RFC 6238): SHA-1, 6 digits, 30 seconds, which is all that authenticators agree on."""

from __future__ import annotations

import hmac
import re
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from kro.core.decisions import Update

if TYPE_CHECKING:
    from pyotp import TOTP

STEP_SECONDS: Final = 30
_WINDOW: Final = (0, -1, 1)
_CODE: Final = re.compile(r"[0-9]{6}")


def matching_step(*, secret: str, code: str, now: datetime) -> int | None:
    """Return the time step a code belongs to, looking at the present one and its two neighbors; ``None`` if wrong.

    A code stays right for about 90 seconds, so the step must also be spent: see :func:`spend_step`.
    """
    digits = code.replace(" ", "")
    if not _CODE.fullmatch(digits):
        return None
    generator = _generator(secret)
    present = int(now.timestamp()) // STEP_SECONDS
    found = None
    for offset in _WINDOW:
        step = present + offset
        if step >= 0 and hmac.compare_digest(generator.generate_otp(step), digits) and found is None:
            found = step
    return found


def spend_step(*, admin_id: UUID, step: int) -> Update:
    """Return the write that uses a code up, to stand in the same decision as what the code allows.

    It loses the race when that step or a later one was already spent (RFC 6238 section 5.2).
    """
    return Update(table="two_factor_admin", id=admin_id, version=0, changes={"last_used_step": step})


def provisioning_uri(*, secret: str, account: str, issuer: str = "KRO Admin") -> str:
    """Return the ``otpauth://`` address an authenticator reads from a QR code."""
    return _generator(secret).provisioning_uri(name=account, issuer_name=issuer)


def _generator(secret: str) -> TOTP:
    from pyotp import TOTP  # noqa: PLC0415 - a server is ready without it

    return TOTP(secret)
