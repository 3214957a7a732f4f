"""Dedicated accounts, and the money people send to them without being asked."""

from kro_sandbox.core.clock import Clock
from kro_sandbox.core.tokens import token
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.customers import Customers
from kro_sandbox.paystack.errors import PaystackError, missing, not_found
from kro_sandbox.paystack.events import Events
from kro_sandbox.paystack.money import MAXIMUM_CHARGE, inflow_fee
from kro_sandbox.paystack.payloads import charge_event
from kro_sandbox.paystack.state import Account, BankTransfer, PaystackState, Transaction, TransactionStatus

TEST_BANK = "test-bank"
_DIGITS = "0123456789"


class Accounts:
    def __init__(self, *, state: PaystackState, clock: Clock, events: Events, customers: Customers) -> None:
        self._state = state
        self._clock = clock
        self._events = events
        self._customers = customers

    def lend(self, body: JSONObject) -> Account:
        """Lend a customer an account. Whether a second call finds the first one is not documented: here it does not.

        :raises PaystackError: for a customer nobody knows, or another bank than the one of test mode.
        """
        if not body.get("customer"):
            raise missing("Customer")
        customer = self._customers.find(body["customer"])
        if body.get("preferred_bank") not in (None, TEST_BANK):
            raise PaystackError("preferred_bank is not available in test mode", code="invalid_params")
        for name in ("first_name", "last_name", "phone"):
            if getattr(customer, name) is None:
                setattr(customer, name, body.get(name) or None)
        account = Account(
            id=self._state.ids.next(),
            number="12" + token(length=8, alphabet=_DIGITS),
            name=f"KRO/{customer.first_name or ''} {customer.last_name or ''}".strip().upper(),
            bank=TEST_BANK,
            customer=customer,
            created_at=self._clock.now(),
        )
        self._state.accounts[account.number] = account
        return account

    def fetch(self, identifier: str) -> Account:
        """Find an account by its id.

        :raises PaystackError: 404 when there is none.
        """
        found = next((one for one in self._state.accounts.values() if str(one.id) == identifier), None)
        if found is None:
            raise not_found("Dedicated account not found", code="dedicated_account_not_found")
        return found

    def arrive(self, account: Account, *, amount: int, sender_name: str) -> Transaction:
        """Play somebody who sends money to an account, and tell the merchant.

        :raises PaystackError: for more than one transaction may be.
        """
        if not 0 < amount <= MAXIMUM_CHARGE:
            raise PaystackError("Transaction amount is not between 0 and 10,000,000", status=422)
        now, number = self._clock.now(), self._state.ids.next()
        transaction = Transaction(
            id=number,
            reference=f"{number}x{token(length=14)}",
            access_code=token(length=15),
            requested_amount=amount,
            amount=amount,
            currency="NGN",
            customer=account.customer,
            metadata=_metadata(account),
            callback_url=None,
            created_at=now,
            paid_at=now,
            status=TransactionStatus.SUCCESS,
            gateway_response="Approved",
            fees=inflow_fee(amount=amount),
            authorization_code=f"AUTH_{token(length=10)}",
            transfer=BankTransfer(account=account, sender_name=sender_name),
        )
        self._state.transactions[transaction.reference] = transaction
        self._state.account.move(
            currency=transaction.currency,
            difference=transaction.amount - (transaction.fees or 0),
            reason="Customer payment less fees",
            model="Transaction",
            row=transaction.id,
            reference=transaction.reference,
        )
        self._events.send("charge.success", charge_event(transaction), reference=transaction.reference)
        return transaction


def _metadata(account: Account) -> JSONObject:
    return {"receiver_account_number": account.number, "receiver_bank": "Test Bank"}
