"""Compliance decides what registers left open, and sets tiers by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from kro.core.actor import Actor
from kro.core.audit import AuditTrail
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Once, Outcome, Reply
from kro.core.ids import IdSource
from kro.core.kyc.board import TierBoard
from kro.core.paging import Position
from kro.management.database.identity_checks import IdentityCheckRepository
from kro.management.database.identity_records import CheckFile, CheckState, CheckStatus, IdentityCheck, TierState
from kro.management.domain.decide_identity import Deed, decide_review, decide_tier
from kro.management.domain.identity_errors import IdentityCheckNotFoundError
from kro.management.domain.identity_vault import IdentityVault
from kro.management.domain.records import record


class IdentityReview:
    def __init__(
        self,
        checks: IdentityCheckRepository,
        *,
        runner: DecisionRunner,
        trail: AuditTrail,
        vault: IdentityVault,
        tiers: TierBoard,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._checks = checks
        self._runner = runner
        self._trail = trail
        self._vault = vault
        self._tiers = tiers
        self._clock = clock
        self._ids = ids

    async def list(
        self, *, status: CheckStatus | None, user_id: UUID | None, before: Position | None, limit: int, actor: Actor
    ) -> Sequence[CheckFile]:
        """Return checks, newest first, without anything that is sealed. Leaves a trace of who looked for what."""
        detail = {"status": status} if status is not None else {}
        await self._trail.note("identity.list", actor=actor, target=("user", user_id), detail=detail)
        found = await self._checks.list(status=status, user_id=user_id, before=before, limit=limit)
        return [CheckFile(check, name, tier, None, None, None) for check, name, tier in found]

    async def read(self, check_id: UUID, *, actor: Actor) -> CheckFile:
        """Return a check with what its owner gave and what the register says, the number masked. Leaves a trace.

        :raises IdentityCheckNotFoundError: when there is none.
        """
        trace = record("identity.read", actor=actor, target=("identity_check", check_id), ids=self._ids)
        found = await self._checks.read(check_id, record=trace)
        if found is None:
            raise IdentityCheckNotFoundError
        check, name, tier = found
        secret = self._vault.open(check)
        names, born = self._vault.open_record(check)
        return CheckFile(check, name, tier, secret.born if secret else None, names, born)

    async def decide(
        self,
        check_id: UUID,
        *,
        approved: bool,
        reason: str,
        actor: Actor,
        once: Once,
        render: Callable[[IdentityCheck], Reply],
    ) -> Reply:
        """Approve or reject a check that waits for people.

        :raises IdentityCheckNotFoundError: when there is none.
        :raises IdentityCheckDecidedError: unless it waits for people.
        :raises OwnIdentityError: when it is the admin's own.
        :raises IdentityNumberInUseError: when another account was verified with the number.
        """
        rules = (await self._tiers.current()).rules

        async def load() -> Loaded[CheckState]:
            loaded = await self._checks.for_review(check_id, actor=actor, key=once.key)
            if loaded.state.standing is not None:
                loaded.state.standing.ensure_permitted(Permission.KYC_DECIDE)
            return loaded

        def decide(state: CheckState) -> Outcome[IdentityCheck]:
            deed = Deed(actor, self._clock.now(), self._ids)
            return decide_review(state, approved=approved, reason=reason, rules=rules, deed=deed)

        return await self._runner.run(load=load, decide=decide, render=render, once=once)

    async def set_tier(
        self, user_id: UUID, tier: int, *, reason: str, actor: Actor, once: Once, render: Callable[[int], Reply]
    ) -> Reply:
        """Set a user's tier by hand, up or down.

        :raises UnknownUserError: when there is no such user.
        :raises OwnIdentityError: when it is the admin's own account.
        :raises TierUnchangedError: when the user has it already.
        """

        async def load() -> Loaded[TierState]:
            loaded = await self._checks.for_tier(user_id, actor=actor, key=once.key)
            loaded.state.standing.ensure_permitted(Permission.KYC_DECIDE)
            return loaded

        return await self._runner.run(
            load=load,
            decide=lambda state: decide_tier(
                state, tier, reason=reason, deed=Deed(actor, self._clock.now(), self._ids)
            ),
            render=render,
            once=once,
        )
