"""Round trips decide the speed of this server: one for a read, two for a command, whatever the middleware does."""

from collections.abc import Awaitable, Callable

import httpx2
import orjson
import pytest

from kro.payment.providers.fake.books import SECRET
from kro_api import World
from order_steps import DUE, accepted, completed, created, proposal, put_money, quoted

Call = Callable[[World], Awaitable[Callable[[], Awaitable[httpx2.Response]]]]


async def create(world: World) -> Callable[[], Awaitable[httpx2.Response]]:
    body = proposal(await quoted(world))
    return lambda: world.buyer.post("/orders", body)


async def get(world: World) -> Callable[[], Awaitable[httpx2.Response]]:
    order = await created(world)
    return lambda: world.buyer.get(f"/orders/{order['id']}")


async def list_orders(world: World) -> Callable[[], Awaitable[httpx2.Response]]:
    await created(world)
    return lambda: world.buyer.get("/orders", limit=20)


async def accept(world: World) -> Callable[[], Awaitable[httpx2.Response]]:
    order = await created(world)
    return lambda: world.seller.post(f"/orders/{order['id']}/accept", {"terms_hash": order["terms"]["hash"]})


async def fund_by_provider(world: World) -> Callable[[], Awaitable[httpx2.Response]]:
    order = await accepted(world)
    # What is known of the providers is read every few seconds, not for every payment.
    await world.application.choosing.board.current()
    return lambda: world.buyer.post(f"/orders/{order['id']}/fund", {"method": "checkout"})


async def fund_from_balance(world: World) -> Callable[[], Awaitable[httpx2.Response]]:
    order = await accepted(world)
    await put_money(world, DUE)
    return lambda: world.buyer.post(f"/orders/{order['id']}/fund", {"method": "balance"})


async def approve(world: World) -> Callable[[], Awaitable[httpx2.Response]]:
    order = await completed(world)
    return lambda: world.buyer.post(f"/orders/{order['id']}/approve")


async def balance(world: World) -> Callable[[], Awaitable[httpx2.Response]]:
    return lambda: world.buyer.get("/balance")


async def webhook(world: World) -> Callable[[], Awaitable[httpx2.Response]]:
    import hashlib  # noqa: PLC0415
    import hmac  # noqa: PLC0415

    raw = orjson.dumps({"event": "charge.success", "data": {"reference": "none", "status": "success"}})
    signature = hmac.digest(SECRET.encode(), raw, hashlib.sha512).hex()
    headers = {"x-paystack-signature": signature, "Content-Type": "application/json"}
    return lambda: world.http.post("/v1/webhooks/paystack", content=raw, headers=headers)


@pytest.mark.parametrize(
    ("prepare", "status", "trips"),
    [
        (create, 201, 2),
        (get, 200, 1),
        (list_orders, 200, 1),
        (accept, 200, 2),
        (fund_by_provider, 202, 2),
        (fund_from_balance, 200, 2),
        (approve, 200, 2),
        (balance, 200, 1),
        (webhook, 200, 1),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
async def test_a_request_costs_exactly(world: World, prepare: Call, status: int, trips: int) -> None:
    call = await prepare(world)
    # What the tiers may do is read every few seconds, not for every request.
    await world.application.base.tiers.current()
    before = world.database.trips

    reply = await call()

    assert reply.status_code == status, reply.text
    assert world.database.trips - before == trips
