"""What the tests of people around payouts share: a lost payout, its alarms, its proposal and its confirmation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
from tests.integration.payment.world import (
    Admin,
    PaymentWorld,
)

from kro.core.actor import Actor
from kro.core.decisions import Reply
from kro.payment.domain import (
    Finding,
    Payout,
    PayoutStatus,
    ResolutionOutcome,
    StuckPayout,
)
from kro.payment.providers.fake import Fault

AMOUNT = 700_000
FEE = 5_000
RECEIVED = 1_000_000
NOTE = "The bank's statement of 16 January shows the credit; ticket 4711."
PAID = Finding(ResolutionOutcome.PAID, "TRF_of_the_statement", NOTE)
FAILED = Finding(ResolutionOutcome.FAILED, None, NOTE)


def shown(stuck: StuckPayout) -> Reply:
    return Reply(status=200, body=orjson.dumps({"hash": stuck.resolution_hash, "status": stuck.payout.status}))


def ids_shown(payout_ids: tuple[Any, ...]) -> Reply:
    return Reply(status=200, body=orjson.dumps([str(payout_id) for payout_id in payout_ids]))


async def lost_payout(world: PaymentWorld, user: Actor, admin: Admin, amount: int = AMOUNT) -> Payout:
    """A payout whose transfer neither we nor the vendor will ever give news of."""
    payout = await world.approved_payout(user, admin, amount)
    world.provider.fail_next("send", Fault.ANSWER_LOST)
    await world.submitter.submit(payout_id=payout.id)
    assert (await world.payout(payout)).status is PayoutStatus.UNKNOWN
    return payout


async def alarmed(world: PaymentWorld) -> list[str]:
    rows = await world.database.rows("SELECT payload ->> 'kind' AS kind FROM outbox WHERE topic = 'alert' ORDER BY id")
    return [row["kind"] for row in rows]


async def propose(world: PaymentWorld, payout: Payout, admin: Admin, finding: Finding = PAID) -> None:
    await world.resolutions.propose(
        payout_id=payout.id, finding=finding, totp=world.code(admin), actor=admin.actor, once=None, render=shown
    )
    world.clock.advance(timedelta(seconds=30))


async def open_proposal(world: PaymentWorld, payout: Payout) -> StuckPayout:
    waiting = await world.resolutions.waiting(after=None, limit=100)
    return next(stuck for stuck, _ in waiting if stuck.payout.id == payout.id)


async def confirm(world: PaymentWorld, payout: Payout, admin: Admin, *, code: str | None = None) -> Reply:
    stuck = await open_proposal(world, payout)
    assert stuck.resolution is not None
    assert stuck.resolution_hash is not None
    return await world.resolutions.confirm(
        payout_id=payout.id,
        resolution_id=stuck.resolution.id,
        shown_hash=stuck.resolution_hash,
        totp=code or world.code(admin),
        actor=admin.actor,
        once=None,
        render=shown,
    )


async def stuck_payout(world: PaymentWorld) -> tuple[Actor, Admin, Admin, Payout]:
    user, first, second = await world.add_user(), await world.add_admin(), await world.add_admin()
    payout = await lost_payout(world, user, first)
    world.clock.advance(timedelta(hours=25))
    await world.alarms.raise_due()
    return user, first, second, payout
