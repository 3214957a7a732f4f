"""Paying out: from the wallet to bank accounts, of which some fail, stick or are found late."""

import re

from kro_sandbox.core.background import Background
from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import FaultBook, FaultKind
from kro_sandbox.core.naira import read_naira
from kro_sandbox.core.options import Options
from kro_sandbox.core.tokens import token
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.fincra.errors import FincraError, core_error
from kro_sandbox.fincra.events import Events
from kro_sandbox.fincra.money import PAYOUT_FEE
from kro_sandbox.fincra.payloads import payout_event
from kro_sandbox.fincra.state import FincraState, Payout

PAYOUT_FAULTS = frozenset({FaultKind.DECLINE, FaultKind.STUCK})
BANKS = {
    "044": "Access Bank",
    "058": "Guaranty Trust Bank",
    "011": "First Bank of Nigeria",
    "033": "United Bank For Africa",
    "035": "Wema Bank",
    "057": "Zenith Bank",
    "101": "Providus Bank",
    "305": "OPay",
}
# docs.fincra.com, test accounts: two pass, one fails.
_HOLDERS = {
    ("305", "0987654321"): "Grace Okoro",
    ("058", "2345678901"): "Chinwe Eze",
    ("058", "0001234567"): "Demo Seller",
}
FAILING = "0123456789"
_STUCK, _FOUND_LATE = "9993", "9995"
_NUBAN = re.compile(r"[0-9]{10}")
_MANDATORY = ("firstName", "lastName", "accountHolderName", "type", "accountNumber", "bankCode")
_HIDDEN_READS = 2


def resolve(*, account_number: str, bank_code: str) -> str:
    """Name the holder of an account.

    :raises FincraError: 422 when the number is malformed or nobody has it.
    """
    if not _NUBAN.fullmatch(account_number):
        raise core_error("nuban NGN account number must be exactly 10 digits", "UNPROCESSABLE_ENTITY")
    if bank_code not in BANKS or account_number == FAILING or account_number.endswith("0000"):
        raise core_error("Account could not be resolved, please check and try again", "ACCOUNT_RESOLVE_FAILED")
    return _HOLDERS.get((bank_code, account_number), f"Test Account {account_number[-4:]}")


class Payouts:
    def __init__(
        self,
        *,
        state: FincraState,
        clock: Clock,
        faults: FaultBook,
        options: Options,
        background: Background,
        events: Events,
        business: str,
    ) -> None:
        self._state = state
        self._clock = clock
        self._faults = faults
        self._options = options
        self._background = background
        self._events = events
        self._business = business

    def create(self, body: JSONObject) -> Payout:
        """Take amount and fee from the wallet and send the payout on its way.

        :raises FincraError: for a used reference, a missing member, too little money.
        """
        amount, beneficiary, reference = self._checked(body)
        if reference in self._state.payouts:
            raise core_error("Cannot continue, Duplicate Customer Reference Passed", "DUPLICATE_CUSTOMER_REFERENCE")
        if self._state.balance < amount + PAYOUT_FEE:
            raise core_error("You do not have enough money in your wallet", "NO_ENOUGH_MONEY_IN_WALLET")
        now = self._clock.now()
        payout = Payout(
            id=self._state.ids.next(),
            reference=token(length=16, alphabet="0123456789abcdef"),
            customer_reference=reference,
            amount=amount,
            fee=PAYOUT_FEE,
            description=str(body["description"]),
            beneficiary=beneficiary,
            created_at=now,
            updated_at=now,
        )
        self._state.payouts[reference] = payout
        self._state.balance -= amount + PAYOUT_FEE
        self._begin(payout)
        return payout

    def find(self, *, customer_reference: str | None = None, reference: str | None = None) -> Payout:
        """Find a payout by one of its references.

        :raises FincraError: 404 when there is none, or it is not to be seen yet.
        """
        for payout in self._state.payouts.values():
            if customer_reference == payout.customer_reference or reference == payout.reference:
                if payout.hidden_reads > 0:
                    payout.hidden_reads -= 1
                    break
                return payout
        raise core_error("Payout not found", "RESOURCE_NOT_FOUND", status=404)

    def end(self, payout: Payout, status: str) -> None:
        """Bring a payout to its end and tell the merchant; an end is final."""
        if payout.status != "processing":
            return
        payout.status, payout.updated_at = status, self._clock.now()
        if status == "successful":
            payout.reason = "Disbursement was successful"
            payout.trace_id = f"110006{payout.updated_at:%y%m%d%H%M%S}{payout.id % 10**12:012d}"
        else:
            payout.reason = "Disbursement could not be completed"
            self._state.balance += payout.amount + payout.fee
        self._events.send(f"payout.{status}", payout_event(payout), reference=payout.customer_reference)

    def _checked(self, body: JSONObject) -> tuple[int, JSONObject, str]:
        if body.get("business") != self._business:
            raise core_error("Business does not belong to this key", "OPERATION_FORBIDDEN", status=403)
        amount = read_naira(body.get("amount"), is_text=True)
        beneficiary = body.get("beneficiary")
        missing = [name for name in ("description", "customerReference") if not body.get(name)]
        if not isinstance(beneficiary, dict):
            raise _invalid("beneficiary is required")
        missing += [f"beneficiary.{name}" for name in _MANDATORY if not beneficiary.get(name)]
        if missing:
            raise _invalid(f"{', '.join(missing)} required")
        if amount is None:
            raise _invalid("amount must be a positive number as text")
        if (body.get("sourceCurrency"), body.get("destinationCurrency")) != ("NGN", "NGN"):
            raise _invalid("only NGN to NGN")
        if body.get("paymentDestination") != "bank_account" or not _NUBAN.fullmatch(str(beneficiary["accountNumber"])):
            raise _invalid("NGN account number must be exactly 10 digits")
        return amount, dict(beneficiary), str(body["customerReference"])

    def _begin(self, payout: Payout) -> None:
        fault = self._faults.take(vendor="fincra", operations=("payout",), kinds=PAYOUT_FAULTS)
        number = str(payout.beneficiary["accountNumber"])
        if number.endswith(_FOUND_LATE):
            payout.hidden_reads = _HIDDEN_READS
        if (fault is not None and fault.kind is FaultKind.STUCK) or number.endswith(_STUCK):
            return
        status = "failed" if fault is not None or number == FAILING else "successful"

        async def arrive() -> None:
            self.end(payout, status)

        self._background.start(arrive, delay=self._options.transfer_delay)


def _invalid(message: str) -> FincraError:
    return core_error(message, "VALIDATION_FAILED")
