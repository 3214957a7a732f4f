"""Why an order refuses: every class is one stable public code."""

from __future__ import annotations

from kro.core.errors import ErrorKind, KroError, ValidationFailedError
from kro.order.database.words import Command, OrderStatus


class OrderNotFoundError(KroError):
    """There is no such order."""

    kind = ErrorKind.NOT_FOUND
    code = "order_not_found"


class ConditionNotFoundError(KroError):
    """The order has no such condition."""

    kind = ErrorKind.NOT_FOUND
    code = "condition_not_found"


class EvidenceNotFoundError(KroError):
    """The order has no such evidence."""

    kind = ErrorKind.NOT_FOUND
    code = "evidence_not_found"


class IllegalTransitionError(KroError):
    """The order's status does not allow this."""

    code = "order_illegal_transition"

    def __init__(self, status: OrderStatus, command: Command) -> None:
        super().__init__(f"An order that is {status.replace('_', ' ')} does not allow {command.replace('_', ' ')}.")
        self.status = status
        self.command = command


class WrongPartyError(KroError):
    """This is for somebody else to do."""

    code = "order_wrong_party"


class RefundAboveHeldError(KroError):
    """The order does not hold that much any more."""

    code = "refund_above_held"


class RefundLeavesTooLittleError(KroError):
    """What the order would still hold does not cover its fees; give everything back, or less."""

    code = "refund_leaves_too_little"


class ReleaseTooSmallError(KroError):
    """The fees of so small a part leave nothing for the seller; release more."""

    code = "release_too_small"


class ReleaseLeavesTooLittleError(KroError):
    """What the order would still hold does not cover its fees; approve it, or release less."""

    code = "release_leaves_too_little"


class OrderOnHoldError(KroError):
    """The order is on hold; nothing may move until the hold is lifted."""

    code = "order_on_hold"


class StaleTermsError(KroError):
    """The terms have changed since they were shown; read them again before accepting."""

    code = "order_stale_terms"


class SellerNotVerifiedError(KroError):
    """The seller has no verified identity yet."""

    code = "seller_not_verified"


class QuoteExpiredError(KroError):
    """The fee quote has expired or does not fit this order; ask for a new one."""

    code = "fee_quote_stale"


class PaymentInProgressError(KroError):
    """A payment for this order is being processed; wait for its outcome."""

    code = "payment_in_progress"
    retryable = False


class ConditionClosedError(KroError):
    """The condition is not open for this."""

    code = "condition_not_open"


class ConditionsUnmetError(KroError):
    """Required conditions are not fulfilled yet."""

    code = "conditions_unmet"

    def __init__(self, titles: tuple[str, ...]) -> None:
        super().__init__(f"Not fulfilled yet: {', '.join(titles)}.")
        self.titles = titles


class NotOverdueError(KroError):
    """The delivery time and its grace period have not passed yet."""

    code = "order_not_overdue"


class InspectionOverError(KroError):
    """The inspection period is over."""

    code = "inspection_over"


class NoRevisionsLeftError(KroError):
    """The terms allow no more changes."""

    code = "no_revisions_left"


class ExtensionUsedError(KroError):
    """The buyer can extend the inspection once; ask the seller for more time."""

    code = "extension_used"


class ExtensionTooLongError(KroError):
    """The inspection cannot be extended that far."""

    code = "extension_too_long"

    def __init__(self, limit_hours: int) -> None:
        super().__init__(f"The inspection can be extended by at most {limit_hours} hours now.")
        self.limit_hours = limit_hours


class CounterpartyNotFoundError(ValidationFailedError):
    """Nobody with this number takes orders from you."""

    code = "counterparty_not_found"

    def __init__(self) -> None:
        super().__init__("/counterparty_phone", "not_available", "Nobody with this number takes orders from you.")


class SamePartyError(ValidationFailedError):
    """An order needs two different people."""

    code = "same_party"

    def __init__(self) -> None:
        super().__init__("/counterparty_phone", "same_party", "An order needs two different people.")


class UnknownTemplateError(ValidationFailedError):
    """There is no such condition template."""

    code = "unknown_template"

    def __init__(self, pointer: str) -> None:
        super().__init__(pointer, "unknown_template", "There is no such template or condition in it.")


class NoConditionsError(ValidationFailedError):
    """An order needs at least one required condition."""

    code = "no_conditions"

    def __init__(self) -> None:
        super().__init__("/conditions", "no_conditions", "An order needs at least one required condition.")


class EvidenceRequiredError(ValidationFailedError):
    """This condition needs evidence."""

    code = "evidence_required"

    def __init__(self) -> None:
        super().__init__("/evidence_ids", "evidence_required", "This condition needs at least one piece of evidence.")


class UploadNotFoundError(KroError):
    """You have begun no such upload for this order."""

    kind = ErrorKind.NOT_FOUND
    code = "upload_not_found"


class UploadNotArrivedError(KroError):
    """The file has not arrived yet; upload it to the link first."""

    code = "upload_not_arrived"
    retryable = True


class UploadExpiredError(KroError):
    """The time for this upload is over; begin a new one."""

    kind = ErrorKind.GONE
    code = "upload_expired"


class FileTooLargeError(KroError):
    """The file is larger than files may be."""

    kind = ErrorKind.TOO_LARGE
    code = "file_too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"A file can have at most {limit_bytes} bytes.")
        self.limit_bytes = limit_bytes


class TooManyFilesError(KroError):
    """The order has as many files as an order can have."""

    code = "too_many_files"

    def __init__(self, limit: int) -> None:
        super().__init__(f"An order can have at most {limit} files.")
        self.limit = limit


class TooManyUploadsError(KroError):
    """You have begun as many uploads as one can; complete some of them first."""

    code = "too_many_uploads"
    leaves_key_free = True

    def __init__(self, limit: int) -> None:
        super().__init__(f"At most {limit} uploads can be under way; complete some of them first.")
        self.limit = limit
