from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kro.core.actor import Actor, ActorKind
from kro.core.alerts import alert
from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.sessions import Client, Sessions, Tokens
from kro.core.database.pool import Database
from kro.core.decisions import Audit, Decision
from kro.core.decisions.encoding import encode
from kro.core.ids import IdSource, show_id
from kro.core.rate_limit import Limit, RateLimiter, network_of
from kro.core.two_factor import FactorLockedError, TwoFactor, WrongFactorError, recovery_mac
from kro.management.database.admins import AdminAccounts
from kro.management.database.records import AdminView, Credentials
from kro.management.domain.errors import AdminCredentialsError
from kro.management.domain.records import actor_at, nobody_at, record
from kro.management.domain.user_factors import FactorProof

_BY_NETWORK: Final = Limit("admin_login_network", quota=60, window_seconds=600)
_BY_ADDRESS: Final = Limit("admin_login_address", quota=10, window_seconds=900)


@dataclass(frozen=True, slots=True)
class AdminLoggedIn:
    admin: AdminView
    tokens: Tokens


class AdminAccess:
    """Admins' logins and sessions."""

    def __init__(
        self,
        admins: AdminAccounts,
        *,
        sessions: Sessions,
        two_factor: TwoFactor,
        limiter: RateLimiter,
        hasher: PasswordHasher,
        key: bytes,
        database: Database,
        ids: IdSource,
    ) -> None:
        self._admins = admins
        self._sessions = sessions
        self._two_factor = two_factor
        self._limiter = limiter
        self._hasher = hasher
        self._key = key
        self._database = database
        self._ids = ids

    async def log_in(self, *, email: str, password: str, factor: FactorProof, client: Client) -> AdminLoggedIn:
        """Open an admin session by password and a code that was never used, or a recovery code: those only log in.

        What was wrong is in the audit log and not in the answer: whoever guesses passwords must not learn from the
        second factor that the first was right.

        :raises RateLimitedError: when the network, or the address by failures, had too many tries.
        :raises AdminCredentialsError: when anything is wrong.
        """
        address = email.casefold()
        await self._limiter.hit((_BY_NETWORK, network_of(client.ip)), (_BY_ADDRESS, address))
        found = await self._admins.credentials(address)
        verdict = await self._hasher.verify(password, found.password_hash if found else None)
        if found is None or not verdict.correct:
            raise await self._refusal(found, client, "wrong_password")
        if found.status != "active":
            raise await self._refusal(found, client, "not_active")
        step, mac = None, None
        try:
            if factor.recovery_code is not None:
                mac = recovery_mac(factor.recovery_code, key=self._key, owner_id=found.id)
            else:
                step = await self._two_factor.attempt(owner_id=found.id, code=factor.totp or "")
        except (WrongFactorError, FactorLockedError) as error:
            raise await self._refusal(found, client, error.code) from None
        logged_in = await self._open(found, step, mac, client, verdict.renewed)
        await self._limiter.forgive(_BY_ADDRESS, address)
        return logged_in

    async def refresh(self, refresh_token: str, *, client: Client) -> AdminLoggedIn:
        """Spend a refresh token for a new pair; see :meth:`Sessions.refresh`."""
        await self._limiter.hit((_BY_NETWORK, network_of(client.ip)))
        admin_id, tokens = await self._sessions.refresh(refresh_token, client=client)
        return AdminLoggedIn(await self._admins.view(admin_id), tokens)

    async def log_out(self, actor: Actor) -> None:
        """End the session of the token; doing it twice is no error."""
        if actor.session_id is not None:
            await self._sessions.revoke(actor.session_id, actor=actor, reason="logged_out")

    async def _open(
        self, found: Credentials, step: int | None, mac: bytes | None, client: Client, renewed_hash: str | None
    ) -> AdminLoggedIn:
        token = self._sessions.draw()
        admin = await self._admins.open_session(
            found,
            step=step,
            recovery_mac=mac,
            token=token,
            policy=self._sessions.policy,
            client=client,
            renewed_hash=renewed_hash,
            record=self._record(found, client, token.session_id, recovered=mac is not None),
        )
        if admin is None:
            raise await self._refusal(found, client, "code_already_used")
        return AdminLoggedIn(admin, self._sessions.tokens(token, principal_id=admin.id))

    def _record(self, found: Credentials, client: Client, session_id: UUID, *, recovered: bool) -> str:
        """Return the trace of a login; one with a recovery code is told to the operators, for it may be a thief."""
        audit = Audit(
            id=self._ids.new(),
            actor=actor_at(client, kind=ActorKind.ADMIN, id=found.id, session_id=session_id),
            action="admin.logged_in",
            target_type="admin",
            target_id=found.id,
            detail={"by": "recovery_code"} if recovered else {},
        )
        alarm = alert(
            id=self._ids.new(),
            kind="admin_recovery_code",
            subject="An admin logged in with a recovery code",
            detail=f"Admin {show_id('adm', found.id)} used a recovery code instead of the authenticator.",
        )
        return encode(Decision(messages=(alarm,) if recovered else (), audits=(audit,)))

    async def _refusal(self, found: Credentials | None, client: Client, reason: str) -> AdminCredentialsError:
        target_id: UUID | None = found.id if found else None
        await self._database.apply(
            record(
                "admin.login",
                actor=nobody_at(client),
                target=("admin", target_id),
                ids=self._ids,
                refused_because=reason,
            )
        )
        return AdminCredentialsError()
