"""An approved payout and a debt that came between its approval and its way to the bank."""

from __future__ import annotations

import pytest
from tests.integration.refund.world import RefundWorld

from kro.core.outbox import Envelope, RetryLater
from kro.payment.domain import PayoutBlockedError, PayoutStatus
from kro.refund.domain import ReceivableRepository, ReceivableService

PAID = 1_000_000
FEE = 5_000


async def test_waits_until_what_is_owed_is_repaid(world: RefundWorld) -> None:
    user, admin = await world.add_user(), await world.add_admin()
    payment = await world.receive(user, PAID)
    payout = await world.request_payout(user, PAID - FEE)
    await world.approve(payout, admin)
    await world.chargebacks.apply_provider_result(world.provider.contest(payment.reference))
    message = Envelope(
        id=world.ids.new(),
        topic="payout.submit",
        payload={"payout_id": str(payout.id)},
        attempts=1,
        created_at=world.clock.now(),
    )

    with pytest.raises(PayoutBlockedError):
        await world.submitter.submit(payout_id=payout.id)
    with pytest.raises(RetryLater, match="payout_blocked"):
        await world.submitter.handle(message)

    assert (await world.payout(payout)).status is PayoutStatus.APPROVED
    assert world.provider.transfers == {}
    await world.receive(user, PAID)
    debts = ReceivableService(
        runner=world.runner, receivables=ReceivableRepository(world.database), clock=world.clock, ids=world.ids
    )
    assert await debts.collect(user.id, "NGN") == PAID
    await world.submitter.handle(message)
    assert len(world.provider.transfers) == 1
    await world.sound()
