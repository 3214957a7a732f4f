"""What clients do: each scenario answers a whole operation over one connection, for one pair of people."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import orjson

from benchmarks.requests.people import PASSWORD, Crowd, Pair, Person
from benchmarks.requests.wire import Answer, Asking, request
from kro.core.ids import show_id

AMOUNT: Final = 100_000
PAID_OUT: Final = 10_000
PAGE: Final = 20
_CREATED: Final = 201
_ACCEPTED: Final = 202
_OK: Final = 200


@dataclass(slots=True)
class Market:
    """What the scenarios share: people, the quote and the orders that each pair has, and the provider's key."""

    crowd: Crowd
    webhook_key: bytes
    references: Iterator[str]
    quotes: dict[Pair, str] = field(default_factory=dict)
    orders: dict[Pair, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def stock(self, connection: Asking, pair: Pair) -> None:
        """Give a pair a quote, and a page of orders to be looked at."""
        self.quotes[pair] = await self._quote(connection, pair)
        for _ in range(PAGE + 1 if pair not in self.orders else 0):
            order = await self.propose(connection, pair, self.quotes[pair])
            self.orders[pair] = order["id"]

    async def command(
        self, connection: Asking, who: Person, path: str, body: object = None, *, expect: int = _OK
    ) -> dict[str, Any]:
        """Send one command with a fresh idempotency key; return what it answers."""
        content = b"{}" if body is None else orjson.dumps(body)
        sent = request("POST", f"/v1{path}", content, token=self.crowd.token(who), key=str(uuid4()))
        return (await connection.ask(sent, expect=expect)).json()

    async def _quote(self, connection: Asking, pair: Pair) -> str:
        body = {
            "amount": {"amount": AMOUNT, "currency": "NGN"},
            "order_type": "goods",
            "buyer_share_bps": 5_000,
        }
        quote = await self.command(connection, pair.buyer, "/fees/quote", body, expect=_CREATED)
        return str(quote["id"])

    async def propose(
        self, connection: Asking, pair: Pair, quote: str | None = None, *, title: str = "Laptop"
    ) -> dict[str, Any]:
        """Let the buyer propose an order, for a price asked for just now unless one is given; return the order."""
        body = {
            "quote_id": quote or await self._quote(connection, pair),
            "role": "buyer",
            "counterparty_phone": pair.seller.phone,
            "order_type": "goods",
            "title": title,
            "description": "Refurbished",
            "delivery_hours": 72,
            "conditions": [{"kind": "confirm", "title": "It starts", "confirmed_by": "buyer"}],
        }
        return await self.command(connection, pair.buyer, "/orders", body, expect=_CREATED)

    async def create(self, connection: Asking, pair: Pair) -> None:
        await self.propose(connection, pair, self.quotes[pair])

    async def hand_over(self, connection: Asking, pair: Pair, order: dict[str, Any], *, steps: int = 5) -> str:
        """Take the first of these steps: accept, pay, hand in, confirm, complete; return the order's path."""
        path = f"/orders/{order['id']}"
        condition = f"{path}/conditions/{order['conditions'][0]['id']}"
        taken = (
            (pair.seller, f"{path}/accept", {"terms_hash": order["terms"]["hash"]}),
            (pair.buyer, f"{path}/fund", {"method": "balance"}),
            (pair.seller, f"{condition}/submit", None),
            (pair.buyer, f"{condition}/confirm", None),
            (pair.seller, f"{path}/complete", None),
        )
        for who, where, body in taken[:steps]:
            await self.command(connection, who, where, body)
        return path

    async def lifecycle(self, connection: Asking, pair: Pair) -> None:
        """Ask for a price, order, accept, pay, hand in, confirm, complete, approve: eight requests."""
        path = await self.hand_over(connection, pair, await self.propose(connection, pair))
        await self.command(connection, pair.buyer, f"{path}/approve")

    async def one_seller(self, connection: Asking, pair: Pair) -> None:
        """Live a whole lifecycle in which everybody buys from the first pair's seller."""
        await self.lifecycle(connection, Pair(pair.buyer, self.crowd.pairs[0].seller))

    async def get(self, connection: Asking, pair: Pair) -> None:
        await self._read(connection, pair, f"/v1/orders/{self.orders[pair]}")

    async def list_20(self, connection: Asking, pair: Pair) -> None:
        await self._read(connection, pair, f"/v1/orders?limit={PAGE}")

    async def balance(self, connection: Asking, pair: Pair) -> None:
        await self._read(connection, pair, "/v1/balance")

    async def login(self, connection: Asking, pair: Pair) -> None:
        """Open a session with number and password, from an address of one's own."""
        body = orjson.dumps({"phone": pair.buyer.phone, "password": PASSWORD})
        number = next(self.numbers)
        extra = f"x-forwarded-for: 10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}\r\n"
        await connection.ask(request("POST", "/v1/auth/login", body, extra=extra), expect=_OK)

    async def payout(self, connection: Asking, pair: Pair) -> None:
        assert pair.buyer.bank_account_id is not None  # noqa: S101 - everybody has one
        body = {
            "bank_account_id": show_id("bnk", pair.buyer.bank_account_id),
            "amount": {"amount": PAID_OUT, "currency": "NGN"},
        }
        await self.command(connection, pair.buyer, "/payouts", body, expect=_ACCEPTED)

    async def webhook(self, connection: Asking, pair: Pair) -> None:  # noqa: ARG002  a provider knows no pair
        number, reference = next(self.numbers), next(self.references)
        body = f'{{"event":"charge.success","data":{{"id":{number},"reference":"{reference}"}}}}'.encode()
        signature = hmac.new(self.webhook_key, body, hashlib.sha512).hexdigest()
        extra = f"x-paystack-signature: {signature}\r\n"
        await connection.ask(request("POST", "/v1/webhooks/paystack", body, extra=extra), expect=_OK)

    async def _read(self, connection: Asking, pair: Pair, path: str) -> Answer:
        return await connection.ask(request("GET", path, token=self.crowd.token(pair.buyer)), expect=_OK)


Scenario = Callable[[Market, Asking, Pair], Awaitable[float | None]]
"""Does it once; returns the milliseconds that count when not all of them do."""
SCENARIOS: Final[dict[str, Scenario]] = {
    "create": Market.create,
    "lifecycle": Market.lifecycle,
    "one seller": Market.one_seller,
    "get": Market.get,
    "list 20": Market.list_20,
    "webhook": Market.webhook,
    "balance": Market.balance,
    "payout": Market.payout,
    "login": Market.login,
}
