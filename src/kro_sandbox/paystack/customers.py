"""Customers, whom Paystack knows by their address."""

import re

from kro_sandbox.core.clock import Clock
from kro_sandbox.core.tokens import token
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.errors import PaystackError, missing, not_found
from kro_sandbox.paystack.state import Account, Customer, PaystackState

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Customers:
    def __init__(self, *, state: PaystackState, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def create(self, body: JSONObject) -> Customer:
        """Make a customer known; one that is known already stays as they are.

        :raises PaystackError: without an address that is one.
        """
        customer = self.of(body.get("email"))
        for name in ("first_name", "last_name", "phone", "metadata"):
            if getattr(customer, name) is None:
                setattr(customer, name, body.get(name) or None)
        return customer

    def of(self, email: object) -> Customer:
        """Return whoever pays from an address, known already or not.

        :raises PaystackError: when it is none.
        """
        if not email:
            raise missing("Email")
        if not isinstance(email, str) or not _EMAIL.fullmatch(email):
            raise PaystackError("Invalid Email Address Passed", next_step="Provide a valid email address.")
        known = self._state.customers.get(email.lower())
        if known is None:
            known = Customer(
                id=self._state.ids.next(), email=email, code=f"CUS_{token(length=15)}", created_at=self._clock.now()
            )
            self._state.customers[email.lower()] = known
        return known

    def find(self, name: object) -> Customer:
        """Find a customer by address, code or id.

        :raises PaystackError: 404 when there is none.
        """
        wanted = str(name)
        for customer in self._state.customers.values():
            if wanted in (customer.code, str(customer.id)) or wanted.lower() == customer.email.lower():
                return customer
        raise not_found("Customer not found", code="customer_not_found")

    def account(self, customer: Customer) -> Account | None:
        """Return the latest account of a customer."""
        return next((one for one in reversed(self._state.accounts.values()) if one.customer is customer), None)
