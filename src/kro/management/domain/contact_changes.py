"""Another phone or mail address: proven by the new one, agreed to or stopped by the old one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from kro.core.actor import SYSTEM, AccountNotActiveError, Actor, ActorKind
from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.sessions import Client
from kro.core.clock import Clock
from kro.core.decisions import LostRaceError, Message
from kro.core.decisions.encoding import encode
from kro.core.ids import IdSource
from kro.core.rate_limit import Limit, RateLimiter
from kro.management.database.contact_changes import ContactChangeStore
from kro.management.database.contact_records import ContactChange
from kro.management.domain.decide_contact_change import (
    Drawn,
    decide_contact_change,
    decide_contact_changed,
    kind_of,
    old_target,
    started_facts,
)
from kro.management.domain.errors import ContactChangeNotFoundError
from kro.management.domain.passwords import WrongPasswordError
from kro.management.domain.records import actor_at, record
from kro.verification.domain import (
    AccountLinks,
    Challenge,
    ChallengeEndedError,
    DrawnLink,
    LinkPurpose,
    Purpose,
    StepUp,
    StepUpAction,
    StepUpClaim,
    StepUpSpentError,
    StepUpTask,
    Target,
    Verification,
)

_STARTS: Final = Limit("contact_change", quota=5, window_seconds=86_400)
_PASSWORDS: Final = Limit("contact_change_password", quota=10, window_seconds=900)


@dataclass(frozen=True, slots=True)
class Started:
    """``old`` is the challenge of the one in force, if there is one; its code makes the change take effect at once."""

    change_id: UUID
    kind: str
    new: Challenge
    old: Challenge | None
    waits: timedelta


class ContactChanges:
    """A change takes effect when the new one is proven and the old one agrees by code, or keeps silent for some days.

    So who lost the old phone can still change it, and who took over a session cannot without the owner hearing of it.
    """

    def __init__(
        self,
        store: ContactChangeStore,
        *,
        verification: Verification,
        links: AccountLinks,
        limiter: RateLimiter,
        step_up: StepUp,
        hasher: PasswordHasher,
        waits: timedelta,
        cooling_hours: int,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._store = store
        self._verification = verification
        self._links = links
        self._limiter = limiter
        self._step_up = step_up
        self._hasher = hasher
        self._waits = waits
        self._cooling_hours = cooling_hours
        self._clock = clock
        self._ids = ids

    async def start(
        self, target: Target, *, password: str, actor: Actor, client: Client, claim: StepUpClaim | None = None
    ) -> Started:
        """Send a code to the new one, and a code and a link to stop it to the old one.

        The answer is the same when the new one is somebody else's; then nothing is sent there. Whoever has an
        authenticator proves it as well.

        :raises WrongPasswordError: when the password is another.
        :raises ContactUnchangedError: when it is the present one.
        :raises StepUpRequiredError: when the authenticator's code is missing; and what a wrong one raises.
        :raises RateLimitedError: after five changes in a day, ten wrong passwords, or too many codes.
        """
        await self._limiter.hit((_PASSWORDS, str(actor.id)))
        basis = await self._store.load(actor.id, new_value=target.address)
        if basis is None:
            raise AccountNotActiveError
        if not (await self._hasher.verify(password, basis.password_hash)).correct:
            raise WrongPasswordError("/password")
        await self._limiter.forgive(_PASSWORDS, str(actor.id))
        old = old_target(basis, target)
        await self._limiter.hit((_STARTS, str(actor.id)))
        await self._verification.count_send(target, client=client)
        action = StepUpAction.CHANGE_PHONE if target.number is not None else StepUpAction.CHANGE_EMAIL
        proof = await self._step_up.prove_if_armed(StepUpTask(action, target.address), actor=actor, claim=claim)
        change_id = self._ids.new()
        drawn = self._draw(target, old, user_id=actor.id)
        decision = decide_contact_change(
            basis,
            drawn,
            change_id=change_id,
            target=target,
            actor=actor,
            waits=self._waits,
            ids=self._ids,
            now=self._clock.now(),
        )
        try:
            await self._store.start(actor.id, kind=kind_of(target), document=encode(decision + proof))
        except LostRaceError:
            raise StepUpSpentError from None
        return Started(
            change_id,
            kind_of(target),
            new=self._verification.told(drawn.new),
            old=self._verification.told(drawn.old) if drawn.old else None,
            waits=self._waits if drawn.old else timedelta(),
        )

    async def confirm(
        self, change_id: UUID, *, challenge_id: UUID, code: str, new: bool, actor: Actor, client: Client
    ) -> bool:
        """Take a code of one side, and let the change take effect once both have agreed; return whether it did.

        :raises ContactChangeNotFoundError: when it is not the actor's, over, or was replaced by another.
        :raises WrongCodeError: when the code is another.
        :raises ChallengeEndedError: when the code was used or has run out, or somebody else has the new one by now.
        """
        change = await self._store.find(change_id, user_id=actor.id)
        if change is None:
            raise ContactChangeNotFoundError
        proof = await self._verification.check(
            challenge_id=challenge_id,
            code=code,
            client=client,
            purpose=Purpose.CONTACT_NEW if new else Purpose.CONTACT_OLD,
        )
        if proof.user_id != actor.id or proof.draft.get("change_id") != str(change_id):
            raise ChallengeEndedError
        proven = await self._store.prove(change, challenge_id=challenge_id, new=new)
        if proven is None:
            raise ChallengeEndedError
        if not proven.is_agreed:
            return False
        if not await self._take_effect(proven, actor=actor, keep=actor.session_id):
            raise ChallengeEndedError
        return True

    async def list_open(self, actor: Actor) -> Sequence[ContactChange]:
        return await self._store.open_of(actor.id)

    async def stop(self, change_id: UUID, *, actor: Actor) -> None:
        """Give a change up.

        :raises ContactChangeNotFoundError: when it is not the actor's or over.
        """
        if not await self._stop(change_id, actor=actor, by="owner", end_sessions=False):
            raise ContactChangeNotFoundError

    async def stop_by_link(self, token: str, *, client: Client) -> None:
        """Stop a change from the old phone or mailbox. Somebody else had a session, so all of them end.

        :raises LinkEndedError: when the link was used or has run out; stopping what is over is no error.
        """
        spent = await self._links.redeem(token, purpose=LinkPurpose.CHANGE_STOP, client=client)
        if spent.subject_id is not None:
            actor = actor_at(client, kind=ActorKind.USER, id=spent.user_id)
            await self._stop(spent.subject_id, actor=actor, by="link", end_sessions=True)

    async def settle_due(self, *, limit: int) -> int:
        """Let changes take effect nobody objected to in time, end those never proven; return how many took effect."""
        await self._store.lapse_unproven()
        due = await self._store.due(limit=limit)
        settled = 0
        for change in due:
            if await self._take_effect(change, actor=SYSTEM, keep=None):
                settled += 1
            else:
                # Somebody else has the new one by now, or the account is not active any more.
                await self._store.lapse(change.id)
        return settled

    async def _take_effect(self, change: ContactChange, *, actor: Actor, keep: UUID | None) -> bool:
        decision = decide_contact_changed(change, actor=actor, cooling_hours=self._cooling_hours, ids=self._ids)
        return await self._store.take_effect(change.id, keep=keep, document=encode(decision))

    async def _stop(self, change_id: UUID, *, actor: Actor, by: str, end_sessions: bool) -> bool:
        document = record(
            "user.contact_change_stopped",
            actor=actor,
            target=("contact_change", change_id),
            ids=self._ids,
            detail={"by": by},
        )
        return await self._store.stop(change_id, user_id=actor.id, document=document, end_sessions=end_sessions)

    def _draw(self, target: Target, old: Target | None, *, user_id: UUID) -> Drawn:
        new = self._verification.draw(target, purpose=Purpose.CONTACT_NEW, user_id=user_id)
        if old is None:
            return Drawn(new, None, None, None)
        link = self._links.draw()
        agreed = self._verification.draw(old, purpose=Purpose.CONTACT_OLD, user_id=user_id)
        return Drawn(new, agreed, link, self._stop_message(link, target, old))

    def _stop_message(self, link: DrawnLink, target: Target, old: Target) -> Message:
        facts = started_facts(target, takes_effect_at=self._clock.now() + self._waits)
        return self._links.message(link, old, purpose=LinkPurpose.CHANGE_STOP, life=self._waits, facts=facts)
