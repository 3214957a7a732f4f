"""Above a threshold a session is not enough: the proof of who asks is used up by what it allows."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest

from kro.core.config import StepUpSettings
from kro_api import Person, World, running_world, settings_for
from milestone_steps import condition_path, delivery_code, funded, part
from order_steps import completed, put_money, stepped, user_id_of
from order_steps import funded as agreed
from step_up_steps import add_bank_account, proof, with_proof

SECRET = "KROLOCALONLYAPPROVER234567ABCDEF"
THRESHOLD, PRICE = 10_000_000, 15_000_000
RIVALS = 50


@pytest.fixture
async def world(fresh_database: Any) -> AsyncIterator[World]:
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    lower = settings.model_copy(update={"step_up": StepUpSettings(above_minor={"NGN": THRESHOLD})})
    async with running_world(lower) as running:
        yield running


@pytest.fixture
async def path(world: World) -> str:
    return f"/orders/{(await completed(world))['id']}"


def naira(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "NGN"}


async def enroll(world: World, person: Person) -> UUID:
    """Give a person an authenticator."""
    user_id = user_id_of((await person.get("/me")).json())
    await world.application.base.user_factors.enroll(owner_id=user_id, secret=SECRET)
    return user_id


async def refusals(world: World) -> list[str]:
    rows = await world.database.rows(
        "SELECT reason FROM audit_log WHERE action = 'step_up.prove' AND result = 'refused' ORDER BY at, id"
    )
    return [row["reason"] for row in rows]


def task_of(path: str) -> dict[str, Any]:
    return {"action": "approve_order", "target": path.removeprefix("/orders/")}


async def asked(world: World, path: str) -> dict[str, Any]:
    """Return what the server asks to be proven for an approval."""
    reply = await world.buyer.post(f"{path}/approve")
    assert (reply.status_code, reply.json()["code"]) == (403, "step_up_required"), reply.text
    told: dict[str, Any] = reply.json()["step_up"]
    return told


class TestApproval:
    async def test_says_what_has_to_be_proven_and_how(self, world: World, path: str) -> None:
        told = await asked(world, path)

        assert told == {
            "action": "approve_order",
            "target": path.removeprefix("/orders/"),
            "amount": naira(PRICE),
            "methods": ["sms"],
        }
        assert (await world.buyer.get(path)).json()["status"] == "completed"

    async def test_happens_once_with_the_code_that_was_sent(self, world: World, path: str) -> None:
        approved = await with_proof(world, world.buyer, f"{path}/approve", key="once")
        again = await world.buyer.post(f"{path}/approve")

        assert (approved.status_code, approved.json()["status"]) == (200, "closed")
        assert again.status_code == 409
        used = await world.database.row("SELECT result, detail FROM audit_log WHERE action = 'step_up.prove'")
        assert (used["result"], used["detail"]["method"]) == ("done", "code")
        assert await world.violations() == {}

    async def test_is_answered_again_under_its_key(self, world: World, path: str) -> None:
        body = {"step_up": await proof(world, world.buyer, await asked(world, path))}

        first, second = [await world.buyer.post(f"{path}/approve", body, key="once") for _ in range(2)]

        assert (first.status_code, second.status_code) == (200, 200)
        assert first.content == second.content
        assert "idempotent-replayed" in second.headers

    async def test_needs_the_newest_code_for_exactly_this(self, world: World, path: str) -> None:
        task = await asked(world, path)
        older = await proof(world, world.buyer, task)
        another = await proof(world, world.buyer, {**task, "amount": naira(PRICE - 1)})
        newest = await proof(world, world.buyer, task)

        for wrong in (older, another):
            reply = await world.buyer.post(f"{path}/approve", {"step_up": wrong})
            assert (reply.status_code, reply.json()["code"]) == (410, "otp_expired")
        assert (await world.buyer.post(f"{path}/approve", {"step_up": newest})).status_code == 200
        assert await refusals(world) == ["otp_expired"] * 2

    async def test_takes_nobody_elses_code(self, world: World, path: str) -> None:
        theirs = await proof(world, world.stranger, await asked(world, path))

        reply = await world.buyer.post(f"{path}/approve", {"step_up": theirs})

        assert (reply.status_code, reply.json()["code"]) == (410, "otp_expired")

    async def test_gives_five_tries(self, world: World, path: str) -> None:
        right = await proof(world, world.buyer, await asked(world, path))
        wrong = {**right, "code": f"{(int(right['code']) + 1) % 1_000_000:06d}"}

        seen = [(await world.buyer.post(f"{path}/approve", {"step_up": wrong})).status_code for _ in range(5)]
        late = await world.buyer.post(f"{path}/approve", {"step_up": right})

        assert seen == [422] * 5
        assert (late.status_code, late.json()["code"]) == (410, "otp_expired")
        assert await refusals(world) == ["otp_incorrect"] * 5 + ["otp_expired"]

    async def test_asks_nothing_of_the_one_who_may_not(self, world: World, path: str) -> None:
        refused = [await person.post(f"{path}/approve") for person in (world.seller, world.stranger)]

        assert [reply.status_code for reply in refused] == [409, 404]
        assert "step_up" not in refused[0].json()

    async def test_sends_few_codes(self, world: World, path: str) -> None:
        task = {name: value for name, value in (await asked(world, path)).items() if name != "methods"}

        seen = [(await world.buyer.post("/auth/step-up", task)).status_code for _ in range(4)]

        assert seen == [202, 202, 202, 429]

    async def test_the_text_says_what_the_code_is_for_and_the_outbox_does_not_know_it(
        self, world: World, path: str
    ) -> None:
        told = await proof(world, world.buyer, await asked(world, path))
        kept = await world.database.value("SELECT string_agg(payload::text, ' ') FROM outbox WHERE topic = 'sms.otp'")
        await world.work()

        expected = (
            f"{told['code']} is your KRO code to release NGN 150,000.00. It is valid for 5 minutes. "
            "Never share it with anyone."
        )
        assert expected in [message.text for message in world.sms.sent]
        assert told["code"] not in kept


class TestAuthenticator:
    async def test_is_what_proves_where_there_is_one(self, world: World, path: str) -> None:
        sent = await proof(world, world.buyer, await asked(world, path))
        await enroll(world, world.buyer)

        told = await asked(world, path)
        by_sms = await world.buyer.post(f"{path}/approve", {"step_up": sent})
        another = await world.buyer.post("/auth/step-up", task_of(path))
        by_code = await world.buyer.post(f"{path}/approve", {"step_up": {"code": pyotp.TOTP(SECRET).now()}})

        assert told["methods"] == ["totp"]
        assert (by_sms.status_code, by_sms.json()["code"]) == (403, "step_up_required")
        assert (another.status_code, another.json()["code"]) == (409, "authenticator_needed")
        assert (by_code.status_code, by_code.json()["status"]) == (200, "closed")

    async def test_a_code_works_once_and_rests_after_five_wrong_ones(self, world: World, path: str) -> None:
        user_id = await enroll(world, world.buyer)
        code = {"step_up": {"code": pyotp.TOTP(SECRET).now()}}
        part = {"amount": naira(THRESHOLD + 1)}
        released = await world.buyer.post(f"{path}/partial-releases", {**part, **code})
        spent = await world.database.value("SELECT last_used_step FROM two_factor_user WHERE id = $1", user_id)

        seen = [await world.buyer.post(f"{path}/approve", code) for _ in range(6)]

        assert released.status_code == 200, released.text
        assert [reply.json()["code"] for reply in seen] == ["two_factor_incorrect"] * 5 + ["two_factor_locked"]
        assert await world.database.value("SELECT last_used_step FROM two_factor_user") == spent
        assert await refusals(world) == ["two_factor_incorrect"] * 5 + ["two_factor_locked"]


class TestSmallParts:
    async def test_do_not_get_around_the_threshold(self, world: World, path: str) -> None:
        part = {"amount": naira(THRESHOLD // 2)}

        first, second = [await world.buyer.post(f"{path}/partial-releases", part) for _ in range(2)]
        third = await world.buyer.post(f"{path}/partial-releases", {"amount": naira(10_000)})
        proven = await with_proof(world, world.buyer, f"{path}/approve")

        assert (first.status_code, second.status_code) == (200, 200)
        assert (third.status_code, third.json()["code"]) == (403, "step_up_required")
        assert (proven.status_code, proven.json()["status"]) == (200, "closed")
        assert await world.violations() == {}

    async def test_nor_do_milestones(self, world: World) -> None:
        order = await funded(world, *[part(f"Part {number}", 5_000_000) for number in (1, 2, 3)])

        for number in (1, 2):
            await stepped(world.buyer.post(f"{condition_path(order, number)}/confirm"))
        last = await with_proof(world, world.buyer, f"{condition_path(order, 3)}/confirm")

        assert (last.status_code, last.json()["status"]) == (200, "closed")

    async def test_nor_does_a_code_that_is_as_good_as_an_approval(self, world: World) -> None:
        order = await funded(world, delivery_code(), code_is_acceptance=True)
        path = f"/orders/{order['id']}"

        code = await with_proof(world, world.buyer, f"{path}/handover-code")
        entered = await world.seller.post(f"{path}/handover-code/enter", {"code": code.json()["code"]})

        assert code.status_code == 200, code.text
        assert entered.json()["status"] == "closed"

    async def test_nor_do_payouts_of_one_day(self, world: World) -> None:
        await put_money(world, 3 * THRESHOLD)
        account = (await add_bank_account(world, world.buyer))["id"]
        body = {"bank_account_id": account, "amount": naira(THRESHOLD)}

        first = await world.buyer.post("/payouts", body)
        second = await with_proof(world, world.buyer, "/payouts", {**body, "amount": naira(10_000)})

        assert (first.status_code, second.status_code) == (202, 202)


async def test_a_bank_account_takes_a_proof_for_exactly_its_number(world: World) -> None:
    body = {"bank_code": "058", "account_number": "2000000005"}
    refused = await world.buyer.post("/me/bank-accounts", body)
    told = await proof(world, world.buyer, {**refused.json()["step_up"], "target": "058:2000000006"})

    swapped = await world.buyer.post("/me/bank-accounts", {**body, "step_up": told})

    assert (refused.status_code, refused.json()["step_up"]["target"]) == (403, "058:2000000005")
    assert (swapped.status_code, swapped.json()["code"]) == (410, "otp_expired")
    assert (await add_bank_account(world, world.buyer))["account_number"] == "******0005"


class TestFiftyAtOnce:
    @pytest.mark.parametrize("by", ["sms", "totp"])
    async def test_one_proof_releases_one_part(self, world: World, path: str, by: str) -> None:
        part = {"amount": naira(THRESHOLD // 2)}
        await stepped(world.buyer.post(f"{path}/partial-releases", part))
        if by == "totp":
            await enroll(world, world.buyer)
            told: dict[str, str] = {"code": pyotp.TOTP(SECRET).now()}
        else:
            task = {"action": "release_part", "target": path.removeprefix("/orders/"), "amount": naira(6_000_000)}
            told = await proof(world, world.buyer, task)
        body = {"amount": naira(6_000_000), "step_up": told}

        replies = await asyncio.gather(*(world.buyer.post(f"{path}/partial-releases", body) for _ in range(RIVALS)))

        seen = Counter(reply.status_code for reply in replies)
        assert seen[200] == 1, seen
        assert set(seen) <= {200, 403, 409, 410, 422, 429}
        assert await world.database.value("SELECT released_in_parts FROM orders") == THRESHOLD // 2 + 6_000_000
        assert await world.violations() == {}

    async def test_the_same_request_approves_once_and_is_answered_alike(self, world: World, path: str) -> None:
        body = {"step_up": await proof(world, world.buyer, await asked(world, path))}

        replies = await asyncio.gather(*(world.buyer.post(f"{path}/approve", body, key="one") for _ in range(RIVALS)))
        late = await world.buyer.post(f"{path}/approve", body, key="one")

        answers = {reply.content for reply in replies if reply.status_code == 200} | {late.content}
        assert len(answers) == 1
        assert late.status_code == 200
        assert {reply.status_code for reply in replies} <= {200, 409, 410}
        released = "SELECT count(*) FROM ledger_journals WHERE kind = 'full_release'"
        assert await world.database.value(released) == 1


class TestWhatBothAgreeTo:
    """A thief with the buyer's session and an account of their own agrees with themselves."""

    async def test_an_offer_is_the_buyers_word(self, world: World, path: str) -> None:
        everything = {"seller_amount": naira(PRICE), "note": None}
        theirs = await world.seller.post(f"{path}/offers", everything)
        offer = theirs.json()["offers"][0]["id"]

        made = await world.buyer.post(f"{path}/offers", everything)
        taken = await world.buyer.post(f"{path}/offers/{offer}/accept")

        assert theirs.status_code == 200
        assert [(reply.status_code, reply.json()["step_up"]["action"]) for reply in (made, taken)] == [
            (403, "make_offer"),
            (403, "accept_offer"),
        ]
        assert taken.json()["step_up"]["target"] == offer
        done = await with_proof(world, world.buyer, f"{path}/offers/{offer}/accept")
        assert (done.status_code, done.json()["status"]) == (200, "closed")
        assert await world.violations() == {}

    async def test_giving_back_takes_none(self, world: World, path: str) -> None:
        offer = (await world.seller.post(f"{path}/offers", {"seller_amount": naira(0), "note": None})).json()

        taken = await world.buyer.post(f"{path}/offers/{offer['offers'][0]['id']}/accept")

        assert (taken.status_code, taken.json()["status"]) == (200, "refunded")

    async def test_an_amendment_that_pays_sooner_takes_one(self, world: World) -> None:
        path = f"/orders/{(await agreed(world))['id']}"
        soon = {
            "kind": "date",
            "title": "First of the month",
            "confirmed_by": "system",
            "not_before": (world.application.clock.now() + timedelta(days=9)).isoformat(),
            "amount": naira(PRICE // 2),
        }
        body = {"add_conditions": [soon]}
        proposed = await world.buyer.post(f"{path}/amendments", body)
        theirs = await world.seller.post(f"{path}/amendments", body)
        assert theirs.status_code == 201, theirs.text
        amendment = theirs.json()
        shown = {"hash": amendment["hash"]}

        taken = await world.buyer.post(f"{path}/amendments/{amendment['id']}/accept", shown)

        assert [(reply.status_code, reply.json()["step_up"]["action"]) for reply in (proposed, taken)] == [
            (403, "propose_amendment"),
            (403, "accept_amendment"),
        ]
        assert taken.json()["step_up"]["amount"] == naira(PRICE)
        done = await with_proof(world, world.buyer, f"{path}/amendments/{amendment['id']}/accept", shown)
        assert done.status_code == 200, done.text

    async def test_more_time_takes_none(self, world: World) -> None:
        path = f"/orders/{(await agreed(world))['id']}"
        longer = (await world.seller.post(f"{path}/amendments", {"delivery_hours": 200})).json()

        taken = await world.buyer.post(f"{path}/amendments/{longer['id']}/accept", {"hash": longer["hash"]})

        assert taken.status_code == 200, taken.text
