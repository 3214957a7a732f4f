"""The look-out for secrets sees them, and takes nothing else for one."""

from __future__ import annotations

import base64
from uuid import UUID

import pytest
from opentelemetry import trace

from canaries import kept_spans, leaks
from kro.core.auth.randomness import SystemRandomness
from kro.core.auth.refresh import RefreshTokens
from kro.core.two_factor.recovery import draw_codes

_REFRESH = RefreshTokens(keys=[bytes(32)], randomness=SystemRandomness())


SEEN = [
    ("password='copper-kettle-42'", "password"),
    ('"password": "correct horse battery"', "password of all"),
    ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c3IifQ.c2lnbmF0dXJlLW9m", "access token"),
    (_REFRESH.show(_REFRESH.first(UUID(int=7))), "refresh token"),
    ("event='sent' code=408213 phone='***'", "code"),
    ("408213 na your KRO code to log in", "code in words"),
    (f"used {draw_codes(SystemRandomness())[0]}", "recovery code"),
    ("GET /v1/public/magic-links/" + "a" * 43, "link"),
    ("resolve 0123456789", "account number"),
    ('{"number": "22871936450"}', "BVN or NIN"),
    ("pan=4084084084084081", "card"),
    ("otpauth://totp/KRO?secret=JBSWY3DPEHPK3PXP", "authenticator"),
    ("PUT /v1/files/k?signature=" + "b" * 43, "signed file"),
    ("Authorization: " + base64.b64decode("a3JvX3NhbmRib3hfdHdpbGlvX3Rva2VuXzAwMDAwMDAw").decode(), "key"),
]


@pytest.mark.parametrize(("text", "kind"), SEEN, ids=[kind for _, kind in SEEN])
def test_it_sees_a_secret_of_every_kind(text: str, kind: str) -> None:
    assert [leak.partition(":")[0] for leak in leaks(f"before\n{text}\nafter")] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "user_id=01900000-0000-7000-8000-000000000001 at=2026-01-15T09:00:00.123456Z amount=2222222222200",
        "request_id='req_01kajz7k3nf9b8r2m4q6s8t0vw' account='******4567' code='otp_expired'",
        "GET /v1/public/magic-links/{token} 410",
    ],
)
def test_it_leaves_alone_what_is_none(text: str) -> None:
    assert leaks(text) == []


def test_it_reads_what_spans_tell() -> None:
    with trace.get_tracer("test").start_as_current_span("call") as span:
        span.set_attribute("kro.account", "******6789")
        span.add_event("answered", {"body": "in good order"})

    told = kept_spans()
    assert "******6789" in told
    assert "in good order" in told
