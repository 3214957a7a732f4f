"""Collections: hosted payments, one-time and permanent accounts, and the people who pay to them."""

from datetime import timedelta
from typing import Any

from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import FaultBook, FaultKind
from kro_sandbox.core.naira import read_naira
from kro_sandbox.core.tokens import token
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.fincra.errors import checkout_error, core_error
from kro_sandbox.fincra.events import Events
from kro_sandbox.fincra.money import MINIMUM, collection_fee
from kro_sandbox.fincra.payloads import charge_event, collection_body
from kro_sandbox.fincra.state import Account, Charge, Collection, FincraState, OneTimeAccount

PAY_FAULTS = frozenset({FaultKind.DECLINE, FaultKind.UNDER, FaultKind.OVER})
ACCOUNT_LIFE = timedelta(minutes=20)
CURRENCIES = ("NGN", "GHS", "KES", "UGX", "ZAR", "ZMW", "USD", "XAF", "XOF", "TZS")
_DIGITS = "0123456789"
_HEX = "0123456789abcdef"
_FIRST_UNIT = 100


class Collecting:
    def __init__(self, *, state: FincraState, clock: Clock, faults: FaultBook, events: Events, business: str) -> None:
        self._state = state
        self._clock = clock
        self._faults = faults
        self._events = events
        self._business = business

    def initiate(self, body: JSONObject) -> Charge:
        """Create a hosted payment that waits for its payer.

        :raises FincraError: for anything the checkout refuses, a used reference among them.
        """
        if body.get("feeBearer") not in ("business", "customer"):
            raise checkout_error(["feeBearer must be one of the following values: business, customer"])
        charge = self._new(body, code=token(length=9))
        charge.redirect_url = body.get("redirectUrl")
        self._state.pages[charge.code or ""] = charge
        return charge

    def charge(self, body: JSONObject) -> Charge:
        """Create a direct charge with an account of its own, for twenty minutes and one payment.

        :raises FincraError: as above; other types than a bank transfer are not for servers without a card vault.
        """
        if body.get("type") != "bank_transfer" or body.get("currency") != "NGN":
            raise checkout_error(["type must be bank_transfer and currency NGN here"])
        charge = self._new(body, code=None)
        charge.type = "bank_transfer"
        charge.account = OneTimeAccount(
            id=token(length=24, alphabet=_HEX),
            number="99" + token(length=8, alphabet=_DIGITS),
            bank_name="Providus Bank",
            bank_code="101",
            expires_at=self._clock.now() + ACCOUNT_LIFE,
        )
        return charge

    def find(self, reference: str, *, hosted: bool) -> Charge:
        charge = self._state.charges.get(reference)
        if charge is None or (charge.code is not None) is not hosted:
            raise checkout_error("Transaction not found", status=404)
        self._expire(charge)
        return charge

    def pay(self, charge: Charge, *, amount: int | None = None) -> str | None:
        """Let the payer pay; return why the bank or Fincra refused, if it did.

        A transfer to an account that expired or was used is returned, and so is one of another amount, unless the
        script says that it was taken all the same.
        """
        fault = self._faults.take(vendor="fincra", operations=("pay",), kinds=PAY_FAULTS)
        self._expire(charge)
        if charge.is_paid:
            return "This payment was made already"
        if charge.status == "expired":
            return "The account has expired"
        if amount is not None and amount != charge.amount:
            return "The amount is not the one that was asked for"
        if fault is not None and fault.kind is FaultKind.DECLINE:
            charge.status, charge.message = "failed", fault.text("message", "Declined")
            return charge.message
        received = charge.amount
        if fault is not None:
            other = -_FIRST_UNIT if fault.kind is FaultKind.UNDER else _FIRST_UNIT
            received = fault.whole("amount", charge.amount + other)
        self._succeed(charge, received)
        return None

    def decline(self, charge: Charge) -> None:
        """Play the bank that declines; nobody is told, and the payer may try again."""
        if not charge.is_paid:
            charge.status, charge.message = "failed", "Declined"

    def expire(self, charge: Charge) -> None:
        """Let the account end now instead of in twenty minutes."""
        if charge.account is not None:
            charge.account.expires_at = self._clock.now()
        elif not charge.is_paid:
            charge.status = "expired"

    def open_account(self, body: JSONObject) -> Account:
        """Lend a permanent naira account.

        :raises FincraError: when the currency is another one or the holder's BVN is missing.
        """
        given = body.get("KYCInformation")
        known: dict[str, Any] = given if isinstance(given, dict) else {}
        if body.get("currency") != "NGN" or body.get("accountType") not in ("individual", "corporate"):
            raise core_error("currency must be NGN and accountType individual or corporate", "VALIDATION_FAILED")
        name = known.get("businessName") or f"{known.get('firstName', '')} {known.get('lastName', '')}".strip()
        if not known.get("bvn") or not name:
            raise core_error("BVN is required for permanent virtual accounts", "UNPROCESSABLE_ENTITY")
        account = Account(
            id=token(length=24, alphabet=_HEX),
            number="88" + token(length=8, alphabet=_DIGITS),
            name=str(name),
            merchant_reference=body.get("merchantReference"),
            created_at=self._clock.now(),
        )
        self._state.accounts[account.id] = account
        return account

    def arrive(self, account: Account, *, amount: int, status: str = "successful") -> Collection:
        """Play somebody who pays to a permanent account."""
        collection = Collection(
            reference=str(token(length=32, alphabet=_HEX)),
            account=account,
            amount=amount,
            fee=collection_fee(amount)[0],
            status=status,
            payer_name="TEST PAYER",
            payer_account="1228939338",
            created_at=self._clock.now(),
        )
        self._state.collections[collection.reference] = collection
        if status == "successful":
            self._state.balance += amount - collection.fee
        body = collection_body(collection, business=self._business)
        self._events.send(f"collection.{status}", body, reference=collection.reference)
        return collection

    def _new(self, body: JSONObject, *, code: str | None) -> Charge:
        amount = read_naira(body.get("amount"))
        problems = [] if amount is not None and amount >= MINIMUM else ["amount must be a positive number"]
        customer = body.get("customer")
        if not isinstance(customer, dict) or not customer.get("name") or not customer.get("email"):
            problems.append("customer.name and customer.email should not be empty")
        if body.get("currency") not in CURRENCIES:
            problems.append("currency is not supported")
        if amount is None or problems:
            raise checkout_error(problems)
        reference = str(body.get("reference") or token(length=16))
        if reference in self._state.charges:
            raise checkout_error("Transaction reference already exists", status=409)
        fee, vat = collection_fee(amount)
        charge = Charge(
            id=self._state.ids.next(),
            reference=reference,
            code=code,
            amount=amount,
            currency=str(body["currency"]),
            customer=dict(customer) if isinstance(customer, dict) else {},
            metadata=body.get("metadata") or {},
            created_at=self._clock.now(),
            fee=fee,
            vat=vat,
        )
        self._state.charges[reference] = charge
        return charge

    def _succeed(self, charge: Charge, received: int) -> None:
        charge.status, charge.message, charge.received = "success", "", received
        charge.fee, charge.vat = collection_fee(received)
        if charge.account is not None:
            charge.account.used = True
        self._state.balance += received - charge.fee
        self._events.send("charge.successful", charge_event(charge), reference=charge.reference)

    def _expire(self, charge: Charge) -> None:
        account = charge.account
        if account is not None and not account.used and account.expires_at <= self._clock.now():
            charge.status = "expired"
