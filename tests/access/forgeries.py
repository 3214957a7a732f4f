"""Tokens nobody was given, made by somebody who knows everything but the keys, or who holds a real one and turns it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from kro.core.auth.tokens import TokenWorld

_NOBODY: Final = UUID("00000000-0000-7000-8000-000000000001")


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True, repr=False)
class Forger:
    """Knows a world, a real token of it and one of the other world; signs with keys of their own.

    ``stolen`` is the true key: what is signed with it proves that each rule about the content stands on its own.
    """

    world: TokenWorld
    real: str
    other: str
    refresh: str
    now: datetime

    @property
    def stolen(self) -> bytes:
        return self.world.keys[self.world.signing_kid]

    @property
    def claims(self) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(self.real, options={"verify_signature": False})
        return claims

    @property
    def header(self) -> dict[str, Any]:
        return dict(jwt.get_unverified_header(self.real))

    def signed(
        self, *, key: bytes | None = None, header: Mapping[str, Any] | None = None, without: str = "", **claims: Any
    ) -> str:
        """Return a token that differs from the real one in what is named, signed with the true key unless told."""
        payload = {name: value for name, value in {**self.claims, **claims}.items() if name != without}
        return self.raw({**self.header, **(header or {})}, payload, key=key)

    def raw(self, header: Any, payload: Any, *, key: bytes | None = None) -> str:
        signing = f"{encoded(header)}.{encoded(payload)}"
        algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
        return f"{signing}.{encoded(algorithm.sign(signing.encode(), key or self.stolen))}"

    def all(self) -> dict[str, str]:
        """Return every forgery by what is wrong with it."""
        return {
            **self.without_the_key(),
            **self.turned(),
            **self.with_other_headers(),
            **self.with_other_claims(),
            **self.at_other_times(),
        }

    def without_the_key(self) -> dict[str, str]:
        head, body, signature = self.real.split(".")
        none = {alg: self.raw({**self.header, "alg": alg}, self.claims) for alg in ("none", "None", "nOnE", "")}
        rsa = generate_private_key(public_exponent=65_537, key_size=2_048)
        headers = {"kid": self.header["kid"], "typ": self.header["typ"]}
        edwards = Ed25519PrivateKey.generate()
        return {
            **{f"alg {alg!r} with a signature": token for alg, token in none.items()},
            **{f"alg {alg!r} unsigned": f"{token.rpartition('.')[0]}." for alg, token in none.items()},
            "signed with an RSA key": jwt.encode(self.claims, rsa, algorithm="RS256", headers=headers),
            "signed with an Ed25519 key": jwt.encode(self.claims, edwards, algorithm="EdDSA", headers=headers),
            "alg HS512": jwt.encode(self.claims, self.stolen * 2, algorithm="HS512", headers=headers),
            "alg RS256 over an HMAC": self.signed(header={"alg": "RS256"}),
            "signed with another key": self.signed(key=b"k" * 32),
            "signed with an empty key": self.signed(key=b"\0"),
            "signed with the kid": self.signed(key=self.header["kid"].encode()),
            "signed with the public name of the world": self.signed(key=self.world.issuer.encode()),
            "the signature of another token": f"{head}.{body}.{self.other.rpartition('.')[2]}",
            "an empty signature": f"{head}.{body}.",
            "no signature": f"{head}.{body}",
            "half a signature": f"{head}.{body}.{signature[: len(signature) // 2]}",
            "a longer signature": f"{head}.{body}.{signature}AAAA",
            "the signature twice": f"{head}.{body}.{signature}.{signature}",
            "somebody else in a real token": f"{head}.{encoded({**self.claims, 'sub': str(_NOBODY)})}.{signature}",
            "another session in a real token": f"{head}.{encoded({**self.claims, 'sid': str(_NOBODY)})}.{signature}",
            "a later end in a real token": f"{head}.{encoded({**self.claims, 'exp': 9_999_999_999})}.{signature}",
        }

    def turned(self) -> dict[str, str]:
        head, body, signature = self.real.split(".")
        whole = {"payload": body, "protected": head, "signature": signature}
        return {
            "of the other world": self.other,
            "a refresh token": self.refresh,
            "truncated": self.real[:-1],
            "with a space inside": f"{head}. {body}.{signature}",
            "with a padding": f"{head}.{body}=.{signature}=",
            "in capitals": self.real.upper(),
            "twice": f"{self.real}{self.real}",
            "two in a row": f"{self.real},{self.real}",
            "in quotes": f'"{self.real}"',
            "as JSON serialization": json.dumps(whole),
            "as flattened JSON in base64": encoded(whole),
            "encrypted instead of signed": f"{encoded({'alg': 'dir', 'enc': 'A256GCM'})}..{encoded(b'iv')}.x.y",
            "a token inside a token": self.raw({**self.header, "cty": "JWT"}, self.real.encode()),
            "an array of claims": self.raw(self.header, [self.claims]),
            "a null": self.raw(self.header, None),
            "no JSON": self.raw(self.header, b"\xff\xfe"),
            "huge": self.signed(padding="x" * 5_000),
            "dots": "." * 400,
            "percent signs": f"{head}%2e{body}%2e{signature}",
            "the word null": "null",
            "the word undefined": "undefined",
        }

    def with_other_headers(self) -> dict[str, str]:
        jwk = {"kty": "oct", "k": encoded(b"k" * 32)}
        headers: dict[str, dict[str, Any]] = {
            "an embedded jwk": {"jwk": jwk},
            "a jku": {"jku": "https://keys.example/set"},
            "an x5u": {"x5u": "https://keys.example/chain"},
            "an x5c": {"x5c": ["MIIB"]},
            "crit": {"crit": ["exp"], "exp": 9_999_999_999},
            "b64 false": {"b64": False, "crit": ["b64"]},
            "zip": {"zip": "DEF"},
            "an unknown header": {"admin": True},
            "the kid of a file": {"kid": "../../../../dev/null"},
            "the kid of a query": {"kid": "' UNION SELECT 'k'; --"},
            "an unknown kid": {"kid": "k2"},
            "an empty kid": {"kid": ""},
            "a kid that is a list": {"kid": [self.header["kid"]]},
            "a kid that is a number": {"kid": 1},
            "a kid that is null": {"kid": None},
            "typ JWT": {"typ": "JWT"},
            "typ at+jwt": {"typ": "at+jwt"},
            "typ in capitals": {"typ": self.header["typ"].upper()},
            "typ null": {"typ": None},
        }
        without = {
            name: {key: value for key, value in self.header.items() if key != name} for name in ("kid", "typ", "alg")
        }
        return {
            **{name: self.signed(key=b"k" * 32, header=changed) for name, changed in headers.items()},
            **{f"{name}, with the true key": self.signed(header=changed) for name, changed in headers.items()},
            **{f"no {name}": self.raw(header, self.claims) for name, header in without.items()},
            "the header twice": self.raw(json.dumps(self.header)[:-1].encode() + b', "alg": "none"}', self.claims),
        }

    def with_other_claims(self) -> dict[str, str]:
        world = "admin" if self.world.kind == "user" else "user"
        wrong: dict[str, dict[str, Any]] = {
            "another issuer": {"iss": f"kro-{world}"},
            "another audience": {"aud": f"kro-{world}s"},
            "two audiences": {"aud": [self.world.audience, f"kro-{world}s"]},
            "a list of the audience": {"aud": [self.world.audience]},
            "a list of the issuer": {"iss": [self.world.issuer]},
            "a subject that is no id": {"sub": "1 OR 1=1"},
            "a subject that is a number": {"sub": 7},
            "a subject that is null": {"sub": None},
            "a session that is no id": {"sid": "*"},
            "a token id that is no id": {"jti": "x"},
        }
        return {
            **{name: self.signed(**changed) for name, changed in wrong.items()},
            **{f"no {name}": self.signed(without=name) for name in ("iss", "aud", "sub", "sid", "jti", "iat", "exp")},
        }

    def at_other_times(self) -> dict[str, str]:
        now = int(self.now.timestamp())
        year = int(timedelta(days=365).total_seconds())
        wrong: dict[str, dict[str, Any]] = {
            "expired": {"exp": now - 1},
            "expired at the beginning of time": {"exp": 0},
            "before the beginning of time": {"exp": -now},
            "an end that is a float": {"exp": now + 60.5},
            "an end that is a text": {"exp": str(now + 60)},
            "an end that is true": {"exp": True},
            "an end that is null": {"exp": None},
            "an end that is a list": {"exp": [now + 60]},
            "an end in a year": {"exp": now + year},
            "an end beyond the calendar": {"exp": 10**30},
            "an end in milliseconds": {"exp": (now + 60) * 1_000},
            "not before tomorrow": {"nbf": now + 86_400},
            "a not-before at all": {"nbf": 0},
            "issued tomorrow": {"iat": now + 86_400},
            "issued at a text": {"iat": str(now)},
            "issued at a float": {"iat": now + 0.5},
        }
        return {name: self.signed(**changed) for name, changed in wrong.items()}
