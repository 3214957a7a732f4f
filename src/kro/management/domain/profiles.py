from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kro.core.actor import Actor
from kro.core.ids import IdSource
from kro.core.phone import to_e164
from kro.core.rate_limit import Limit, RateLimiter
from kro.management.database.accounts import UserAccounts
from kro.management.database.records import Match, UserView
from kro.management.domain.errors import EmailProvenError, NamesVerifiedError, UserNotFoundError
from kro.management.domain.records import record
from kro.management.domain.screening_message import screening

_NAMES: Final = frozenset({"first_name", "last_name"})
_LOOKUPS: Final = Limit("user_lookup", quota=30, window_seconds=600)
# Whoever looks up people they know hardly ever misses; whoever collects numbers mostly does.
_MISSES_DAILY: Final = Limit("user_lookup_miss_day", quota=20, window_seconds=86_400)
_LOOKUPS_DAILY: Final = Limit("user_lookup_day", quota=200, window_seconds=86_400)


class Profiles:
    """A user's own data, and finding the other party by phone number."""

    def __init__(self, accounts: UserAccounts, *, limiter: RateLimiter, ids: IdSource) -> None:
        self._accounts = accounts
        self._limiter = limiter
        self._ids = ids

    async def read(self, actor: Actor) -> UserView:
        """Return the actor's profile, checking their standing in the same trip."""
        return await self._accounts.profile(actor)

    async def change(self, changes: Mapping[str, str | None], *, actor: Actor) -> UserView:
        """Change the actor's names or unproven e-mail address; the audit row names the fields and not their contents.

        :raises NamesVerifiedError: when a register has confirmed the names, or is being asked.
        :raises EmailProvenError: when the address in force is proven: that one has a say.
        """
        if not changes:
            return await self._accounts.view(actor.id)
        if "email" in changes and (await self._accounts.view(actor.id)).email_verified:
            raise EmailProvenError
        has_names = bool(_NAMES & changes.keys())
        audit = record(
            "user.profile_changed",
            actor=actor,
            target=("user", actor.id),
            ids=self._ids,
            detail={"fields": sorted(changes)},
            messages=(screening(actor.id, self._ids),) if has_names else (),
        )
        changed = await self._accounts.change(actor.id, changes, record=audit)
        if changed is None:
            raise NamesVerifiedError
        return changed

    async def look_up(self, phone: str, *, actor: Actor) -> Match:
        """Find an active user by phone number, slowly enough that nobody can collect the numbers that exist.

        :raises InvalidPhoneError: when the number is not a mobile number we serve.
        :raises RateLimitedError: after 30 look-ups in ten minutes, 200 in a day, or 20 in a day that found nobody.
        :raises UserNotFoundError: when nobody active has the number.
        """
        number = to_e164(phone, pointer="query:phone")
        asking = str(actor.id)
        await self._limiter.hit((_LOOKUPS, asking), (_LOOKUPS_DAILY, asking), (_MISSES_DAILY, asking))
        found = await self._accounts.find(number, by=actor.id)
        if found is None:
            raise UserNotFoundError
        await self._limiter.forgive(_MISSES_DAILY, asking)
        return found
