from __future__ import annotations

import pyotp
import pytest

from kro.demo.admin import Authenticator

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class Wrist:
    """A watch and a nap in one: sleeping moves the hands."""

    def __init__(self, at: float) -> None:
        self.at = at
        self.naps: list[float] = []

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.at += seconds


@pytest.fixture
def wrist() -> Wrist:
    return Wrist(at=1_800_000_010.0)


@pytest.fixture
def authenticator(wrist: Wrist) -> Authenticator:
    return Authenticator(SECRET, seconds_now=wrist.now, sleep=wrist.sleep)


class TestFreshCode:
    async def test_first_is_the_present_one(self, authenticator: Authenticator, wrist: Wrist) -> None:
        assert await authenticator.fresh_code() == pyotp.TOTP(SECRET).at(int(wrist.at))
        assert wrist.naps == []

    async def test_second_is_the_next_one_inside_the_window(self, authenticator: Authenticator, wrist: Wrist) -> None:
        await authenticator.fresh_code()

        assert await authenticator.fresh_code() == pyotp.TOTP(SECRET).at(int(wrist.at) + 30)
        assert wrist.naps == []

    async def test_third_waits_for_the_next_step(self, authenticator: Authenticator, wrist: Wrist) -> None:
        codes = [await authenticator.fresh_code() for _ in range(3)]

        assert wrist.naps == [20.0]
        assert codes[2] == pyotp.TOTP(SECRET).at(int(wrist.at) + 30)
        assert len(set(codes)) == 3
