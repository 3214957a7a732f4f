"""The code printed on an order."""

from uuid import UUID

import pytest

from kro.order.domain.verification_code import code_of, read_code, show_code

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
CODES = [code_of(UUID(int=number), key=KEY) for number in range(200)]


def test_each_order_has_its_own_and_always_the_same() -> None:
    assert len(set(CODES)) == len(CODES)
    assert code_of(UUID(int=7), key=KEY) == CODES[7]
    assert code_of(UUID(int=7), key=OTHER_KEY) != CODES[7]


@pytest.mark.parametrize("code", CODES)
def test_it_is_read_however_it_is_typed(code: str) -> None:
    assert len(code) == 13
    assert code.isalnum()
    spoken = code.replace("0", "o").replace("1", "l")
    for typed in (code, code.lower(), show_code(code), f" {code[:6]} {code[6:]}", spoken):
        assert read_code(typed) == code


def test_every_wrong_letter_and_every_swap_is_noticed() -> None:
    code = CODES[0]
    wrong = {
        code[:place] + letter + code[place + 1 :]
        for place in range(len(code))
        for letter in "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    }
    swapped = {code[:place] + code[place + 1] + code[place] + code[place + 2 :] for place in range(len(code) - 1)}
    assert [text for text in (wrong | swapped) - {code} if read_code(text) is not None] == []


@pytest.mark.parametrize(
    "text", ["", "-", "ABC", "U" * 13, "é" * 13, "*" * 13, "0" * 12, "0" * 14, "\u0660" * 13, "\u017f" * 13]
)
def test_what_never_was_one_is_none(text: str) -> None:
    assert read_code(text) is None
