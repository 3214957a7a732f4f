"""A payout whose end nobody knows, over HTTP from the lost answer to the money: `docs/procedures.md` goes this way."""

from __future__ import annotations

from typing import Any

from admin_desk import Admin, at_desk
from kro.core.auth.permissions import Role
from kro.core.ids import read_id
from kro.payment.providers.fake import Fault
from kro_api import World
from order_steps import put_money
from step_up_steps import add_bank_account

FUNDS, AMOUNT, COSTS = 300_000_000, 2_000_000, 10_000


async def requested(world: World, account: str) -> str:
    body = {"bank_account_id": account, "amount": {"amount": AMOUNT, "currency": "NGN"}}
    reply = await world.buyer.post("/payouts", body)
    assert reply.status_code == 202, reply.text
    return str(reply.json()["id"])


async def approved(world: World, approver: Admin, payout: str, *, step: int = 0) -> None:
    shown = (await approver.get(f"/admin/payouts/{payout}")).json()
    word = {"totp": approver.code(step=step), "approval_hash": shown["approval_hash"]}
    reply = await approver.post(f"/admin/payouts/{payout}/approve", word)
    assert reply.status_code == 200, reply.text
    await world.work()


async def raise_alarms(world: World) -> None:
    [alarms] = [step for step in world.application.steps if step.name == "payout.alarms"]
    await alarms.run()


async def status_of(world: World, payout: str) -> str:
    return str((await world.buyer.get(f"/payouts/{payout}")).json()["status"])


async def grow_old(world: World, payout: str, hours: int) -> None:
    """Turn its clock back, and its number among the payouts of its day with it."""
    back = "created_at = created_at - make_interval(hours => $2)"
    for sql in (
        f"UPDATE payout_attempts SET {back} WHERE payout_id = $1",  # noqa: S608 - a constant
        f"UPDATE transactions SET {back}, reference = reference || '/old' WHERE id = $1",  # noqa: S608 - as above
    ):
        await world.database.execute(sql, read_id("pyt", payout), hours)


async def stuck(admin: Admin) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await admin.get("/admin/payouts/stuck")).json()["data"]
    return found


async def test_from_a_lost_answer_to_money_that_is_given_back_and_sent_again(world: World) -> None:
    await put_money(world, FUNDS)
    account = str((await add_bank_account(world, world.buyer))["id"])
    approver = await at_desk(world, Role.APPROVER, email="approver@kro.example")
    first, second = [await at_desk(world, Role.FINANCE, email=f"{name}@kro.example") for name in ("first", "second")]
    payout = await requested(world, account)
    world.paystack.fail_next("send", Fault.ANSWER_LOST)
    await approved(world, approver, payout)
    assert await status_of(world, payout) in {"unknown", "submitted"}

    # Too early: the provider is asked, and people may not say.
    assert await stuck(first) == []
    word = {"outcome": "failed", "note": "Not on the statement."}
    early = await first.post(f"/admin/payouts/{payout}/resolutions", {**word, "totp": first.code()})
    assert (early.status_code, early.json()["code"]) == (409, "payout_outcome_not_possible")

    # A day later it is told of, and the provider still cannot say.
    await grow_old(world, payout, hours=30)
    await raise_alarms(world)
    [waiting] = await stuck(first)
    assert (waiting["id"], waiting["resolution"]) == (payout, None)
    proposed = await first.post(f"/admin/payouts/{payout}/resolutions", {**word, "totp": first.code(step=1)})
    assert proposed.status_code == 201, proposed.text

    [waiting] = await stuck(second)
    path = f"/admin/payouts/{payout}/resolutions/{waiting['resolution']['id']}/confirm"
    shown = {"resolution_hash": waiting["resolution_hash"]}
    alone = await first.post(path, {**shown, "totp": first.code(step=1)})
    assert alone.status_code in {403, 409}, alone.text
    confirmed = await second.post(path, {**shown, "totp": second.code()})
    assert confirmed.status_code < 300, confirmed.text

    # The money is back, and goes out by another payout.
    assert (await status_of(world, payout), await stuck(first)) == ("failed", [])
    assert await world.buyer.available() == FUNDS
    again = await requested(world, account)
    await approved(world, approver, again, step=1)
    reference = [name for name, transfer in world.paystack.transfers.items() if transfer.status != "success"][-1]
    world.paystack.settle(reference)
    await world.application.paying_out.tracker.apply_provider_result(reference=reference)
    assert await status_of(world, again) == "succeeded"
    assert await world.buyer.available() == FUNDS - AMOUNT - COSTS
    assert await world.violations() == {}


async def test_a_provider_that_can_tell_ends_it_without_people(world: World) -> None:
    await put_money(world, FUNDS)
    account = str((await add_bank_account(world, world.buyer))["id"])
    approver = await at_desk(world, Role.APPROVER)
    payout = await requested(world, account)
    world.paystack.fail_next("send", Fault.ANSWER_LOST)
    await approved(world, approver, payout)
    [reference] = world.paystack.transfers
    world.paystack.settle(reference)

    await world.application.paying_out.tracker.apply_provider_result(reference=reference)

    assert (await status_of(world, payout), await stuck(approver)) == ("succeeded", [])
    assert await world.violations() == {}
