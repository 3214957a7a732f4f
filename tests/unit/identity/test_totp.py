from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pyotp
import pytest

from kro.core.two_factor import matching_step, provisioning_uri, spend_step

SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30


def code_at(moment: datetime) -> str:
    return pyotp.TOTP(SECRET).at(int(moment.timestamp()))


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)

    assert matching_step(secret=SECRET, code=code, now=now) == seconds // 30


@pytest.mark.parametrize(("offset", "matched"), [(-60, None), (-30, -1), (0, 0), (30, 1), (60, None)])
def test_one_step_to_either_side_is_accepted_and_told_apart(offset: int, matched: int | None) -> None:
    step = matching_step(secret=SECRET, code=code_at(NOW + timedelta(seconds=offset)), now=NOW)

    assert step == (None if matched is None else STEP + matched)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "12 34"])
def test_only_six_plain_digits_are_a_code(code: str) -> None:
    assert matching_step(secret=SECRET, code=code, now=NOW) is None


def test_full_width_digits_of_the_right_code_are_not_the_code() -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code_at(NOW))

    assert matching_step(secret=SECRET, code=wide, now=NOW) is None


def test_spaces_do_not_matter() -> None:
    code = code_at(NOW)

    assert matching_step(secret=SECRET, code=f"{code[:3]} {code[3:]}", now=NOW) == STEP


def test_the_first_seconds_of_time_have_no_step_before() -> None:
    assert matching_step(secret=SECRET, code="000000", now=datetime.fromtimestamp(0, UTC)) is None


def test_spending_writes_the_step_and_expects_no_version() -> None:
    write = spend_step(admin_id=UUID(int=1), step=STEP)

    assert (write.table, write.id, write.changes) == ("two_factor_admin", UUID(int=1), {"last_used_step": STEP})


def test_an_authenticator_can_read_the_address() -> None:
    uri = provisioning_uri(secret=SECRET, account="admin@kro.example")

    assert uri.startswith("otpauth://totp/KRO%20Admin:admin%40kro.example?secret=")
    assert "issuer=KRO%20Admin" in uri
