from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn
from uuid import UUID

from kro.core.actor import AccountNotActiveError, Actor, ActorKind
from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.sessions import Client, Sessions, SessionView, Tokens
from kro.core.database.pool import Database
from kro.core.ids import IdSource
from kro.core.rate_limit import Limit, RateLimiter, network_of
from kro.management.database.accounts import UserAccounts
from kro.management.database.records import Credentials, UserView
from kro.management.domain.errors import InvalidCredentialsError, SessionNotFoundError
from kro.management.domain.records import actor_at, nobody_at, record
from kro.verification.domain import AccountLinks, LinkEndedError, LinkPurpose, Target, Verification

BY_NETWORK: Final = Limit("login_network", quota=300, window_seconds=600)
BY_NUMBER: Final = Limit("login_number", quota=10, window_seconds=900)
_REFRESHES: Final = Limit("refresh_network", quota=600, window_seconds=600)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    user: UserView
    tokens: Tokens


class Logins:
    """Users' logins and sessions."""

    def __init__(
        self,
        accounts: UserAccounts,
        *,
        sessions: Sessions,
        verification: Verification,
        links: AccountLinks,
        limiter: RateLimiter,
        hasher: PasswordHasher,
        database: Database,
        ids: IdSource,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._verification = verification
        self._links = links
        self._limiter = limiter
        self._hasher = hasher
        self._database = database
        self._ids = ids

    async def log_in(self, target: Target, *, password: str, client: Client) -> LoggedIn:
        """Open a session. Somebody unknown costs the same work and gets the same answer as a wrong password.

        :raises RateLimitedError: when the network, or the number or address by failures, had too many tries.
        :raises InvalidCredentialsError: when it and the password do not belong together.
        :raises AccountNotActiveError: told only to who knows the password.
        """
        await self._limiter.hit((BY_NETWORK, network_of(client.ip)), (BY_NUMBER, target.address))
        found = await self._accounts.credentials(phone=target.number, email=target.mailbox)
        verdict = await self._hasher.verify(password, found.password_hash if found else None)
        if found is None or not verdict.correct:
            await self._refuse(found, client, "wrong_password")
        await self._limiter.forgive(BY_NUMBER, target.address)
        return await self._enter(found, client=client, renewed=verdict.renewed)

    async def ask_for_link(self, target: Target, *, client: Client) -> None:
        """Send a link to log in with. Answer and work are the same where nobody has the number or proven address.

        :raises RateLimitedError: when the network, or the number or address, had too many.
        """
        await self._verification.count_send(target, client=client)
        await self._links.request(target, purpose=LinkPurpose.LOGIN, client=client)

    async def log_in_by_link(self, token: str, *, client: Client) -> LoggedIn:
        """Open a session with the link that was sent; it stands for the password and for nothing else.

        :raises LinkEndedError: when it was used, has run out, or password, phone or address were changed since.
        :raises AccountNotActiveError: when the account was suspended or closed meanwhile.
        :raises RateLimitedError: when the network tried too many links.
        """
        spent = await self._links.redeem(token, purpose=LinkPurpose.LOGIN, client=client)
        found = await self._accounts.credentials_of(spent.user_id)
        if found is None:
            raise LinkEndedError
        return await self._enter(found, client=client)

    async def _enter(self, found: Credentials, *, client: Client, renewed: str | None = None) -> LoggedIn:
        token = self._sessions.draw()
        user = await self._accounts.open_session(
            found,
            token=token,
            policy=self._sessions.policy,
            client=client,
            renewed_hash=renewed,
            record=record(
                "user.logged_in",
                actor=actor_at(client, kind=ActorKind.USER, id=found.id, session_id=token.session_id),
                target=("user", found.id),
                ids=self._ids,
            ),
        )
        if user is None:
            await self._refuse(found, client, "not_active")
        return LoggedIn(user, self._sessions.tokens(token, principal_id=user.id))

    async def refresh(self, refresh_token: str, *, client: Client) -> LoggedIn:
        """Spend a refresh token for a new pair; see :meth:`Sessions.refresh`."""
        await self._limiter.hit((_REFRESHES, network_of(client.ip)))
        user_id, tokens = await self._sessions.refresh(refresh_token, client=client)
        return LoggedIn(await self._accounts.view(user_id), tokens)

    async def log_out(self, actor: Actor) -> None:
        """End the session of the token; doing it twice is no error."""
        if actor.session_id is not None:
            await self._sessions.revoke(actor.session_id, actor=actor, reason="logged_out")

    async def sessions(self, actor: Actor) -> Sequence[SessionView]:
        return await self._sessions.list_live(actor.id)

    async def end_session(self, session_id: UUID, *, actor: Actor) -> None:
        """End one of the actor's own sessions.

        :raises SessionNotFoundError: when it is not theirs or over.
        """
        if not await self._sessions.revoke(session_id, actor=actor, reason="revoked"):
            raise SessionNotFoundError

    async def end_others(self, actor: Actor) -> int:
        """End all of the actor's sessions but the one that asks, and return how many there were."""
        return await self._sessions.revoke_others(actor)

    async def _refuse(self, found: Credentials | None, client: Client, reason: str) -> NoReturn:
        await self._database.apply(
            record(
                "user.login",
                actor=nobody_at(client),
                target=("user", found.id if found else None),
                ids=self._ids,
                refused_because=reason,
            )
        )
        raise AccountNotActiveError if reason == "not_active" else InvalidCredentialsError
