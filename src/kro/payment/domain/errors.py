"""Why payments and payouts refuse: every class is one stable public code."""

from __future__ import annotations

from kro.core.errors import ErrorKind, KroError


class PaymentNotFoundError(KroError):
    """There is no such payment."""

    kind = ErrorKind.NOT_FOUND
    code = "payment_not_found"


class PayoutNotFoundError(KroError):
    """There is no such payout."""

    kind = ErrorKind.NOT_FOUND
    code = "payout_not_found"


class WebhookNotFoundError(KroError):
    """There is no such webhook."""

    kind = ErrorKind.NOT_FOUND
    code = "webhook_not_found"


class WebhookBodyGoneError(KroError):
    """What was sent with this event is no longer kept; its digest, what it was about and what came of it are."""

    kind = ErrorKind.GONE
    code = "webhook_body_gone"


class ProviderNotFoundError(KroError):
    """No such provider is configured."""

    kind = ErrorKind.NOT_FOUND
    code = "provider_not_found"


class UnknownProviderError(KroError):
    """No provider sends its events to this address."""

    kind = ErrorKind.NOT_FOUND
    code = "unknown_provider"


class AccountCoolingError(KroError):
    """Money cannot go to this bank account yet; a new account has to wait first."""

    code = "bank_account_cooling"


class PayoutVelocityError(KroError):
    """There were too many payouts in a short time; try again later."""

    kind = ErrorKind.RATE_LIMITED
    code = "payout_velocity_exceeded"


class DebtOutstandingError(KroError):
    """Nothing can be paid out while money is owed to the platform."""

    code = "debt_outstanding"


class OwnPayoutError(KroError):
    """Nobody decides about a payout of their own."""

    kind = ErrorKind.FORBIDDEN
    code = "own_payout"


class ResolutionNotFoundError(KroError):
    """There is no such proposal for this payout."""

    kind = ErrorKind.NOT_FOUND
    code = "payout_resolution_not_found"


class ResolutionOpenError(KroError):
    """Somebody has already proposed how this payout ended; confirm or dismiss that first."""

    code = "payout_resolution_open"


class SecondPersonError(KroError):
    """What one person proposed another one has to confirm."""

    kind = ErrorKind.FORBIDDEN
    code = "second_person_needed"


class OutcomeNotPossibleError(KroError):
    """The payout cannot have ended like this, or it is too early to say."""

    code = "payout_outcome_not_possible"


class PayoutStateError(KroError):
    """The payout's status does not allow this."""

    code = "payout_illegal_transition"

    def __init__(self, status: str) -> None:
        super().__init__(f"A payout that is {status.replace('_', ' ')} does not allow this.")
        self.status = status


class ApprovalMismatchError(KroError):
    """What was approved is not what would be paid; read the payout again."""

    code = "approval_mismatch"


class AlreadyApprovedError(KroError):
    """This admin has approved the payout already; another one has to."""

    code = "payout_already_approved"


class PayoutBlockedError(KroError):
    """The payout may not leave at the moment."""

    code = "payout_blocked"
