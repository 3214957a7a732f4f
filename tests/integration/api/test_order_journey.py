from kro_api import World
from order_steps import DUE, PNG, SELLER_GETS, accepted, completed, created, funded, put_money, stepped


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
