"""Payments contested at the payer's bank. Payer and bank act through the control API; the merchant may answer."""

from kro_sandbox.core.clock import Clock
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.errors import PaystackError, missing, not_found
from kro_sandbox.paystack.events import Events
from kro_sandbox.paystack.payloads import dispute_body
from kro_sandbox.paystack.state import Dispute, DisputeStatus, PaystackState, Transaction

RESOLUTIONS = ("merchant-accepted", "auto-accepted", "declined")
MERCHANTS_OWN = ("merchant-accepted", "declined")


class Disputes:
    def __init__(self, *, state: PaystackState, clock: Clock, events: Events) -> None:
        self._state = state
        self._clock = clock
        self._events = events

    def open(self, transaction: Transaction, *, amount: int | None = None) -> Dispute:
        """Contest a paid transaction, or a part of it; the amount is withheld until the bank has decided.

        :raises PaystackError: when it was not paid, or for more than it was.
        """
        contested = transaction.amount if amount is None else amount
        if transaction.paid_at is None or not 0 < contested <= transaction.amount:
            raise PaystackError("Only what was paid can be contested")
        now = self._clock.now()
        dispute = Dispute(
            id=self._state.ids.next(),
            transaction=transaction,
            amount=contested,
            status=DisputeStatus.AWAITING_MERCHANT,
            created_at=now,
            updated_at=now,
        )
        self._state.disputes[dispute.id] = dispute
        self._book(dispute, sign=-1, amount=contested, reason="Dispute")
        self._tell(dispute, "create")
        return dispute

    def remind(self, dispute: Dispute) -> None:
        """Remind the merchant of a dispute nobody has answered."""
        self._tell(dispute, "remind")

    def resolve(self, dispute: Dispute, resolution: str, *, amount: int | None = None) -> Dispute:
        """Decide: ``declined`` gives everything back to the merchant, the others all but ``amount``.

        :raises PaystackError: when it is decided already, or the resolution or the amount makes no sense.
        """
        if dispute.status is DisputeStatus.RESOLVED:
            raise PaystackError("Dispute has been resolved")
        if resolution not in RESOLUTIONS:
            raise PaystackError("Resolution is not one of the accepted values")
        kept = 0 if resolution == "declined" else dispute.amount if amount is None else amount
        if not 0 <= kept <= dispute.amount:
            raise PaystackError("Refund amount cannot be more than the disputed amount")
        if dispute.amount > kept:
            self._book(dispute, sign=1, amount=dispute.amount - kept, reason="Dispute resolved")
        now = self._clock.now()
        dispute.status, dispute.resolution = DisputeStatus.RESOLVED, resolution
        dispute.amount = kept or dispute.amount
        dispute.resolved_at = dispute.updated_at = now
        self._tell(dispute, "resolve")
        return dispute

    def answer(self, identifier: str, body: JSONObject) -> Dispute:
        """Resolve as the merchant does, through the API.

        :raises PaystackError: when the dispute is unknown or decided, or the answer incomplete.
        """
        dispute = self.fetch(identifier)
        resolution = str(body.get("resolution") or "")
        if not body.get("message"):
            raise missing("Message")
        if resolution not in MERCHANTS_OWN:
            raise PaystackError("Resolution is not one of the accepted values")
        amount = body.get("refund_amount")
        return self.resolve(dispute, resolution, amount=amount if type(amount) is int else None)

    def fetch(self, identifier: str) -> Dispute:
        """Return a dispute.

        :raises PaystackError: when there is none.
        """
        dispute = self._state.disputes.get(int(identifier)) if identifier.isdigit() else None
        if dispute is None:
            raise not_found("Dispute not found")
        return dispute

    def _tell(self, dispute: Dispute, what: str) -> None:
        body = dispute_body(dispute)
        self._events.send(f"charge.dispute.{what}", body, reference=dispute.transaction.reference)

    def _book(self, dispute: Dispute, *, sign: int, amount: int, reason: str) -> None:
        self._state.account.move(
            currency=dispute.transaction.currency,
            difference=sign * amount,
            reason=reason,
            model="Dispute",
            row=dispute.id,
            reference=dispute.transaction.reference,
        )
