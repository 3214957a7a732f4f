"""A dispute from the queue to its effect, as the platform's people see it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from dispute_steps import (
    GROUNDS,
    PRICE,
    admin_id,
    disputed,
    ngn,
    officer,
    over,
    proposed,
    related,
    take_effect,
    to_decide,
)
from kro.core.auth.permissions import Role
from kro_api import BUYER_PHONE, SELLER_PHONE, World
from order_steps import DUE, FEE, PNG, SELLER_GETS, VAT, shared_out, stepped

DECISION = {"awarded": ngn(PRICE), "grounds": GROUNDS}


def told(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["code"]


async def traces(world: World, result: str = "done") -> list[tuple[str, str | None]]:
    rows = await world.database.rows(
        "SELECT action, reason FROM audit_log WHERE target_type = 'issue' AND result = $1 ORDER BY at, id", result
    )
    return [(row["action"], row["reason"]) for row in rows]


class TestOneOfficer:
    async def test_decides_and_the_money_moves_when_nobody_appeals(self, world: World) -> None:
        order, admin = await disputed(world), await officer(world)
        path = await to_decide(world, admin, order)

        decided = await stepped(admin.post(f"{path}/decisions", DECISION))

        assert (decided["status"], decided["awarded"], decided["grounds"]) == ("decided", ngn(PRICE), GROUNDS)
        assert decided["decided_by"] == decided["assigned_to"] == await admin_id(world, "officer")
        assert decided["approved_by"] is None
        before = await shared_out(world)
        assert (before["seller"], before["order_escrow"]) == (0, DUE)
        await take_effect(world, order)
        assert await shared_out(world) == {
            "buyer": 0,
            "seller": SELLER_GETS,
            "order_escrow": 0,
            "fee_revenue": FEE,
            "vat_payable": VAT,
        }
        assert (await stepped(world.buyer.get(f"/orders/{order['id']}")))["close_reason"] == "admin_decision"
        assert await traces(world) == [("dispute.assign", None), ("dispute.decide", None)]
        assert await world.violations() == {}

    async def test_asks_and_states_while_evidence_comes_in(self, world: World) -> None:
        order, admin = await disputed(world), await officer(world)
        path = f"/admin/disputes/{order['issue']['id']}"
        await stepped(admin.post(f"{path}/assign"))

        await stepped(admin.post(f"{path}/statements", {"text": "I am looking at it."}))
        asked = await stepped(admin.post(f"{path}/info-requests", {"question": "Who packed it?", "hours": 100}))

        assert (asked["status"], asked["evidence_by"] > order["issue"]["evidence_by"]) == ("evidence", True)
        file = (await admin.get(path)).json()
        assert [(one["author"], one["text"]) for one in file["statements"]] == [
            ("admin", "I am looking at it."),
            ("admin", "Who packed it?"),
        ]
        assert [step for step, _ in await traces(world)] == [
            "dispute.assign",
            "dispute.state",
            "dispute.request_info",
        ]

    async def test_decides_once_however_often_it_is_asked(self, world: World) -> None:
        order, admin = await disputed(world), await officer(world)
        path = await to_decide(world, admin, order)
        await stepped(admin.post(f"{path}/decisions", DECISION, key="one"))

        repeated = await admin.post(f"{path}/decisions", DECISION, key="one")
        again = await admin.post(f"{path}/decisions", {"awarded": ngn(0), "grounds": "changed my mind"})

        assert (repeated.status_code, repeated.headers["Idempotent-Replayed"]) == (200, "true")
        assert told(again) == (409, "dispute_not_decidable")
        assert await world.database.value("SELECT count(*) FROM rulings") == 1


class TestRefusals:
    async def test_before_the_time_for_evidence_is_over(self, world: World) -> None:
        order, admin = await disputed(world), await officer(world)
        path = f"/admin/disputes/{order['issue']['id']}"
        await stepped(admin.post(f"{path}/assign"))

        refused = [await admin.post(f"{path}/{step}", DECISION) for step in ("decisions", "decision-proposals")]

        assert [told(reply) for reply in refused] == [(409, "evidence_open")] * 2

    async def test_what_is_somebody_elses_or_nobodys(self, world: World) -> None:
        order, admin, other = await disputed(world), await officer(world), await officer(world, "other")
        path = f"/admin/disputes/{order['issue']['id']}"
        nobodys = await admin.post(f"{path}/statements", {"text": "Hello?"})
        await to_decide(world, admin, order)

        refused = [
            await other.post(f"{path}/decisions", DECISION),
            await other.post(f"{path}/decision-proposals", DECISION),
            await other.post(f"{path}/statements", {"text": "Me too."}),
            await other.post(f"{path}/info-requests", {"question": "Why?", "hours": 1}),
        ]

        assert [told(reply) for reply in (nobodys, *refused)] == [(403, "dispute_not_assigned")] * 5
        assert told(await other.post(f"{path}/assign")) == (409, "dispute_taken")
        assert await traces(world, "refused") == [
            ("dispute.state", "dispute_not_assigned"),
            ("dispute.decide", "dispute_not_assigned"),
            ("dispute.state", "dispute_not_assigned"),
            ("dispute.request_info", "dispute_not_assigned"),
            ("dispute.assign", "dispute_taken"),
        ]

    @pytest.mark.parametrize("phone", [BUYER_PHONE, SELLER_PHONE])
    async def test_of_whoever_is_a_party(self, world: World, phone: str) -> None:
        order, admin = await disputed(world), await officer(world)
        path = f"/admin/disputes/{order['issue']['id']}"
        await related(world, "officer", phone)

        refused = [await admin.post(f"{path}/assign"), await admin.get(path)]

        assert [told(reply) for reply in refused] == [(403, "conflict_of_interest")] * 2
        assert (await admin.get("/admin/disputes")).json()["data"] == []
        assert await traces(world, "refused") == [("dispute.assign", "conflict_of_interest")]

    async def test_of_whoever_became_a_party_after_the_assignment(self, world: World) -> None:
        order, admin = await disputed(world), await officer(world)
        path = await to_decide(world, admin, order)
        await related(world, "officer", BUYER_PHONE)

        refused = [
            await admin.post(f"{path}/decisions", DECISION),
            await admin.post(f"{path}/decision-proposals", DECISION),
            await admin.post(f"{path}/statements", {"text": "Trust me."}),
        ]

        assert [told(reply) for reply in refused] == [(403, "conflict_of_interest")] * 3

    @pytest.mark.parametrize("role", [Role.SUPPORT, Role.FINANCE, Role.APPROVER, Role.COMPLIANCE])
    async def test_of_everybody_else(self, world: World, role: Role) -> None:
        order, stranger = await disputed(world), await officer(world, role=role)
        path = f"/admin/disputes/{order['issue']['id']}"

        refused = [
            await stranger.get("/admin/disputes"),
            await stranger.get("/admin/disputes/ages"),
            await stranger.get(path),
            await stranger.post(f"{path}/assign"),
            await stranger.post(f"{path}/decisions", DECISION),
            await stranger.post(f"{path}/decision-proposals", DECISION),
        ]

        assert [told(reply) for reply in refused] == [(403, "permission_denied")] * 6

    async def test_of_what_there_is_not(self, world: World) -> None:
        admin, path = await officer(world), f"/admin/disputes/iss_{'0' * 26}"

        refused = [
            await admin.get(path),
            await admin.post(f"{path}/assign"),
            await admin.post(f"{path}/decisions", DECISION),
        ]

        assert [told(reply) for reply in refused] == [(404, "issue_not_found")] * 3

    async def test_of_more_than_there_is(self, world: World) -> None:
        order, admin = await disputed(world), await officer(world)
        path = await to_decide(world, admin, order)

        above = await admin.post(f"{path}/decisions", {"awarded": ngn(PRICE + 1), "grounds": GROUNDS})
        foreign = await admin.post(
            f"{path}/decisions", {"awarded": {"amount": PRICE, "currency": "USD"}, "grounds": GROUNDS}
        )

        assert told(above) == (409, "split_above_held")
        assert told(foreign) == (409, "currency_mismatch")
        assert (await admin.get(path)).json()["status"] == "evidence"


class TestAppeal:
    async def test_goes_to_a_new_reviewer_and_is_final(self, world: World) -> None:
        order, first, second = await disputed(world), await officer(world), await officer(world, "second")
        path = await to_decide(world, first, order)
        await stepped(first.post(f"{path}/decisions", DECISION))
        parties = f"/orders/{order['id']}/issues/{order['issue']['id']}"
        await stepped(world.buyer.post(f"{parties}/appeal", {"text": "The photos are of another phone."}))

        same = await first.post(f"{path}/assign")
        await stepped(second.post(f"{path}/assign"))
        final = await stepped(second.post(f"{path}/decisions", {"awarded": ngn(0), "grounds": "So it is."}))

        assert told(same) == (403, "same_reviewer")
        assert (final["status"], final["round"]) == ("final", 2)
        file = (await first.get(path)).json()
        assert [(ruling["round"], ruling["awarded"]["amount"]) for ruling in file["rulings"]] == [(1, PRICE), (2, 0)]
        await take_effect(world, order)
        assert await world.buyer.available() == DUE
        assert await world.violations() == {}


class TestAssignment:
    async def test_to_others_takes_a_permission_and_somebody_able(self, world: World) -> None:
        order, lead = await disputed(world), await officer(world, "lead", role=Role.SUPER)
        admin, _, support = (
            await officer(world),
            await officer(world, "other"),
            await officer(world, "support", role=Role.SUPPORT),
        )
        del support
        path = f"/admin/disputes/{order['issue']['id']}"
        to = {name: {"admin_id": await admin_id(world, name)} for name in ("officer", "other", "support")}

        refused = await admin.post(f"{path}/assign", to["other"])
        unable = await lead.post(f"{path}/assign", to["support"])
        await stepped(admin.post(f"{path}/assign"))
        moved = await stepped(lead.post(f"{path}/assign", to["other"]))

        assert told(refused) == (403, "permission_denied")
        assert told(unable) == (404, "reviewer_not_found")
        assert moved["assigned_to"] == to["other"]["admin_id"]
        assert await traces(world, "refused") == [("dispute.assign", "permission_denied")]

    async def test_of_an_inactive_officer_is_refused(self, world: World) -> None:
        order, lead = await disputed(world), await officer(world, "lead", role=Role.SUPER)
        await officer(world)
        await world.database.execute("UPDATE admins SET status = 'suspended' WHERE email = 'officer@kro.example'")

        refused = await lead.post(
            f"/admin/disputes/{order['issue']['id']}/assign", {"admin_id": await admin_id(world, "officer")}
        )

        assert told(refused) == (404, "reviewer_not_found")


class TestQueue:
    async def test_shows_what_waits_in_the_order_of_its_deadlines(self, world: World) -> None:
        orders = [await disputed(world) for _ in range(3)]
        admin = await officer(world)
        ids = [order["issue"]["id"] for order in orders]
        await stepped(admin.post(f"/admin/disputes/{ids[2]}/assign"))

        async def seen(**query: Any) -> list[str]:
            return [item["id"] for item in (await admin.get("/admin/disputes", **query)).json()["data"]]

        first = (await admin.get("/admin/disputes", limit=2)).json()
        rest = await seen(limit=2, cursor=first["next_cursor"])
        assert [item["id"] for item in first["data"]] + rest == ids
        assert await seen(assigned="me") == ids[2:]
        assert await seen(assigned="nobody") == ids[:2]
        assert await seen(overdue=True) == []
        assert await seen(status="decided") == []
        await over(world, "decide_by")
        assert set(await seen(overdue=True)) == set(ids)
        await world.database.execute("UPDATE orders SET on_hold = true, held_since = now()")
        assert await seen(overdue=True) == []

    async def test_tells_how_long_they_wait(self, world: World) -> None:
        orders = [await disputed(world) for _ in range(4)]
        admin = await officer(world)
        await stepped(admin.post(f"/admin/disputes/{orders[0]['issue']['id']}/assign"))
        await world.database.execute(
            """UPDATE issues AS i SET escalated_at = now() - n.place * interval '7 days'
               FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM issues) AS n WHERE n.id = i.id"""
        )
        await world.database.execute(
            "UPDATE issues SET decide_by = now() - interval '1 hour' WHERE escalated_at < now() - interval '20 days'"
        )

        ages = (await admin.get("/admin/disputes/ages")).json()

        assert ages == {
            "under_7_days": 1,
            "from_7_days": 1,
            "from_14_days": 1,
            "from_21_days": 1,
            "unassigned": 3,
            "overdue": 1,
        }

    async def test_tells_no_more_of_people_than_their_names(self, world: World) -> None:
        order, admin = await disputed(world), await officer(world)

        reply = await admin.get(f"/admin/disputes/{order['issue']['id']}")

        file = reply.json()
        assert (file["buyer"]["display_name"], file["seller"]["display_name"]) == ("Test Buyer", "Test Seller")
        assert [(one["handed_in_by"], one["file_name"]) for one in file["evidence"]] == [("seller", "waybill.png")]
        assert [event["seq"] for event in file["timeline"]] == list(range(1, order["last_seq"] + 1))
        assert (file["statement"], file["price_left"], file["held"]) == (
            "The screen is cracked.",
            ngn(PRICE),
            ngn(DUE),
        )
        assert all(secret not in reply.text for secret in (BUYER_PHONE, SELLER_PHONE, "@"))

    async def test_of_an_issue_the_platform_was_not_asked_about_shows_nothing(self, world: World) -> None:
        order, admin = await disputed(world), await officer(world)
        await world.database.execute("UPDATE issues SET escalated_at = NULL")

        assert told(await admin.get(f"/admin/disputes/{order['issue']['id']}")) == (404, "issue_not_found")


class TestEvidence:
    async def test_is_for_whoever_decides_and_each_look_is_on_record(self, world: World) -> None:
        order, admin, other = await disputed(world), await officer(world), await officer(world, "other")
        path = await to_decide(world, admin, order)
        [file] = (await admin.get(path)).json()["evidence"]

        seen, refused = [await one.get(f"{path}/evidence/{file['id']}") for one in (admin, other)]

        assert (seen.status_code, seen.content) == (200, PNG)
        assert sha256(seen.content).hexdigest() == file["sha256"]
        assert seen.headers["Content-Disposition"] == "attachment; filename*=UTF-8''waybill.png"
        assert told(refused) == (403, "dispute_not_assigned")
        assert ("dispute.look", None) in await traces(world)
        assert await traces(world, "refused") == [("dispute.look", "dispute_not_assigned")]

    async def test_is_for_the_second_as_long_as_one_is_needed(self, world: World) -> None:
        order, admin, second = await disputed(world), await officer(world), await officer(world, "second")
        path = await to_decide(world, admin, order)
        [file] = (await admin.get(path)).json()["evidence"]
        proposal = await proposed(admin, path, PRICE)

        seen = await second.get(f"{path}/evidence/{file['id']}")
        await admin.post(f"/admin/proposals/{proposal['id']}/reject", {"reason": "a slip"})
        refused = await second.get(f"{path}/evidence/{file['id']}")

        assert (seen.status_code, seen.content) == (200, PNG)
        assert told(refused) == (403, "dispute_not_assigned")

    async def test_is_for_nobody_when_it_is_over_or_theirs_or_elsewhere(self, world: World) -> None:
        order, admin = await disputed(world), await officer(world)
        path = await to_decide(world, admin, order)
        [file] = (await admin.get(path)).json()["evidence"]
        nothing = await admin.get(f"{path}/evidence/evd_{'0' * 26}")
        await related(world, "officer", BUYER_PHONE)
        own = await admin.get(f"{path}/evidence/{file['id']}")
        await world.database.execute("UPDATE users SET email = NULL")
        await stepped(admin.post(f"{path}/decisions", DECISION))
        await take_effect(world, order)
        late = await admin.get(f"{path}/evidence/{file['id']}")

        assert told(nothing) == (404, "evidence_not_found")
        assert told(own) == (403, "conflict_of_interest")
        assert told(late) == (403, "dispute_not_assigned")
