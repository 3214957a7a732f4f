from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kro.core.clock import FrozenClock
from kro.core.email.sendgrid_events import (
    SIGNATURE,
    TIMESTAMP,
    Fate,
    MailReportSignatureError,
    MailReportsNotTakenError,
    MalformedMailReportError,
    SendGridEvents,
)

# A vector that SendGrid's own library verifies.
PUBLISHED = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcw"
    "HBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA=="
)
BODY = b'{"category":"example_payload","event":"test_event","message_id":"message_id"}'
SIGNED = "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0="
STAMP = 1588788367
NOW = datetime.fromtimestamp(STAMP, UTC)
KEY = ec.derive_private_key(12345, ec.SECP256R1())
OURS = base64.b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
MESSAGE = "01938a3c-7c00-7d2f-8f00-0000000000aa"


def reader(key: str = OURS, *, now: datetime = NOW) -> SendGridEvents:
    return SendGridEvents([key] if key else [], clock=FrozenClock(now))


def signed(raw: bytes, *, stamp: int = STAMP) -> dict[str, str]:
    signature = KEY.sign(str(stamp).encode() + raw, ec.ECDSA(hashes.SHA256()))
    return {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: str(stamp)}


def body(*events: object) -> bytes:
    return json.dumps(list(events)).encode() + b"\r\n"


def event(kind: str, **more: Any) -> dict[str, Any]:
    about = {"timestamp": STAMP, "email": "Demo@Example.com", "message_id": f"{MESSAGE}.mail"}
    return {"sg_event_id": f"id-{kind}", "event": kind, **about, **more}


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b""])
def test_the_published_vector_is_authentic_only_as_it_came(ending: bytes) -> None:
    expected = MalformedMailReportError if ending == b"" else MailReportSignatureError

    with pytest.raises(expected):
        reader(PUBLISHED).read(BODY + ending, {SIGNATURE: SIGNED, TIMESTAMP: str(STAMP)})


@pytest.mark.parametrize(("seconds", "taken"), [(-601, False), (-600, True), (600, True), (601, False)])
def test_an_old_or_future_one_is_refused(seconds: int, *, taken: bool) -> None:
    raw = body()
    late = reader(now=NOW + timedelta(seconds=seconds))

    if taken:
        assert late.read(raw, signed(raw)) == ()
    else:
        with pytest.raises(MailReportSignatureError):
            late.read(raw, signed(raw))


@pytest.mark.parametrize("broken", ["signature", "stamp", "body", "none", "odd"])
def test_a_forged_one_is_refused(broken: str) -> None:
    raw = body(event("delivered"))
    headers = {} if broken == "none" else signed(raw)
    if broken == "signature":
        headers[SIGNATURE] = signed(body())[SIGNATURE]
    elif broken == "stamp":
        headers[TIMESTAMP] = str(STAMP + 1)
    elif broken == "odd":
        headers[SIGNATURE] = "?"

    with pytest.raises(MailReportSignatureError):
        reader().read(raw.rstrip() if broken == "body" else raw, headers)


def test_without_a_key_nothing_is_taken_and_an_old_key_still_counts() -> None:
    raw = body(event("delivered"))

    with pytest.raises(MailReportsNotTakenError):
        reader("").read(raw, signed(raw))
    assert SendGridEvents([PUBLISHED, OURS], clock=FrozenClock(NOW)).read(raw, signed(raw))


@pytest.mark.parametrize("raw", [b"{}", b"nonsense", b"1"])
def test_what_is_no_list_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedMailReportError):
        reader().read(raw, signed(raw))


@pytest.mark.parametrize(
    ("sent", "fate", "bad"),
    [
        (event("processed"), Fate.ACCEPTED, None),
        (event("delivered"), Fate.DELIVERED, None),
        (event("deferred"), None, None),
        (event("open"), None, None),
        (event("bounce", type="bounce"), Fate.FAILED, "bounced"),
        (event("bounce", type="blocked"), Fate.FAILED, None),
        (event("dropped", reason="Bounced Address"), Fate.FAILED, "dropped"),
        (event("dropped", reason="Spam Reporting Address"), Fate.FAILED, "spam_report"),
        (event("dropped", reason="Recipient List over Package Quota"), Fate.FAILED, None),
        (event("spamreport"), None, "spam_report"),
    ],
)
def test_each_event_means_what_it_means(sent: dict[str, Any], fate: Fate | None, bad: str | None) -> None:
    raw = body(sent)

    [read] = reader().read(raw, signed(raw))

    assert (read.fate, read.bad, str(read.message_id), read.address) == (fate, bad, MESSAGE, "demo@example.com")


def test_what_is_no_event_is_left_out() -> None:
    raw = body(1, None, {}, event("delivered", timestamp="soon"), event("delivered", timestamp=-1), {"event": "x"})

    assert reader().read(raw, signed(raw)) == ()
    raw = body(event("delivered", message_id="not ours"))
    assert reader().read(raw, signed(raw))[0].message_id is None
