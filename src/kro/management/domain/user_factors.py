"""A user's authenticator: set up, confirmed, replaced by recovery codes when lost, and given up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from kro.core.actor import AccountNotActiveError, Actor
from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.randomness import Randomness
from kro.core.clock import Clock
from kro.core.database.pool import Database
from kro.core.decisions import Audit, Decision, LostRaceError
from kro.core.decisions.encoding import encode
from kro.core.errors import KroError
from kro.core.ids import IdSource
from kro.core.notices import Reader, notice
from kro.core.rate_limit import Limit, RateLimiter
from kro.core.two_factor import (
    FactorLockedError,
    TwoFactor,
    WrongFactorError,
    draw_codes,
    draw_secret,
    provisioning_uri,
    recovery_mac,
)
from kro.management.database.user_factors import NewCodes, OwnFactor, UserFactorStore
from kro.management.domain.passwords import WrongPasswordError
from kro.verification.domain import StepUp, StepUpAction, StepUpClaim, StepUpSpentError, StepUpTask

_TRIES: Final = Limit("two_factor_user", quota=20, window_seconds=900)
_ISSUER: Final = "KRO"


class FactorExistsError(KroError):
    """There is an authenticator already; give it up first."""

    code = "two_factor_exists"


class NoFactorError(KroError):
    """There is no authenticator, or what was begun has run out; start again."""

    code = "two_factor_not_set_up"


@dataclass(frozen=True, slots=True)
class NewFactor:
    """What an authenticator is set up with; shown once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FactorStatus:
    confirmed_at: datetime | None
    codes_left: int


@dataclass(frozen=True, slots=True)
class FactorProof:
    """What stands for the second factor: a code of the authenticator, or one of the recovery codes."""

    totp: str | None = field(default=None, repr=False)
    recovery_code: str | None = field(default=None, repr=False)


class UserFactors:
    def __init__(
        self,
        store: UserFactorStore,
        *,
        two_factor: TwoFactor,
        step_up: StepUp,
        limiter: RateLimiter,
        hasher: PasswordHasher,
        key: bytes,
        database: Database,
        clock: Clock,
        ids: IdSource,
        randomness: Randomness,
    ) -> None:
        self._store = store
        self._two_factor = two_factor
        self._step_up = step_up
        self._limiter = limiter
        self._hasher = hasher
        self._key = key
        self._database = database
        self._clock = clock
        self._ids = ids
        self._randomness = randomness

    async def status(self, actor: Actor) -> FactorStatus:
        own = await self._own(actor)
        return FactorStatus(own.confirmed_at, own.codes_left)

    async def start(self, *, password: str, claim: StepUpClaim | None, actor: Actor) -> NewFactor:
        """Draw a secret; it counts for nothing until a code of it was shown, within ten minutes.

        A session and a password are not enough: whoever has stolen both would make their own authenticator the proof
        of everything. So it takes the proof that counts until then, a code that is sent.

        :raises WrongPasswordError: when the password is another.
        :raises FactorExistsError: when there is a confirmed one.
        :raises StepUpRequiredError: when no proof came; and what a wrong one raises.
        :raises RateLimitedError: after twenty tries in a quarter of an hour.
        """
        await self._limiter.hit((_TRIES, str(actor.id)))
        own = await self._own(actor)
        if own.confirmed_at is not None:
            raise FactorExistsError
        if not (await self._hasher.verify(password, own.password_hash)).correct:
            await self._refused("two_factor.start", actor, WrongPasswordError.code)
            raise WrongPasswordError("/password")
        proven = await self._step_up.prove(StepUpTask(StepUpAction.ADD_AUTHENTICATOR), actor=actor, claim=claim)
        secret = draw_secret(self._randomness)
        document = encode(proven.spent + Decision(audits=(self._audit("two_factor.started", actor),)))
        try:
            started = await self._store.start(
                actor.id, sealed=self._two_factor.seal(secret, owner_id=actor.id), record=document
            )
        except LostRaceError:
            raise StepUpSpentError from None
        if not started:
            raise FactorExistsError
        return NewFactor(secret, provisioning_uri(secret=secret, account=own.account, issuer=_ISSUER))

    async def confirm(self, code: str, *, actor: Actor) -> tuple[str, ...]:
        """Confirm the authenticator by its first code, which is spent by it, and return the recovery codes.

        All other sessions end, and the owner is told by all channels.

        :raises NoFactorError: when nothing was begun, it has run out, or five codes were wrong.
        :raises WrongFactorError: when the code is wrong.
        """
        tried = await self._store.count_try(actor.id)
        if tried is None:
            raise NoFactorError
        sealed, version = tried
        try:
            step = self._two_factor.step_of(code, sealed=sealed, owner_id=actor.id)
        except WrongFactorError as error:
            await self._refused("two_factor.confirm", actor, error.code)
            raise
        codes, kept = self._draw(actor)
        document = self._changed("two_factor.confirmed", "two_factor_on", actor)
        if not await self._store.confirm(
            actor.id, step=step, version=version, codes=kept, keep=actor.session_id, record=document
        ):
            raise NoFactorError
        return codes

    async def renew_codes(self, totp: str, *, actor: Actor) -> tuple[str, ...]:
        """Replace the recovery codes as a set, with a fresh code of the authenticator.

        :raises NoFactorError: when there is none.
        :raises WrongFactorError: when the code is wrong or was used.
        :raises FactorLockedError: after five wrong codes.
        """
        step = await self._step(totp, actor, action="two_factor.renew_codes")
        codes, kept = self._draw(actor)
        document = self._changed("two_factor.codes_renewed", "two_factor_codes_renewed", actor)
        if not await self._store.renew(actor.id, step=step, codes=kept, keep=actor.session_id, record=document):
            raise WrongFactorError
        return codes

    async def remove(self, proof: FactorProof, *, actor: Actor) -> None:
        """Give the authenticator up, with a code of its own or a recovery code. Payouts rest, other sessions end.

        :raises NoFactorError: when there is none.
        :raises WrongFactorError: when the code is wrong or was used.
        :raises FactorLockedError: after five wrong codes of the authenticator.
        :raises RateLimitedError: after twenty tries in a quarter of an hour.
        """
        document = self._changed("two_factor.removed", "two_factor_off", actor)
        if proof.recovery_code is not None:
            await self._limiter.hit((_TRIES, str(actor.id)))
            mac = recovery_mac(proof.recovery_code, key=self._key, owner_id=actor.id)
            if not await self._store.remove_by_code(actor.id, mac=mac, keep=actor.session_id, record=document):
                await self._refused("two_factor.remove", actor, WrongFactorError.code)
                raise WrongFactorError
            return
        step = await self._step(proof.totp or "", actor, action="two_factor.remove")
        if not await self._store.remove_by_step(actor.id, step=step, keep=actor.session_id, record=document):
            raise WrongFactorError

    async def _own(self, actor: Actor) -> OwnFactor:
        own = await self._store.own(actor.id)
        if own is None:
            raise AccountNotActiveError
        return own

    async def _step(self, totp: str, actor: Actor, *, action: str) -> int:
        if (await self._own(actor)).confirmed_at is None:
            raise NoFactorError
        try:
            return await self._two_factor.attempt(owner_id=actor.id, code=totp)
        except (WrongFactorError, FactorLockedError) as error:
            await self._refused(action, actor, error.code)
            raise

    def _draw(self, actor: Actor) -> tuple[tuple[str, ...], NewCodes]:
        codes = draw_codes(self._randomness)
        macs = [recovery_mac(code, key=self._key, owner_id=actor.id) for code in codes]
        return codes, NewCodes([self._ids.new() for _ in codes], macs)

    def _changed(self, action: str, template: str, actor: Actor) -> str:
        facts = {"at": self._clock.now().isoformat()}
        told = notice(id=self._ids.new(), user_id=actor.id, template=template, reader=Reader.OWNER, facts=facts)
        return encode(Decision(messages=(told,), audits=(self._audit(action, actor),)))

    async def _refused(self, action: str, actor: Actor, reason: str) -> None:
        await self._database.apply(encode(Decision(audits=(self._audit(action, actor, refused=reason),))))

    def _audit(self, action: str, actor: Actor, *, refused: str | None = None) -> Audit:
        return Audit(
            id=self._ids.new(),
            actor=actor,
            action=action,
            target_type="user",
            target_id=actor.id,
            result="refused" if refused else "done",
            reason=refused,
        )
