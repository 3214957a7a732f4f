from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from kro.core.actor import ActorKind
from kro.core.auth.passwords import PasswordHasher, check_password
from kro.core.auth.sessions import Client
from kro.core.errors import KroError
from kro.core.ids import IdSource
from kro.core.rate_limit import Limit, RateLimiter, network_of
from kro.management.database.accounts import UserAccounts
from kro.management.database.records import NewUser
from kro.management.domain.records import actor_at, record
from kro.management.domain.screening_message import screening
from kro.order.domain import InviteNotFoundError
from kro.verification.domain import (
    Challenge,
    ChallengeEndedError,
    LinkPurpose,
    MagicLinkStore,
    Target,
    Verification,
    digest_of,
)

_CLAIMS_BY_NETWORK: Final = Limit("invite_claim_network", quota=60, window_seconds=600)
_DRAFTED: Final = ("email", "first_name", "last_name", "password_hash")


@dataclass(frozen=True, slots=True)
class Register:
    """``phone`` is proven by a code, or ``email`` where no phone is given; a phone can be added later."""

    phone: str | None = field(repr=False)
    password: str = field(repr=False)
    first_name: str
    last_name: str
    email: str | None = field(default=None, repr=False)


class Registration:
    """Opens accounts. Until a number or address is proven nothing exists but a challenge with what was asked."""

    def __init__(
        self,
        accounts: UserAccounts,
        *,
        verification: Verification,
        links: MagicLinkStore,
        limiter: RateLimiter,
        hasher: PasswordHasher,
        ids: IdSource,
    ) -> None:
        self._accounts = accounts
        self._links = links
        self._limiter = limiter
        self._verification = verification
        self._hasher = hasher
        self._ids = ids

    async def register(self, command: Register, *, client: Client) -> Challenge:
        """Send a code to the number, or to the address. Answer and work are the same where there is an account.

        :raises InvalidPhoneError: when the number is not a mobile number we serve.
        :raises ValidationFailedError: when there is neither a number nor an address.
        :raises WeakPasswordError: when the password is easy to guess.
        :raises RateLimitedError: when the network, or the number or address, had too many codes.
        """
        by_mail = command.phone is None
        target = Target.of(phone=command.phone, email=command.email if by_mail else None)
        known = (target.address, command.email or "")
        check_password(command.password, personal=(*known, command.first_name, command.last_name))
        await self._verification.count_send(target, client=client)
        draft = {
            "email": command.email,
            "first_name": command.first_name,
            "last_name": command.last_name,
            "password_hash": await self._hasher.hash(command.password),
        }
        return await self._verification.issue(target, draft=draft)

    async def claim(self, token: str, command: Register, *, client: Client) -> Challenge:
        """Register with the number a link was sent to; whatever number the command names is not looked at.

        The link works once, and is free again when no code could be sent. Who lost it may still register as anybody.

        :raises InviteNotFoundError: when the link leads nowhere, was used or has run out.
        :raises WeakPasswordError: when the password is easy to guess.
        :raises RateLimitedError: when the network or the number had too many codes.
        """
        await self._limiter.hit((_CLAIMS_BY_NETWORK, network_of(client.ip)))
        link = await self._links.find(digest_of(token), purpose=LinkPurpose.ORDER_INVITE)
        if link is None or not await self._links.spend(link.id):
            raise InviteNotFoundError
        try:
            return await self.register(replace(command, phone=link.phone), client=client)
        except KroError:
            await self._links.free(link.id)
            raise

    async def verify(self, *, challenge_id: UUID, code: str, client: Client) -> None:
        """Open the account that was asked for with this very challenge, when the code is right.

        :raises WrongCodeError: when it is not.
        :raises ChallengeEndedError: when the challenge does not live, or the number got an account meanwhile.
        :raises RateLimitedError: when the network tried too many codes.
        """
        proof = await self._verification.check(challenge_id=challenge_id, code=code, client=client)
        user = NewUser(id=self._ids.new(), **{name: proof.draft[name] for name in _DRAFTED})
        opened = await self._accounts.open(
            user,
            challenge_id=proof.challenge_id,
            record=record(
                "user.registered",
                actor=actor_at(client, kind=ActorKind.USER, id=user.id),
                target=("user", user.id),
                ids=self._ids,
                messages=(screening(user.id, self._ids),),
            ),
        )
        if not opened:
            raise ChallengeEndedError
