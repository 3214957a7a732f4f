"""What a link into an order shows to whoever holds it."""

from __future__ import annotations

from typing import Final

from kro.core.auth.sessions import Client
from kro.core.errors import ErrorKind, KroError
from kro.core.rate_limit import Limit, RateLimiter, network_of
from kro.order.database.invites import Invite, InviteReads
from kro.verification.domain import LinkPurpose, digest_of

_LOOKS_BY_NETWORK: Final = Limit("invite_look_network", quota=120, window_seconds=600)


class InviteNotFoundError(KroError):
    """There is no such invitation, or it has run out."""

    kind = ErrorKind.NOT_FOUND
    code = "invite_not_found"


class Invites:
    def __init__(self, reads: InviteReads, *, limiter: RateLimiter) -> None:
        self._reads = reads
        self._limiter = limiter

    async def read(self, token: str, *, client: Client) -> Invite:
        """Return the terms behind a link.

        :raises InviteNotFoundError: when it leads nowhere or has run out.
        :raises RateLimitedError: when the network looked too often.
        """
        await self._limiter.hit((_LOOKS_BY_NETWORK, network_of(client.ip)))
        found = await self._reads.find(digest_of(token), purpose=LinkPurpose.ORDER_INVITE)
        if found is None:
            raise InviteNotFoundError
        return found
