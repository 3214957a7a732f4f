from __future__ import annotations

from kro.core.errors import ErrorKind, KroError


class WrongCodeError(KroError):
    """The code is wrong."""

    kind = ErrorKind.INVALID
    code = "otp_incorrect"
    leaves_key_free = True


class ChallengeEndedError(KroError):
    """The code has expired, was used or replaced, or was tried too often; ask for a new one."""

    kind = ErrorKind.GONE
    code = "otp_expired"
