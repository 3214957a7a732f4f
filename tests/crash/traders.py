"""The load: users who pay in, trade, withdraw and take money back, all at once, and write down what they were told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx2
from tests.crash.admins import Admins
from tests.crash.book import Book, TopUp
from tests.crash.settings import PASSWORD, phone
from tests.crash.wire import NoAnswerError, RefusedError, Wire

from kro.core.ids import read_id

_CARD: Final = {"card_number": "4084084084084081", "cvv": "408", "expiry": "12/30"}
_POOR: Final = 5_000_000
_PAGE_SECONDS: Final = 20.0
_EXPECTED: Final = frozenset({"insufficient_funds", "balance_too_low", "not_refundable"})
"""Refusals that are nobody's fault: the balance that a client counts on may be somebody else's by then."""


def naira(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "NGN"}


@dataclass(slots=True)
class Market:
    """What all traders share."""

    wire: Wire
    book: Book
    admins: Admins
    sandbox: httpx2.AsyncClient
    users: int
    unique: int = 20_000
    """The next amount of a payout: no two are the same."""

    def next_amount(self) -> int:
        self.unique += 1
        return self.unique


class Trader:
    """One user, doing one thing after another until told to pause."""

    def __init__(self, number: int, *, market: Market, dice: random.Random) -> None:
        self.number = number
        self.name = f"user{number}"
        self._market = market
        self._wire, self._book, self._dice = market.wire, market.book, dice
        self._accounts: dict[str, str] = {}
        self._spare: list[tuple[str, TopUp]] = []
        self._seen: list[str] = []

    async def arrive(self) -> None:
        """Log in, add one bank account that works and one whose bank refuses, and pay in."""
        answer = await self._wire.http.post("/v1/auth/login", json={"phone": phone(self.number), "password": PASSWORD})
        assert answer.is_success, answer.text
        self._wire.tokens[self.name] = answer.json()["access_token"]
        for ending in ("0005", "9991"):
            account = {"bank_code": "058", "account_number": f"2{self.number:05d}{ending}"}
            account["step_up"] = await self._proof(f"058:{account['account_number']}")
            self._accounts[ending] = (await self._wire.command(self.name, "/me/bank-accounts", account))["id"]
        await self._top_up()

    async def _proof(self, account: str) -> Any:
        task = {"action": "add_bank_account", "target": account}
        sent = await self._wire.unbooked(self.name, "/auth/step-up", task)
        deadline = asyncio.get_running_loop().time() + _PAGE_SECONDS
        seen = len(self._seen)
        while asyncio.get_running_loop().time() < deadline:
            query: dict[str, str | int] = {"to": phone(self.number), "channel": "sms", "wait": 5}
            found = (await self._market.sandbox.get("/_sim/messages", params=query)).json()["messages"]
            codes = [code for message in found if "bank account" in message["text"] for code in message["codes"]]
            if len(codes) > seen:
                self._seen = codes
                return {"challenge_id": sent["challenge_id"], "code": codes[-1]}
            await asyncio.sleep(0.2)
        raise NoAnswerError(f"no code reached {self.name}")

    async def trade(self, pause: asyncio.Event) -> None:
        """Go on until ``pause`` is set; whatever was begun is brought to its end."""
        ways: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (6, self._order),
            (2, self._withdraw),
            (1, self._give_back),
            (1, self._top_up),
        ]
        actions = [action for weight, action in ways for _ in range(weight)]
        while not pause.is_set():
            poor = self._book.available[self.number] < _POOR
            action = self._top_up if poor else self._dice.choice(actions)
            try:
                await action()
            except RefusedError as refusal:
                if refusal.operation.code not in _EXPECTED:
                    self._book.surprises.append(f"{self.name}: {refusal}")
            except (NoAnswerError, KeyError, TypeError) as failure:
                self._book.surprises.append(f"{self.name}: {action.__name__}: {failure!r}")
            await asyncio.sleep(self._dice.uniform(0.02, 0.2))

    async def _top_up(self) -> None:
        amount = self._dice.randrange(8_000_000, 12_000_000)
        payment = await self._wire.command(
            self.name, "/balance/top-ups", {"amount": naira(amount), "provider": "paystack"}
        )
        top_up = self._book.topping_up(payment, who=self.number)
        address = await self._checkout(payment["id"])
        if address is None:
            return
        paid = await self._market.sandbox.post(f"{address}/pay", json=_CARD)
        assert paid.json()["status"] == "success", paid.text
        top_up.paid = True
        self._book.available[self.number] += amount
        self._book.journals["receipt", "payment", read_id("pay", payment["id"])] += 1
        if self._dice.random() < 0.5:
            self._spare.append((payment["id"], top_up))

    async def _checkout(self, payment_id: str) -> str | None:
        # A worker that was killed with the payment in hand comes back to it when its lease has run out.
        deadline = asyncio.get_running_loop().time() + _PAGE_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            found = await self._wire.get(self.name, f"/payments/{payment_id}")
            if found["checkout_url"] is not None:
                return str(found["checkout_url"])
            await asyncio.sleep(0.2)
        return None

    async def _order(self) -> None:
        seller = self._dice.choice([n for n in range(self._market.users) if n != self.number])
        step = self._wire.command
        # A price is no operation: it moves nothing, and its route takes no key.
        quote = await self._wire.unbooked(self.name, "/fees/quote", {
            "amount": naira(self._dice.randrange(300_000, 3_000_000)), "order_type": "goods",
            "buyer_share_bps": self._dice.choice([0, 3_333, 5_000, 10_000]),
        })  # fmt: skip
        order = await step(self.name, "/orders", {
            "quote_id": quote["id"], "role": "buyer", "counterparty_phone": phone(seller), "order_type": "goods",
            "title": "Something", "description": "Of use", "delivery_hours": 72,
            "conditions": [{"kind": "confirm", "title": "It works", "confirmed_by": "buyer"}],
        })  # fmt: skip
        self._book.order_is(order)
        path, other = f"/orders/{order['id']}", f"user{seller}"
        order = await step(other, f"{path}/accept", {"terms_hash": order["terms"]["hash"]})
        self._book.order_is(order)
        order = await step(self.name, f"{path}/fund", {"method": "balance"})
        self._book.order_is(order)
        self._book.funded(order, buyer=self.number)
        if self._dice.random() < 0.15:
            order = await step(other, f"{path}/cancel", {"reason": "Sold already."})
            self._book.order_is(order)
            self._book.given_up(order, buyer=self.number)
            return
        condition = f"{path}/conditions/{order['conditions'][0]['id']}"
        for who, action in ((other, "submit"), (self.name, "confirm")):
            self._book.order_is(await step(who, f"{condition}/{action}"))
        self._book.order_is(await step(other, f"{path}/complete"))
        order = await step(self.name, f"{path}/approve")
        self._book.order_is(order)
        self._book.released(order, buyer=self.number, seller=seller)

    async def _withdraw(self) -> None:
        ending = "9991" if self._dice.random() < 0.2 else "0005"
        payout = await self._wire.command(
            self.name,
            "/payouts",
            {"bank_account_id": self._accounts[ending], "amount": naira(self._market.next_amount())},
        )
        withdrawal = self._book.withdrawing(payout, who=self.number)
        # A code is good for one approval, so only so many payouts can be approved in a minute; the others are rejected.
        admin = self._market.admins.at_hand() if self._dice.random() < 0.9 else None
        if admin is None:
            await self._market.admins.reject(payout["id"])
            withdrawal.rejected = True
        else:
            await self._market.admins.approve(admin, payout["id"])
            withdrawal.approved = True

    async def _give_back(self) -> None:
        if not self._spare:
            return
        payment_id, top_up = self._spare.pop(0)
        if (await self._wire.get(self.name, f"/payments/{payment_id}"))["status"] != "succeeded":
            self._spare.append((payment_id, top_up))
            return
        amount = self._dice.randrange(10_000, 60_000)
        refund = await self._wire.command(self.name, "/refunds", {"payment_id": payment_id, "amount": naira(amount)})
        self._book.giving_back(refund, who=self.number, reference=top_up.reference)
