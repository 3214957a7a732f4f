"""Links that stand for a person: 256 random bits, kept only as a hash, used once, each for one purpose."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from kro.core.auth.randomness import Randomness
from kro.core.auth.sessions import Client
from kro.core.clock import Clock
from kro.core.decisions import Decision, Message
from kro.core.decisions.encoding import encode
from kro.core.encryption import FieldCipher
from kro.core.errors import ErrorKind, KroError
from kro.core.ids import IdSource
from kro.core.rate_limit import Limit, RateLimiter, network_of
from kro.verification.database import MagicLinkStore, NewLink, SpentLink
from kro.verification.domain.targets import Target

LINK_TOPIC: Final = "link"
_TOKEN_BYTES: Final = 32
_LOOKS_BY_NETWORK: Final = Limit("link_look_network", quota=120, window_seconds=600)


class LinkPurpose(StrEnum):
    ORDER_INVITE = "order_invite"
    LOGIN = "login"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a purpose
    CHANGE_STOP = "change_stop"


class LinkEndedError(KroError):
    """The link was used, has run out or never was; ask for a new one."""

    kind = ErrorKind.GONE
    code = "link_expired"


@dataclass(frozen=True, slots=True)
class DrawnLink:
    """A new link: the hash to keep, and the token sealed for the message that carries it."""

    id: UUID
    digest: bytes
    sealed: str = field(repr=False)


class MagicLinks:
    def __init__(self, *, cipher: FieldCipher, randomness: Randomness, ids: IdSource) -> None:
        self._cipher = cipher
        self._randomness = randomness
        self._ids = ids

    def draw(self) -> DrawnLink:
        """Return a link nobody knows yet."""
        link_id = self._ids.new()
        token = base64.urlsafe_b64encode(self._randomness.token(_TOKEN_BYTES)).rstrip(b"=").decode()
        return DrawnLink(link_id, digest_of(token), self._cipher.seal(token, context=str(link_id)))


class AccountLinks:
    """Links into accounts: asked for by anybody, sent to the owner alone, and on record in both cases."""

    def __init__(
        self,
        store: MagicLinkStore,
        *,
        links: MagicLinks,
        limiter: RateLimiter,
        life: timedelta,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._store = store
        self._links = links
        self._limiter = limiter
        self._life = life
        self._clock = clock
        self._ids = ids

    @property
    def life_seconds(self) -> int:
        return int(self._life.total_seconds())

    async def request(self, target: Target, *, purpose: LinkPurpose, client: Client) -> None:
        """Send a link to whoever has an account by this number or proven address; count the send first.

        For an address nobody has, the work and the answer are the same, and no message leaves.
        """
        drawn = self._links.draw()
        link = NewLink(drawn.id, purpose, drawn.digest, target.number, target.mailbox, self._life)
        message = self.message(drawn, target, purpose=purpose, life=self._life)
        document = encode(Decision(messages=(message,)))
        await self._store.request(link, client=client, message=document)

    async def owner_of(self, token: str, *, purpose: LinkPurpose, client: Client) -> UUID:
        """Look at a link without using it, for scanners of mail follow links; return whom it was sent to.

        :raises LinkEndedError: when it was used, has run out or never was.
        :raises RateLimitedError: when the network looked too often.
        """
        await self._limiter.hit((_LOOKS_BY_NETWORK, network_of(client.ip)))
        owner = await self._store.owner(digest_of(token), purpose=purpose)
        if owner is None:
            raise LinkEndedError
        return owner

    async def redeem(self, token: str, *, purpose: LinkPurpose, client: Client) -> SpentLink:
        """Use a link up. Of any number who try at once one succeeds.

        :raises LinkEndedError: when it was used, has run out or never was.
        :raises RateLimitedError: when the network tried too often.
        """
        await self._limiter.hit((_LOOKS_BY_NETWORK, network_of(client.ip)))
        spent = await self._store.redeem(digest_of(token), purpose=purpose, client=client)
        if spent is None:
            raise LinkEndedError
        return spent

    async def give_back(self, spent: SpentLink) -> None:
        """Let a link be used again: what it was used for did not happen."""
        await self._store.free(spent.id)

    def draw(self) -> DrawnLink:
        """Return a link nobody knows yet, for who writes it down with something else."""
        return self._links.draw()

    def message(
        self,
        drawn: DrawnLink,
        target: Target,
        *,
        purpose: LinkPurpose,
        life: timedelta,
        facts: Mapping[str, str] | None = None,
    ) -> Message:
        """Return the message that carries a link; it is not sent once the link has run out."""
        return Message(
            id=self._ids.new(),
            topic=LINK_TOPIC,
            payload={
                "link_id": drawn.id,
                "sealed": drawn.sealed,
                "purpose": purpose,
                "channel": target.channel,
                "to": target.address,
                "expires_at": self._clock.now() + life,
                "facts": dict(facts or {}),
            },
        )


def digest_of(token: str) -> bytes:
    """Return what a token is looked up by. It is long and random, so a plain hash tells nothing of it."""
    return hashlib.sha256(token.encode()).digest()
