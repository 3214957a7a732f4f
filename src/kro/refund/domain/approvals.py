"""What admins agree to: that a refund leaves, that it does not, or how one ended that its provider cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import Decision, DecisionRunner, Loaded, Once, Outcome, Reply, Update
from kro.core.errors import KroError
from kro.core.ids import IdSource
from kro.core.two_factor import FactorLockedError, TwoFactor, WrongFactorError, spend_step
from kro.order.domain import OrderRepository, OrderState
from kro.payment.domain import OneCode
from kro.refund.database.records import AdminRefund, ApprovalState, Refund, RefundOrigin, RefundStatus
from kro.refund.database.refunds import RefundRepository
from kro.refund.domain import decide_refund_approval
from kro.refund.domain.context import Context
from kro.refund.domain.decide_refund_approval import approval_hash, decide_approval, decide_rejection
from kro.refund.domain.decide_refund_resolution import Resolution, decide_resolution
from kro.refund.domain.errors import OwnRefundError, RefundApprovalMismatchError, RefundNotFoundError
from kro.refund.domain.rules import RefundRules

RenderRefund = Callable[[AdminRefund], Reply]
_TRACED = (WrongFactorError, FactorLockedError, RefundApprovalMismatchError, OwnRefundError)


@dataclass(frozen=True, slots=True)
class Agreement:
    """One admin's word about one refund: who gives it, with which code, under which idempotency key."""

    refund_id: UUID
    totp: str
    actor: Actor
    once: Once


@dataclass(frozen=True, slots=True)
class _Seen:
    """A refund before an admin, with the order its money is to be taken from."""

    state: ApprovalState
    order: OrderState | None = None


class RefundApprovals:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        refunds: RefundRepository,
        orders: OrderRepository,
        two_factor: TwoFactor,
        rules: RefundRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._refunds = refunds
        self._orders = orders
        self._two_factor = two_factor
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def approve(self, agreement: Agreement, *, approval_hash: str, render: RenderRefund) -> Reply:
        """Let a refund go, as one of the admins it needs, with a code that was not used for anything else.

        :raises RefundNotFoundError: if there is none.
        :raises WrongFactorError: when the code is wrong or was used before.
        :raises FactorLockedError: after too many wrong codes.
        :raises KroError: what :func:`decide_approval` refuses.
        """

        def decide(seen: _Seen, refund: Refund, code_spent: Update) -> Outcome[Refund]:
            return decide_approval(
                refund,
                shown_hash=approval_hash,
                is_own=seen.state.is_own,
                order=seen.order,
                code_spent=code_spent,
                context=self._context(agreement.actor),
            )

        return await self._agree(agreement, "refund.approve", decide=decide, render=render)

    async def resolve(self, agreement: Agreement, resolution: Resolution, *, render: RenderRefund) -> Reply:
        """Say how an unclear refund ended; it takes effect when a second admin has said the same.

        :raises RefundNotFoundError: if there is none.
        :raises WrongFactorError: when the code is wrong or was used before.
        :raises FactorLockedError: after too many wrong codes.
        :raises KroError: what :func:`decide_resolution` refuses.
        """
        actor = agreement.actor

        def decide(seen: _Seen, refund: Refund, code_spent: Update) -> Outcome[Refund]:
            return decide_resolution(
                refund,
                resolution,
                is_own=seen.state.is_own,
                rules=self._rules,
                code_spent=code_spent,
                context=self._context(actor),
            )

        return await self._agree(agreement, "refund.resolve", decide=decide, render=render)

    async def reject(self, *, refund_id: UUID, reason: str, actor: Actor, once: Once, render: RenderRefund) -> Reply:
        """Refuse a refund that awaits approval; what was set aside for it is in its owner's balance at once.

        :raises RefundNotFoundError: if there is none.
        :raises RefundStateError: unless the refund awaits approval.
        """

        def decide(seen: _Seen) -> Outcome[AdminRefund]:
            outcome = decide_rejection(_existing(seen.state), reason=reason, context=self._context(actor))
            return Outcome(outcome.decision, _shown(outcome.value, seen.state))

        return await self._runner.run(
            load=lambda: self._load(refund_id, actor=actor, once=once), decide=decide, render=render, once=once
        )

    async def _agree(
        self,
        agreement: Agreement,
        action: str,
        *,
        decide: Callable[[_Seen, Refund, Update], Outcome[Refund]],
        render: RenderRefund,
    ) -> Reply:
        """Run a step that spends a code; it is looked at only for what would be decided, and spent with it.

        Every look counts as a wrong try until the code is spent: what an order refuses must not lock the admin out.
        """
        actor, once = agreement.actor, agreement.once
        code = OneCode(self._two_factor, actor=actor, totp=agreement.totp)

        async def load() -> Loaded[_Seen]:
            loaded = await self._load(agreement.refund_id, actor=actor, once=once)
            if loaded.answer is None and not refuses(loaded.state):
                await code.check()
            return loaded

        def refuses(seen: _Seen) -> bool:
            try:
                decide(seen, _existing(seen.state), spend_step(admin_id=actor.id, step=0))
            except KroError:
                return True
            return False

        def decided(seen: _Seen) -> Outcome[AdminRefund]:
            refund = _existing(seen.state)
            spent = spend_step(admin_id=actor.id, step=code.step_after(seen.state.last_used_step))
            outcome = decide(seen, refund, spent)
            return Outcome(outcome.decision, _shown(outcome.value, seen.state))

        try:
            return await self._runner.run(load=load, decide=decided, render=render, once=once)
        except _TRACED as error:
            await self._keep_refusal(agreement.refund_id, error, action, actor)
            raise

    async def _load(self, refund_id: UUID, *, actor: Actor, once: Once) -> Loaded[_Seen]:
        loaded = await self._refunds.for_approval(refund_id, actor=actor, key=once.key)
        loaded.state.standing.ensure_permitted(Permission.REFUNDS_APPROVE)
        refund = loaded.state.refund
        seen = _Seen(loaded.state)
        if (
            refund is not None
            and refund.origin is RefundOrigin.ESCROW
            and refund.status is RefundStatus.REQUESTED
            and refund.order_id is not None
        ):
            seen = replace(seen, order=await self._orders.load_for_system(refund.order_id))
        return Loaded(seen, loaded.answer)

    async def _keep_refusal(self, refund_id: UUID, error: KroError, action: str, actor: Actor) -> None:
        async def nothing() -> None:
            return None

        trace: Decision = decide_refund_approval.refused_agreement(
            refund_id, error, action=action, context=self._context(actor)
        )
        await self._runner.carry_out(load=nothing, decide=lambda _: Outcome(trace, None))

    def _context(self, actor: Actor) -> Context:
        return Context(actor=actor, now=self._clock.now(), ids=self._ids)


def _existing(state: ApprovalState) -> Refund:
    if state.refund is None:
        raise RefundNotFoundError
    return state.refund


def _shown(refund: Refund, state: ApprovalState) -> AdminRefund:
    return AdminRefund(refund=refund, user_name=state.user_name, approval_hash=approval_hash(refund))
