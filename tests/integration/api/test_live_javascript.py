"""The sockets as browsers and apps meet them: the real socket.io-client, in Node."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from javascript import NodeClient, missing, node_client
from kro.bootstrap.live import USERS
from kro_api import BUYER_PHONE, PASSWORD, World
from live_client import check_event, served
from order_steps import accepted, created

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")

WEBSOCKET: Final = ["websocket"]
POLLING_FIRST: Final = ["polling", "websocket"]


@pytest.fixture
async def client() -> AsyncIterator[NodeClient]:
    async with node_client() as client:
        yield client


async def opened(client: NodeClient, url: str, token: str, *, transports: list[str] = WEBSOCKET) -> dict[str, Any]:
    await client.do("connect", url=url, path="/socket.io", token=token, transports=transports)
    return await client.next("connect")


async def heard_of_orders(client: NodeClient) -> Any:
    while True:
        heard = await client.next("event")
        if heard["event"] == "order.event":
            return heard["data"]


async def test_a_client_joins_hears_refreshes_and_leaves_for_good(world: World, client: NodeClient) -> None:
    login = (await world.http.post("/v1/auth/login", json={"phone": BUYER_PHONE, "password": PASSWORD})).json()
    async with served(world.application, world.api) as url:
        await opened(client, url, login["access_token"])
        order = await created(world)
        await world.work()
        heard = await heard_of_orders(client)
        joined = await client.ask("order:join", {"id": order["id"]})
        refused = await client.ask("order:join", {"id": order["id"], "extra": 1})
        pair = await world.http.post("/v1/auth/refresh", json={"refresh_token": login["refresh_token"]})
        renewed = await client.ask("auth:refresh", {"token": pair.json()["access_token"]})
        wrong = await client.ask("auth:refresh", {"token": world.seller.token})
        last, gone = await client.next("event"), await client.next("disconnect")

    check_event(USERS, "order.event", heard)
    assert (heard["order_id"], heard["type"], heard["seq"]) == (order["id"], "created", 1)
    assert joined == {"ok": True, "last_seq": 1}
    assert refused["error"]["code"] == "validation_failed"
    assert renewed["ok"]
    assert wrong["error"]["code"] == "other_session"
    assert (last["event"], last["data"]) == ("session.ended", {"code": "other_session"})
    # Sent away: the client does not come back by itself.
    assert gone == {"told": "disconnect", "reason": "io server disconnect", "active": False}


async def test_a_refusal_says_why_and_a_renewed_token_connects(world: World, client: NodeClient) -> None:
    async with served(world.application, world.api) as url:
        await client.do("connect", url=url, path="/socket.io", token="nonsense", transports=WEBSOCKET)
        refusal = await client.next("connect_error")
        await client.do("token", token=world.buyer.token)
        await client.do("again")
        await client.next("connect")

    expected = {"message": "unauthorized", "data": {"code": "invalid_token"}, "active": False}
    assert refusal == {"told": "connect_error"} | expected


async def test_after_a_restart_it_comes_back_by_itself_and_syncs_what_it_missed(
    world: World, client: NodeClient
) -> None:
    async with served(world.application, world.api) as url:
        await opened(client, url, world.buyer.token)
        order = await created(world)
        await world.work()
        assert (await heard_of_orders(client))["seq"] == 1
        port = int(url.rsplit(":", 1)[1])
    gone = await client.next("disconnect")
    terms_hash = order["terms"]["hash"]
    assert (await world.seller.post(f"/orders/{order['id']}/accept", {"terms_hash": terms_hash})).status_code == 200
    await world.work()
    async with served(world.application, world.api, port=port):
        await client.next("connect")
        synced = await client.ask("order:sync", {"id": order["id"], "after_seq": 1})

    assert (gone["reason"], gone["active"]) == ("transport close", True)
    assert [(event["seq"], event["type"]) for event in synced["events"]] == [(2, "accepted")]


async def test_with_long_polling_its_defaults_connect_and_upgrade(polling_world: World, client: NodeClient) -> None:
    world = polling_world
    async with served(world.application, world.api) as url:
        connected = await opened(client, url, world.buyer.token, transports=POLLING_FIRST)
        order = await accepted(world)
        await world.work()
        heard = [await heard_of_orders(client) for _ in range(2)]

    assert connected["transport"] in {"polling", "websocket"}
    assert [(event["order_id"], event["seq"]) for event in heard] == [(order["id"], 1), (order["id"], 2)]
