"""Money that a payer's bank takes back while a refund of it is on its way out: it leaves once."""

from __future__ import annotations

from uuid import UUID

from tests.integration.refund.world import RefundWorld

from kro.payment.providers.fake import Fault
from kro.refund.database.records import AttemptStatus, RefundStatus, SubmissionState
from kro.refund.database.refunds import RefundRepository

PAID = 1_000_000


async def contest(world: RefundWorld, reference: str, amount: int | None = None) -> str:
    dispute = world.provider.contest(reference, amount_minor=amount)
    await world.chargebacks.apply_provider_result(dispute)
    return dispute


async def owed(world: RefundWorld) -> int:
    return -(await world.sums()).get("user_receivable", 0)


class TestARefundOfAContestedPayment:
    async def test_is_kept_in_the_balance_where_it_covers_what_is_owed(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        refund = await world.request(user, payment, 400_000)
        await contest(world, payment.reference)
        before = await owed(world)

        await world.refund_submitter.submit(refund_id=refund.id)

        kept = await world.refund(refund)
        assert (kept.status, kept.failure_code) == (RefundStatus.FAILED, "payment_contested")
        assert world.provider.refunds == []
        assert (before, await world.available(user), await owed(world)) == (400_000, 400_000, 400_000)
        assert await world.count("audit_log", action="refund.withhold") == 1
        assert "refund_in_transit" not in await world.sound()

    async def test_is_sent_as_far_as_the_bank_left_enough(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        refund = await world.request(user, payment, 400_000)
        await contest(world, payment.reference, 600_000)

        await world.refund_submitter.submit(refund_id=refund.id)

        assert (await world.refund(refund)).status is RefundStatus.SENDING
        assert len(world.provider.refunds_of(str(refund.id))) == 1

    async def test_is_kept_when_other_refunds_take_what_is_left(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        await world.sent(user, payment, 300_000)
        refund = await world.request(user, payment, 400_000)
        await contest(world, payment.reference, 400_000)

        await world.refund_submitter.submit(refund_id=refund.id)

        assert (await world.refund(refund)).status is RefundStatus.FAILED
        assert world.provider.refunds_of(str(refund.id)) == []
        await world.sound()

    async def test_is_kept_by_the_poll_too_after_a_try_that_never_left(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        world.provider.fail_next("refund", Fault.NOT_SENT)
        refund = await world.sent(user, payment, 400_000)
        await contest(world, payment.reference)

        await world.later(minutes=2)

        kept = await world.refund(refund)
        assert (kept.status, [one.status for one in kept.attempts]) == (RefundStatus.FAILED, [AttemptStatus.FAILED])
        assert world.provider.refunds == []
        await world.sound()

    async def test_is_kept_when_the_bank_takes_the_money_while_it_is_decided(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        refund = await world.request(user, payment, 400_000)

        class OvertakenRefunds(RefundRepository):
            """Brings what it read only after the bank has taken the payment back."""

            async def for_submission(self, refund_id: UUID) -> SubmissionState | None:
                state = await super().for_submission(refund_id)
                if not world.provider.disputes:
                    await contest(world, payment.reference)
                return state

        world.refund_submitter._refunds = OvertakenRefunds(world.database)
        await world.refund_submitter.submit(refund_id=refund.id)

        assert (await world.refund(refund)).status is RefundStatus.FAILED
        assert world.provider.refunds == []

    async def test_belongs_to_the_payer_again_when_the_claim_is_declined(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        refund = await world.request(user, payment, 400_000)
        dispute = await contest(world, payment.reference)
        await world.refund_submitter.submit(refund_id=refund.id)
        world.provider.end_dispute(dispute, "declined")

        await world.chargebacks.apply_provider_result(dispute)

        assert (await world.available(user), await owed(world)) == (PAID, 0)
        assert (await world.sent(user, payment, PAID)).status is RefundStatus.SENDING
        await world.sound()
