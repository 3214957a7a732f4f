"""Paying out: transfers from the balance to recipients."""

import re

from kro_sandbox.core.background import Background
from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import FaultBook, FaultKind
from kro_sandbox.core.options import Options, TransferMode
from kro_sandbox.core.tokens import token
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.errors import ErrorType, PaystackError, missing, not_found
from kro_sandbox.paystack.events import Events
from kro_sandbox.paystack.money import MINIMUM_TRANSFER, read_amount, transfer_fee
from kro_sandbox.paystack.payloads import transfer_event
from kro_sandbox.paystack.recipients import Recipients
from kro_sandbox.paystack.state import PaystackState, Recipient, Transfer, TransferStatus

TRANSFER_FAULTS = frozenset({FaultKind.DECLINE, FaultKind.REVERSED, FaultKind.STUCK, FaultKind.OTP})
TEST_OTP = "123456"
_REFERENCE = re.compile(r"[a-z0-9_-]{16,50}")
_WITH_EVENT = frozenset({TransferStatus.SUCCESS, TransferStatus.FAILED, TransferStatus.REVERSED})
_MONEY_COMES_BACK = frozenset(
    {
        TransferStatus.FAILED,
        TransferStatus.REVERSED,
        TransferStatus.ABANDONED,
        TransferStatus.BLOCKED,
        TransferStatus.REJECTED,
    }
)
_FAULT_OF_ACCOUNT = {
    "9991": FaultKind.DECLINE,
    "9992": FaultKind.REVERSED,
    "9993": FaultKind.STUCK,
    "9994": FaultKind.OTP,
}


class Transfers:
    def __init__(
        self,
        *,
        state: PaystackState,
        clock: Clock,
        faults: FaultBook,
        options: Options,
        background: Background,
        events: Events,
        recipients: Recipients,
    ) -> None:
        self._state = state
        self._clock = clock
        self._faults = faults
        self._options = options
        self._background = background
        self._events = events
        self._recipients = recipients

    def create(self, body: JSONObject) -> Transfer:
        """Take amount and fee from the balance and send the transfer on its way.

        :raises PaystackError: for a used or malformed reference, an unknown recipient, too little balance.
        """
        if body.get("source") != "balance":
            raise PaystackError("Source is invalid: it must be balance")
        amount = read_amount(body)
        currency = body.get("currency") or "NGN"
        if currency != "NGN":
            raise PaystackError("Currency not supported for transfers", code="unsupported_currency")
        if amount < MINIMUM_TRANSFER:
            raise PaystackError("Transfer amount must be at least NGN 100")
        if not body.get("recipient"):
            raise missing("Recipient")
        reference = self._free_reference(body.get("reference"))
        recipient = self._recipients.find(body["recipient"])
        fee = transfer_fee(amount=amount)
        if self._state.account.balances.get(currency, 0) < amount + fee:
            raise PaystackError(
                "Your balance is not enough to fulfill this request",
                code="insufficient_balance",
                kind=ErrorType.API,
                next_step="Top up the balance and try again.",
            )
        transfer = self._new(reference, amount, fee, recipient, body.get("reason"))
        self._state.transfers[reference] = transfer
        self._book(transfer, sign=-1, reason="Transfer")
        self._begin(transfer)
        return transfer

    def verify(self, reference: str) -> Transfer:
        """Find a transfer by reference.

        :raises PaystackError: 404 when there is none.
        """
        transfer = self._state.transfers.get(reference)
        if transfer is None:
            raise not_found("Transfer not found")
        return transfer

    def fetch(self, identifier: str) -> Transfer:
        for transfer in self._state.transfers.values():
            if identifier in (transfer.code, str(transfer.id)):
                return transfer
        raise not_found("Transfer not found")

    def finalize(self, body: JSONObject) -> Transfer:
        """Let a transfer that waits for its one-time code go on.

        :raises PaystackError: when the code or the transfer is not right.
        """
        for name in ("transfer_code", "otp"):
            if not body.get(name):
                raise missing(name)
        transfer = next(
            (known for known in self._state.transfers.values() if known.code == body["transfer_code"]), None
        )
        if transfer is None:
            raise PaystackError("Transfer code is invalid")
        if transfer.status is not TransferStatus.OTP:
            raise PaystackError("Transfer is not currently awaiting OTP")
        if str(body["otp"]) != TEST_OTP:
            raise PaystackError("OTP is invalid")
        transfer.status = TransferStatus.PENDING
        self._go_on(transfer)
        return transfer

    def resend_otp(self, body: JSONObject) -> Transfer:
        transfer = self.fetch(str(body.get("transfer_code")))
        if transfer.status is not TransferStatus.OTP:
            raise PaystackError("Transfer is not currently awaiting OTP")
        return transfer

    def end(self, transfer: Transfer, status: TransferStatus) -> None:
        """Bring a transfer to a status, move the money that status means and tell the merchant.

        A transfer whose money came back stays where it is.
        """
        if transfer.status is status or transfer.status in _MONEY_COMES_BACK:
            return
        transfer.status = status
        transfer.updated_at = self._clock.now()
        if status is TransferStatus.SUCCESS:
            transfer.gateway_response = "Approved or completed successfully"
        if status in _MONEY_COMES_BACK:
            transfer.gateway_response = "Transfer could not be completed"
            self._book(transfer, sign=1, reason=f"Transfer {status}")
        if status in _WITH_EVENT:
            self._events.send(f"transfer.{status}", transfer_event(transfer), reference=transfer.reference)

    def _new(self, reference: str, amount: int, fee: int, recipient: Recipient, reason: str | None) -> Transfer:
        now = self._clock.now()
        return Transfer(
            id=self._state.ids.next(),
            request=self._state.ids.next(),
            code=f"TRF_{token(length=16)}",
            reference=reference,
            amount=amount,
            fee=fee,
            currency="NGN",
            recipient=recipient,
            reason=reason,
            status=TransferStatus.PENDING,
            created_at=now,
            updated_at=now,
        )

    def _begin(self, transfer: Transfer) -> None:
        fault = self._faults.take(vendor="paystack", operations=("transfer",), kinds=TRANSFER_FAULTS)
        kind = fault.kind if fault is not None else _FAULT_OF_ACCOUNT.get(transfer.recipient.account_number[-4:])
        transfer.then = {
            FaultKind.DECLINE: TransferStatus.FAILED,
            FaultKind.REVERSED: TransferStatus.REVERSED,
            FaultKind.STUCK: None,
        }.get(kind or FaultKind.OTP, TransferStatus.SUCCESS)
        if kind is FaultKind.OTP or self._options.transfer_mode is TransferMode.OTP:
            transfer.status = TransferStatus.OTP
        else:
            self._go_on(transfer)

    def _go_on(self, transfer: Transfer) -> None:
        if transfer.then is None:
            return
        if transfer.then is not TransferStatus.FAILED:
            transfer.session_id = f"110006{self._clock.now():%y%m%d%H%M%S}{transfer.id % 10**12:012d}"
        if self._options.transfer_mode is TransferMode.INSTANT:
            self._advance(transfer)
        else:
            self._background.start(lambda: self._arrive(transfer), delay=self._options.transfer_delay)

    async def _arrive(self, transfer: Transfer) -> None:
        self._advance(transfer)

    def _advance(self, transfer: Transfer) -> None:
        """Bring the transfer a step nearer to its end.

        A reversal is a success first: the rail took the money, then gave it back.
        """
        if transfer.then is None:
            return
        if transfer.then is TransferStatus.REVERSED and transfer.status is not TransferStatus.SUCCESS:
            self.end(transfer, TransferStatus.SUCCESS)
            self._background.start(lambda: self._arrive(transfer), delay=self._options.transfer_delay)
        else:
            self.end(transfer, transfer.then)

    def _book(self, transfer: Transfer, *, sign: int, reason: str) -> None:
        self._state.account.move(
            currency=transfer.currency,
            difference=sign * (transfer.amount + transfer.fee),
            reason=reason,
            model="Transfer",
            row=transfer.id,
            reference=transfer.reference,
        )

    def _free_reference(self, wanted: object) -> str:
        if wanted is None or wanted == "":
            return token(length=20)
        if not isinstance(wanted, str) or not _REFERENCE.fullmatch(wanted):
            raise PaystackError(
                "Invalid transfer reference",
                next_step="Use 16 to 50 lowercase letters, digits, - and _ in the reference.",
            )
        if wanted in self._state.transfers:
            raise PaystackError(
                "Please provide a unique reference. Reference already exists on a transfer",
                code="duplicate_reference",
                next_step="Verify the transfer with this reference, or use another one.",
            )
        return wanted
