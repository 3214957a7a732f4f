"""Decisions about more than one admin may decide: proposed by the assigned one, approved by another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dispute_steps import (
    GROUNDS,
    PRICE,
    admin_id,
    approve,
    disputed,
    ngn,
    officer,
    proposed,
    related,
    strict,
    take_effect,
    to_decide,
)
from kro.core.auth.permissions import Role
from kro_api import BUYER_PHONE, World, running_world, settings_for
from order_steps import DUE, SELLER_GETS, shared_out, stepped


@pytest.fixture
async def world(fresh_database: Any) -> AsyncIterator[World]:
    async with running_world(strict(settings_for(fresh_database.cluster, fresh_database.name))) as running:
        yield running


def told(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["code"]


async def refusals(world: World) -> list[str]:
    rows = await world.database.rows(
        "SELECT reason FROM audit_log WHERE action = 'proposal.approve' AND result = 'refused' ORDER BY at, id"
    )
    return [row["reason"] for row in rows]


async def test_one_admin_may_not_decide_about_that_much(world: World) -> None:
    order, admin = await disputed(world), await officer(world)
    path = await to_decide(world, admin, order)

    refused = await admin.post(f"{path}/decisions", {"awarded": ngn(0), "grounds": GROUNDS})

    assert told(refused) == (409, "second_admin_needed")
    assert await world.database.value("SELECT count(*) FROM rulings") == 0


async def test_two_decide_and_the_proposer_is_who_decided(world: World) -> None:
    order, admin, second = await disputed(world), await officer(world), await officer(world, "second")
    path = await to_decide(world, admin, order)
    proposal = await proposed(admin, path, PRICE)
    before = (await admin.get(path)).json()["status"]

    done = await approve(second, proposal)

    assert (before, done.status_code, done.json()["status"]) == ("evidence", 200, "approved")
    assert (proposal["subject_id"], proposal["amount"], proposal["note"]) == (order["issue"]["id"], ngn(PRICE), GROUNDS)
    decided = (await admin.get(path)).json()
    assert (decided["status"], decided["awarded"], decided["grounds"]) == ("decided", ngn(PRICE), GROUNDS)
    assert decided["decided_by"] == await admin_id(world, "officer")
    assert decided["approved_by"] == await admin_id(world, "second")
    assert (await shared_out(world))["order_escrow"] == DUE
    await take_effect(world, order)
    assert (await shared_out(world))["seller"] == SELLER_GETS
    assert await world.violations() == {}


async def test_a_wrong_or_spent_code_decides_nothing(world: World) -> None:
    order, admin, second = await disputed(world), await officer(world), await officer(world, "second")
    path = await to_decide(world, admin, order)
    proposal = await proposed(admin, path, PRICE)

    refused = await approve(second, proposal, step=-1)

    assert refused.status_code == 422
    assert (await admin.get(path)).json()["status"] == "evidence"


async def test_nobody_is_the_second_to_themselves(world: World) -> None:
    order, admin = await disputed(world), await officer(world)
    proposal = await proposed(admin, await to_decide(world, admin, order), PRICE)

    refused = await approve(admin, proposal)

    assert told(refused) == (403, "two_persons_required")
    assert await refusals(world) == ["two_persons_required"]


async def test_the_database_too_wants_two(world: World) -> None:
    order, admin, second = await disputed(world), await officer(world), await officer(world, "second")
    await approve(second, await proposed(admin, await to_decide(world, admin, order), PRICE))

    with pytest.raises(Exception, match="ck_rulings_two_persons"):
        await world.database.execute(
            """INSERT INTO rulings SELECT gen_random_uuid(), issue_id, order_id, 2, awarded, grounds, decided_by,
                                          decided_by, decided_at FROM rulings"""
        )


async def test_neither_is_a_party(world: World) -> None:
    order, admin, second = await disputed(world), await officer(world), await officer(world, "second")
    path = await to_decide(world, admin, order)
    proposal = await proposed(admin, path, PRICE)

    await related(world, "second", BUYER_PHONE)
    by_second = await approve(second, proposal)
    await related(world, "officer", BUYER_PHONE)
    third = await officer(world, "third")
    by_third = await approve(third, proposal)

    assert [told(reply) for reply in (by_second, by_third)] == [(403, "conflict_of_interest")] * 2
    assert await refusals(world) == ["conflict_of_interest"] * 2
    assert await world.database.value("SELECT count(*) FROM rulings") == 0


async def test_after_an_appeal_neither_took_part_before(world: World) -> None:
    order, admin, second = await disputed(world), await officer(world), await officer(world, "second")
    third, fourth = await officer(world, "third"), await officer(world, "fourth")
    path = await to_decide(world, admin, order)
    await approve(second, await proposed(admin, path, PRICE))
    parties = f"/orders/{order['id']}/issues/{order['issue']['id']}"
    await stepped(world.buyer.post(f"{parties}/appeal", {"text": "The photos are of another phone."}))

    taken = [await one.post(f"{path}/assign") for one in (admin, second)]
    await stepped(third.post(f"{path}/assign"))
    proposal = await proposed(third, path, 0)
    refused = [await approve(one, proposal, step=1) for one in (admin, second)]
    done = await approve(fourth, proposal)

    assert [told(reply) for reply in (*taken, *refused)] == [(403, "same_reviewer")] * 4
    assert (done.status_code, (await third.get(path)).json()["status"]) == (200, "final")


async def test_what_has_changed_since_is_decided_anew(world: World) -> None:
    order, admin, second = await disputed(world), await officer(world), await officer(world, "second")
    path = await to_decide(world, admin, order)
    proposal = await proposed(admin, path, PRICE)
    await stepped(admin.post(f"{path}/info-requests", {"question": "Who packed it?", "hours": 24}))

    open_again = await approve(second, proposal)
    lead = await officer(world, "lead", role=Role.SUPER)
    await stepped(lead.post(f"{path}/assign", {"admin_id": await admin_id(world, "second")}))
    await world.database.execute("UPDATE issues SET evidence_by = now() - interval '1 second'")
    elsewhere = await approve(second, proposal, step=1)

    assert told(open_again) == (409, "evidence_open")
    assert told(elsewhere) == (403, "dispute_not_assigned")


async def test_an_undecidable_one_is_not_even_proposed(world: World) -> None:
    order, admin = await disputed(world), await officer(world)
    path = await to_decide(world, admin, order)
    await proposed(admin, path, PRICE)

    twice = await admin.post(f"{path}/decision-proposals", {"awarded": ngn(0), "grounds": GROUNDS})
    above = await admin.post(f"{path}/decision-proposals", {"awarded": ngn(PRICE + 1), "grounds": GROUNDS})

    assert told(twice) == (409, "proposal_open")
    assert above.status_code == 409
    assert await world.database.value("SELECT count(*) FROM proposals") == 1


@pytest.mark.parametrize("role", [Role.APPROVER, Role.COMPLIANCE, Role.FINANCE])
async def test_other_peoples_approvals_are_not_worth_anything(world: World, role: Role) -> None:
    order, admin, other = await disputed(world), await officer(world), await officer(world, "other", role=role)
    proposal = await proposed(admin, await to_decide(world, admin, order), PRICE)

    refused = await approve(other, proposal)
    rejected = await other.post(f"/admin/proposals/{proposal['id']}/reject", {"reason": "no"})

    assert [told(reply) for reply in (refused, rejected)] == [(403, "permission_denied")] * 2
    assert told(await other.get(f"/admin/proposals/{proposal['id']}")) == (404, "proposal_not_found")
    assert (await other.get("/admin/proposals")).json()["data"] == []
    assert [one["id"] for one in (await admin.get("/admin/proposals")).json()["data"]] == [proposal["id"]]


async def test_officers_see_and_touch_nothing_but_disputes(world: World) -> None:
    lead, admin = await officer(world, "lead", role=Role.SUPER), await officer(world)
    user = (await world.buyer.get("/me")).json()["id"]
    made = await lead.post(
        "/admin/proposals/goodwill",
        {"user_id": user, "amount": ngn(1_000), "reason": "delay", "ticket": "OPS-1", "note": "Late."},
    )
    proposal = made.json()

    refused = [
        await approve(admin, proposal),
        await admin.post(f"/admin/proposals/{proposal['id']}/reject", {"reason": "no"}),
        await admin.post("/admin/proposals/goodwill", {**proposal, "ticket": "OPS-1"}),
    ]

    assert [told(reply) for reply in refused[:2]] == [(403, "permission_denied")] * 2
    assert refused[2].status_code == 403
    assert (await admin.get("/admin/proposals", kind="goodwill")).json()["data"] == []
    assert await world.buyer.available() == 0


async def test_who_made_it_may_take_it_back(world: World) -> None:
    order, admin = await disputed(world), await officer(world)
    path = await to_decide(world, admin, order)
    proposal = await proposed(admin, path, PRICE)

    back = await admin.post(f"/admin/proposals/{proposal['id']}/reject", {"reason": "a slip"})

    assert (back.status_code, back.json()["status"]) == (200, "rejected")
    assert (await proposed(admin, path, 0))["amount"] == ngn(0)
