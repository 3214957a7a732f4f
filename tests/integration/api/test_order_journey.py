from uuid import uuid4

from kro.kro_balance.domain import seed_fee_configuration, seed_tax_rules
from kro.seed import FEES, taxes
from kro_api import World
from order_steps import (
    DUE,
    PNG,
    SELLER_GETS,
    accepted,
    completed,
    created,
    funded,
    proposal,
    put_money,
    quoted,
    stepped,
)


class TestTheJourney:
    async def test_ends_with_everybody_having_exactly_their_share(self, world: World) -> None:
        order = await completed(world)

        closed = await stepped(world.buyer.post(f"/orders/{order['id']}/approve"))

        assert (closed["status"], closed["funding_status"], closed["held"]["amount"]) == ("closed", "settled", 0)
        assert await world.buyer.available() == 0
        assert await world.seller.available() == SELLER_GETS
        assert await world.violations() == {}

    async def test_tells_both_parties_the_same_events_without_a_gap(self, world: World) -> None:
        order = await completed(world)
        await world.buyer.post(f"/orders/{order['id']}/approve")

        heard = [
            (await person.get(f"/orders/{order['id']}/events")).json()["data"] for person in (world.buyer, world.seller)
        ]

        assert heard[0] == heard[1]
        assert [event["seq"] for event in heard[0]] == list(range(1, 8))
        assert [event["type"] for event in heard[0]] == [
            "created",
            "accepted",
            "funded",
            "evidence_added",
            "condition_submitted",
            "completed",
            "approved",
        ]

    async def test_called_off_by_the_seller_gives_everything_back_with_a_record(self, world: World) -> None:
        order = await funded(world)

        ended = await stepped(world.seller.post(f"/orders/{order['id']}/cancel", {"reason": "out of stock"}))

        assert ended["status"] == "refunded"
        assert await world.buyer.available() == DUE
        assert await world.seller.available() == 0
        refunds = (await world.buyer.get("/refunds")).json()["data"]
        assert [refund["amount"]["amount"] for refund in refunds] == [DUE]
        assert (await world.seller.get("/refunds")).json()["data"] == []
        assert await world.violations() == {}


class TestPaying:
    async def test_is_refused_at_once_in_a_currency_the_provider_does_not_take(self, world: World) -> None:
        await seed_fee_configuration(world.database, [fee | {"id": uuid4(), "currency": "EUR"} for fee in FEES])
        await seed_tax_rules(world.database, [tax | {"id": uuid4(), "currency": "EUR"} for tax in taxes(vat_bps=750)])
        order = (await world.buyer.post("/orders", proposal(await quoted(world, currency="EUR")))).json()
        path = f"/orders/{order['id']}"
        await stepped(world.seller.post(f"{path}/accept", {"terms_hash": order["terms"]["hash"]}))

        refused = await world.buyer.post(f"{path}/fund", {"method": "checkout"})

        assert (refused.status_code, refused.json()["code"]) == (422, "no_provider_for_currency")
        assert [error["pointer"] for error in refused.json()["errors"]] == ["/method"]
        assert (await world.buyer.get("/payments")).json()["data"] == []
        assert (await world.buyer.get(path)).json()["status"] == "accepted"


class TestEvidence:
    async def test_is_refused_as_documented_when_it_is_too_large(self, world: World) -> None:
        path = f"/orders/{(await funded(world))['id']}/evidence"

        reply = await world.seller.upload(path, PNG * 20_000, content_type="image/png", file_name="waybill.png")

        assert (reply.status_code, reply.json()["code"]) == (413, "body_too_large")
        operation = world.api.openapi()["paths"]["/v1/orders/{order_id}/evidence"]["post"]
        assert list(operation["responses"]["413"]["content"]["application/problem+json"]["examples"]) == [
            "body_too_large"
        ]


class TestOtherPeople:
    async def test_do_not_learn_that_an_order_exists(self, world: World) -> None:
        order = await created(world)
        unknown = "ord_" + "0" * 26

        for path in ("", "/events"):
            theirs = await world.stranger.get(f"/orders/{order['id']}{path}")
            nobodys = await world.stranger.get(f"/orders/{unknown}{path}")
            assert (theirs.status_code, theirs.json()["code"]) == (404, "order_not_found")
            assert theirs.json()["detail"] == nobodys.json()["detail"]

    async def test_cannot_act_on_it(self, world: World) -> None:
        order = await created(world)

        reply = await world.stranger.post(f"/orders/{order['id']}/accept", {"terms_hash": order["terms"]["hash"]})

        assert (reply.status_code, reply.json()["code"]) == (404, "order_not_found")

    async def test_do_not_see_it_in_their_list(self, world: World) -> None:
        order = await created(world)

        assert (await world.stranger.get("/orders")).json()["data"] == []
        for person in (world.buyer, world.seller):
            assert [row["id"] for row in (await person.get("/orders")).json()["data"]] == [order["id"]]

    async def test_do_not_get_its_files(self, world: World) -> None:
        order = await funded(world)
        path = f"/orders/{order['id']}/evidence"
        uploaded = await world.seller.upload(path, PNG, content_type="image/png", file_name="a.png")

        assert (await world.buyer.get(f"{path}/{uploaded.json()['id']}")).content == PNG
        assert (await world.stranger.get(f"{path}/{uploaded.json()['id']}")).status_code == 404


class TestIdempotency:
    async def test_repeats_the_first_answer_and_changes_nothing(self, world: World) -> None:
        order = await accepted(world)
        await put_money(world, DUE)

        first = await world.buyer.post(f"/orders/{order['id']}/fund", {"method": "balance"}, key="k1")
        second = await world.buyer.post(f"/orders/{order['id']}/fund", {"method": "balance"}, key="k1")

        assert first.status_code == second.status_code == 200
        assert first.content == second.content
        assert second.headers["Idempotent-Replayed"] == "true"
        assert "Idempotent-Replayed" not in first.headers

    async def test_keeps_a_refusal_too(self, world: World) -> None:
        order = await accepted(world)

        first = await world.buyer.post(f"/orders/{order['id']}/fund", {"method": "balance"}, key="k1")
        await put_money(world, DUE)
        second = await world.buyer.post(f"/orders/{order['id']}/fund", {"method": "balance"}, key="k1")
        third = await world.buyer.post(f"/orders/{order['id']}/fund", {"method": "balance"}, key="k2")

        assert first.json()["code"] == second.json()["code"] == "insufficient_funds"
        assert third.status_code == 200

    async def test_refuses_the_key_for_another_request(self, world: World) -> None:
        order = await accepted(world)
        await world.buyer.post(f"/orders/{order['id']}/fund", {"method": "balance"}, key="k1")

        reply = await world.buyer.post(f"/orders/{order['id']}/cancel", {"reason": "no"}, key="k1")

        assert (reply.status_code, reply.json()["code"]) == (422, "idempotency_key_reused")

    async def test_belongs_to_its_principal(self, world: World) -> None:
        order = await created(world)
        await world.buyer.post(f"/orders/{order['id']}/cancel", {"reason": "no"}, key="k1")

        reply = await world.seller.post(f"/orders/{order['id']}/cancel", {"reason": "no"}, key="k1")

        assert "Idempotent-Replayed" not in reply.headers
