"""How somebody becomes an admin, or gets a new authenticator: password and first code, by a token out of a mail."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.actor import Actor, ActorKind
from kro.core.auth.passwords import PasswordHasher, check_password
from kro.core.auth.randomness import Randomness
from kro.core.auth.sessions import Client
from kro.core.database.pool import Database
from kro.core.decisions import LostRaceError
from kro.core.errors import ErrorKind, KroError
from kro.core.ids import IdSource
from kro.core.rate_limit import Limit, RateLimiter, network_of
from kro.core.two_factor import (
    TwoFactor,
    WrongFactorError,
    draw_codes,
    draw_secret,
    provisioning_uri,
    recovery_mac,
)
from kro.management.database.admin_enrolments import AdminEnrolmentStore
from kro.management.database.user_factors import NewCodes
from kro.management.domain.passwords import WrongPasswordError
from kro.management.domain.records import actor_at, nobody_at, record
from kro.management.domain.user_factors import NewFactor
from kro.verification.domain import digest_of

_BY_NETWORK: Final = Limit("admin_enrolment_network", quota=60, window_seconds=600)
_BY_TOKEN: Final = Limit("admin_enrolment_token", quota=20, window_seconds=900)


class EnrolmentEndedError(KroError):
    """The link was used, taken back or has run out."""

    kind = ErrorKind.GONE
    code = "enrolment_ended"


class AdminEnrolment:
    def __init__(
        self,
        store: AdminEnrolmentStore,
        *,
        two_factor: TwoFactor,
        limiter: RateLimiter,
        hasher: PasswordHasher,
        key: bytes,
        database: Database,
        ids: IdSource,
        randomness: Randomness,
    ) -> None:
        self._store = store
        self._two_factor = two_factor
        self._limiter = limiter
        self._hasher = hasher
        self._key = key
        self._database = database
        self._ids = ids
        self._randomness = randomness

    async def start(self, token: str, *, password: str, client: Client) -> NewFactor:
        """Set the password of an invited admin, or take the present one of another, and draw an authenticator's secret.

        :raises EnrolmentEndedError: when the link opens nothing.
        :raises WeakPasswordError: when a new password is easy to guess.
        :raises WrongPasswordError: when the present password is another.
        :raises RateLimitedError: when the network, or the link, was tried too often.
        """
        digest = await self._counted(token, client)
        live = await self._store.live(digest)
        if live is None:
            raise EnrolmentEndedError
        enrolment, present = live
        hashed = None
        if enrolment.purpose == "invite":
            check_password(password, personal=(enrolment.email, enrolment.name))
            hashed = await self._hasher.hash(password)
        elif not (await self._hasher.verify(password, present)).correct:
            await self._refused(WrongPasswordError.code, enrolment.subject_id, client)
            raise WrongPasswordError("/password")
        secret = draw_secret(self._randomness)
        sealed = self._two_factor.seal(secret, owner_id=enrolment.subject_id)
        if not await self._store.start(digest, password_hash=hashed, sealed=sealed):
            raise EnrolmentEndedError
        return NewFactor(secret, provisioning_uri(secret=secret, account=enrolment.email))

    async def confirm(self, token: str, *, totp: str, client: Client) -> tuple[str, ...]:
        """Confirm the authenticator by its first code, and return the recovery codes. Now the admin can log in.

        :raises EnrolmentEndedError: when the link opens nothing, nothing was begun, or five codes were wrong.
        :raises WrongFactorError: when the code is wrong.
        :raises RateLimitedError: when the network, or the link, was tried too often.
        """
        digest = await self._counted(token, client)
        tried = await self._store.count_try(digest)
        if tried is None:
            raise EnrolmentEndedError
        admin_id, sealed = tried
        try:
            step = self._two_factor.step_of(totp, sealed=sealed, owner_id=admin_id)
        except WrongFactorError as error:
            await self._refused(error.code, admin_id, client)
            raise
        codes = draw_codes(self._randomness)
        macs = [recovery_mac(code, key=self._key, owner_id=admin_id) for code in codes]
        kept = NewCodes([self._ids.new() for _ in codes], macs)
        actor = actor_at(client, kind=ActorKind.ADMIN, id=admin_id)
        document = record("admin.enrolled", actor=actor, target=("admin", admin_id), ids=self._ids)
        try:
            finished = await self._store.finish(digest, sealed=sealed, step=step, codes=kept, record=document)
        except LostRaceError:
            # The address got an admin by another invitation meanwhile.
            raise EnrolmentEndedError from None
        if not finished:
            raise EnrolmentEndedError
        return codes

    async def _counted(self, token: str, client: Client) -> bytes:
        digest = digest_of(token)
        await self._limiter.hit((_BY_NETWORK, network_of(client.ip)), (_BY_TOKEN, digest.hex()))
        return digest

    async def _refused(self, reason: str, admin_id: UUID, client: Client) -> None:
        actor: Actor = nobody_at(client)
        target = ("admin", admin_id)
        await self._database.apply(
            record("admin.enrolment", actor=actor, target=target, ids=self._ids, refused_because=reason)
        )
