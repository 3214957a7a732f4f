"""The end of an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from kro.core.actor import AccountNotActiveError, Actor
from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.viewing import PersonNotFoundError
from kro.core.clock import Clock
from kro.core.config import AccountSettings
from kro.core.decisions import Audit, Decision
from kro.core.decisions.encoding import encode
from kro.core.errors import FieldError, KroError
from kro.core.ids import IdSource
from kro.core.notices import Reader, notice
from kro.core.rate_limit import Limit, RateLimiter
from kro.management.database.closing import ClosingStore
from kro.management.domain.passwords import WrongPasswordError

_TRIES: Final = Limit("account_close", quota=10, window_seconds=900)
_REASONS: Final = {
    "open_orders": "Orders that have not ended.",
    "balances": "Money on the balance or in escrow.",
    "debts": "Money owed to the platform.",
    "pending_payouts": "Payouts under way.",
    "pending_refunds": "Refunds under way.",
}


class AccountNotClosableError(KroError):
    """Something has to be settled before the account can be closed; `errors` lists what."""

    code = "account_not_closable"

    def __init__(self, obligations: dict[str, int]) -> None:
        errors = (FieldError("", reason, text) for reason, text in _REASONS.items() if reason in obligations)
        super().__init__(errors=tuple(errors))


class AccountClosing:
    """Closing ends every session at once. What is kept afterwards, and how long, is a matter of law and configuration.

    A legal hold stops the clock: nothing is released or erased while it lasts, and nobody is told of it.
    """

    def __init__(
        self,
        store: ClosingStore,
        *,
        limiter: RateLimiter,
        hasher: PasswordHasher,
        settings: AccountSettings,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._store = store
        self._limiter = limiter
        self._hasher = hasher
        self._settings = settings
        self._clock = clock
        self._ids = ids

    async def close(self, *, password: str, actor: Actor) -> None:
        """Close the actor's account.

        :raises WrongPasswordError: when the password is another.
        :raises AccountNotClosableError: with everything that stands in the way.
        :raises RateLimitedError: after ten tries in a quarter of an hour.
        """
        await self._limiter.hit((_TRIES, str(actor.id)))
        basis = await self._store.load(actor.id)
        if basis is None:
            raise AccountNotActiveError
        if not (await self._hasher.verify(password, basis.password_hash)).correct:
            raise WrongPasswordError("/password")
        if basis.obligations:
            raise AccountNotClosableError(basis.obligations)
        document = encode(self._closed(actor))
        if not await self._store.close(actor.id, password_hash=basis.password_hash, document=document):
            again = await self._store.load(actor.id)
            raise AccountNotClosableError(again.obligations if again else {})

    async def tidy(self, *, limit: int) -> int:
        """Let go of, and erase, what is due; return of how many people."""
        settings = self._settings
        released = await self._store.release(after=timedelta(days=settings.release_days), limit=limit)
        erased = await self._store.erase(after=timedelta(days=settings.erase_days), limit=limit)
        invited = await self._store.erase_invited(after=timedelta(days=settings.invited_days), limit=limit)
        return released + erased + invited

    async def hold(self, user_id: UUID, *, placed: bool, reason: str, actor: Actor) -> None:
        """Place or lift a legal hold for a reason that goes on record; doing it twice is no error.

        :raises PersonNotFoundError: when there is no such person, or nothing is left of them.
        """
        audit = Audit(
            id=self._ids.new(),
            actor=actor,
            action="user.legal_hold_placed" if placed else "user.legal_hold_lifted",
            target_type="user",
            target_id=user_id,
            reason=reason,
        )
        done = await self._store.hold(user_id, placed=placed, document=encode(Decision(audits=(audit,))))
        if not done and await self._store.is_held(user_id) is None:
            raise PersonNotFoundError

    def _closed(self, actor: Actor) -> Decision:
        audit = Audit(id=self._ids.new(), actor=actor, action="user.closed", target_type="user", target_id=actor.id)
        told = notice(
            id=self._ids.new(),
            user_id=actor.id,
            template="account_closed",
            reader=Reader.OWNER,
            facts={"at": self._clock.now().isoformat()},
        )
        return Decision(messages=(told,), audits=(audit,))
