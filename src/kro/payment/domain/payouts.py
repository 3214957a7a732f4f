"""What admins and owners do with a payout before it leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Once, Outcome, Reply
from kro.core.errors import KroError
from kro.core.ids import IdSource
from kro.core.two_factor import FactorLockedError, TwoFactor, WrongFactorError, spend_step
from kro.payment.database.payout_records import AdminPayout
from kro.payment.database.payouts import PayoutRepository
from kro.payment.database.records import ApprovalState, OwnedPayout, Payout, RejectionState
from kro.payment.domain.context import Context
from kro.payment.domain.decide_payout_approval import (
    approval_hash,
    decide_approval,
    decide_cancellation,
    decide_rejection,
    decide_rejections,
    refusal,
    refused_attempt,
)
from kro.payment.domain.errors import ApprovalMismatchError, OwnPayoutError, PayoutNotFoundError
from kro.payment.domain.one_code import OneCode


class PayoutService:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        payouts: PayoutRepository,
        two_factor: TwoFactor,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._payouts = payouts
        self._two_factor = two_factor
        self._clock = clock
        self._ids = ids

    async def approve(
        self,
        *,
        payout_id: UUID,
        totp: str,
        approval_hash: str,
        actor: Actor,
        once: Once | None,
        render: Callable[[AdminPayout], Reply],
    ) -> Reply:
        """Let a payout go, as one of the admins it needs, with a code that was not used for anything else.

        The code is looked at only for a payout this admin may approve, and its use is part of the same write. What the
        admin presented wrongly leaves a trace of its own.

        :raises PayoutNotFoundError: if there is none.
        :raises OwnPayoutError: when it is the admin's own.
        :raises PayoutStateError: unless the payout awaits approval.
        :raises AlreadyApprovedError: when this admin has approved it before.
        :raises ApprovalMismatchError: when something else was shown to the admin.
        :raises WrongFactorError: when the code is wrong or was used before.
        :raises FactorLockedError: after too many wrong codes.
        """
        code = OneCode(self._two_factor, actor=actor, totp=totp)

        async def load() -> Loaded[ApprovalState]:
            loaded = await self._payouts.for_approval(payout_id, actor=actor, key=once.key if once else None)
            loaded.state.standing.ensure_permitted(Permission.PAYOUTS_APPROVE)
            payout = loaded.state.payout
            if (
                loaded.answer is None
                and payout is not None
                and refusal(payout, shown_hash=approval_hash, admin_id=actor.id, is_own=loaded.state.is_own) is None
            ):
                await code.check()
            return loaded

        def decide(state: ApprovalState) -> Outcome[AdminPayout]:
            outcome = decide_approval(
                _existing(state.payout),
                shown_hash=approval_hash,
                is_own=state.is_own,
                code_spent=spend_step(admin_id=actor.id, step=code.step_after(state.last_used_step)),
                context=self._context(actor),
            )
            return Outcome(outcome.decision, _seen(outcome.value, state))

        try:
            return await self._runner.run(load=load, decide=decide, render=render, once=once)
        except (WrongFactorError, FactorLockedError, ApprovalMismatchError, OwnPayoutError) as error:
            await self._keep_refusal(payout_id, error, actor)
            raise

    async def reject(
        self,
        *,
        payout_id: UUID,
        reason: str,
        actor: Actor,
        once: Once | None,
        render: Callable[[AdminPayout], Reply],
    ) -> Reply:
        """Refuse a payout that awaits approval; its owner gets amount and fee back at once.

        :raises PayoutNotFoundError: if there is none.
        :raises PayoutStateError: unless the payout awaits approval.
        """

        async def load() -> Loaded[ApprovalState]:
            loaded = await self._payouts.for_approval(payout_id, actor=actor, key=once.key if once else None)
            loaded.state.standing.ensure_permitted(Permission.PAYOUTS_APPROVE)
            return loaded

        def decide(state: ApprovalState) -> Outcome[AdminPayout]:
            outcome = decide_rejection(_existing(state.payout), reason=reason, context=self._context(actor))
            return Outcome(outcome.decision, _seen(outcome.value, state))

        return await self._runner.run(load=load, decide=decide, render=render, once=once)

    async def reject_many(
        self,
        *,
        payout_ids: Sequence[UUID],
        reason: str,
        actor: Actor,
        once: Once | None,
        render: Callable[[tuple[UUID, ...]], Reply],
    ) -> Reply:
        """Refuse every payout of a list that still awaits approval, all in one write; the others stay as they are.

        :raises PayoutNotFoundError: when one of them does not exist; then none is refused.
        """

        async def load() -> Loaded[RejectionState]:
            loaded = await self._payouts.for_rejection(payout_ids, actor=actor, key=once.key if once else None)
            loaded.state.standing.ensure_permitted(Permission.PAYOUTS_APPROVE)
            return loaded

        def decide(state: RejectionState) -> Outcome[tuple[UUID, ...]]:
            if {payout.id for payout in state.payouts} != set(payout_ids):
                raise PayoutNotFoundError
            return decide_rejections(state.payouts, reason=reason, context=self._context(actor))

        return await self._runner.run(load=load, decide=decide, render=render, once=once)

    async def cancel(
        self, *, payout_id: UUID, actor: Actor, once: Once | None, render: Callable[[Payout], Reply]
    ) -> Reply:
        """Take back one's own payout before it is submitted; amount and fee are available again at once.

        :raises PayoutNotFoundError: if there is none or it is somebody else's.
        :raises PayoutStateError: once it is being submitted, or has ended.
        """

        def decide(state: OwnedPayout) -> Outcome[Payout]:
            state.standing.ensure_active()
            return decide_cancellation(_existing(state.payout), context=self._context(actor))

        return await self._runner.run(
            load=lambda: self._payouts.of_owner(payout_id, actor=actor, key=once.key if once else None),
            decide=decide,
            render=render,
            once=once,
        )

    async def _keep_refusal(self, payout_id: UUID, error: KroError, actor: Actor) -> None:
        async def nothing() -> None:
            return None

        trace = refused_attempt(payout_id, error, action="payout.approve", context=self._context(actor))
        await self._runner.carry_out(load=nothing, decide=lambda _: Outcome(trace, None))

    def _context(self, actor: Actor) -> Context:
        return Context(actor=actor, now=self._clock.now(), ids=self._ids)


def _existing(payout: Payout | None) -> Payout:
    if payout is None:
        raise PayoutNotFoundError
    return payout


def _seen(payout: Payout, state: ApprovalState) -> AdminPayout:
    return AdminPayout(
        payout=payout, user_name=state.user_name, approval_hash=approval_hash(payout), next_id=state.next_id
    )
