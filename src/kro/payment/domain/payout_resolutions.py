"""The queue of payouts that machines cannot end: two people do, each with a fresh code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Once, Outcome, Reply
from kro.core.errors import KroError
from kro.core.http import Position
from kro.core.ids import IdSource
from kro.core.two_factor import FactorLockedError, TwoFactor, WrongFactorError, spend_step
from kro.payment.database.payout_records import Resolution, ResolutionState, StuckPayout
from kro.payment.database.reads import OLDEST
from kro.payment.database.records import Payout
from kro.payment.database.stuck import StuckPayouts
from kro.payment.domain.context import Context
from kro.payment.domain.decide_payout_approval import refused_attempt
from kro.payment.domain.decide_resolution import decide_confirmation, decide_dismissal, decide_proposal
from kro.payment.domain.errors import ApprovalMismatchError, OwnPayoutError, SecondPersonError
from kro.payment.domain.one_code import OneCode
from kro.payment.domain.resolution_rules import Finding, confirmation_refusal, proposal_refusal, resolution_hash
from kro.payment.domain.rules import PayoutRules

_TRACED: Final = (WrongFactorError, FactorLockedError, ApprovalMismatchError, OwnPayoutError, SecondPersonError)


class PayoutResolutions:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        stuck: StuckPayouts,
        two_factor: TwoFactor,
        rules: PayoutRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._stuck = stuck
        self._two_factor = two_factor
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def waiting(self, *, after: Position | None, limit: int) -> Sequence[tuple[StuckPayout, Position]]:
        """Return the payouts that wait for people, the longest first, each with its place in the list."""
        found = await self._stuck.waiting(after=after or OLDEST, limit=limit)
        return [(_seen(payout, resolution, user_name=name), position) for payout, name, resolution, position in found]

    async def propose(
        self,
        *,
        payout_id: UUID,
        finding: Finding,
        totp: str,
        actor: Actor,
        once: Once | None,
        render: Callable[[StuckPayout], Reply],
    ) -> Reply:
        """Say how a payout ended, with evidence, for another person to confirm; nothing moves yet.

        :raises PayoutNotFoundError: if there is none.
        :raises OwnPayoutError: when it is the admin's own.
        :raises ResolutionOpenError: while another proposal waits.
        :raises OutcomeNotPossibleError: when it cannot have ended like this, when it is too early to say, or when the
            reference belongs to another payout.
        :raises WrongFactorError: when the code is wrong or was used before.
        :raises FactorLockedError: after too many wrong codes.
        """
        code = OneCode(self._two_factor, actor=actor, totp=totp)

        async def load() -> Loaded[ResolutionState]:
            loaded = await self._stuck.for_proposal(
                payout_id,
                actor=actor,
                key=once.key if once else None,
                provider_reference=finding.provider_reference,
            )
            return await self._checked(
                loaded, proposal_refusal(loaded.state, finding, rules=self._rules, context=self._context(actor)), code
            )

        def decide(state: ResolutionState) -> Outcome[StuckPayout]:
            outcome = decide_proposal(
                state,
                finding,
                code_spent=spend_step(admin_id=actor.id, step=code.step_after(state.last_used_step)),
                rules=self._rules,
                context=self._context(actor),
            )
            payout, resolution = outcome.value
            return Outcome(outcome.decision, _seen(payout, resolution, user_name=state.user_name))

        return await self._traced(
            payout_id,
            "payout.resolution_proposed",
            actor,
            lambda: self._runner.run(load=load, decide=decide, render=render, once=once),
        )

    async def confirm(
        self,
        *,
        payout_id: UUID,
        resolution_id: UUID,
        shown_hash: str,
        totp: str,
        actor: Actor,
        once: Once | None,
        render: Callable[[StuckPayout], Reply],
    ) -> Reply:
        """End a payout as another admin said it did.

        :raises ResolutionNotFoundError: when there is no open proposal of that id.
        :raises OwnPayoutError: when the payout is the admin's own.
        :raises SecondPersonError: for who made the proposal.
        :raises ApprovalMismatchError: when something else was shown to the admin.
        :raises OutcomeNotPossibleError: when the payout has moved on meanwhile.
        :raises WrongFactorError: when the code is wrong or was used before.
        :raises FactorLockedError: after too many wrong codes.
        """
        code = OneCode(self._two_factor, actor=actor, totp=totp)

        async def load() -> Loaded[ResolutionState]:
            loaded = await self._stuck.for_decision(
                payout_id, resolution_id, actor=actor, key=once.key if once else None
            )
            refused = confirmation_refusal(
                loaded.state, shown_hash=shown_hash, rules=self._rules, context=self._context(actor)
            )
            return await self._checked(loaded, refused, code)

        def decide(state: ResolutionState) -> Outcome[StuckPayout]:
            outcome = decide_confirmation(
                state,
                shown_hash=shown_hash,
                code_spent=spend_step(admin_id=actor.id, step=code.step_after(state.last_used_step)),
                rules=self._rules,
                context=self._context(actor),
            )
            return Outcome(outcome.decision, _seen(outcome.value, None, user_name=state.user_name))

        return await self._traced(
            payout_id,
            "payout.resolution_confirmed",
            actor,
            lambda: self._runner.run(load=load, decide=decide, render=render, once=once),
        )

    async def dismiss(
        self,
        *,
        payout_id: UUID,
        resolution_id: UUID,
        reason: str,
        actor: Actor,
        once: Once | None,
        render: Callable[[StuckPayout], Reply],
    ) -> Reply:
        """Drop a proposal, one's own or another's; the payout waits on.

        :raises ResolutionNotFoundError: when there is no open proposal of that id.
        """

        async def load() -> Loaded[ResolutionState]:
            loaded = await self._stuck.for_decision(
                payout_id, resolution_id, actor=actor, key=once.key if once else None
            )
            loaded.state.standing.ensure_permitted(Permission.PAYOUTS_RESOLVE)
            return loaded

        def decide(state: ResolutionState) -> Outcome[StuckPayout]:
            outcome = decide_dismissal(state, reason=reason, context=self._context(actor))
            return Outcome(outcome.decision, _seen(outcome.value, None, user_name=state.user_name))

        return await self._runner.run(load=load, decide=decide, render=render, once=once)

    async def _checked(
        self, loaded: Loaded[ResolutionState], refused: KroError | None, code: OneCode
    ) -> Loaded[ResolutionState]:
        """Look at the code only for what this admin may do, as the approval of a payout does."""
        loaded.state.standing.ensure_permitted(Permission.PAYOUTS_RESOLVE)
        if loaded.answer is None and refused is None:
            await code.check()
        return loaded

    async def _traced(self, payout_id: UUID, action: str, actor: Actor, run: Callable[[], Awaitable[Reply]]) -> Reply:
        try:
            return await run()
        except _TRACED as error:
            trace = refused_attempt(payout_id, error, action=action, context=self._context(actor))
            await self._runner.carry_out(load=_nothing, decide=lambda _: Outcome(trace, None))
            raise

    def _context(self, actor: Actor) -> Context:
        return Context(actor=actor, now=self._clock.now(), ids=self._ids)


async def _nothing() -> None:
    return None


def _seen(payout: Payout, resolution: Resolution | None, *, user_name: str) -> StuckPayout:
    return StuckPayout(
        payout=payout,
        user_name=user_name,
        resolution=resolution,
        resolution_hash=resolution_hash(resolution, payout) if resolution is not None else None,
    )
