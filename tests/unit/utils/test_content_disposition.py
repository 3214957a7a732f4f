from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.utils.content_disposition import attachment


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("waybill.pdf", "attachment; filename=\"waybill.pdf\"; filename*=UTF-8''waybill.pdf"),
        ("Ọlá 1.pdf", "attachment; filename=\"_l_ 1.pdf\"; filename*=UTF-8''%E1%BB%8Cl%C3%A1%201.pdf"),
        ('a"b\\c', "attachment; filename=\"a_b_c\"; filename*=UTF-8''a%22b%5Cc"),
        ("a\r\nSet-Cookie: b", "attachment; filename=\"a__Set-Cookie_ b\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b"),
        ("\ud800", "attachment; filename=\"_\"; filename*=UTF-8''%3F"),
    ],
)
def test_a_name_is_written_for_every_client(name: str, header: str) -> None:
    assert attachment(name) == header


@given(st.text())
def test_no_name_breaks_out_of_the_header(name: str) -> None:
    header = attachment(name)

    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert unquote(header.partition("UTF-8''")[2]) == name
