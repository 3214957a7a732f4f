"""Registers: the one in memory and the adapter over HTTP give the same answers, and silence is never an answer."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from kro.core.kyc.dojah import DojahIdentity, DojahSettings
from kro.core.kyc.fake import FakeIdentity
from kro.core.kyc.identity import (
    IdentityKind,
    IdentityProvider,
    Matched,
    Names,
    NotFound,
    PersonOnRecord,
    Refused,
    Unknown,
)
from kro.core.outgoing import RetryPolicy

KEY = "test_sk_kro_sandbox_dojah_000000000000"
ADA = PersonOnRecord(Names("ADA", "OKAFOR", "CHIOMA"), date(1990, 1, 31))
NAMES, BORN = Names("Ada", "Okafor"), date(1990, 1, 31)


def dojah(url: str, *, key: str = KEY) -> DojahIdentity:
    settings = DojahSettings(app_id="kro_sandbox_app", secret_key=key, base_url=f"{url}/dojah")
    return DojahIdentity(settings, retry=RetryPolicy(tries=1))


@pytest.fixture(params=["fake", "sandbox"])
async def register(request: pytest.FixtureRequest) -> AsyncIterator[IdentityProvider]:
    if request.param == "fake":
        yield FakeIdentity(people={"22222222222": ADA})
        return
    async with dojah(request.getfixturevalue("sandbox_url")) as adapter:
        yield adapter


@pytest.mark.parametrize("kind", list(IdentityKind))
async def test_a_known_number_has_a_person(register: IdentityProvider, kind: IdentityKind) -> None:
    found = await register.resolve(kind, "22222222222", names=NAMES, born=BORN)

    assert isinstance(found, Matched)
    assert found.person == ADA
    assert found.reference


async def test_an_unknown_number_has_none(register: IdentityProvider) -> None:
    assert await register.resolve(IdentityKind.BVN, "33333333333", names=NAMES, born=BORN) == NotFound()


async def test_trouble_at_the_vendor_is_no_answer(sandbox_url: str) -> None:
    async with dojah(sandbox_url) as adapter:
        for number in ("11111111111", "11111111115"):
            assert isinstance(await adapter.resolve(IdentityKind.NIN, number, names=NAMES, born=BORN), Unknown), number


@pytest.mark.parametrize(
    ("key", "number", "code"), [("wrong", "22222222222", "unauthorized"), (KEY, "11111111113", "insufficient_balance")]
)
async def test_a_refusal_of_ours_is_told_apart(sandbox_url: str, key: str, number: str, code: str) -> None:
    async with dojah(sandbox_url, key=key) as adapter:
        assert await adapter.resolve(IdentityKind.BVN, number, names=NAMES, born=BORN) == Refused(code)
