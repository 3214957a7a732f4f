"""Why identity checks refuse: every class is one stable public code."""

from __future__ import annotations

from kro.core.errors import ErrorKind, KroError


class IdentityCheckOpenError(KroError):
    """An identity check is under way already; wait for its outcome."""

    code = "identity_check_open"


class IdentityVerifiedError(KroError):
    """This kind of number has been verified already."""

    code = "identity_already_verified"


class IdentityAttemptsError(KroError):
    """Too many numbers could not be confirmed; contact support."""

    code = "identity_attempts_exhausted"


class ConsentOutdatedError(KroError):
    """The consent text has changed; show the present one and ask again."""

    code = "consent_outdated"


class IdentityCheckNotFoundError(KroError):
    """There is no such identity check."""

    kind = ErrorKind.NOT_FOUND
    code = "identity_check_not_found"


class IdentityCheckDecidedError(KroError):
    """This identity check does not wait for a decision."""

    code = "identity_check_decided"


class IdentityNumberInUseError(KroError):
    """Another account was verified with this number; it cannot serve a second one."""

    code = "identity_number_in_use"


class OwnIdentityError(KroError):
    """Nobody decides about their own identity."""

    kind = ErrorKind.FORBIDDEN
    code = "own_identity"


class UnknownUserError(KroError):
    """There is no such user."""

    kind = ErrorKind.NOT_FOUND
    code = "user_not_found"


class TierUnchangedError(KroError):
    """The user has this tier already."""

    code = "tier_unchanged"
