"""What takes two persons: corrections, goodwill, mirrors of wrong journals, unmatched money."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.api.exception_steps import (
    WHY,
    admin,
    approve,
    books_agree,
    clearing,
    code_of,
    proposed,
    second_admin,
)

from kro.core.auth.permissions import Role
from kro.core.ids import show_id
from kro.core.money import Money
from kro.payment.domain import Progress
from kro_api import BUYER_PHONE, Person, World
from order_steps import put_money

AMOUNT = 250_000


async def user_id(person: Person) -> str:
    return str((await person.get("/me")).json()["id"])


def ngn(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "NGN"}


async def goodwill(world: World, proposer: Person, **changed: Any) -> dict[str, Any]:
    body = {"user_id": await user_id(world.buyer), "amount": ngn(AMOUNT), "reason": "delay", **changed}
    return await proposed(proposer, "goodwill", body)


async def refusals(world: World) -> list[str]:
    rows = await world.database.rows(
        "SELECT reason FROM audit_log WHERE action = 'proposal.approve' AND result = 'refused' ORDER BY id"
    )
    return [row["reason"] for row in rows]


class TestTwoPersons:
    async def test_nothing_moves_before_the_second(self, world: World) -> None:
        proposer, approver = await admin(world), await second_admin(world)
        proposal = await goodwill(world, proposer)
        before = await world.buyer.available()

        done = await approve(world, approver, proposal)

        assert (before, await world.buyer.available()) == (0, AMOUNT)
        assert (done.status_code, done.json()["status"]) == (200, "approved")
        assert done.json()["decided_by"] != done.json()["proposed_by"]
        actions = await world.database.rows("SELECT action, actor_id FROM audit_log WHERE target_type = 'proposal'")
        assert {row["action"] for row in actions} == {"proposal.propose", "proposal.approve"}
        assert len({row["actor_id"] for row in actions}) == 2
        await books_agree(world)

    async def test_one_alone_moves_nothing_and_leaves_a_trace(self, world: World) -> None:
        proposer = await admin(world)
        proposal = await goodwill(world, proposer)

        refused = await approve(world, proposer, proposal)

        assert (refused.status_code, refused.json()["code"]) == (403, "two_persons_required")
        assert await refusals(world) == ["two_persons_required"]
        assert await world.buyer.available() == 0

    async def test_nobody_benefits_from_what_they_approve(self, world: World) -> None:
        proposer, approver = await admin(world), await second_admin(world)
        await world.database.execute("UPDATE users SET email = 'second@kro.example' WHERE phone = $1", BUYER_PHONE)

        proposal = await goodwill(world, proposer)
        refused = await approve(world, approver, proposal)
        own = await approver.post(
            "/admin/proposals/goodwill",
            {**WHY, "user_id": await user_id(world.buyer), "amount": ngn(1), "reason": "delay"},
        )

        assert [(reply.status_code, reply.json()["code"]) for reply in (refused, own)] == [(403, "own_benefit")] * 2
        assert await world.buyer.available() == 0

    async def test_an_approval_covers_what_was_shown(self, world: World) -> None:
        proposer, approver = await admin(world), await second_admin(world)
        proposal = await goodwill(world, proposer)

        refused = await approve(world, approver, {**proposal, "proposal_hash": "0" * 64})

        assert (refused.status_code, refused.json()["code"]) == (409, "proposal_mismatch")
        assert await world.buyer.available() == 0

    async def test_a_code_is_good_for_one_approval(self, world: World) -> None:
        proposer, approver = await admin(world), await second_admin(world)
        first, second = await goodwill(world, proposer), await goodwill(world, proposer)
        code = code_of(world)

        replies = [await approve(world, approver, one, code=code) for one in (first, second)]

        assert [reply.status_code for reply in replies] == [200, 422]
        assert await world.buyer.available() == AMOUNT
        assert await refusals(world) == ["two_factor_incorrect"]

    async def test_fifty_approvals_at_once_act_once(self, world: World) -> None:
        proposer, approver = await admin(world), await second_admin(world)
        proposal = await goodwill(world, proposer)

        replies = await asyncio.gather(*(approve(world, approver, proposal) for _ in range(50)))

        assert sum(reply.status_code == 200 for reply in replies) == 1
        assert await world.buyer.available() == AMOUNT
        await books_agree(world)

    async def test_the_database_too_wants_two(self, world: World) -> None:
        proposer = await admin(world)
        await goodwill(world, proposer)

        with pytest.raises(Exception, match="ck_proposals_two_persons"):
            await world.database.execute(
                "UPDATE proposals SET status = 'approved', decided_by = proposed_by, decided_at = now()"
            )

    async def test_a_rejected_one_cannot_be_approved(self, world: World) -> None:
        proposer, approver = await admin(world), await second_admin(world)
        proposal = await goodwill(world, proposer)

        rejected = await approver.post(f"/admin/proposals/{proposal['id']}/reject", {"reason": "not our fault"})
        refused = await approve(world, approver, proposal)

        assert (rejected.status_code, rejected.json()["status"]) == (200, "rejected")
        assert (refused.status_code, refused.json()["code"]) == (409, "proposal_decided")

    @pytest.mark.parametrize(("role", "may_list"), [(Role.SUPPORT, False), (Role.DISPUTE, True)])
    async def test_others_may_not_even_look(self, world: World, role: Role, may_list: bool) -> None:
        stranger, proposal = await second_admin(world, role=role), await goodwill(world, await admin(world))

        listed = await stranger.get("/admin/proposals")
        replies = [
            await stranger.get(f"/admin/proposals/{proposal['id']}"),
            await stranger.get("/admin/suspense"),
            await stranger.get("/admin/debts"),
            await stranger.get("/admin/chargebacks"),
        ]

        assert (listed.status_code, listed.json().get("data")) == ((200, []) if may_list else (403, None))
        assert [reply.status_code for reply in replies] == [404 if may_list else 403, 403, 403, 403]

    async def test_finance_proposes_and_does_not_approve(self, world: World) -> None:
        finance = await second_admin(world, role=Role.FINANCE)
        proposal = await goodwill(world, finance)

        refused = await approve(world, finance, proposal)

        assert refused.status_code == 403
        assert await world.buyer.available() == 0


class TestAdjustments:
    async def test_credit_and_debit_against_the_account_of_the_reason(self, world: World) -> None:
        proposer, approver = await admin(world), await second_admin(world)
        body = {"user_id": await user_id(world.buyer), "amount": ngn(AMOUNT), "reason": "missed_credit"}
        credit = await proposed(proposer, "adjustments", {**body, "direction": "credit"})
        await approve(world, approver, credit)

        short = await proposer.post(
            "/admin/proposals/adjustments", {**WHY, **body, "direction": "debit", "amount": ngn(AMOUNT + 1)}
        )

        assert await world.buyer.available() == AMOUNT
        assert (short.status_code, short.json()["code"]) == (409, "insufficient_funds")
        assert (
            await world.database.value("SELECT balance FROM ledger_balances WHERE qualifier = 'missed_credit'")
            == AMOUNT
        )
        await books_agree(world)

    async def test_a_debit_that_is_no_longer_covered_is_refused_when_approved(self, world: World) -> None:
        proposer, approver = await admin(world), await second_admin(world)
        await put_money(world, AMOUNT)
        body = {"user_id": await user_id(world.buyer), "amount": ngn(AMOUNT), "reason": "bank_error"}
        first = await proposed(proposer, "adjustments", {**body, "direction": "debit"})
        second = await proposed(proposer, "adjustments", {**body, "direction": "debit"})
        await approve(world, approver, first)

        refused = await approve(world, approver, second, code=code_of(world, offset=1))

        assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_funds")
        assert await world.buyer.available() == 0


class TestReversals:
    async def test_a_wrong_journal_gets_its_mirror_once(self, world: World) -> None:
        proposer, approver = await admin(world), await second_admin(world)
        await approve(world, approver, await goodwill(world, proposer))
        [entry] = (await world.buyer.get("/balance/entries")).json()["data"]
        reversal = await proposed(proposer, "reversals", {"journal_id": entry["journal_id"], "reason": "booked_twice"})

        done = await approve(world, approver, reversal, code=code_of(world, offset=1))
        again = await proposer.post(
            "/admin/proposals/reversals", {**WHY, "journal_id": entry["journal_id"], "reason": "booked_twice"}
        )

        assert done.status_code == 200
        assert await world.buyer.available() == 0
        assert (again.status_code, again.json()["code"]) == (409, "journal_already_reversed")
        await books_agree(world)

    async def test_of_what_the_bank_took_is_refused(self, world: World) -> None:
        await put_money(world, AMOUNT)
        reference = await world.database.value("SELECT reference FROM transactions")
        dispute = world.paystack.contest(reference)
        await world.application.refunding.chargebacks.apply_provider_result(dispute)
        proposer = await admin(world)
        journals = await world.database.rows("SELECT id FROM ledger_journals WHERE source_type = 'chargeback'")

        refused = [
            await proposer.post(
                "/admin/proposals/reversals",
                {**WHY, "journal_id": show_id("jrn", journal["id"]), "reason": "never_happened"},
            )
            for journal in journals
        ]

        assert [(reply.status_code, reply.json()["code"]) for reply in refused] == [(409, "journal_not_reversible")]

    async def test_of_what_touches_ones_own_balance_is_for_others(self, world: World) -> None:
        proposer, approver = await admin(world), await second_admin(world)
        await approve(world, approver, await goodwill(world, proposer))
        [entry] = (await world.buyer.get("/balance/entries")).json()["data"]
        body = {"journal_id": entry["journal_id"], "reason": "booked_twice"}
        proposal = await proposed(proposer, "reversals", body)
        await world.database.execute("UPDATE users SET email = 'second@kro.example' WHERE phone = $1", BUYER_PHONE)

        approved = await approve(world, approver, proposal, code=code_of(world, offset=1))
        await proposer.post(f"/admin/proposals/{proposal['id']}/reject", {"reason": "to be made again"})
        made = await approver.post("/admin/proposals/reversals", {**WHY, **body})

        assert [(reply.status_code, reply.json()["code"]) for reply in (approved, made)] == [(403, "own_benefit")] * 2
        assert await world.buyer.available() == AMOUNT
        assert await refusals(world) == ["own_benefit"]

    async def test_of_nothing_is_not_found(self, world: World) -> None:
        reply = await (await admin(world)).post(
            "/admin/proposals/reversals", {**WHY, "journal_id": f"jrn_{'0' * 26}", "reason": "booked_twice"}
        )

        assert (reply.status_code, reply.json()["code"]) == (404, "journal_not_found")


class TestUnmatchedMoney:
    async def unknown_payment(self, world: World, amount: int = AMOUNT) -> str:
        checkout = world.paystack.provider.checkout
        reference = str(uuid4())
        await checkout.start(
            reference=reference,
            amount=Money(amount, "NGN"),
            payer_email="payer@kro.example",
            callback_url="https://kro.example",
        )
        world.paystack.pay(reference)
        return reference

    async def test_waits_in_suspense_and_is_given_to_its_owner_by_two(self, world: World) -> None:
        reference = await self.unknown_payment(world)
        taken = await world.application.exceptions.suspense.take_in("paystack", reference)
        again = await world.application.exceptions.suspense.take_in("paystack", reference)
        proposer, approver = await admin(world), await second_admin(world)
        [item] = (await proposer.get("/admin/suspense", status="open")).json()["data"]
        body = {"item_id": item["id"], "user_id": await user_id(world.buyer), "reason": "payer_identified"}
        proposal = await proposed(proposer, "suspense-credits", body)

        done = await approve(world, approver, proposal)

        assert (taken, again) == (Progress.FINAL, Progress.FINAL)
        assert (item["amount"]["amount"], item["reason"]) == (AMOUNT, "unknown_reference")
        assert done.status_code == 200
        assert await world.buyer.available() == AMOUNT
        found = (await proposer.get(f"/admin/suspense/{item['id']}")).json()
        assert (found["status"], found["user_id"]) == ("credited", body["user_id"])
        late = await proposer.post("/admin/proposals/suspense-credits", {**WHY, **body})
        assert (late.status_code, late.json()["code"]) == (409, "suspense_settled")
        await books_agree(world)

    async def test_goes_back_to_its_sender_by_two(self, world: World) -> None:
        reference = await self.unknown_payment(world)
        await world.application.exceptions.suspense.take_in("paystack", reference)
        proposer, approver = await admin(world), await second_admin(world)
        [item] = (await proposer.get("/admin/suspense")).json()["data"]
        held = await clearing(world)
        body = {"item_id": item["id"], "return_reference": "RF_1", "reason": "nobody_claims_it"}

        done = await approve(world, approver, await proposed(proposer, "suspense-returns", body))

        assert done.status_code == 200
        assert await clearing(world) == held - AMOUNT
        assert await world.violations() == {}

    async def test_two_items_do_not_go_back_under_one_reference(self, world: World) -> None:
        for _ in range(2):
            await world.application.exceptions.suspense.take_in("paystack", await self.unknown_payment(world))
        proposer, approver = await admin(world), await second_admin(world)
        items = [item["id"] for item in (await proposer.get("/admin/suspense")).json()["data"]]
        bodies = [{"item_id": item, "return_reference": "RF_1", "reason": "nobody_claims_it"} for item in items]
        first, second = [await proposed(proposer, "suspense-returns", body) for body in bodies]
        await approve(world, approver, first)

        refused = await approve(world, approver, second, code=code_of(world, offset=1))
        await proposer.post(f"/admin/proposals/{second['id']}/reject", {"reason": "a slip"})
        again = await proposer.post("/admin/proposals/suspense-returns", {**WHY, **bodies[1]})

        told = [(reply.status_code, reply.json()["code"]) for reply in (refused, again)]
        assert told == [(409, "return_reference_used")] * 2
        assert [(await proposer.get(f"/admin/suspense/{item}")).json()["status"] for item in items] == [
            "returned",
            "open",
        ]
        assert await world.violations() == {}

    async def test_is_told_of_every_day(self, world: World) -> None:
        await world.application.exceptions.suspense.take_in("paystack", await self.unknown_payment(world))
        suspense = world.application.exceptions.suspense

        assert await suspense.raise_alarms() == 0
        await world.database.execute("UPDATE suspense_items SET next_alarm_at = now() - interval '1 second'")
        assert await suspense.raise_alarms() == 1
        assert await suspense.raise_alarms() == 0
