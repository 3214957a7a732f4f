"""The thread of a contested order, for those who decide about it."""

from __future__ import annotations

from tests.integration.api.test_admin_disputes import DECISION, told, traces

from dispute_steps import PRICE, disputed, officer, proposed, related, take_effect, to_decide
from kro_api import World
from order_steps import stepped


class TestTheThread:
    async def test_is_read_as_it_was_written_by_who_decides_and_each_look_is_on_record(self, world: World) -> None:
        order, admin, other = await disputed(world), await officer(world), await officer(world, "other")
        path = f"/admin/disputes/{order['issue']['id']}"
        await world.seller.post(f"/orders/{order['id']}/messages", {"text": "Call me on 08031234567."})
        await world.buyer.post(f"/orders/{order['id']}/messages", {"text": "No."})
        refused = await other.get(f"{path}/messages")
        await stepped(admin.post(f"{path}/assign"))

        read = (await admin.get(f"{path}/messages", limit=1)).json()
        rest = (await admin.get(f"{path}/messages", after=1)).json()

        assert told(refused) == (403, "dispute_not_assigned")
        assert [(one["author"], one["text"]) for one in read["data"]] == [("seller", "Call me on 08031234567.")]
        assert (read["has_more"], rest["has_more"]) == (True, False)
        assert [one["text"] for one in rest["data"]] == ["No."]
        shown = (await world.buyer.get(f"/orders/{order['id']}/messages")).json()["data"][0]
        assert "08031234567" not in shown["text"]
        assert [action for action, _ in await traces(world)].count("dispute.look") == 2
        assert ("dispute.look", "dispute_not_assigned") in await traces(world, "refused")

    async def test_is_open_to_the_second_while_one_is_needed_and_to_nobody_once_it_is_over(self, world: World) -> None:
        order, admin, second = await disputed(world), await officer(world), await officer(world, "second")
        sent = (await world.seller.post(f"/orders/{order['id']}/messages", {"text": "It was whole."})).json()
        path = await to_decide(world, admin, order)
        before = await second.get(f"{path}/messages")
        proposal = await proposed(admin, path, PRICE)
        asked = await second.get(f"{path}/messages")
        await admin.post(f"/admin/proposals/{proposal['id']}/reject", {"reason": "a slip"})
        refused = await second.get(f"{path}/messages")

        # What was said before the order was contested, or since, can be taken back by nobody.
        taken_back = await world.http.delete(
            f"/v1/orders/{order['id']}/messages/{sent['id']}",
            headers={"Authorization": f"Bearer {world.seller.token}"},
        )
        await stepped(admin.post(f"{path}/decisions", DECISION))
        await take_effect(world, order)
        late = await admin.get(f"{path}/messages")

        assert [one["text"] for one in asked.json()["data"]] == ["It was whole."]
        assert told(taken_back) == (409, "message_fixed")
        closed = (403, "dispute_not_assigned")
        assert [told(one) for one in (before, refused, late)] == [closed, closed, closed]

    async def test_of_people_one_is_related_to_stays_closed(self, world: World) -> None:
        order, admin = await disputed(world), await officer(world)
        await related(world, "officer", "+2348031110001")
        refused = await admin.get(f"/admin/disputes/{order['issue']['id']}/messages")
        unknown = await admin.get("/admin/disputes/iss_01kajz7k3nf9b8r2m4q6s8t0vw/messages")
        assert [told(refused), told(unknown)] == [(403, "conflict_of_interest"), (404, "issue_not_found")]
