"""Refunds against a pretended vendor and a real database, beside everything that payments have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.integration.payment.world import Admin, PaymentWorld, once_of

from kro.core.actor import Actor
from kro.core.decisions import Decision, Insert, Outcome, Reply
from kro.core.money import Money
from kro.order.domain import ORDER_INVARIANTS, Order, OrderReceipts, OrderRepository
from kro.order.domain.changes import as_row
from kro.payment.database.webhooks import WebhookRepository
from kro.payment.domain import Payment, WebhookProcessor, WebhookSubject, start_payment
from kro.payment.providers import ProviderDirectory, RefundSender
from kro.refund.database.reads import RefundReadRepository
from kro.refund.database.records import AdminRefund, Refund
from kro.refund.database.refunds import RefundRepository
from kro.refund.domain import (
    REFUND_INVARIANTS,
    AdminRefundReads,
    Agreement,
    ChargebackRepository,
    ChargebackRules,
    ChargebackService,
    OrderRefundRequest,
    RefundApprovals,
    RefundReads,
    RefundRequests,
    RefundRules,
    RefundSubmitter,
    RefundTracker,
    Resolution,
)
from order_scenes import DUE, accepted
from vendors import vendor_but

RULES = RefundRules(
    approval_above_minor=5_000_000, second_approver_above_minor=100_000_000, refunding=frozenset({"paystack"})
)


@dataclass
class RefundWorld(PaymentWorld):
    refund_sender: RefundSender | None = None

    def __post_init__(self) -> None:
        self.listeners = (OrderReceipts(orders=OrderRepository(self.database), ids=self.ids),)
        super().__post_init__()
        vendor = self.provider.provider
        if self.refund_sender is not None:
            vendor = vendor_but(vendor, refund_sender=self.refund_sender)
        refunding = ProviderDirectory((vendor,))
        shared: dict[str, Any] = {
            "runner": self.runner,
            "refunds": RefundRepository(self.database),
            "rules": RULES,
            "clock": self.clock,
            "ids": self.ids,
        }
        self.requests = RefundRequests(**shared)
        self.approvals = RefundApprovals(orders=OrderRepository(self.database), two_factor=self.two_factor, **shared)
        self.refund_submitter = RefundSubmitter(providers=refunding, **shared)
        self.refund_tracker = RefundTracker(providers=refunding, submitter=self.refund_submitter, **shared)
        self.chargebacks = ChargebackService(
            runner=self.runner,
            chargebacks=ChargebackRepository(self.database, orders=OrderRepository(self.database)),
            provider=vendor.disputes,
            rules=ChargebackRules(),
            clock=self.clock,
            ids=self.ids,
        )
        self.refund_reads = RefundReads(RefundReadRepository(self.database))
        self.admin_refunds = AdminRefundReads(RefundReadRepository(self.database))
        self.processor = WebhookProcessor(
            webhooks=WebhookRepository(self.database),
            collections=self.collections,
            payouts=self.tracker,
            clock=self.clock,
            others={
                WebhookSubject.INFLOW: self.inflows.follow,
                WebhookSubject.REFUND: lambda _, ref: self.refund_tracker.apply_provider_result(ref),
            },
        )

    async def request(
        self, user: Actor, payment: Payment, amount: int | None = None, *, key: str | None = None
    ) -> Refund:
        """Ask for a refund to source."""
        asked: list[Refund] = []

        def render(refund: Refund) -> Reply:
            asked.append(refund)
            return Reply(status=202, body=b"{}")

        await self.requests.request_to_source(
            payment_id=payment.id,
            amount=None if amount is None else Money(amount, "NGN"),
            actor=user,
            once=once_of(user, key or str(self.ids.new())),
            render=render,
        )
        return asked[-1]

    async def accepted_order(self, buyer: Actor, seller: Actor) -> Order:
        """Put an order there that waits for its money: ``DUE`` from the buyer."""
        state = accepted()
        order = replace(state.order, id=self.ids.new(), buyer_id=buyer.id, seller_id=seller.id)
        insert = Insert("orders", ({**as_row(order), "last_seq": 0},))
        await self.carry_out(Outcome(Decision(writes=(insert,)), None))
        return order

    async def pay_for(self, order: Order, buyer: Actor, amount: int = DUE) -> Payment:
        """Collect an amount for an order; enough of it funds the order."""
        outcome = start_payment(
            user_id=buyer.id,
            order_id=order.id,
            amount=Money(amount, "NGN"),
            provider="paystack",
            ids=self.ids,
            now=self.clock.now(),
        )
        await self.carry_out(outcome)
        await self.starter.start(payment_id=outcome.value.id)
        self.provider.pay(outcome.value.reference)
        await self.collections.apply_provider_result(reference=outcome.value.reference)
        return outcome.value

    async def order(self, order: Order) -> Order:
        state = await OrderRepository(self.database).load_for_system(order.id)
        assert state is not None
        return state.order

    async def cancel(self, user: Actor, refund: Refund) -> None:
        await self.requests.cancel(
            refund_id=refund.id, actor=user, once=once_of(user, str(self.ids.new())), render=render
        )

    async def request_of_order(
        self, admin: Admin, order_id: UUID, amount: int, *, payment_id: UUID | None = None
    ) -> Refund:
        """Ask, as an admin, for a refund of what an order holds."""
        asked: list[Refund] = []

        def keep(refund: Refund) -> Reply:
            asked.append(refund)
            return Reply(status=202, body=b"{}")

        request = OrderRefundRequest(order_id, Money(amount, "NGN"), payment_id, "agreed by mail")
        await self.requests.request_of_order(
            request, actor=admin.actor, once=once_of(admin.actor, str(self.ids.new())), render=keep
        )
        return asked[-1]

    async def let_go(self, refund: Refund, admin: Admin, *, shown: str | None = None, code: str | None = None) -> None:
        """Approve a refund with what the admin was shown, and by default a code of this moment."""
        seen = await self.admin_refunds.get(refund.id)
        await self.approvals.approve(
            self._agreement(refund, admin, code), approval_hash=shown or seen.approval_hash, render=render
        )

    async def resolve(self, refund: Refund, admin: Admin, resolution: Resolution) -> None:
        await self.approvals.resolve(self._agreement(refund, admin, None), resolution, render=render)

    async def reject(self, refund: Refund, admin: Admin) -> None:
        await self.approvals.reject(
            refund_id=refund.id,
            reason="not plausible",
            actor=admin.actor,
            once=once_of(admin.actor, str(self.ids.new())),
            render=render,
        )

    def _agreement(self, refund: Refund, admin: Admin, code: str | None) -> Agreement:
        once = once_of(admin.actor, str(self.ids.new()))
        return Agreement(refund_id=refund.id, totp=code or self.code(admin), actor=admin.actor, once=once)

    async def sent(self, user: Actor, payment: Payment, amount: int | None = None) -> Refund:
        """Ask for a refund that needs no approval, and send it."""
        refund = await self.request(user, payment, amount)
        await self.refund_submitter.submit(refund_id=refund.id)
        return await self.refund(refund)

    async def refund(self, refund: Refund) -> Refund:
        return (await self.admin_refunds.get(refund.id)).refund

    async def later(self, **time: float) -> None:
        """Let time pass and the worker ask about what has become due."""
        self.clock.advance(timedelta(**time))
        await self.refund_tracker.poll_due()

    async def sound(self) -> dict[str, int]:
        """Check every invariant of refunds and the ledger, and return what each kind of account holds."""
        for name, query in {**REFUND_INVARIANTS, **ORDER_INVARIANTS}.items():
            assert await self.database.value(query) == 0, name
        return await self.sums()


def render(_: Refund | AdminRefund) -> Reply:
    return Reply(status=200, body=b"{}")
