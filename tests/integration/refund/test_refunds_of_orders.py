"""What an order holds, or held, goes back: to the balance or the source, whole or in part, never twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.payment.world import Admin
from tests.integration.refund.world import RefundWorld

from kro.core.actor import Actor
from kro.core.errors import KroError
from kro.core.two_factor import WrongFactorError
from kro.order.database.words import FundingStatus, OrderStatus
from kro.order.domain import Order, OrderOnHoldError, RefundAboveHeldError, RefundLeavesTooLittleError
from kro.payment.domain import Payment
from kro.refund.database.records import Refund, RefundDestination, RefundStatus
from kro.refund.domain.errors import (
    NotRefundableError,
    OwnRefundError,
    RefundAlreadyApprovedError,
    RefundApprovalMismatchError,
    RefundStateError,
)
from order_scenes import DUE, FEE, VAT

PART = 1_000_000
_HALF_A_MINUTE = timedelta(seconds=30)


class Scene:
    """A funded order, who paid for it and three admins."""

    def __init__(self, world: RefundWorld) -> None:
        self.world = world

    async def set(self) -> Scene:
        world = self.world
        self.buyer: Actor = await world.add_user()
        self.seller: Actor = await world.add_user()
        self.asking: Admin = await world.add_admin(role="super")
        self.first: Admin = await world.add_admin()
        self.second: Admin = await world.add_admin()
        self.order: Order = await world.accepted_order(self.buyer, self.seller)
        self.payment: Payment = await world.pay_for(self.order, self.buyer)
        return self

    async def asked(self, amount: int, *, to_source: bool = False) -> Refund:
        payment_id = self.payment.id if to_source else None
        return await self.world.request_of_order(self.asking, self.order.id, amount, payment_id=payment_id)


@pytest.fixture
async def scene(world: RefundWorld) -> Scene:
    return await Scene(world).set()


class TestAnAdminsRequest:
    async def test_moves_nothing_by_itself(self, scene: Scene) -> None:
        refund = await scene.asked(DUE)

        assert (refund.status, refund.approvals_required) == (RefundStatus.REQUESTED, 1)
        assert (await scene.world.order(scene.order)).status is OrderStatus.IN_PROGRESS
        assert (await scene.world.sound())["order_escrow"] == DUE

    async def test_of_everything_ends_the_order_when_another_lets_it_go(self, scene: Scene) -> None:
        refund = await scene.asked(DUE)

        await scene.world.let_go(refund, scene.first)

        order = await scene.world.order(scene.order)
        assert (order.status, order.funding_status, order.held) == (OrderStatus.REFUNDED, FundingStatus.SETTLED, 0)
        assert (await scene.world.refund(refund)).status is RefundStatus.PROCESSED
        assert await scene.world.available(scene.buyer) == DUE
        assert "order_escrow" not in await scene.world.sound()

    async def test_of_a_part_leaves_the_order_going(self, scene: Scene) -> None:
        await scene.world.let_go(await scene.asked(PART), scene.first)

        order = await scene.world.order(scene.order)
        assert (order.status, order.funding_status) == (OrderStatus.IN_PROGRESS, FundingStatus.PART_SETTLED)
        assert (order.held, order.refunded_amount) == (DUE - PART, PART)
        assert await scene.world.available(scene.buyer) == PART
        assert (await scene.world.sound())["order_escrow"] == DUE - PART

    async def test_goes_to_the_source_of_a_payment(self, scene: Scene) -> None:
        world, refund = scene.world, await scene.asked(PART, to_source=True)
        assert refund.destination is RefundDestination.SOURCE
        await world.let_go(refund, scene.first)
        assert (await world.sound())["refund_in_transit"] == PART

        await world.refund_submitter.submit(refund_id=refund.id)
        world.provider.end_refund(str(refund.id))
        await world.later(minutes=2)

        assert (await world.refund(refund)).status is RefundStatus.PROCESSED
        assert await world.available(scene.buyer) == 0
        assert "refund_in_transit" not in await world.sound()

    async def test_that_cannot_reach_the_source_ends_in_the_balance_and_revives_no_order(self, scene: Scene) -> None:
        world, refund = scene.world, await scene.asked(DUE, to_source=True)
        await world.let_go(refund, scene.first)
        await world.refund_submitter.submit(refund_id=refund.id)
        for _ in range(3):
            world.provider.end_refund(str(refund.id), "failed")
            await world.later(minutes=2)
            await world.later(hours=2)

        assert (await world.refund(refund)).status is RefundStatus.FAILED
        assert (await world.order(scene.order)).status is OrderStatus.REFUNDED
        assert await world.available(scene.buyer) == DUE
        await world.sound()

    async def test_refused_leaves_everything_where_it_is(self, scene: Scene) -> None:
        refund = await scene.asked(DUE, to_source=True)

        await scene.world.reject(refund, scene.first)

        assert (await scene.world.refund(refund)).status is RefundStatus.REJECTED
        assert (await scene.world.sound())["order_escrow"] == DUE
        with pytest.raises(RefundStateError):
            await scene.world.let_go(refund, scene.second)

    @pytest.mark.parametrize(("amount", "refusal"), [(DUE + 1, RefundAboveHeldError), (DUE, None), (PART, None)])
    async def test_is_bounded_by_what_is_held(self, scene: Scene, amount: int, refusal: type[KroError] | None) -> None:
        if refusal is None:
            await scene.asked(amount)
            return
        with pytest.raises(refusal):
            await scene.asked(amount)

    async def test_counts_what_others_have_asked_for(self, scene: Scene) -> None:
        await scene.asked(DUE - PART)

        with pytest.raises(RefundAboveHeldError):
            await scene.asked(PART + 1)
        await scene.asked(PART)

    async def test_leaves_the_seller_something_or_nothing_at_all(self, scene: Scene) -> None:
        refund = await scene.asked(DUE - FEE - VAT)

        with pytest.raises(RefundLeavesTooLittleError):
            await scene.world.let_go(refund, scene.first)
        await scene.world.sound()

    async def test_waits_while_the_order_is_on_hold(self, scene: Scene) -> None:
        refund = await scene.asked(PART)
        await scene.world.database.execute("UPDATE orders SET on_hold = true WHERE id = $1", scene.order.id)

        with pytest.raises(OrderOnHoldError):
            await scene.world.let_go(refund, scene.first)
        assert (await scene.world.refund(refund)).status is RefundStatus.REQUESTED


class TestApproval:
    async def test_is_not_for_whoever_asked(self, scene: Scene) -> None:
        refund = await scene.asked(PART)

        with pytest.raises(OwnRefundError):
            await scene.world.let_go(refund, scene.asking)
        assert await scene.world.count("audit_log", action="refund.approve", result="refused") == 1

    async def test_is_not_for_whom_it_goes_to(self, scene: Scene) -> None:
        await scene.world.database.execute(
            "UPDATE admins SET email = u.email FROM users AS u WHERE u.id = $1 AND admins.id = $2",
            scene.buyer.id,
            scene.first.actor.id,
        )

        with pytest.raises(OwnRefundError):
            await scene.world.let_go(await scene.asked(PART), scene.first)

    async def test_covers_exactly_what_was_shown(self, scene: Scene) -> None:
        with pytest.raises(RefundApprovalMismatchError):
            await scene.world.let_go(await scene.asked(PART), scene.first, shown="0" * 64)

    async def test_that_the_order_refuses_does_not_lock_the_admin_out(self, scene: Scene) -> None:
        refund = await scene.asked(DUE - FEE)
        for _ in range(6):
            with pytest.raises(RefundLeavesTooLittleError):
                await scene.world.let_go(refund, scene.first)
            scene.world.clock.advance(_HALF_A_MINUTE)
        other = await scene.asked(1)

        await scene.world.let_go(other, scene.first)

        assert (await scene.world.refund(other)).status is RefundStatus.PROCESSED

    async def test_takes_a_code_once(self, scene: Scene) -> None:
        one, other = await scene.asked(PART), await scene.asked(PART)
        code = scene.world.code(scene.first)
        await scene.world.let_go(one, scene.first, code=code)

        with pytest.raises(WrongFactorError):
            await scene.world.let_go(other, scene.first, code=code)

    async def test_of_a_user_above_the_limit_is_needed(self, world: RefundWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payment = await world.receive(user, 20_000_000)
        refund = await world.request(user, payment, 5_000_001)
        assert refund.status is RefundStatus.REQUESTED
        await world.refund_submitter.submit(refund_id=refund.id)
        assert world.provider.refunds == []

        await world.let_go(refund, admin)
        await world.refund_submitter.submit(refund_id=refund.id)

        assert len(world.provider.refunds) == 1

    async def test_by_two_is_needed_above_the_second_limit(self, world: RefundWorld) -> None:
        user, first, second = await world.add_user(), await world.add_admin(), await world.add_admin()
        refund = await world.request(user, await world.receive(user, 200_000_000), 100_000_001)

        await world.let_go(refund, first)
        assert (await world.refund(refund)).status is RefundStatus.REQUESTED
        world.clock.advance(_HALF_A_MINUTE)
        with pytest.raises(RefundAlreadyApprovedError):
            await world.let_go(refund, first)
        await world.let_go(refund, second)

        assert (await world.refund(refund)).status is RefundStatus.APPROVED

    async def test_refused_gives_the_user_everything_back(self, world: RefundWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        refund = await world.request(user, await world.receive(user, 20_000_000), 6_000_000)

        await world.reject(refund, admin)

        assert await world.available(user) == 20_000_000
        assert (await world.refund(refund)).status is RefundStatus.REJECTED
        await world.sound()


class TestTheBuyersOwnRequest:
    async def test_is_refused_for_money_an_order_has_used(self, scene: Scene) -> None:
        await scene.world.receive(scene.buyer, PART)

        with pytest.raises(NotRefundableError):
            await scene.world.request(scene.buyer, scene.payment, PART)

    async def test_takes_what_was_paid_too_much(self, world: RefundWorld) -> None:
        buyer, seller = await world.add_user(), await world.add_user()
        payment = await world.pay_for(await world.accepted_order(buyer, seller), buyer, DUE + PART)

        assert (await world.request(buyer, payment)).amount.amount == PART
        with pytest.raises(NotRefundableError):
            await world.request(buyer, payment, 1)
        await world.sound()

    async def test_takes_all_of_a_refunded_order_over_its_payments(self, world: RefundWorld) -> None:
        scene = await Scene(world).set()
        more = await world.pay_for(scene.order, scene.buyer, PART)
        await world.let_go(await scene.asked(DUE), scene.first)

        await world.request(scene.buyer, scene.payment, 4_000_000)
        world.clock.advance(_HALF_A_MINUTE)
        await world.request(scene.buyer, more, PART)

        with pytest.raises(NotRefundableError):
            await world.request(scene.buyer, more, 1)
        assert await world.available(scene.buyer) == DUE - 4_000_000
        await world.sound()

    async def test_takes_late_money(self, world: RefundWorld) -> None:
        buyer, seller = await world.add_user(), await world.add_user()
        order = await world.accepted_order(buyer, seller)
        await world.database.execute("UPDATE orders SET status = 'expired', ended_at = now() WHERE id = $1", order.id)
        payment = await world.pay_for(order, buyer, DUE)

        assert await world.available(buyer) == DUE
        await world.request(buyer, payment, 3_000_000)
        assert await world.available(buyer) == DUE - 3_000_000
