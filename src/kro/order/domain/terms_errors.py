"""Why terms cannot change: every class is one stable public code."""

from __future__ import annotations

from kro.core.errors import ErrorKind, KroError


class TooManyVersionsError(KroError):
    """The terms have been rewritten as often as they can be; accept or decline them."""

    code = "too_many_versions"


class TermsUnchangedError(KroError):
    """These are the terms as they stand."""

    code = "terms_unchanged"


class MilestonesAbovePriceError(KroError):
    """The milestones that are still open would be more than what is left of the price."""

    code = "milestones_above_price"


class AmendmentNotFoundError(KroError):
    """There is no such amendment on the table."""

    kind = ErrorKind.NOT_FOUND
    code = "amendment_not_found"


class AmendmentOpenError(KroError):
    """An amendment is on the table already; it has to be answered or withdrawn first."""

    code = "amendment_open"


class AmendmentExpiredError(KroError):
    """The amendment has run out; ask for a new one."""

    code = "amendment_expired"


class AmendmentAfterReleaseError(KroError):
    """The price cannot change any more: a part of it was released or refunded already."""

    code = "amendment_after_release"


class DeliveryPassedError(KroError):
    """With this delivery time the order would be overdue at once."""

    code = "delivery_time_passed"
