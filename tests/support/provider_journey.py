"""The main journey with the provider chosen on the way in and on the way out, and every book compared at each step."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from kro.demo import expectations as due
from kro.demo.client import eventually
from kro.demo.display import Display
from kro.demo.expectations import equal, kobo
from kro.demo.journey import Cast, Journey
from outside import PROVIDERS, Outside

HEEDED_SECONDS = 6.0
"""After this every process knows of a turned switch: they look at most five seconds back."""


@dataclass(frozen=True)
class Way:
    """Who takes the money in, how, and who pays it out."""

    collected_by: str
    method: str
    paid_out_by: str


class ProviderJourney(Journey):
    def __init__(self, cast: Cast, *, display: Display, account_number: str, outside: Outside, way: Way) -> None:
        super().__init__(cast, display=display, account_number=account_number)
        self._outside = outside
        self._way = way
        self._turned_at = 0.0
        self._sent_before: dict[str, dict[str, tuple[str, int]]] = {}

    async def choose(self) -> None:
        """Have an admin leave payouts to one provider alone."""
        await self._admin.log_in()
        for name in PROVIDERS:
            state = "enabled" if name == self._way.paid_out_by else "disabled"
            api = self._admin._api
            await api._call(
                "PUT",
                f"/v1/admin/providers/{name}/payouts",
                json={"state": state, "reason": "A test of one provider"},
                headers=api._once(None),
            )
        self._turned_at = time.monotonic()

    async def play(self) -> None:
        """Play every step.

        :raises DemoError: at the first step, balance or book that is not as it must be.
        """
        await self.choose()
        await super().play()

    async def pay(self, order_id: str) -> None:
        way = self._way
        async with self.step(f"The buyer pays by {way.method} through {way.collected_by}"):
            started = await self._buyer.act(order_id, "fund", {"method": way.method, "provider": way.collected_by})
            payable = "checkout_url" if way.method == "checkout" else "pay_to"
            payment = await self._buyer.payment(started["id"], until=payable)
            kobo("the amount to pay", due.BUYER_PAYS, payment["amount"])
            await self._outside.pay(payment)
            await self._buyer.order_in(order_id, "in_progress")
            settled = await self._buyer.payment(payment["id"], until="settled_at")
            equal("who took it", way.collected_by, settled["provider"])
            equal("the payment's status", "succeeded", settled["status"])
            equal("the payment's variance", "exact", settled["variance"])
            self.timeline.expect("funded", by="system")
            self.expectations.move("buyer", in_escrow=due.BUYER_PAYS)

    async def withdraw(self) -> None:
        await asyncio.sleep(max(0.0, self._turned_at + HEEDED_SECONDS - time.monotonic()))
        self._sent_before = {name: await self._outside.sent(name) for name in PROVIDERS}
        await super().withdraw()

    async def _approve(self, payout_id: str) -> None:
        # The admin has logged in to turn the switches: another login would wait for another code.
        await self._admin.approve(await self._admin.payout(payout_id))

    async def _arrived(self) -> None:
        new: dict[str, list[tuple[str, int]]] = {}
        for name in PROVIDERS:
            sent = await self._outside.sent(name)
            new[name] = [transfer for key, transfer in sent.items() if key not in self._sent_before[name]]
        [(status, amount)] = new.pop(self._way.paid_out_by)
        equal("whether it arrived", True, status in {"success", "successful", "succeeded"})
        equal("what reached the bank account", due.PAYOUT_AMOUNT, amount)
        equal("what others sent", [[], []], list(new.values()))

    @asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[None]:
        """Play one step; afterwards our books must say of every provider what that provider's own books say."""
        async with super().step(title):
            yield
        held = await self._outside.held()
        await eventually(
            "our clearing as the providers' books", self._outside.clearing, until=lambda ours: ours == held
        )
