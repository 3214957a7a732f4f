"""One escrow from two strangers meeting to money in a bank account, each figure checked on the way."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from kro.demo import expectations as due
from kro.demo.admin import AdminDesk
from kro.demo.client import JSON
from kro.demo.display import Display, naira
from kro.demo.expectations import Expectations, equal, kobo
from kro.demo.notices import judge_notices
from kro.demo.party import Party
from kro.demo.sandbox import Sandbox
from kro.demo.timeline import Timeline

BANK_CODE: Final = "058"
TEMPLATE: Final = "goods_by_waybill"
WAYBILL: Final = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
CUSTOM_CONDITION: Final = {
    "kind": "confirm",
    "title": "The charger is in the box",
    "confirmed_by": "buyer",
}


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who takes part."""

    buyer: Party
    seller: Party
    admin: AdminDesk
    sandbox: Sandbox


class Journey:
    """The main job of the platform, played as the two apps and the admin would play it.

    :meth:`play` plays it whole; a scenario may also walk its parts and leave the path with steps of its own.
    """

    def __init__(self, cast: Cast, *, display: Display, account_number: str) -> None:
        self._buyer, self._seller = cast.buyer, cast.seller
        self._admin = cast.admin
        self._sandbox = cast.sandbox
        self._display = display
        self._account_number = account_number
        self.expectations = Expectations()
        self.timeline = Timeline(order_id="")

    async def play(self) -> None:
        """Play every step.

        :raises DemoError: at the first step or figure that is not as it must be, naming it.
        """
        await self.meet()
        order = await self.propose()
        await self.accept(order)
        await self.pay(order["id"])
        await self.deliver(order["id"])
        await self.close(order["id"])
        await self.withdraw()
        await self.look_back()

    async def meet(self) -> None:
        """Bring two strangers in: registered, proven by SMS, logged in and listening."""
        for party in (self._buyer, self._seller):
            async with self.step(f"The {party.role} registers, proves the phone number and logs in"):
                await party.register(self._sandbox)
                profile = await party.log_in()
                equal(f"the {party.role}'s status", "active", profile["status"])
                equal(f"the {party.role}'s tier", 1, profile["kyc_tier"])
                self._display.note(f"{party.contact.phone}: the code came by SMS")

    async def propose(self) -> JSON:
        """Have the buyer ask for the price and propose the order; returns it."""
        async with self.step(f"The buyer asks what an escrow of {naira(due.AMOUNT)} costs"):
            quote = await self._quote()
        async with self.step("The buyer proposes the order: two conditions of a template and one of its own"):
            return await self._propose(quote)

    async def accept(self, order: JSON) -> None:
        async with self.step("The seller accepts exactly these terms"):
            accepted = await self._seller.act(order["id"], "accept", {"terms_hash": order["terms"]["hash"]})
            equal("the accepted terms", order["terms"]["hash"], accepted["terms"]["accepted_hash"])
            self.timeline.expect("accepted", by="seller")

    async def _quote(self) -> JSON:
        quote = await self._buyer.quote(amount=due.AMOUNT, order_type="goods", buyer_share_bps=due.BUYER_SHARE_BPS)
        kobo("the fee", due.FEE, quote["fee"]["total"])
        kobo("the buyer's fee", due.FEE_BUYER, quote["fee"]["buyer"])
        kobo("the seller's fee", due.FEE_SELLER, quote["fee"]["seller"])
        kobo("the VAT", due.VAT, quote["vat"]["total"])
        kobo("the buyer's VAT", due.VAT_BUYER, quote["vat"]["buyer"])
        kobo("the seller's VAT", due.VAT_SELLER, quote["vat"]["seller"])
        kobo("what the buyer pays", due.BUYER_PAYS, quote["buyer_pays"])
        kobo("what the seller receives", due.SELLER_RECEIVES, quote["seller_receives"])
        self._display.note(f"buyer pays {naira(due.BUYER_PAYS)}, seller receives {naira(due.SELLER_RECEIVES)}")
        return quote

    async def _propose(self, quote: JSON) -> JSON:
        order = await self._buyer.api.post(
            "/v1/orders",
            {
                "quote_id": quote["id"],
                "role": "buyer",
                "counterparty_phone": self._seller.contact.phone,
                "order_type": "goods",
                "title": "Refurbished laptop",
                "description": "14 inch, 16 GB, delivered by courier",
                "delivery_hours": 72,
                "template_code": TEMPLATE,
                "template_conditions": [1, 2],
                "conditions": [CUSTOM_CONDITION],
            },
        )
        equal("the number of conditions", 3, len(order["conditions"]))
        kobo("what the order asks of the buyer", due.BUYER_PAYS, order["fees"]["buyer_pays"])
        self.timeline.order_id = order["id"]
        self.timeline.expect("created", by="buyer")
        return order

    async def pay(self, order_id: str) -> None:
        """Have the buyer pay by test card, and wait until the money is in escrow."""
        async with self.step("The buyer pays by card on the hosted checkout page"):
            payment = await self._buyer.pay_by_card(order_id, self._sandbox)
            kobo("the amount to pay", due.BUYER_PAYS, payment["amount"])
            funded = await self._buyer.order_in(order_id, "in_progress")
            kobo("what the order holds", due.BUYER_PAYS, funded["held"])
            settled = await self._buyer.payment(payment["id"], until="settled_at")
            equal("the payment's status", "succeeded", settled["status"])
            equal("the payment's variance", "exact", settled["variance"])
            self.timeline.expect("funded", by="system")
            self.expectations.move("buyer", in_escrow=due.BUYER_PAYS)

    async def deliver(self, order_id: str) -> None:
        async with self.step("The seller hands in each condition with its evidence, and the buyer confirms"):
            order = await self._seller.order(order_id)
            pieces = [await self._fulfill(order_id, condition) for condition in order["conditions"]]
            equal("whether evidence was handed in", True, any(pieces))
            order = await self._buyer.order(order_id)
            equal("the conditions", ["fulfilled"] * 3, [condition["status"] for condition in order["conditions"]])

    async def _fulfill(self, order_id: str, condition: JSON) -> list[str]:
        evidence: list[str] = []
        if condition["evidence_required"]:
            evidence = [await self._upload(order_id)]
        await self._seller.act(
            order_id, f"conditions/{condition['id']}/submit", {"note": "Done.", "evidence_ids": evidence}
        )
        self.timeline.expect("condition_submitted", by="seller")
        confirmer = self._seller if condition["confirmed_by"] == "seller" else self._buyer
        await confirmer.act(order_id, f"conditions/{condition['id']}/confirm")
        self.timeline.expect("condition_confirmed", by=confirmer.role)
        return evidence

    async def _upload(self, order_id: str) -> str:
        piece = await self._seller.api.upload(
            f"/v1/orders/{order_id}/evidence", WAYBILL, content_type="application/pdf", file_name="waybill.pdf"
        )
        equal("the evidence's size", len(WAYBILL), piece["size_bytes"])
        equal("the evidence's digest", hashlib.sha256(WAYBILL).hexdigest(), piece["sha256"])
        self.timeline.expect("evidence_added", by="seller")
        return str(piece["id"])

    async def close(self, order_id: str) -> None:
        async with self.step("The seller says the order is complete"):
            await self._seller.act(order_id, "complete")
            self.timeline.expect("completed", by="seller")
        async with self.step("The buyer approves, and the escrow is released"):
            closed = await self._buyer.act(order_id, "approve")
            equal("the order's status", "closed", closed["status"])
            kobo("what the order still holds", 0, closed["held"])
            kobo("what the order released", due.BUYER_PAYS, closed["released"])
            self.timeline.expect("approved", by="buyer")
            self.expectations.move("buyer", in_escrow=-due.BUYER_PAYS)
            self.expectations.move("seller", available=due.SELLER_RECEIVES)

    async def withdraw(self) -> None:
        async with self.step("The seller proves who asks, and adds a bank account with the name its bank gives it"):
            account = await self._add_bank_account()
        async with self.step("The seller asks for a payout of everything"):
            amount = {"amount": due.PAYOUT_AMOUNT, "currency": due.CURRENCY}
            payout = await self._seller.api.post("/v1/payouts", {"bank_account_id": account["id"], "amount": amount})
            equal("the payout's status", "awaiting_approval", payout["status"])
            kobo("the payout's fee", due.PAYOUT_FEE, payout["fee"])
            kobo("the VAT in the payout's fee", due.PAYOUT_VAT, payout["vat"])
            kobo("the stamp duty on the payout", due.PAYOUT_DUTY, payout["stamp_duty"])
            kobo("what the payout takes", due.SELLER_RECEIVES, payout["total_debit"])
            self.expectations.move("seller", available=-due.SELLER_RECEIVES, in_transit=due.PAYOUT_AMOUNT)
        async with self.step("An admin logs in with TOTP and approves with a fresh code"):
            await self._approve(payout["id"])
            await self._seller.payout(payout["id"], until="succeeded")
            self.expectations.move("seller", in_transit=-due.PAYOUT_AMOUNT)
            await self._arrived()

    async def _add_bank_account(self) -> JSON:
        bank = {"bank_code": BANK_CODE, "account_number": self._account_number}
        name = f"TEST ACCOUNT {self._account_number[-4:]}"
        resolved = await self._seller.api.post("/v1/me/bank-accounts/resolve", bank)
        equal("the resolved name", name, resolved["account_name"])
        target, saying = f"{BANK_CODE}:{self._account_number}", "add a bank account"
        proof = await self._seller.prove("add_bank_account", target, sandbox=self._sandbox, saying=saying)
        account = await self._seller.api.post("/v1/me/bank-accounts", {**bank, "step_up": proof})
        equal("the account's name", name, account["account_name"])
        equal("the shown account number", f"******{self._account_number[-4:]}", account["account_number"])
        self._display.note(f"{account['bank_name']} {account['account_number']}: {account['account_name']}")
        return account

    async def _approve(self, payout_id: str) -> None:
        await self._admin.log_in()
        waiting = await self._admin.waiting_payouts()
        equal("whether the payout waits for approval", True, payout_id in [item["id"] for item in waiting])
        shown = await self._admin.payout(payout_id)
        await self._admin.approve(shown)

    async def _arrived(self) -> None:
        transfers = await self._sandbox.transfers_to(self._account_number)
        equal("the number of bank transfers", 1, len(transfers))
        equal("the transfer's status", "success", transfers[0]["status"])
        equal("what reached the bank account", due.PAYOUT_AMOUNT, transfers[0]["amount"])
        self._display.note(f"{naira(transfers[0]['amount'])} reached the bank account")

    async def look_back(self) -> None:
        async with self.step("Both find the story in their SMS and mail, and the admin reconciles the books"):
            for party in (self._buyer, self._seller):
                count = await judge_notices(party, self._sandbox)
                self._display.note(f"the {party.role} got {count} notices, each by SMS and by mail")
            report = await self._admin.reconciliation()
            violated = {check["name"]: check["violations"] for check in report["checks"] if check["violations"]}
            equal("the violations the reconciliation found", {}, violated)
            equal("whether the books reconcile", True, report["ok"])

    @asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[None]:
        """Play one step and judge what everybody hears and owns after it.

        :raises DemoError: when something is not as :attr:`timeline` and :attr:`expectations` say.
        """
        self._display.step(title)
        yield
        parties = [party for party in (self._buyer, self._seller) if party.api.token is not None]
        if self.timeline.expected:
            self._display.timeline(await self.timeline.judge(*parties))
        balances = {party.role: await party.balance() for party in parties}
        self._display.balances(balances)
        for role, balance in balances.items():
            self.expectations.judge(role, balance)
