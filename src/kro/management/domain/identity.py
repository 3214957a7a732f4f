"""Users prove who they are: a number is taken in with a consent, looked up outside, and its outcome recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta, timezone
from typing import Final
from uuid import UUID

from kro.core.actor import SYSTEM, Actor
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Once, Outcome, Reply
from kro.core.encryption import SealedValueError
from kro.core.errors import ValidationFailedError
from kro.core.ids import IdSource
from kro.core.kyc.board import TierBoard
from kro.core.kyc.identity import IdentityKind, IdentityProvider, Matched, Mismatch, Unknown
from kro.core.outbox import Envelope
from kro.core.rate_limit import Limit, RateLimiter, network_of
from kro.management.database.identity_checks import IdentityCheckRepository
from kro.management.database.identity_records import IdentityCheck, Secret, SubmissionState
from kro.management.domain.consents import CURRENT_CONSENT
from kro.management.domain.decide_identity import (
    Consent,
    Deed,
    decide_answer,
    decide_submission,
)
from kro.management.domain.identity_match import judge
from kro.management.domain.identity_vault import IdentityVault

_PER_USER: Final = Limit("identity_check_day", quota=5, window_seconds=86_400)
_PER_NETWORK: Final = Limit("identity_check_network", quota=30, window_seconds=86_400)
_LAGOS: Final = timezone(timedelta(hours=1), "Africa/Lagos")
_OLDEST_YEAR: Final = 1900
_ADULT_YEARS: Final = 18
_LEASE_SECONDS: Final = 120.0
_REWRAP_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class GiveNumber:
    """What a user gives: the number, the birthday, and which consent text they were shown."""

    kind: IdentityKind
    number: str = field(repr=False)
    born: date = field(repr=False)
    consent_version: str
    middle_name: str | None = field(default=None, repr=False)


class IdentityService:
    """The user's side."""

    def __init__(
        self,
        checks: IdentityCheckRepository,
        *,
        runner: DecisionRunner,
        vault: IdentityVault,
        limiter: RateLimiter,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._checks = checks
        self._runner = runner
        self._vault = vault
        self._limiter = limiter
        self._clock = clock
        self._ids = ids

    async def read(self, actor: Actor) -> SubmissionState:
        """Return the actor's checks, newest first."""
        return await self._checks.own(actor=actor)

    async def submit(
        self, command: GiveNumber, *, actor: Actor, once: Once, render: Callable[[IdentityCheck], Reply]
    ) -> Reply:
        """Take a number in and have the worker look it up.

        :raises ValidationFailedError: unless the birthday is an adult's.
        :raises RateLimitedError: after five numbers in a day.
        :raises ConsentOutdatedError: when another text was agreed to than the present one.
        :raises IdentityCheckOpenError: while another number is being looked up.
        :raises IdentityVerifiedError: when this kind was verified before.
        :raises IdentityAttemptsError: when too many could not be confirmed.
        """
        _ensure_adult(command.born, today=self._clock.now().astimezone(_LAGOS).date())
        sealed = self._vault.seal(
            check_id=self._ids.new(),
            kind=command.kind,
            secret=Secret(command.number, command.born),
            middle_name=command.middle_name,
        )
        consent = Consent(text_version=command.consent_version, current_version=CURRENT_CONSENT.version)
        counted = False

        async def load() -> Loaded[SubmissionState]:
            nonlocal counted
            loaded = await self._checks.for_submission(actor=actor, key=once.key)
            if loaded.answer is None and not counted:
                counted = True
                await self._limiter.hit((_PER_NETWORK, network_of(actor.ip)), (_PER_USER, str(actor.id)))
            return loaded

        def decide(state: SubmissionState) -> Outcome[IdentityCheck]:
            return decide_submission(state, sealed, consent, deed=Deed(actor, self._clock.now(), self._ids))

        return await self._runner.run(load=load, decide=decide, render=render, once=once)


class IdentityResolver:
    """The worker's side: asks registers, outside of any transaction, and records what they say."""

    def __init__(
        self,
        checks: IdentityCheckRepository,
        *,
        runner: DecisionRunner,
        provider: IdentityProvider,
        vault: IdentityVault,
        tiers: TierBoard,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._checks = checks
        self._runner = runner
        self._provider = provider
        self._vault = vault
        self._tiers = tiers
        self._clock = clock
        self._ids = ids

    async def handle(self, envelope: Envelope) -> None:
        """Handle ``identity.resolve``: the first question, as soon as the number is in."""
        await self._resolve_claimed(check_id=UUID(envelope.payload["check_id"]), limit=1)

    async def resolve_due(self, *, limit: int) -> int:
        """Ask again about numbers whose register was silent, and about those whose asker died."""
        return await self._resolve_claimed(check_id=None, limit=limit)

    async def rewrap_due(self, *, current: str) -> int:
        """Wrap data keys anew that an older key still wraps; ``current`` is how the others begin.

        What cannot be opened stays as it is: its key is gone, and nobody else can say more.
        """
        after, done = None, 0
        while stale := await self._checks.stale_keys(current=current, after=after, limit=_REWRAP_BATCH):
            after = stale[-1][0]
            fresh = [(check_id, key, self._rewrapped(check_id, key)) for check_id, key in stale]
            done += await self._checks.rewrap([(one, key, new) for one, key, new in fresh if new is not None])
        return done

    def _rewrapped(self, check_id: UUID, key: str) -> str | None:
        try:
            return self._vault.rewrap(check_id, key)
        except SealedValueError:
            return None

    async def _resolve_claimed(self, *, check_id: UUID | None, limit: int) -> int:
        claimed = await self._checks.claim(check_id=check_id, lease_seconds=_LEASE_SECONDS, limit=limit)
        for check in claimed:
            await self._resolve(check)
        return len(claimed)

    async def _resolve(self, check: IdentityCheck) -> None:
        secret = self._vault.open(check)
        if secret is None:
            return
        result = await self._provider.resolve(check.kind, secret.number, names=check.names, born=secret.born)
        verdict = judge(result, names=check.names, born=secret.born)
        record = self._vault.seal_record(check, result.person) if isinstance(result, Matched) else None
        rules = (await self._tiers.current()).rules
        await self._runner.carry_out(
            load=lambda: self._checks.for_answer(check.id),
            decide=lambda state: decide_answer(
                state,
                verdict,
                provider=self._provider.name,
                reference=result.reference if isinstance(result, Matched | Mismatch) else _cause(result),
                record_sealed=record,
                rules=rules,
                deed=Deed(SYSTEM, self._clock.now(), self._ids),
            ),
        )


def _ensure_adult(born: date, *, today: date) -> None:
    grown_up = (born.year + _ADULT_YEARS, born.month, born.day)
    if born.year < _OLDEST_YEAR or grown_up > (today.year, today.month, today.day):
        raise ValidationFailedError("/date_of_birth", "not_an_adult", "Only adults can be verified.")


def _cause(result: object) -> str | None:
    match result:
        case Unknown(cause=cause):
            return cause
        case _:
            return getattr(result, "code", None)
