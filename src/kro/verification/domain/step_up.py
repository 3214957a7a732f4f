"""Fresh proofs: asks for them, checks them, and has each used up by what it allows.

A user with an authenticator proves by its code; everybody else by a code sent to their phone for one task. The use of
a proof is part of the decision it allows, so it works once whatever happens at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from kro.core.actor import Actor
from kro.core.auth.randomness import Randomness
from kro.core.clock import Clock
from kro.core.config import OTPSettings
from kro.core.decisions import Audit, Decision, Message, Update
from kro.core.decisions.encoding import encode
from kro.core.encryption import FieldCipher
from kro.core.errors import ErrorKind, KroError
from kro.core.ids import IdSource
from kro.core.rate_limit import Limit, RateLimiter, network_of
from kro.core.two_factor import TwoFactor, WrongFactorError
from kro.verification.database.step_ups import FactorState, NewChallenge, Provable, StepUpChallenges
from kro.verification.domain.codes import CODE_DIGITS
from kro.verification.domain.errors import ChallengeEndedError, WrongCodeError
from kro.verification.domain.service import (
    MAIL_OTP_TOPIC,
    OTP_TOPIC,
    RESEND_AFTER_SECONDS,
    SENDS_BY_NETWORK,
    TRIES_BY_NETWORK,
    Challenge,
)
from kro.verification.domain.step_up_rules import (
    Gate,
    Proven,
    StepUpClaim,
    StepUpMethod,
    StepUpRequiredError,
    StepUpRules,
    StepUpSpentError,
    StepUpTask,
    code_mac,
    is_right_code,
)

_TEN_MINUTES: Final = 600
_DAY: Final = 86_400


class AuthenticatorNeededError(KroError):
    """You have an authenticator: prove it by its code, no code is sent."""

    kind = ErrorKind.CONFLICT
    code = "authenticator_needed"


class StepUp:
    def __init__(
        self,
        challenges: StepUpChallenges,
        *,
        two_factor: TwoFactor,
        limiter: RateLimiter,
        rules: StepUpRules,
        key: bytes,
        cipher: FieldCipher,
        settings: OTPSettings,
        clock: Clock,
        ids: IdSource,
        randomness: Randomness,
    ) -> None:
        self._challenges = challenges
        self._two_factor = two_factor
        self._limiter = limiter
        self._rules = rules
        self._key = key
        self._cipher = cipher
        self._settings = settings
        self._clock = clock
        self._ids = ids
        self._randomness = randomness
        # Counted by user and apart from registrations: no stranger uses up what the holder of the account may ask for.
        self._by_user = Limit("step_up_user", settings.sends_per_ten_minutes, _TEN_MINUTES)
        self._by_user_daily = Limit("step_up_user_day", settings.sends_per_day, _DAY)

    async def request(self, task: StepUpTask, *, actor: Actor) -> Challenge:
        """Send the active user a code that is good for one task; the one before it, for the same task, dies.

        :raises AuthenticatorNeededError: when they have an authenticator.
        :raises RateLimitedError: when the network or the user had too many codes.
        """
        person = await self._challenges.person(actor.id)
        if person.has_factor:
            raise AuthenticatorNeededError
        subject = str(actor.id)
        await self._limiter.hit(
            (SENDS_BY_NETWORK, network_of(actor.ip)), (self._by_user, subject), (self._by_user_daily, subject)
        )
        new, message = self._draw(task, actor=actor, person=person)
        await self._challenges.issue(new, message=encode(Decision(messages=(message,))))
        return Challenge(new.id, self._settings.ttl_seconds, RESEND_AFTER_SECONDS)

    def proving(self, *, actor: Actor, claim: StepUpClaim | None) -> Proving:
        """Return what looks after the proof of one command; see there."""
        return Proving(self, Gate(self._rules), actor=actor, claim=claim)

    async def prove(self, task: StepUpTask, *, actor: Actor, claim: StepUpClaim | None) -> Proven:
        """Count a try, then check the proof that came for a task. A refusal of a code leaves an audit row.

        Whoever calls it writes ``spent`` together with what the proof allows. That write raises ``LostRaceError`` when
        the proof was used meanwhile: call :meth:`still_good` then, or tell the client :class:`StepUpSpentError`.

        :raises StepUpRequiredError: when nothing came, or it is not what this user proves with; it says what is.
        :raises WrongFactorError: when the authenticator's code is wrong or was used.
        :raises FactorLockedError: after five wrong codes of the authenticator.
        :raises WrongCodeError: when the code that was sent is another.
        :raises ChallengeEndedError: when it was sent for another task, has expired, was used or tried too often.
        """
        person = await self._challenges.person(actor.id)
        if claim is None or (claim.challenge_id is None) is not person.has_factor:
            raise StepUpRequiredError(task, methods=(_method_of(person),))
        try:
            if claim.challenge_id is None:
                return await self._by_totp(task, claim, actor)
            return await self._by_sms(task, claim, actor)
        except KroError as error:
            await self._challenges.record(encode(Decision(audits=(self._audit(task, claim, actor, refused=error),))))
            raise

    async def prove_if_armed(self, task: StepUpTask, *, actor: Actor, claim: StepUpClaim | None) -> Decision:
        """Return the use of an authenticator's code for a task, and nothing for a user who has no authenticator.

        For what a password protects already: whoever has set up more is asked for it. See :meth:`prove`.
        """
        person = await self._challenges.person(actor.id)
        return (await self.prove(task, actor=actor, claim=claim)).spent if person.has_factor else Decision()

    async def still_good(self, proven: Proven, *, actor: Actor) -> Proven:
        """Return a proof as it can be used now, after a write that used it lost a race.

        :raises StepUpSpentError: when it was used meanwhile.
        """
        if proven.step is None:
            challenge_id = proven.claim.challenge_id
            if challenge_id is None or not await self._challenges.is_open(challenge_id):
                raise StepUpSpentError
            return proven
        factor = await self._challenges.factor(actor.id)
        if factor is None or proven.step <= factor.last_used_step:
            raise StepUpSpentError
        return self._stepped(proven.task, proven.claim, actor, proven.step, factor)

    async def _by_totp(self, task: StepUpTask, claim: StepUpClaim, actor: Actor) -> Proven:
        step = await self._two_factor.attempt(owner_id=actor.id, code=claim.code)
        factor = await self._challenges.factor(actor.id)
        if factor is None or step <= factor.last_used_step:
            raise WrongFactorError
        return self._stepped(task, claim, actor, step, factor)

    async def _by_sms(self, task: StepUpTask, claim: StepUpClaim, actor: Actor) -> Proven:
        await self._limiter.hit((TRIES_BY_NETWORK, network_of(actor.ip)))
        challenge_id = claim.challenge_id
        assert challenge_id is not None  # noqa: S101 - the caller has looked
        task_hash = task.digest(actor.id, key=self._key)
        tried = await self._challenges.count_try(
            challenge_id, user_id=actor.id, task_hash=task_hash, max_tries=self._settings.max_tries
        )
        if tried is None:
            raise ChallengeEndedError
        mac, version = tried
        if not is_right_code(claim.code, mac=mac, key=self._key, task_hash=task_hash, challenge_id=challenge_id):
            raise WrongCodeError
        used = Update("step_up_challenges", challenge_id, version, {"consumed_at": self._clock.now()})
        return Proven(task, claim, Decision(writes=(used,), audits=(self._audit(task, claim, actor),)))

    def _stepped(self, task: StepUpTask, claim: StepUpClaim, actor: Actor, step: int, factor: FactorState) -> Proven:
        used = Update("two_factor_user", actor.id, factor.version, {"last_used_step": step, "failures": 0})
        return Proven(task, claim, Decision(writes=(used,), audits=(self._audit(task, claim, actor),)), step)

    def _draw(self, task: StepUpTask, *, actor: Actor, person: Provable) -> tuple[NewChallenge, Message]:
        challenge_id = self._ids.new()
        digits = self._randomness.digits(CODE_DIGITS)
        task_hash = task.digest(actor.id, key=self._key)
        mac = code_mac(digits, key=self._key, task_hash=task_hash, challenge_id=challenge_id)
        new = NewChallenge(challenge_id, actor.id, task.action, task_hash, mac, self._settings.ttl_seconds)
        texted = person.phone is not None
        message = Message(
            id=self._ids.new(),
            topic=OTP_TOPIC if texted else MAIL_OTP_TOPIC,
            payload={
                "phone" if texted else "email": person.phone or person.email,
                "sealed": self._cipher.seal(digits, context=str(challenge_id)),
                "challenge_id": str(challenge_id),
                "purpose": "step_up",
                "user_id": actor.id,
                "task": task.facts(),
            },
        )
        return new, message

    def _audit(self, task: StepUpTask, claim: StepUpClaim, actor: Actor, *, refused: KroError | None = None) -> Audit:
        method = StepUpMethod.TOTP if claim.challenge_id is None else "code"
        return Audit(
            id=self._ids.new(),
            actor=actor,
            action="step_up.prove",
            target_type="user",
            target_id=actor.id,
            result="refused" if refused else "done",
            reason=refused.code if refused else None,
            detail={**task.facts(), "method": method},
        )


def _method_of(person: Provable) -> StepUpMethod:
    if person.has_factor:
        return StepUpMethod.TOTP
    return StepUpMethod.SMS if person.phone is not None else StepUpMethod.MAIL


class Proving:
    """The proof of one command: looked at once, and only where the decision asks for it.

    Call :meth:`look` inside every load, when no answer is stored yet, and give :attr:`gate` to the decision.
    """

    def __init__(self, step_up: StepUp, gate: Gate, *, actor: Actor, claim: StepUpClaim | None) -> None:
        self._step_up = step_up
        self._without = gate
        self._actor = actor
        self._claim = claim
        self.gate = gate

    async def look(self, decide: Callable[[Gate], object]) -> None:
        """Try the decision without a proof; where it asks for one, check the one that came with the command.

        Whatever else the decision refuses is told by the decision itself, and costs no try.

        :raises KroError: what :meth:`StepUp.prove` and :meth:`StepUp.still_good` refuse.
        """
        try:
            decide(self._without)
        except StepUpRequiredError as wanted:
            self.gate = replace(self.gate, proven=await self._proven(wanted.task))
        except KroError:
            return

    async def _proven(self, task: StepUpTask) -> Proven:
        known = self.gate.proven
        if known is not None and known.task == task:
            return await self._step_up.still_good(known, actor=self._actor)
        return await self._step_up.prove(task, actor=self._actor, claim=self._claim)
