from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kro.core.auth.randomness import SystemRandomness
from kro.verification.domain.codes import Purpose, is_right, mac_of

FACTS: dict[str, Any] = {
    "key": b"k" * 32,
    "purpose": Purpose.REGISTER,
    "target": "+2348031234567",
    "challenge_id": UUID(int=1),
}
MAC = mac_of("042042", **FACTS)


@pytest.mark.parametrize("code", ["042042", "042 042"])
def test_the_right_code_is_right(code: str) -> None:
    assert is_right(code, mac=MAC, **FACTS)


@pytest.mark.parametrize("code", ["042043", "42042", "0420420", "", "٠٤٢٠٤٢", "abcdef"])
def test_every_other_is_wrong(code: str) -> None:
    assert not is_right(code, mac=MAC, **FACTS)


@pytest.mark.parametrize(
    "changed",
    [
        {"key": b"x" * 32},
        {"purpose": "login"},
        {"target": "+2348031234568"},
        {"challenge_id": UUID(int=2)},
    ],
)
def test_a_code_is_right_only_where_it_belongs(changed: dict[str, Any]) -> None:
    assert not is_right("042042", mac=MAC, **{**FACTS, **changed})


def test_codes_keep_their_leading_zeros() -> None:
    drawn = {SystemRandomness().digits(2) for _ in range(2_000)}

    assert len(drawn) == 100
    assert {len(code) for code in drawn} == {2}
