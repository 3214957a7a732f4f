from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest

from kro.core.actor import ActorKind
from kro.core.auth.tokens import MAX_TOKEN_LENGTH, InvalidTokenError, TokenIssuer, TokenVerifier, TokenWorld
from kro.core.clock import FrozenClock
from kro.core.ids import SequentialIdSource

SUBJECT = UUID(int=7)
SESSION = UUID(int=8)
USERS = TokenWorld(
    kind=ActorKind.USER,
    issuer="kro",
    audience="kro-users",
    keys={"u1": b"u" * 32},
    signing_kid="u1",
    lifetime=timedelta(minutes=10),
)
ADMINS = TokenWorld(
    kind=ActorKind.ADMIN,
    issuer="kro-admin",
    audience="kro-admins",
    keys={"a1": b"a" * 32},
    signing_kid="a1",
    lifetime=timedelta(minutes=5),
)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2026, 1, 15, 9, 0, tzinfo=UTC))


@pytest.fixture
def verifier(clock: FrozenClock) -> TokenVerifier:
    return TokenVerifier(USERS, clock=clock)


def issue(world: TokenWorld, clock: FrozenClock) -> str:
    return TokenIssuer(world, clock=clock, ids=SequentialIdSource()).issue(subject=SUBJECT, session_id=SESSION)


def payload(clock: FrozenClock, **changes: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    claims: dict[str, Any] = {
        "iss": "kro",
        "aud": "kro-users",
        "sub": str(SUBJECT),
        "sid": str(SESSION),
        "jti": str(UUID(int=9)),
        "iat": now,
        "exp": now + 600,
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def sign(
    claims: Mapping[str, Any],
    *,
    key: bytes = b"u" * 32,
    algorithm: str = "HS256",
    headers: Mapping[str, Any] | None = None,
) -> str:
    header = {"kid": "u1", "typ": "kro-user+jwt"} if headers is None else headers
    return jwt.encode(dict(claims), key, algorithm=algorithm, headers=dict(header))


class TestTokenVerifier:
    def test_reads_what_was_issued(self, verifier: TokenVerifier, clock: FrozenClock) -> None:
        claims = verifier.verify(issue(USERS, clock))

        assert (claims.kind, claims.subject, claims.session_id) == (ActorKind.USER, SUBJECT, SESSION)
        assert claims.expires_at == int(clock.now().timestamp()) + 600

    def test_the_handmade_token_is_good(self, verifier: TokenVerifier, clock: FrozenClock) -> None:
        """The control of every refusal below: only what they change makes them bad."""
        assert verifier.verify(sign(payload(clock))).subject == SUBJECT

    def test_the_worlds_do_not_accept_each_others_tokens(self, verifier: TokenVerifier, clock: FrozenClock) -> None:
        admins = TokenVerifier(ADMINS, clock=clock)

        with pytest.raises(InvalidTokenError):
            verifier.verify(issue(ADMINS, clock))
        with pytest.raises(InvalidTokenError):
            admins.verify(issue(USERS, clock))

    @pytest.mark.parametrize(
        "changed",
        [
            {"issuer": "another"},
            {"audience": "another"},
            {"kind": ActorKind.ADMIN},
        ],
    )
    def test_one_difference_is_enough_even_under_the_same_key(
        self, verifier: TokenVerifier, clock: FrozenClock, changed: dict[str, Any]
    ) -> None:
        with pytest.raises(InvalidTokenError):
            verifier.verify(issue(replace(USERS, **changed), clock))

    @pytest.mark.parametrize("missing", ["iss", "aud", "sub", "sid", "jti", "iat", "exp"])
    def test_every_claim_is_required(self, verifier: TokenVerifier, clock: FrozenClock, missing: str) -> None:
        with pytest.raises(InvalidTokenError):
            verifier.verify(sign(payload(clock, **{missing: None})))

    @pytest.mark.parametrize(
        "changes",
        [
            {"aud": ["kro-users", "kro-admins"]},
            {"sub": "7"},
            {"sid": "not a uuid"},
            {"jti": "x"},
            {"exp": "tomorrow"},
            {"exp": 1e12},
            {"exp": True},
            {"iat": "now"},
            {"nbf": 0},
            {"sub": 7},
        ],
    )
    def test_no_claim_may_have_another_form(
        self, verifier: TokenVerifier, clock: FrozenClock, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(InvalidTokenError):
            verifier.verify(sign(payload(clock, **changes)))

    def test_a_token_from_the_future_is_refused(self, verifier: TokenVerifier, clock: FrozenClock) -> None:
        ahead = int(clock.now().timestamp()) + 31

        with pytest.raises(InvalidTokenError):
            verifier.verify(sign(payload(clock, iat=ahead)))

    @pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
    def test_only_one_algorithm_is_known(self, verifier: TokenVerifier, clock: FrozenClock, algorithm: str) -> None:
        world = replace(USERS, keys={"u1": b"u" * 32})
        with pytest.warns(jwt.InsecureKeyLengthWarning):
            token = sign(payload(clock), key=world.keys["u1"], algorithm=algorithm)

        with pytest.raises(InvalidTokenError):
            verifier.verify(token)

    def test_an_unsigned_token_is_refused(self, verifier: TokenVerifier, clock: FrozenClock) -> None:
        header = {"alg": "none", "kid": "u1", "typ": "kro-user+jwt"}
        parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, payload(clock)))

        with pytest.raises(InvalidTokenError):
            verifier.verify(b".".join([*parts, b""]).decode())

    @pytest.mark.parametrize(
        "headers",
        [
            {"kid": "u2", "typ": "kro-user+jwt"},
            {"kid": "u1", "typ": "JWT"},
            {"kid": "u1", "typ": "kro-admin+jwt"},
            {"typ": "kro-user+jwt"},
            {"kid": "u1", "typ": "kro-user+jwt", "jku": "https://keys.example"},
            {"kid": ["u1"], "typ": "kro-user+jwt"},
        ],
    )
    def test_no_header_may_be_another(
        self, verifier: TokenVerifier, clock: FrozenClock, headers: dict[str, Any]
    ) -> None:
        try:
            token = sign(payload(clock), headers=headers)
        except jwt.PyJWTError:
            token = "a.b.c"

        with pytest.raises(InvalidTokenError):
            verifier.verify(token)

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", "." * 10])
    def test_rubbish_is_refused(self, verifier: TokenVerifier, token: str) -> None:
        with pytest.raises(InvalidTokenError):
            verifier.verify(token)

    def test_an_overlong_token_is_refused_although_its_signature_is_good(
        self, verifier: TokenVerifier, clock: FrozenClock
    ) -> None:
        token = sign(payload(clock, padding="x" * MAX_TOKEN_LENGTH))

        with pytest.raises(InvalidTokenError):
            verifier.verify(token)

    def test_a_changed_token_is_refused(self, verifier: TokenVerifier, clock: FrozenClock) -> None:
        head, body, signature = issue(USERS, clock).split(".")
        other = base64.urlsafe_b64encode(json.dumps(payload(clock, sub=str(UUID(int=1)))).encode()).rstrip(b"=")

        with pytest.raises(InvalidTokenError):
            verifier.verify(f"{head}.{other.decode()}.{signature}")
        assert body

    def test_keys_rotate(self, clock: FrozenClock) -> None:
        old = issue(USERS, clock)
        rotated = replace(USERS, keys={"u2": b"v" * 32, "u1": b"u" * 32}, signing_kid="u2")
        verifier = TokenVerifier(rotated, clock=clock)

        assert verifier.verify(old).subject == SUBJECT
        assert verifier.verify(issue(rotated, clock)).subject == SUBJECT
        with pytest.raises(InvalidTokenError):
            TokenVerifier(replace(rotated, keys={"u2": b"v" * 32}), clock=clock).verify(old)


class TestTheMemoryOfVerifiedTokens:
    def test_ends_with_the_token(self, verifier: TokenVerifier, clock: FrozenClock) -> None:
        token = issue(USERS, clock)
        verifier.verify(token)
        clock.advance(timedelta(seconds=599))
        assert verifier.verify(token).subject == SUBJECT

        clock.advance(timedelta(seconds=1))

        with pytest.raises(InvalidTokenError):
            verifier.verify(token)
        assert not verifier._seen

    def test_is_bounded_and_forgets_the_least_used(self, clock: FrozenClock) -> None:
        verifier = TokenVerifier(USERS, clock=clock, remember=2)
        issuer = TokenIssuer(USERS, clock=clock, ids=SequentialIdSource())
        first, second, third = (issuer.issue(subject=SUBJECT, session_id=SESSION) for _ in range(3))

        verifier.verify(first)
        verifier.verify(second)
        verifier.verify(first)
        verifier.verify(third)

        assert list(verifier._seen) == [first, third]

    def test_keeps_no_bad_token(self, verifier: TokenVerifier) -> None:
        with pytest.raises(InvalidTokenError):
            verifier.verify("a.b.c")

        assert not verifier._seen


class TestTokenWorld:
    @pytest.mark.parametrize("changes", [{"keys": {"u1": b"short"}}, {"signing_kid": "u2"}])
    def test_needs_a_whole_key_to_sign_with(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="32 bytes"):
            replace(USERS, **changes)

    def test_shows_no_key(self) -> None:
        assert "uuuu" not in repr(USERS)
