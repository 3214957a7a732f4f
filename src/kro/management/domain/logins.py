from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn
from uuid import UUID

from kro.core.actor import AccountNotActiveError, Actor, ActorKind
from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.sessions import Client, Sessions, SessionView, Tokens
from kro.core.clock import Clock
from kro.core.database.pool import Database
from kro.core.decisions import Audit, Decision, Message
from kro.core.decisions.encoding import encode
from kro.core.errors import KroError
from kro.core.ids import IdSource
from kro.core.notices import Reader, notice
from kro.core.rate_limit import Limit, RateLimiter, network_of
from kro.core.two_factor import (
    FactorLockedError,
    TwoFactor,
    TwoFactorRequiredError,
    WrongFactorError,
    recovery_mac,
)
from kro.management.database.accounts import UserAccounts
from kro.management.database.records import Credentials, UserView
from kro.management.domain.errors import InvalidCredentialsError, SessionNotFoundError
from kro.management.domain.records import actor_at, nobody_at, record
from kro.management.domain.user_factors import FactorProof
from kro.verification.domain import AccountLinks, LinkEndedError, LinkPurpose, Target, Verification

BY_NETWORK: Final = Limit("login_network", quota=300, window_seconds=600)
BY_NUMBER: Final = Limit("login_number", quota=10, window_seconds=900)
NO_FACTOR: Final = FactorProof()
_BY_OWNER: Final = Limit("login_link_owner", quota=10, window_seconds=900)
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
        two_factor: TwoFactor,
        key: bytes,
        database: Database,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._accounts = accounts
        self._two_factor = two_factor
        self._key = key
        self._sessions = sessions
        self._verification = verification
        self._links = links
        self._limiter = limiter
        self._hasher = hasher
        self._database = database
        self._clock = clock
        self._ids = ids

    async def log_in(
        self, target: Target, *, password: str, factor: FactorProof = NO_FACTOR, client: Client
    ) -> LoggedIn:
        """Open a session. Somebody unknown costs the same work and gets the same answer as a wrong password.

        That there is an authenticator, and whether its code is right, is told only to who knows the password; until a
        session opens each such try counts against the number like a wrong password.

        :raises RateLimitedError: when the network, or the number or address by failures, had too many tries.
        :raises InvalidCredentialsError: when it and the password do not belong together.
        :raises AccountNotActiveError: told only to who knows the password.
        :raises TwoFactorRequiredError: when there is an authenticator, and neither its code nor a recovery code came.
        :raises WrongFactorError: when the code is wrong or was used.
        :raises FactorLockedError: after five wrong codes; a recovery code still opens.
        """
        await self._limiter.hit((BY_NETWORK, network_of(client.ip)), (BY_NUMBER, target.address))
        found = await self._accounts.credentials(phone=target.number, email=target.mailbox)
        verdict = await self._hasher.verify(password, found.password_hash if found else None)
        if found is None or not verdict.correct:
            await self._refuse(found, client, "wrong_password")
        logged_in = await self._enter(found, client=client, renewed=verdict.renewed, factor=factor)
        await self._limiter.forgive(BY_NUMBER, target.address)
        return logged_in

    async def ask_for_link(self, target: Target, *, client: Client) -> None:
        """Send a link to log in with. Answer and work are the same where nobody has the number or proven address.

        :raises RateLimitedError: when the network, or the number or address, had too many.
        """
        await self._verification.count_send(target, client=client)
        await self._links.request(target, purpose=LinkPurpose.LOGIN, client=client)

    async def asks_for_code(self, token: str, *, client: Client) -> bool:
        """Say whether a link opens only together with a code; looking uses nothing up.

        :raises LinkEndedError: when it opens nothing.
        :raises RateLimitedError: when the network looked too often.
        """
        return (await self._sent_to(token, client)).has_factor

    async def log_in_by_link(self, token: str, *, factor: FactorProof = NO_FACTOR, client: Client) -> LoggedIn:
        """Open a session with the link that was sent; it stands for the password and for nothing else.

        A wrong code of an authenticator does not use the link up.

        :raises TwoFactorRequiredError: when there is an authenticator, and neither its code nor a recovery code came.
        :raises WrongFactorError: when the code is wrong or was used.
        :raises FactorLockedError: after five wrong codes; a recovery code still opens.
        :raises LinkEndedError: when it was used, has run out, or password, phone or address were changed since.
        :raises AccountNotActiveError: when the account was suspended or closed meanwhile.
        :raises RateLimitedError: when the network tried too many links, or too many codes came with links of the owner.
        """
        found = await self._sent_to(token, client)
        if found.has_factor:
            await self._limiter.hit((_BY_OWNER, str(found.id)))
        return await self._enter(found, client=client, factor=factor, link=token)

    async def _sent_to(self, token: str, client: Client) -> Credentials:
        owner = await self._links.owner_of(token, purpose=LinkPurpose.LOGIN, client=client)
        found = await self._accounts.credentials_of(owner)
        if found is None:
            raise LinkEndedError
        return found

    async def _enter(
        self,
        found: Credentials,
        *,
        client: Client,
        renewed: str | None = None,
        factor: FactorProof = NO_FACTOR,
        link: str | None = None,
    ) -> LoggedIn:
        step, mac = await self._second(found, factor, client) if found.has_factor else (None, None)
        spent = await self._links.redeem(link, purpose=LinkPurpose.LOGIN, client=client) if link is not None else None
        token = self._sessions.draw()
        actor = actor_at(client, kind=ActorKind.USER, id=found.id, session_id=token.session_id)
        user = await self._accounts.open_session(
            found,
            token=token,
            policy=self._sessions.policy,
            client=client,
            renewed_hash=renewed,
            record=self._record(actor, recovered=mac is not None, strange_country=_strange(found, client)),
            step=step,
            recovery_mac=mac,
        )
        if user is None and spent is not None:
            await self._links.give_back(spent)
        if user is None and found.has_factor and found.status == "active":
            raise await self._refused_factor(found, client, WrongFactorError())
        if user is None:
            await self._refuse(found, client, "not_active")
        return LoggedIn(user, self._sessions.tokens(token, principal_id=user.id))

    async def _second(self, found: Credentials, factor: FactorProof, client: Client) -> tuple[int | None, bytes | None]:
        """Return what is to be used up for the session: the step of a code, or the hash of a recovery code."""
        if factor.recovery_code is not None:
            return None, recovery_mac(factor.recovery_code, key=self._key, owner_id=found.id)
        if factor.totp is None:
            raise await self._refused_factor(found, client, TwoFactorRequiredError())
        try:
            return await self._two_factor.attempt(owner_id=found.id, code=factor.totp), None
        except (WrongFactorError, FactorLockedError) as error:
            raise await self._refused_factor(found, client, error) from None

    def _record(self, actor: Actor, *, recovered: bool, strange_country: str | None) -> str:
        messages = []
        if recovered:
            messages.append(self._notice(actor, "recovery_code_used", {}))
        if strange_country is not None:
            messages.append(self._notice(actor, "login_from_new_country", {"country": strange_country}))
        audit = Audit(
            id=self._ids.new(),
            actor=actor,
            action="user.logged_in",
            target_type="user",
            target_id=actor.id,
            detail={"by": "recovery_code"} if recovered else {},
        )
        return encode(Decision(messages=tuple(messages), audits=(audit,)))

    def _notice(self, actor: Actor, template: str, facts: dict[str, str]) -> Message:
        return notice(
            id=self._ids.new(),
            user_id=actor.id,
            template=template,
            reader=Reader.OWNER,
            facts={"at": self._clock.now().isoformat(), **facts},
        )

    async def _refused_factor(self, found: Credentials, client: Client, error: KroError) -> KroError:
        actor = nobody_at(client)
        refused = record(
            "user.login", actor=actor, target=("user", found.id), ids=self._ids, refused_because=error.code
        )
        await self._database.apply(refused)
        return error

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


def _strange(found: Credentials, client: Client) -> str | None:
    """Return the country of a login when earlier ones were all from others; the first known country is home."""
    return client.country if found.countries and client.country not in {None, *found.countries} else None
