"""What payers and admins ask of refunds before they leave."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Once, Outcome, Reply
from kro.core.ids import IdSource
from kro.core.money import Money
from kro.refund.database.records import OrderBasis, OwnedRefund, Refund, SourceBasis
from kro.refund.database.refunds import RefundRepository
from kro.refund.domain.context import Context
from kro.refund.domain.decide_refund_approval import decide_cancellation
from kro.refund.domain.decide_request import OrderRefundRequest, decide_order_request, decide_source_request
from kro.refund.domain.errors import RefundNotFoundError
from kro.refund.domain.rules import RefundRules


class RefundRequests:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        refunds: RefundRepository,
        rules: RefundRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._refunds = refunds
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def request_to_source(
        self,
        *,
        payment_id: UUID,
        amount: Money | None,
        actor: Actor,
        once: Once,
        render: Callable[[Refund], Reply],
    ) -> Reply:
        """Send money of the actor's balance back to the source of one of their payments; all that may go by default.

        :raises KroError: what :func:`decide_source_request` refuses.
        """

        def decide(basis: SourceBasis) -> Outcome[Refund]:
            basis.standing.ensure_active()
            basis.standing.ensure_unrestricted()
            return decide_source_request(basis, amount, rules=self._rules, context=self._context(actor))

        return await self._runner.run(
            load=lambda: self._refunds.for_source(payment_id, actor=actor, once=once),
            decide=decide,
            render=render,
            once=once,
        )

    async def request_of_order(
        self, request: OrderRefundRequest, *, actor: Actor, once: Once, render: Callable[[Refund], Reply]
    ) -> Reply:
        """Put before the approvers what an admin wants given back of an order's escrow.

        :raises KroError: what :func:`decide_order_request` refuses.
        """

        async def load() -> Loaded[OrderBasis]:
            loaded = await self._refunds.for_order(
                request.order_id, payment_id=request.payment_id, actor=actor, once=once
            )
            loaded.state.standing.ensure_permitted(Permission.REFUNDS_REQUEST)
            return loaded

        return await self._runner.run(
            load=load,
            decide=lambda basis: decide_order_request(basis, request, rules=self._rules, context=self._context(actor)),
            render=render,
            once=once,
        )

    async def cancel(self, *, refund_id: UUID, actor: Actor, once: Once, render: Callable[[Refund], Reply]) -> Reply:
        """Take back one's own refund before it is sent; the money is in the balance again at once.

        :raises RefundNotFoundError: if there is none or it is somebody else's.
        :raises RefundStateError: once it was sent, or has ended.
        """

        def decide(state: OwnedRefund) -> Outcome[Refund]:
            state.standing.ensure_active()
            if state.refund is None:
                raise RefundNotFoundError
            return decide_cancellation(state.refund, context=self._context(actor))

        return await self._runner.run(
            load=lambda: self._refunds.of_owner(refund_id, actor=actor, key=once.key),
            decide=decide,
            render=render,
            once=once,
        )

    def _context(self, actor: Actor) -> Context:
        return Context(actor=actor, now=self._clock.now(), ids=self._ids)
