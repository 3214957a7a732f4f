"""What guards and logins read of a request."""

from __future__ import annotations

from typing import Annotated, Final, cast

from fastapi import Depends, Request

from kro.core.actor import Actor
from kro.core.auth.sessions import Client
from kro.core.auth.tokens import InvalidTokenError, TokenVerifier
from kro.core.geo import Atlas
from kro.core.http.context import RequestContext, current_request
from kro.core.http.traffic import count_person

_SCHEME: Final = "bearer "
_LONGEST_USER_AGENT: Final = 200


def bearer_token(request: Request) -> str:
    """Return the token of the ``Authorization`` header.

    :raises InvalidTokenError: when there is none.
    """
    header = request.headers.get("authorization", "")
    if header[: len(_SCHEME)].lower() != _SCHEME:
        raise InvalidTokenError
    return header[len(_SCHEME) :].strip()


def actor_of(request: Request, verifier: TokenVerifier) -> Actor:
    """Return who the token says is asking, with the request's own identity for journals and audit.

    :raises InvalidTokenError: when the token is not of the verifier's world.
    :raises RateLimitedError: when they have asked too often.
    """
    claims = verifier.verify(bearer_token(request))
    count_person(request.scope, request.app.state.traffic, person=str(claims.subject))
    context = current_request()
    return Actor(
        kind=claims.kind,
        id=claims.subject,
        session_id=claims.session_id,
        request_id=context.request_id if context else None,
        ip=context.ip if context else None,
        country=_country(request, context),
    )


async def _client(request: Request) -> Client:
    context = current_request()
    return Client(
        ip=context.ip if context else None,
        country=_country(request, context),
        user_agent=request.headers.get("user-agent", "")[:_LONGEST_USER_AGENT] or None,
        request_id=context.request_id if context else None,
    )


def _country(request: Request, context: RequestContext | None) -> str | None:
    return cast("Atlas", request.app.state.atlas).country_of(context.ip) if context else None


ClientDep = Annotated[Client, Depends(_client)]
