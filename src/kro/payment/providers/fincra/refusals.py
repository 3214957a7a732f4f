"""What a refused request to collect means. The checkout publishes no codes, so its books decide instead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from kro.core.outgoing import Reply
from kro.payment.providers.fincra.reading import door_cause, is_turned_away, refusal_code, refusal_reason
from kro.payment.providers.results import (
    CollectionFacts,
    CollectionResult,
    FailedDefinitively,
    NotFound,
    NotSent,
    Unknown,
)

_REFUSED_INPUT: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})


async def after_refused_request(
    reply: Reply, *, verify: Callable[[], Awaitable[CollectionResult]]
) -> FailedDefinitively[CollectionFacts] | NotSent | Unknown:
    """Tell a definitive refusal from a reference that was taken already, of which no code is published.

    ``verify`` asks what Fincra has under the reference: only "nothing" makes a refusal definitive.
    """
    if is_turned_away(reply):
        return NotSent(door_cause(reply), retry_after_seconds=reply.retry_after_seconds)
    existing = await verify()
    if isinstance(existing, Unknown):
        return existing
    if not isinstance(existing, NotFound):
        return Unknown("duplicate_reference")
    if reply.status in _REFUSED_INPUT:
        return FailedDefinitively(refusal_code(reply), refusal_reason(reply))
    return Unknown(refusal_code(reply))
