"""Why a disagreement, its settlement or a hold refuses: every class is one stable public code."""

from __future__ import annotations

from kro.core.errors import ErrorKind, KroError


class IssueNotFoundError(KroError):
    """The order has no such issue that is open."""

    kind = ErrorKind.NOT_FOUND
    code = "issue_not_found"


class SplitTooSmallError(KroError):
    """The fees of so small a part leave nothing for the seller; give the seller more, or nothing."""

    code = "split_too_small"


class SplitAboveHeldError(KroError):
    """The order does not hold that much any more."""

    code = "split_above_held"


class AlreadyAnsweredError(KroError):
    """The issue has been answered already."""

    code = "issue_answered"


class OfferNotFoundError(KroError):
    """There is no such offer on the table."""

    kind = ErrorKind.NOT_FOUND
    code = "offer_not_found"


class OfferExpiredError(KroError):
    """The offer has run out; ask for a new one."""

    code = "offer_expired"


class EvidenceClosedError(KroError):
    """The time to hand in evidence is over."""

    code = "evidence_closed"


class EvidenceOpenError(KroError):
    """The parties may still hand in evidence; decide when that time is over."""

    code = "evidence_open"


class NotAssignedError(KroError):
    """This dispute is not assigned to you."""

    kind = ErrorKind.FORBIDDEN
    code = "dispute_not_assigned"


class NotDecidableError(KroError):
    """There is nothing to decide about this dispute now."""

    code = "dispute_not_decidable"


class ConflictOfInterestError(KroError):
    """Nobody decides about people they are related to."""

    kind = ErrorKind.FORBIDDEN
    code = "conflict_of_interest"


class SameReviewerError(KroError):
    """Who took part in the first decision takes none in the second."""

    kind = ErrorKind.FORBIDDEN
    code = "same_reviewer"


class SecondAdminNeededError(KroError):
    """One admin may not decide about that much; propose the decision to a second one."""

    code = "second_admin_needed"


class NotAppealableError(KroError):
    """There is no decision to appeal now."""

    code = "not_appealable"


class HoldPlacedError(KroError):
    """Compliance holds this order already."""

    code = "hold_placed"


class NoHoldError(KroError):
    """Compliance does not hold this order."""

    code = "no_hold"


class ReviewerNotFoundError(KroError):
    """There is no active admin of that name who may decide disputes."""

    kind = ErrorKind.NOT_FOUND
    code = "reviewer_not_found"


class DisputeTakenError(KroError):
    """Another admin has this dispute; who may assign disputes can give it to you."""

    code = "dispute_taken"


class HoldNotFoundError(KroError):
    """There is no such hold."""

    kind = ErrorKind.NOT_FOUND
    code = "hold_not_found"
