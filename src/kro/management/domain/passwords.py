"""Forgotten and changed passwords."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.actor import AccountNotActiveError, Actor, ActorKind
from kro.core.auth.passwords import PasswordHasher, check_password
from kro.core.auth.sessions import Client
from kro.core.decisions import Audit, Decision, LostRaceError
from kro.core.decisions.encoding import encode
from kro.core.errors import ErrorKind, FieldError, KroError
from kro.core.ids import IdSource
from kro.core.notices import Reader, notice
from kro.core.rate_limit import Limit, RateLimiter
from kro.management.database.passwords import PasswordStore
from kro.management.domain.records import actor_at
from kro.verification.domain import (
    AccountLinks,
    Challenge,
    ChallengeEndedError,
    LinkPurpose,
    Purpose,
    StepUp,
    StepUpAction,
    StepUpClaim,
    StepUpSpentError,
    StepUpTask,
    Target,
    TargetChannel,
    Verification,
)

_TRIES: Final = Limit("password_change", quota=10, window_seconds=900)


class WrongPasswordError(KroError):
    """The present password is another."""

    kind = ErrorKind.INVALID
    code = "password_incorrect"

    def __init__(self, pointer: str = "/current_password") -> None:
        super().__init__(errors=(FieldError(pointer, self.code, (self.__doc__ or "")),))


class Passwords:
    """Every new password ends the other sessions, is told to its owner by all channels, and rests the payouts."""

    def __init__(
        self,
        store: PasswordStore,
        *,
        verification: Verification,
        links: AccountLinks,
        limiter: RateLimiter,
        step_up: StepUp,
        hasher: PasswordHasher,
        cooling_hours: int,
        ids: IdSource,
    ) -> None:
        self._store = store
        self._verification = verification
        self._links = links
        self._limiter = limiter
        self._step_up = step_up
        self._hasher = hasher
        self._cooling_hours = cooling_hours
        self._ids = ids

    async def forgot(self, target: Target, *, client: Client) -> Challenge | None:
        """Send a code to a number, or a link to a proven address. Answer and work are the same where nobody has it.

        :returns: the challenge the code belongs to; a link needs none.
        :raises RateLimitedError: when the network, or the number or address, had too many.
        """
        if target.channel is TargetChannel.SMS:
            return await self._verification.issue_to_owner(target, purpose=Purpose.PASSWORD_RESET, client=client)
        await self._verification.count_send(target, client=client)
        await self._links.request(target, purpose=LinkPurpose.PASSWORD_RESET, client=client)
        return None

    async def reset_by_code(self, *, challenge_id: UUID, code: str, password: str, client: Client) -> None:
        """Set a new password with the code that was sent. All sessions end.

        :raises WeakPasswordError: when the password is easy to guess; the code is then not looked at.
        :raises WrongCodeError: when the code is another.
        :raises ChallengeEndedError: when it was used, has run out, or the password was changed since.
        :raises RateLimitedError: when the network tried too many codes.
        """
        check_password(password)
        proof = await self._verification.check(
            challenge_id=challenge_id, code=code, client=client, purpose=Purpose.PASSWORD_RESET
        )
        if proof.user_id is None:
            raise ChallengeEndedError
        check_password(password, personal=(proof.target,))
        hashed = await self._hasher.hash(password)
        document = self._document(proof.user_id, client=client, how="code")
        if not await self._store.set_by_code(challenge_id, password_hash=hashed, document=document):
            raise ChallengeEndedError

    async def reset_by_link(self, token: str, *, password: str, client: Client) -> None:
        """Set a new password with the link that was sent. All sessions end.

        :raises WeakPasswordError: when the password is easy to guess; the link is then not used up.
        :raises LinkEndedError: when it was used, has run out, or the password was changed since.
        :raises RateLimitedError: when the network tried too many links.
        """
        check_password(password)
        spent = await self._links.redeem(token, purpose=LinkPurpose.PASSWORD_RESET, client=client)
        hashed = await self._hasher.hash(password)
        document = self._document(spent.user_id, client=client, how="link")
        if not await self._store.set(spent.user_id, password_hash=hashed, document=document):
            raise AccountNotActiveError

    async def change(self, *, current: str, password: str, actor: Actor, claim: StepUpClaim | None = None) -> None:
        """Set a new password with the present one. All other sessions end.

        Whoever has an authenticator proves it as well.

        :raises WrongPasswordError: when the present password is another.
        :raises WeakPasswordError: when the new one is easy to guess.
        :raises StepUpRequiredError: when the authenticator's code is missing; and what a wrong one raises.
        :raises RateLimitedError: after ten wrong ones in a quarter of an hour.
        """
        await self._limiter.hit((_TRIES, str(actor.id)))
        own = await self._store.own(actor.id)
        if own is None:
            raise AccountNotActiveError
        present, known = own
        if not (await self._hasher.verify(current, present)).correct:
            raise WrongPasswordError
        check_password(password, personal=known)
        hashed = await self._hasher.hash(password)
        proof = await self._step_up.prove_if_armed(StepUpTask(StepUpAction.CHANGE_PASSWORD), actor=actor, claim=claim)
        document = encode(self._decision(actor, actor.id, how="present_password") + proof)
        try:
            changed = await self._store.set(
                actor.id, password_hash=hashed, document=document, keep=actor.session_id, instead_of=present
            )
        except LostRaceError:
            raise StepUpSpentError from None
        if not changed:
            raise WrongPasswordError
        await self._limiter.forgive(_TRIES, str(actor.id))

    def _document(self, user_id: UUID, *, client: Client, how: str) -> str:
        return encode(self._decision(actor_at(client, kind=ActorKind.USER, id=user_id), user_id, how=how))

    def _decision(self, actor: Actor, user_id: UUID, *, how: str) -> Decision:
        audit = Audit(
            id=self._ids.new(),
            actor=actor,
            action="user.password_changed",
            target_type="user",
            target_id=user_id,
            detail={"by": how},
        )
        told = notice(
            id=self._ids.new(),
            user_id=user_id,
            template="password_changed",
            reader=Reader.OWNER,
            facts={"hours": self._cooling_hours},
        )
        return Decision(messages=(told,), audits=(audit,))
