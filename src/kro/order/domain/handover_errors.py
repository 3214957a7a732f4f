"""Why a handover code or a rider's link refuses: every class is one stable public code."""

from __future__ import annotations

from kro.core.errors import ErrorKind, FieldError, KroError


class NoHandoverCodeError(KroError):
    """There is no handover code that could be entered; the buyer can ask for one if the terms have it."""

    code = "no_handover_code"
    leaves_key_free = True


class WrongHandoverCodeError(KroError):
    """The handover code is wrong."""

    kind = ErrorKind.INVALID
    code = "wrong_code"
    leaves_key_free = True

    def __init__(self, tries_left: int) -> None:
        detail = f"The code is wrong; {tries_left} more tries are left."
        super().__init__(detail, errors=(FieldError("/code", "wrong_code", detail),))
        self.tries_left = tries_left


class HandoverCodeLockedError(KroError):
    """The code was tried too often; the buyer has to ask for a new one."""

    code = "handover_code_locked"
    leaves_key_free = True


class RiderLinkNotFoundError(KroError):
    """The order has no rider's link that is open."""

    kind = ErrorKind.NOT_FOUND
    code = "rider_link_not_found"


class RiderLinkEndedError(KroError):
    """The link is unknown, has ended or was taken back."""

    kind = ErrorKind.GONE
    code = "rider_link_ended"
