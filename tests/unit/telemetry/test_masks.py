from __future__ import annotations

import pytest

from kro.core.telemetry import mask_account, mask_email, mask_phone, scrub


@pytest.mark.parametrize(
    ("phone", "shown"), [("+2348031231234", "+234******1234"), ("12345678", "******"), ("", "******")]
)
def test_a_phone_shows_its_country_and_end(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("email", "shown"), [("ada@demo.ng", "a***@d***"), ("no-at-sign", "n***@***"), ("", "***@***")]
)
def test_an_email_shows_two_letters(email: str, shown: str) -> None:
    assert mask_email(email) == shown


@pytest.mark.parametrize(("number", "shown"), [("0123456789", "******6789"), ("6789", "******"), ("", "******")])
def test_an_account_shows_its_end(number: str, shown: str) -> None:
    assert mask_account(number) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln used", "token *** used"),
        ("key sk_live_8f3c1d7a9b2e refused", "key *** refused"),
        ("SG.q8w3e7r1t5.y9u2 refused", "*** refused"),
        ("redis://:hunter2@cache:6379/0", "redis://***@cache:6379/0"),
        ("Key (phone)=(+2348031234567) already exists.", "Key (phone)=(******4567) already exists."),
        ("to ada.obi+x@mail.krotrust.com", "to a***@m***"),
        ("account 0123456789 unknown", "account ******6789 unknown"),
        ("took 1500 ms on port 3000", "took 1500 ms on port 3000"),
        ("order 01890a5d-ac96-774b-bcce-b302099a8057", "order 01890a5d-ac96-774b-bcce-b302099a8057"),
    ],
)
def test_free_texts_lose_what_looks_personal_or_secret(text: str, shown: str) -> None:
    assert scrub(text) == shown
