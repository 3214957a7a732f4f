"""Access tokens: short-lived JWTs of two worlds, users and admins, that never accept each other's."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import jwt

from kro.core.actor import ActorKind
from kro.core.clock import Clock
from kro.core.errors import ErrorKind, KroError
from kro.core.ids import IdSource

MAX_TOKEN_LENGTH: Final = 4096
_KEY_BYTES: Final = 32
_CACHED: Final = 4096
_CLOCK_SKEW_SECONDS: Final = 30


class InvalidTokenError(KroError):
    """A valid access token is needed."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "invalid_token"


@dataclass(frozen=True, slots=True, repr=False)
class TokenWorld:
    """What sets the tokens of one audience apart: their keys, issuer, audience and type.

    ``signing_kid`` names the key that signs; every key in ``keys`` verifies, which is how they are rotated.
    """

    kind: ActorKind
    issuer: str
    audience: str
    keys: Mapping[str, bytes]
    signing_kid: str
    lifetime: timedelta

    def __post_init__(self) -> None:
        if self.signing_kid not in self.keys or any(len(key) != _KEY_BYTES for key in self.keys.values()):
            raise ValueError("the signing key is one of the keys, and every key is 32 bytes")

    @property
    def typ(self) -> str:
        return f"kro-{self.kind}+jwt"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. ``expires_at`` is in seconds since 1970."""

    kind: ActorKind
    subject: UUID
    session_id: UUID
    token_id: UUID
    expires_at: int


class TokenIssuer:
    def __init__(self, world: TokenWorld, *, clock: Clock, ids: IdSource) -> None:
        self._world = world
        self._clock = clock
        self._ids = ids

    @property
    def lifetime_seconds(self) -> int:
        return int(self._world.lifetime.total_seconds())

    def issue(self, *, subject: UUID, session_id: UUID) -> str:
        """Return a signed token that is good for the world's lifetime from now."""
        world = self._world
        now = int(self._clock.now().timestamp())
        payload = {
            "iss": world.issuer,
            "aud": world.audience,
            "sub": str(subject),
            "sid": str(session_id),
            "jti": str(self._ids.new()),
            "iat": now,
            "exp": now + self.lifetime_seconds,
        }
        key = world.keys[world.signing_kid]
        return jwt.encode(payload, key, algorithm="HS256", headers={"kid": world.signing_kid, "typ": world.typ})


class TokenVerifier:
    """Verifies tokens of one world and remembers those it has seen, boundedly and never beyond their expiry."""

    def __init__(self, world: TokenWorld, *, clock: Clock, remember: int = _CACHED) -> None:
        self._world = world
        self._clock = clock
        self._remember = remember
        self._seen: OrderedDict[str, Claims] = OrderedDict()

    def verify(self, token: str) -> Claims:
        """Return what a token says.

        :raises InvalidTokenError: for anything that is not an unexpired token of this world; why is not told.
        """
        now = self._clock.now().timestamp()
        claims = self._seen.get(token)
        if claims is not None:
            if claims.expires_at <= now:
                del self._seen[token]
                raise InvalidTokenError
            self._seen.move_to_end(token)
            return claims
        claims = self._read(token, now)
        self._seen[token] = claims
        if len(self._seen) > self._remember:
            self._seen.popitem(last=False)
        return claims

    def _read(self, token: str, now: float) -> Claims:
        if len(token) > MAX_TOKEN_LENGTH:
            raise InvalidTokenError
        try:
            return self._claims(self._decode(token), now)
        except (jwt.PyJWTError, ValueError, KeyError, TypeError):
            raise InvalidTokenError from None

    def _decode(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != self._world.typ or set(header) != {"alg", "kid", "typ"}:
            raise InvalidTokenError
        return jwt.decode(
            token,
            self._world.keys[header["kid"]],
            algorithms=["HS256"],
            issuer=self._world.issuer,
            audience=self._world.audience,
            # The library would read the system's clock; ours is injected, so times are checked below.
            options={
                "require": ["exp", "iat", "sub", "jti", "sid", "iss", "aud"],
                "strict_aud": True,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )

    def _claims(self, payload: dict[str, Any], now: float) -> Claims:
        expires_at, issued_at = payload["exp"], payload["iat"]
        if type(expires_at) is not int or type(issued_at) is not int or "nbf" in payload:
            raise InvalidTokenError
        latest = now + _CLOCK_SKEW_SECONDS
        # Nobody is given a longer token; a world whose lifetime was cut does not wait for those from before.
        if not now < expires_at <= latest + self._world.lifetime.total_seconds() or issued_at > latest:
            raise InvalidTokenError
        return Claims(
            kind=self._world.kind,
            subject=UUID(payload["sub"]),
            session_id=UUID(payload["sid"]),
            token_id=UUID(payload["jti"]),
            expires_at=expires_at,
        )
