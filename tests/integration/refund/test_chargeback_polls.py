"""Asking about contested payments: each for itself, and people hear once of what does not fit."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.refund.world import RefundWorld

from kro.core.actor import Actor
from kro.payment.domain import DisputeReader, DisputeResult, Progress

PAID = 1_000_000


class FailsFor(DisputeReader):
    def __init__(self, inner: DisputeReader, dispute: str) -> None:
        self._inner = inner
        self._dispute = dispute

    async def dispute(self, *, provider_reference: str) -> DisputeResult:
        if provider_reference == self._dispute:
            raise RuntimeError("a bug in reading this one")
        return await self._inner.dispute(provider_reference=provider_reference)


async def contested(world: RefundWorld, user: Actor, amount: int | None = None) -> str:
    payment = await world.receive(user, PAID)
    dispute = world.provider.contest(payment.reference, amount_minor=amount)
    await world.chargebacks.apply_provider_result(dispute)
    return dispute


async def alarms(world: RefundWorld, kind: str) -> int:
    value: int = await world.database.value(
        "SELECT count(*) FROM outbox WHERE topic = 'alert' AND payload ->> 'kind' = $1", kind
    )
    return value


class TestPolling:
    async def test_one_that_fails_does_not_hold_up_the_others(self, world: RefundWorld) -> None:
        user = await world.add_user()
        disputes = [await contested(world, user) for _ in range(3)]
        for dispute in disputes:
            world.provider.end_dispute(dispute, "declined")
        world.chargebacks._provider = FailsFor(world.provider.provider.disputes, disputes[0])
        world.clock.advance(timedelta(hours=12))

        assert await world.chargebacks.poll_due() == 3

        assert await world.count("chargebacks", status="won") == 2
        assert await world.count("chargebacks", status="opened", provider_reference=disputes[0]) == 1
        world.chargebacks._provider = world.provider.provider.disputes
        world.clock.advance(timedelta(hours=1))
        await world.chargebacks.poll_due()
        assert await world.count("chargebacks", status="won") == 3
        await world.sound()

    async def test_an_answer_that_does_not_fit_is_told_once_and_asked_about_like_any_other(
        self, world: RefundWorld
    ) -> None:
        dispute = await contested(world, await world.add_user(), 400_000)
        world.provider.end_dispute(dispute, "merchant-accepted", amount_minor=500_000)

        asked = 0
        for _ in range(30):
            world.clock.advance(timedelta(hours=1))
            asked += await world.chargebacks.poll_due()

        assert asked == 2
        assert await alarms(world, "chargeback_contradiction") == 1
        assert await world.count("audit_log", action="chargeback.contradiction") == 1
        assert await world.count("chargebacks", status="opened") == 1

    async def test_another_reason_is_told_again(self, world: RefundWorld) -> None:
        dispute = await contested(world, await world.add_user(), 400_000)
        world.provider.end_dispute(dispute, "merchant-accepted", amount_minor=500_000)
        await world.chargebacks.apply_provider_result(dispute)
        world.provider.disputes[dispute].transaction.currency = "GHS"

        await world.chargebacks.apply_provider_result(dispute)

        assert await alarms(world, "chargeback_contradiction") == 2

    async def test_what_was_never_opened_is_told_once_however_often_it_is_heard_of(self, world: RefundWorld) -> None:
        payment = await world.receive(await world.add_user(), PAID)
        dispute = world.provider.contest(payment.reference, amount_minor=PAID + 1)

        heard = {await world.chargebacks.apply_provider_result(dispute) for _ in range(5)}

        assert heard == {Progress.PARKED}
        assert await alarms(world, "chargeback_contradiction") == 1
        assert await world.count("chargebacks") == 0
