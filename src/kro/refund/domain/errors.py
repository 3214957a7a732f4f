"""Why refunds refuse: every class is one stable public code."""

from __future__ import annotations

from kro.core.errors import ErrorKind, KroError


class RefundNotFoundError(KroError):
    """There is no such refund."""

    kind = ErrorKind.NOT_FOUND
    code = "refund_not_found"


class NotRefundableError(KroError):
    """Less than this amount of the payment may still go back to its source."""

    code = "not_refundable"

    def __init__(self, refundable_minor: int) -> None:
        super().__init__(f"At most {refundable_minor} minor units of this payment may still go back to its source.")
        self.refundable_minor = refundable_minor


class RefundNotOfferedError(KroError):
    """The provider of this payment sends nothing back to where it came from; ask for a payout instead."""

    code = "refund_to_source_not_offered"


class DebtOutstandingError(KroError):
    """Money cannot leave this balance while it owes some."""

    code = "debt_outstanding"


class RefundStateError(KroError):
    """The refund's status does not allow this."""

    code = "refund_illegal_transition"

    def __init__(self, status: str) -> None:
        super().__init__(f"A refund that is {status} does not allow this.")
        self.status = status


class RefundApprovalMismatchError(KroError):
    """What was approved is not what would be refunded; read the refund again."""

    code = "refund_approval_mismatch"


class RefundAlreadyApprovedError(KroError):
    """This admin has agreed already; another one has to."""

    code = "refund_already_approved"


class OwnRefundError(KroError):
    """Nobody approves what they asked for themselves or what goes to them."""

    kind = ErrorKind.FORBIDDEN
    code = "own_refund"


class RefundBlockedError(KroError):
    """The refund may not leave at the moment."""

    code = "refund_blocked"


class RefundNotUnclearError(KroError):
    """Only a refund whose provider cannot be asked any more, a day after it was sent, is resolved by people."""

    code = "refund_not_unclear"
