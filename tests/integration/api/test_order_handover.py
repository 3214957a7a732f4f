"""The buyer's code, entered by the seller or by a rider without an account."""

from __future__ import annotations

from typing import Any

import pytest

from kro.core.ids import read_id
from kro_api import SELLER_PHONE, World
from milestone_steps import asked_for_code, delivery_code, funded, part, wrong
from order_steps import DUE, FEE, SELLER_GETS, VAT, shared_out, stepped

WHOLE = {"buyer": 0, "seller": SELLER_GETS, "order_escrow": 0, "fee_revenue": FEE, "vat_payable": VAT}
INSPECTION = part("As described", kind="inspection")


async def enter(world: World, order: dict[str, Any], code: str, key: str | None = None) -> Any:
    return await world.seller.post(f"/orders/{order['id']}/handover-code/enter", {"code": code}, key=key)


async def events(world: World, order: dict[str, Any]) -> list[str]:
    return [event["type"] for event in (await world.buyer.get(f"/orders/{order['id']}/events")).json()["data"]]


async def with_rider(world: World, order: dict[str, Any], token: str, code: str) -> Any:
    return await world.http.post(f"/v1/public/handover/{token}", json={"code": code})


async def rider_token(world: World, order: dict[str, Any]) -> str:
    reply = await world.seller.post(f"/orders/{order['id']}/rider-link")
    assert reply.status_code == 201, reply.text
    return str(reply.json()["url"]).partition("#rider=")[2]


class TestTheCode:
    async def test_is_shown_once_as_digits_and_picture_and_sent_by_sms(self, world: World) -> None:
        order = await funded(world, delivery_code(), INSPECTION)
        path = f"/orders/{order['id']}/handover-code"

        first = (await world.buyer.post(path, key="once")).json()
        again = (await world.buyer.post(path, key="once")).json()
        await world.work()

        assert len(first["code"]) == 6
        assert first["url"] == f"http://127.0.0.1:3000/handover/{order['id']}#code={first['code']}"
        assert first["qr_svg"].startswith("<svg")
        assert (again["code"], again["url"], again["qr_svg"]) == (None, None, None)
        texts = [message.text for message in world.sms.sent if message.purpose == "handover_code"]
        assert len(texts) == 1
        assert texts[0].startswith(first["code"])

    async def test_is_kept_nowhere_in_plain(self, world: World) -> None:
        order = await funded(world, delivery_code(), INSPECTION)
        code = await asked_for_code(world, order)
        await world.work()

        tables = await world.database.rows(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        for (table,) in tables:
            # Digits inside hexadecimal ids and hashes are no codes.
            query = f"SELECT count(*) FROM {table} AS t WHERE t::text ~ ('[^0-9a-f-]' || $1 || '[^0-9a-f-]')"  # noqa: S608 - names of our own tables
            found = await world.database.value(query, code)
            assert found == 0, table

    async def test_is_not_for_the_seller_to_ask_for_nor_for_the_buyer_to_enter(self, world: World) -> None:
        order = await funded(world, delivery_code(), INSPECTION)
        code = await asked_for_code(world, order)

        asked = await world.seller.post(f"/orders/{order['id']}/handover-code")
        entered = await world.buyer.post(f"/orders/{order['id']}/handover-code/enter", {"code": code})
        stranger = await world.stranger.post(f"/orders/{order['id']}/handover-code/enter", {"code": code})

        assert [asked.json()["code"], entered.json()["code"]] == ["order_wrong_party"] * 2
        assert stranger.status_code == 404
        tries = await world.database.value("SELECT code_tries FROM conditions WHERE kind = 'delivery_code'")
        assert tries == 0, "only whoever may enter it spends tries"

    async def test_is_renewed_ten_times_a_day(self, world: World) -> None:
        order = await funded(world, delivery_code(), INSPECTION)
        path = f"/orders/{order['id']}/handover-code"
        # Those who may not ask use up nothing.
        await world.seller.post(path)

        codes = [(await world.buyer.post(path)).status_code for _ in range(11)]

        assert codes == [200] * 10 + [429]


class TestTheRightCode:
    async def test_starts_the_inspection(self, world: World) -> None:
        order = await funded(world, delivery_code(), INSPECTION)
        code = await asked_for_code(world, order)

        replies = [await enter(world, order, code, key="entered") for _ in range(2)]

        assert [reply.status_code for reply in replies] == [200, 200]
        read = replies[0].json()
        assert (read["status"], read["conditions"][0]["status"]) == ("completed", "fulfilled")
        assert read["deadlines"]["inspect_by"] is not None
        assert (await events(world, order))[-3:] == ["condition_confirmed", "handed_over", "completed"]
        await stepped(world.buyer.post(f"/orders/{order['id']}/approve"))
        assert await shared_out(world) == WHOLE
        await world.work()
        assert await world.violations() == {}

    async def test_closes_the_order_where_the_terms_say_so(self, world: World) -> None:
        order = await funded(world, delivery_code(), code_is_acceptance=True)
        assert order["terms"]["code_is_acceptance"] is True

        closed = (await enter(world, order, await asked_for_code(world, order))).json()

        assert (closed["status"], closed["close_reason"], closed["held"]["amount"]) == ("closed", "handed_over", 0)
        assert await shared_out(world) == WHOLE
        await world.work()
        assert await world.violations() == {}

    async def test_starts_the_inspection_while_something_else_is_open(self, world: World) -> None:
        order = await funded(world, delivery_code(), INSPECTION, code_is_acceptance=True)

        read = (await enter(world, order, await asked_for_code(world, order))).json()

        assert read["status"] == "completed"
        assert (await shared_out(world))["order_escrow"] == DUE


class TestAWrongCode:
    async def test_is_counted_and_locks_at_the_fifth(self, world: World) -> None:
        order = await funded(world, delivery_code(), INSPECTION)
        code = await asked_for_code(world, order)

        replies = [await enter(world, order, wrong(code, number)) for number in range(1, 7)]

        assert [reply.status_code for reply in replies] == [422] * 5 + [409]
        assert [reply.json()["code"] for reply in replies] == ["wrong_code"] * 5 + ["handover_code_locked"]
        assert "4 more tries" in replies[0].json()["detail"]
        assert (await enter(world, order, code)).json()["code"] == "handover_code_locked"
        assert (await events(world, order)).count("handover_code_wrong") == 5
        await world.work()
        assert any("locked" in message.text for message in world.sms.sent)

        renewed = await asked_for_code(world, order)
        read = await stepped(world.buyer.get(f"/orders/{order['id']}"))
        assert read["conditions"][0]["code_tries_left"] == 5
        assert (await enter(world, order, renewed)).status_code == 200

    async def test_under_the_same_key_is_tried_again(self, world: World) -> None:
        order = await funded(world, delivery_code(), INSPECTION)
        code = await asked_for_code(world, order)

        replies = [await enter(world, order, wrong(code), key="same") for _ in range(2)]
        right = await enter(world, order, code, key="same")

        assert [reply.json()["code"] for reply in replies] == ["wrong_code"] * 2
        assert right.status_code == 200

    async def test_is_one_that_was_renewed(self, world: World) -> None:
        order = await funded(world, delivery_code(), INSPECTION)
        old = await asked_for_code(world, order)
        new = await asked_for_code(world, order)

        if old != new:
            assert (await enter(world, order, old)).json()["code"] == "wrong_code"
        assert (await enter(world, order, new)).status_code == 200

    async def test_is_none_before_the_buyer_asks(self, world: World) -> None:
        order = await funded(world, delivery_code(), INSPECTION)

        assert (await enter(world, order, "000000")).json()["code"] == "no_handover_code"
        assert (await enter(world, order, "00000a")).status_code == 422


class TestARider:
    async def test_enters_the_code_without_an_account(self, world: World) -> None:
        order = await funded(world, delivery_code(), code_is_acceptance=True)
        code, token = await asked_for_code(world, order), await rider_token(world, order)

        first = await with_rider(world, order, token, wrong(code))
        right = [await with_rider(world, order, token, code) for _ in range(2)]

        assert (first.status_code, first.json()["code"]) == (422, "wrong_code")
        assert [(reply.status_code, reply.json()) for reply in right] == [(200, {"handed_over": True})] * 2
        assert await shared_out(world) == WHOLE
        await world.work()
        assert await world.violations() == {}

    async def test_shares_the_tries_with_the_seller(self, world: World) -> None:
        order = await funded(world, delivery_code(), INSPECTION)
        code, token = await asked_for_code(world, order), await rider_token(world, order)

        for number in range(1, 4):
            await enter(world, order, wrong(code, number))
        last = [await with_rider(world, order, token, wrong(code, number)) for number in range(4, 7)]

        assert [reply.json()["code"] for reply in last] == ["wrong_code", "wrong_code", "handover_code_locked"]

    @pytest.mark.parametrize("token", ["x", "%00", "%ff%fe", "a" * 100])
    async def test_needs_a_link_that_lives(self, world: World, token: str) -> None:
        unknown = await world.http.post(f"/v1/public/handover/{token}", json={"code": "000000"})
        assert (unknown.status_code, unknown.json()["code"]) == (410, "rider_link_ended")

    @pytest.mark.parametrize("status", ["suspended", "closed"])
    async def test_may_do_nothing_while_the_seller_may_not(self, world: World, status: str) -> None:
        order = await funded(world, delivery_code(), code_is_acceptance=True)
        code, token = await asked_for_code(world, order), await rider_token(world, order)
        standing = "UPDATE users SET status = $1 WHERE phone = $2"
        await world.database.execute(standing, status, SELLER_PHONE)

        refused = [await with_rider(world, order, token, one) for one in (wrong(code), code)]

        assert [(reply.status_code, reply.json()["code"]) for reply in refused] == [(410, "rider_link_ended")] * 2
        tried = "SELECT code_tries FROM conditions WHERE order_id = $1 AND kind = 'delivery_code'"
        assert await world.database.value(tried, read_id("ord", order["id"])) == 0
        await world.database.execute(standing, "active", SELLER_PHONE)
        assert (await with_rider(world, order, token, code)).status_code == 200

    async def test_loses_a_link_that_is_replaced_revoked_or_over(self, world: World) -> None:
        order = await funded(world, delivery_code(), INSPECTION)
        code, old = await asked_for_code(world, order), await rider_token(world, order)
        new = await rider_token(world, order)
        assert (await with_rider(world, order, old, code)).status_code == 410

        await world.database.execute("UPDATE rider_links SET expires_at = now() WHERE revoked_at IS NULL")
        assert (await with_rider(world, order, new, code)).status_code == 410

        path = f"/orders/{order['id']}/rider-link/revoke"
        assert (await world.buyer.post(path)).json()["code"] == "order_wrong_party"
        newest = await rider_token(world, order)
        assert (await world.seller.post(path)).status_code == 200
        assert (await with_rider(world, order, newest, code)).status_code == 410
        assert (await world.seller.post(path)).json()["code"] == "rider_link_not_found"

    async def test_has_a_link_that_is_shown_once_and_kept_as_a_hash(self, world: World) -> None:
        order = await funded(world, delivery_code(), INSPECTION)
        path = f"/orders/{order['id']}/rider-link"

        first, again = [(await world.seller.post(path, key="once")).json() for _ in range(2)]

        assert (first["id"], again["url"]) == (again["id"], None)
        kept = await world.database.value(
            "SELECT token_hash FROM rider_links WHERE order_id = $1", read_id("ord", order["id"])
        )
        assert len(kept) == 64
        assert first["url"].partition("#rider=")[2] not in kept

    async def test_is_slowed_down(self, world: World) -> None:
        replies = [
            (await world.http.post("/v1/public/handover/abc", json={"code": "000000"})).status_code for _ in range(21)
        ]

        assert replies == [410] * 20 + [429]
