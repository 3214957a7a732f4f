"""Two persons for one deed: the way of every proposal, whatever it changes in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from kro.core.actor import Actor, PermissionDeniedError
from kro.core.clock import Clock
from kro.core.decisions import Decision, DecisionRunner, Loaded, Once, Outcome, Reply
from kro.core.errors import KroError
from kro.core.ids import IdSource
from kro.core.paging import NEWEST, Position
from kro.core.two_factor import FactorLockedError, TwoFactor, WrongFactorError, spend_step
from kro.management.database.proposal_records import (
    DraftState,
    Proposal,
    ProposalKind,
    ProposalState,
    ProposalStatus,
    Terms,
)
from kro.management.database.proposals import ProposalRepository
from kro.management.domain.decide_proposal import (
    decide_approval,
    decide_proposal,
    decide_rejection,
    new_proposal,
    refusal,
    refused_attempt,
)
from kro.management.domain.proposal_errors import (
    OwnBenefitError,
    ProposalMismatchError,
    ProposalNotFoundError,
    TwoPersonsError,
)
from kro.management.domain.proposal_needs import Needs
from kro.order.domain import ConflictOfInterestError, NotAssignedError, SameReviewerError
from kro.payment.domain import Context, OneCode

_LEAVES_A_TRACE: Final = (
    WrongFactorError,
    FactorLockedError,
    ProposalMismatchError,
    TwoPersonsError,
    OwnBenefitError,
    PermissionDeniedError,
    ConflictOfInterestError,
    SameReviewerError,
    NotAssignedError,
)


class Effect(Protocol):
    """What approving proposals of one kind changes. Both methods run again after every lost race."""

    @property
    def kind(self) -> ProposalKind: ...

    @property
    def needs(self) -> Needs: ...

    async def load(self, terms: Terms) -> object:
        """Load what :meth:`decide` needs."""
        ...

    def decide(self, state: Any, proposal: Proposal, *, context: Context) -> Decision:  # noqa: ANN401 - what its own load returned
        """Return what the proposal changes, purely, or raise why it cannot be done as things stand."""
        ...


@dataclass(frozen=True, slots=True)
class _Loaded:
    state: ProposalState
    effect: Effect | None
    facts: object


class ProposalService:
    """A proposal is rehearsed when made, so that its author hears what stands in its way, and done when approved."""

    def __init__(
        self,
        *,
        runner: DecisionRunner,
        proposals: ProposalRepository,
        effects: Sequence[Effect],
        two_factor: TwoFactor,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._proposals = proposals
        self._effects = {effect.kind: effect for effect in effects}
        self._two_factor = two_factor
        self._clock = clock
        self._ids = ids

    async def propose(
        self, terms: Terms, *, actor: Actor, once: Once | None, render: Callable[[Proposal], Reply]
    ) -> Reply:
        """Put something before the other admins.

        :raises BeneficiaryNotFoundError: when there is no such user.
        :raises OwnBenefitError: when it would change the admin's own balance.
        :raises ProposalOpenError: when the same is proposed already.
        :raises KroError: what the kind's effect refuses as things stand.
        """
        effect = self._effects[terms.kind]

        async def load() -> Loaded[tuple[DraftState, object]]:
            loaded = await self._proposals.for_proposing(terms, actor=actor, key=once.key if once else None)
            loaded.state.standing.ensure_permitted(effect.needs.propose)
            return Loaded((loaded.state, await effect.load(terms)), loaded.answer)

        def decide(loaded: tuple[DraftState, object]) -> Outcome[Proposal]:
            state, facts = loaded
            context = self._context(actor)
            proposal = new_proposal(state, terms, context=context)
            effect.decide(facts, proposal, context=context)
            return decide_proposal(proposal, context=context)

        return await self._runner.run(load=load, decide=decide, render=render, once=once)

    async def approve(
        self,
        *,
        proposal_id: UUID,
        totp: str,
        proposal_hash: str,
        actor: Actor,
        once: Once | None,
        render: Callable[[Proposal], Reply],
    ) -> Reply:
        """Carry a proposal out, as another person than its author, with a code that was used for nothing else.

        The code is looked at only for a proposal this admin may approve, and its use is part of the same write.

        :raises ProposalNotFoundError: if there is none.
        :raises ProposalDecidedError: when it has been decided.
        :raises TwoPersonsError: when it is the admin's own proposal.
        :raises OwnBenefitError: when it would change the admin's own balance.
        :raises ProposalMismatchError: when something else was shown to the admin.
        :raises WrongFactorError: when the code is wrong or was used before.
        :raises FactorLockedError: after too many wrong codes.
        :raises KroError: what the kind's effect refuses as things stand now.
        """
        code = OneCode(self._two_factor, actor=actor, totp=totp)

        async def load() -> Loaded[_Loaded]:
            loaded = await self._load(proposal_id, actor, once)
            found = loaded.state
            if loaded.answer is None and refusal(found.state, shown_hash=proposal_hash, admin_id=actor.id) is None:
                await code.check()
            return loaded

        def decide(loaded: _Loaded) -> Outcome[Proposal]:
            context = self._context(actor)
            refused = refusal(loaded.state, shown_hash=proposal_hash, admin_id=actor.id)
            proposal, effect = loaded.state.proposal, loaded.effect
            if refused is not None or proposal is None or effect is None:
                raise refused or ProposalNotFoundError
            return decide_approval(
                loaded.state,
                effect.decide(loaded.facts, proposal, context=context),
                shown_hash=proposal_hash,
                code_spent=spend_step(admin_id=actor.id, step=code.step_after(loaded.state.last_used_step)),
                context=context,
            )

        try:
            return await self._runner.run(load=load, decide=decide, render=render, once=once)
        except _LEAVES_A_TRACE as error:
            await self._keep_refusal(proposal_id, error, actor)
            raise

    async def reject(
        self,
        *,
        proposal_id: UUID,
        reason: str,
        actor: Actor,
        once: Once | None,
        render: Callable[[Proposal], Reply],
    ) -> Reply:
        """Turn a proposal down, or take back one's own.

        :raises ProposalNotFoundError: if there is none.
        :raises ProposalDecidedError: when it has been decided.
        """

        async def load() -> Loaded[ProposalState]:
            loaded = await self._proposals.for_deciding(proposal_id, actor=actor, key=once.key if once else None)
            proposal = loaded.state.proposal
            loaded.state.standing.ensure_active()
            if proposal is not None:
                needs = self._effects[proposal.terms.kind].needs
                own = proposal.proposed_by == actor.id
                loaded.state.standing.ensure_permitted(needs.propose if own else needs.approve)
            return loaded

        return await self._runner.run(
            load=load,
            decide=lambda state: decide_rejection(state, reason=reason, context=self._context(actor)),
            render=render,
            once=once,
        )

    async def get(self, proposal_id: UUID, *, actor: Actor) -> Proposal:
        """Return a proposal.

        :raises ProposalNotFoundError: if there is none of a kind that the admin may read.
        """
        found = await self._proposals.one(proposal_id)
        if found is None or found.terms.kind not in await self._readable(actor):
            raise ProposalNotFoundError
        return found

    async def list(
        self,
        *,
        actor: Actor,
        status: ProposalStatus | None,
        kind: ProposalKind | None,
        before: Position | None,
        limit: int,
    ) -> Sequence[Proposal]:
        """Return proposals of the kinds that the admin may read, newest first, older than ``before``."""
        kinds = [one for one in await self._readable(actor) if kind in {None, one}]
        return await self._proposals.list(status=status, kinds=kinds, before=before or NEWEST, limit=limit)

    async def _readable(self, actor: Actor) -> Sequence[ProposalKind]:
        standing = await self._proposals.standing(actor)
        return [kind for kind, effect in self._effects.items() if effect.needs.read in standing.permissions]

    async def _load(self, proposal_id: UUID, actor: Actor, once: Once | None) -> Loaded[_Loaded]:
        loaded = await self._proposals.for_deciding(proposal_id, actor=actor, key=once.key if once else None)
        loaded.state.standing.ensure_active()
        proposal = loaded.state.proposal
        if proposal is None:
            return Loaded(_Loaded(loaded.state, None, None), loaded.answer)
        effect = self._effects[proposal.terms.kind]
        loaded.state.standing.ensure_permitted(effect.needs.approve)
        return Loaded(_Loaded(loaded.state, effect, await effect.load(proposal.terms)), loaded.answer)

    async def _keep_refusal(self, proposal_id: UUID, error: KroError, actor: Actor) -> None:
        async def nothing() -> None:
            return None

        trace = refused_attempt(proposal_id, error, context=self._context(actor))
        await self._runner.carry_out(load=nothing, decide=lambda _: Outcome(trace, None))

    def _context(self, actor: Actor) -> Context:
        return Context(actor=actor, now=self._clock.now(), ids=self._ids)
