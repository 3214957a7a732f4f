from __future__ import annotations

import pytest

from kro.core.phone import InvalidPhoneError, to_e164


@pytest.mark.parametrize(
    "text",
    [
        "08031234567",
        "8031234567",
        "2348031234567",
        "+2348031234567",
        " +234 (0)803 123 4567 ",
        "0803-123-4567",
        "002348031234567",
        "009 234 803 123 4567",
        "٠٨٠٣١٢٣٤٥٦٧",
    ],
)
def test_every_way_to_write_a_number_is_one_number(text: str) -> None:
    assert to_e164(text) == "+2348031234567"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "+2348031234",  # too short, yet "possible" to the library
        "+2340803123456",
        "07001234567",  # UAN
        "08001234567",  # toll free
        "+14155552671",  # a country we do not serve
        "+447400123456",
        "08031234567 ext 5",
        "0" * 41,
    ],
)
def test_what_no_text_should_be_sent_to_is_refused(text: str) -> None:
    with pytest.raises(InvalidPhoneError) as caught:
        to_e164(text)

    assert caught.value.errors[0].pointer == "/phone"


def test_another_country_can_be_served() -> None:
    assert to_e164("+447400123456", regions=frozenset({"NG", "GB"})) == "+447400123456"
