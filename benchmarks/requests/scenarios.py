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

from benchmarks.requests.people import Crowd, Pair, Person
from benchmarks.requests.wire import Answer, Asking, request

AMOUNT: Final = 100_000
PAGE: Final = 20
_CREATED: Final = 201
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
            order = await self._create(connection, pair, self.quotes[pair])
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

    async def _create(self, connection: Asking, pair: Pair, quote: str) -> dict[str, Any]:
        body = {
            "quote_id": quote,
            "role": "buyer",
            "counterparty_phone": pair.seller.phone,
            "order_type": "goods",
            "title": "Laptop",
            "description": "Refurbished",
            "delivery_hours": 72,
            "conditions": [{"kind": "confirm", "title": "It starts", "confirmed_by": "buyer"}],
        }
        return await self.command(connection, pair.buyer, "/orders", body, expect=_CREATED)

    async def create(self, connection: Asking, pair: Pair) -> None:
        await self._create(connection, pair, self.quotes[pair])

    async def lifecycle(self, connection: Asking, pair: Pair) -> None:
        """Ask for a price, order, accept, pay, hand in, confirm, complete, approve: eight requests."""
        order = await self._create(connection, pair, await self._quote(connection, pair))
        path = f"/orders/{order['id']}"
        condition = f"{path}/conditions/{order['conditions'][0]['id']}"
        steps = (
            (pair.seller, f"{path}/accept", {"terms_hash": order["terms"]["hash"]}),
            (pair.buyer, f"{path}/fund", {"method": "balance"}),
            (pair.seller, f"{condition}/submit", None),
            (pair.buyer, f"{condition}/confirm", None),
            (pair.seller, f"{path}/complete", None),
            (pair.buyer, f"{path}/approve", None),
        )
        for who, where, body in steps:
            order = await self.command(connection, who, where, body)

    async def one_seller(self, connection: Asking, pair: Pair) -> None:
        """Live a whole lifecycle in which everybody buys from the first pair's seller."""
        await self.lifecycle(connection, Pair(pair.buyer, self.crowd.pairs[0].seller))

    async def get(self, connection: Asking, pair: Pair) -> None:
        await self._read(connection, pair, f"/v1/orders/{self.orders[pair]}")

    async def list_20(self, connection: Asking, pair: Pair) -> None:
        await self._read(connection, pair, f"/v1/orders?limit={PAGE}")

    async def balance(self, connection: Asking, pair: Pair) -> None:
        await self._read(connection, pair, "/v1/balance")

    async def webhook(self, connection: Asking, pair: Pair) -> None:  # noqa: ARG002  a provider knows no pair
        number, reference = next(self.numbers), next(self.references)
        body = f'{{"event":"charge.success","data":{{"id":{number},"reference":"{reference}"}}}}'.encode()
        signature = hmac.new(self.webhook_key, body, hashlib.sha512).hexdigest()
        extra = f"x-paystack-signature: {signature}\r\n"
        await connection.ask(request("POST", "/v1/webhooks/paystack", body, extra=extra), expect=_OK)

    async def _read(self, connection: Asking, pair: Pair, path: str) -> Answer:
        return await connection.ask(request("GET", path, token=self.crowd.token(pair.buyer)), expect=_OK)


Scenario = Callable[[Market, Asking, Pair], Awaitable[None]]
SCENARIOS: Final[dict[str, Scenario]] = {
    "create": Market.create,
    "lifecycle": Market.lifecycle,
    "one seller": Market.one_seller,
    "get": Market.get,
    "list 20": Market.list_20,
    "webhook": Market.webhook,
    "balance": Market.balance,
}
