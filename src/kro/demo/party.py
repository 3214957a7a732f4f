"""A buyer or a seller with the app open, told in the words of the app."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final, Self

from kro.demo.client import API, JSON, eventually
from kro.demo.expectations import CURRENCY, Balance
from kro.demo.listener import Listener
from kro.demo.sandbox import GOOD_CARD, Card, Sandbox

_SUBSCRIBER_NUMBERS: Final = 1_000_000
# No number that ends so is one the stand-ins take for a phone that is off or never reported on.
_LAST_DIGIT: Final = 9
_PASSWORD_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Contact:
    """Who registers; the phone number is E.164."""

    first_name: str
    last_name: str
    phone: str
    email: str
    password: str

    @classmethod
    def fresh(cls, *, first_name: str, last_name: str) -> Self:
        """Return somebody nobody has met: a valid Nigerian mobile number and a mailbox of its own."""
        number = f"803{secrets.randbelow(_SUBSCRIBER_NUMBERS):06d}{_LAST_DIGIT}"
        return cls(
            first_name=first_name,
            last_name=last_name,
            phone=f"+234{number}",
            email=f"{last_name.lower()}.{number}@demo.example",
            password=secrets.token_urlsafe(_PASSWORD_BYTES),
        )


class Party:
    """One side of an order: what this person taps, and what the app shows."""

    def __init__(self, *, role: str, contact: Contact, api: API, listener: Listener) -> None:
        self.role = role
        self.contact = contact
        self.api = api
        self.listener = listener

    async def register(self, sandbox: Sandbox) -> None:
        """Register by phone and prove the number with the code that arrives by SMS."""
        who = self.contact
        names = {"first_name": who.first_name, "last_name": who.last_name, "email": who.email}
        sent = await self.api.post("/v1/auth/register", {"phone": who.phone, "password": who.password, **names})
        code = await sandbox.otp(who.phone)
        await self.api.post("/v1/auth/otp/verify", {"challenge_id": sent["challenge_id"], "code": code})

    async def log_in(self) -> JSON:
        """Log in and open the live connection; returns the profile."""
        answer = await self.api.post("/v1/auth/login", {"phone": self.contact.phone, "password": self.contact.password})
        self.api.token = answer["access_token"]
        await self.listener.connect(answer["access_token"])
        return answer["user"]

    async def balance(self) -> Balance:
        """Return what the app shows for naira; nothing yet is zero everywhere."""
        answer = await self.api.get("/v1/balance")
        for item in answer["data"]:
            if item["currency"] == CURRENCY:
                figures = {name: item[name]["amount"] for name in ("available", "in_escrow", "in_transit")}
                return Balance(**figures)
        return Balance()

    async def quote(self, *, amount: int, order_type: str, buyer_share_bps: int) -> JSON:
        return await self.api.post(
            "/v1/fees/quote",
            {
                "amount": {"amount": amount, "currency": CURRENCY},
                "order_type": order_type,
                "buyer_share_bps": buyer_share_bps,
            },
        )

    async def order(self, order_id: str) -> JSON:
        return await self.api.get(f"/v1/orders/{order_id}")

    async def events(self, order_id: str) -> list[JSON]:
        """Return the order's whole timeline from the API."""
        answer = await self.api.get(f"/v1/orders/{order_id}/events", after=0, limit=100)
        return list(answer["data"])

    async def prove(self, action: str, target: str, *, sandbox: Sandbox, saying: str) -> JSON:
        """Have a code sent for one task and return the proof as a command carries it."""
        sent = await self.api.post("/v1/auth/step-up", {"action": action, "target": target})
        return {"challenge_id": sent["challenge_id"], "code": await sandbox.otp(self.contact.phone, saying=saying)}

    async def act(self, order_id: str, action: str, body: JSON = None) -> JSON:
        """Tap one of the buttons of an order (``accept``, ``complete`` …) and return what the app then shows."""
        return await self.api.post(f"/v1/orders/{order_id}/{action}", body)

    async def order_in(self, order_id: str, status: str) -> JSON:
        """Wait until the order has reached a status.

        :raises TookTooLongError: when it does not.
        """

        async def ask() -> JSON:
            return await self.order(order_id)

        return await eventually(f"order {status}", ask, until=lambda order: order["status"] == status)

    async def start_checkout(self, order_id: str, **choice: object) -> JSON:
        """Choose to pay by card and wait for the address of the hosted checkout page."""
        payment = await self.act(order_id, "fund", {"method": "checkout", "provider": "paystack", **choice})
        return await self.payment(payment["id"], until="checkout_url")

    async def payment(self, payment_id: str, *, until: str) -> JSON:
        """Wait until a payment carries a fact (``checkout_url``, ``settled_at``) and return it."""

        async def ask() -> JSON:
            return await self.api.get(f"/v1/payments/{payment_id}")

        return await eventually(f"payment with {until}", ask, until=lambda payment: payment[until] is not None)

    async def pay_by_card(self, order_id: str, sandbox: Sandbox, card: Card = GOOD_CARD) -> JSON:
        """Go through the hosted checkout with a test card; returns the payment as it was before its receipt."""
        payment = await self.start_checkout(order_id)
        await sandbox.pay(payment["checkout_url"], card)
        return payment

    async def payout(self, payout_id: str, *, until: str) -> JSON:
        """Wait until a payout has reached a status and return it."""

        async def ask() -> JSON:
            return await self.api.get(f"/v1/payouts/{payout_id}")

        return await eventually(f"payout {until}", ask, until=lambda payout: payout["status"] == until)
