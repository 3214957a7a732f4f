from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.core.http import BoundTo, CursorSigner, Page, Position
from kro.core.http.errors import InvalidCursorError

SIGNER = CursorSigner(b"k" * 32)
LIST: BoundTo = {"list": "orders", "user": "u1", "status": None}
AT = Position(datetime(2026, 1, 15, 9, 0, 0, 123_457, tzinfo=UTC), UUID(int=42))


@given(
    at=st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    identifier=st.uuids(),
)
def test_a_position_survives_to_the_microsecond(at: datetime, identifier: UUID) -> None:
    position = Position(at, identifier)

    assert SIGNER.decode(SIGNER.encode(position, bound_to=LIST), bound_to=LIST) == position


def test_no_cursor_is_the_first_page() -> None:
    assert SIGNER.decode(None, bound_to=LIST) is None


@pytest.mark.parametrize(
    "other",
    [{"list": "payouts", "user": "u1", "status": None}, {**LIST, "user": "u2"}, {**LIST, "status": "closed"}, {}],
)
def test_a_cursor_belongs_to_its_list_owner_and_filters(other: BoundTo) -> None:
    cursor = SIGNER.encode(AT, bound_to=LIST)

    with pytest.raises(InvalidCursorError):
        SIGNER.decode(cursor, bound_to=other)


def test_the_order_of_filters_does_not_matter() -> None:
    cursor = SIGNER.encode(AT, bound_to=LIST)

    assert SIGNER.decode(cursor, bound_to=dict(reversed(list(LIST.items())))) == AT


def test_a_cursor_of_another_server_key_is_refused() -> None:
    cursor = CursorSigner(b"x" * 32).encode(AT, bound_to=LIST)

    with pytest.raises(InvalidCursorError):
        SIGNER.decode(cursor, bound_to=LIST)


def test_a_cursor_lives_through_a_rotation_until_its_key_is_away() -> None:
    old, new = b"k" * 32, b"n" * 32
    cursor = SIGNER.encode(AT, bound_to=LIST)

    assert CursorSigner(old, new).decode(cursor, bound_to=LIST) == AT
    assert CursorSigner(new, old).decode(cursor, bound_to=LIST) == AT
    assert CursorSigner(new, old).encode(AT, bound_to=LIST) == CursorSigner(new).encode(AT, bound_to=LIST)
    with pytest.raises(InvalidCursorError):
        CursorSigner(new).decode(cursor, bound_to=LIST)


def test_no_changed_byte_goes_unnoticed() -> None:
    token = base64.urlsafe_b64decode(SIGNER.encode(AT, bound_to=LIST) + "==")

    for place in range(len(token)):
        forged = bytes([*token[:place], token[place] ^ 1, *token[place + 1 :]])
        with pytest.raises(InvalidCursorError):
            SIGNER.decode(base64.urlsafe_b64encode(forged).decode(), bound_to=LIST)


@given(st.text(max_size=80))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        SIGNER.decode(text, bound_to=LIST)


class TestCutting:
    @staticmethod
    def rows(count: int) -> list[Position]:
        return [Position(AT.created_at - timedelta(microseconds=n), UUID(int=n)) for n in range(count)]

    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_the_last_page_has_no_next(self, count: int) -> None:
        page = SIGNER.cut(self.rows(count), limit=3, position=lambda row: row, bound_to=LIST)

        assert (len(page.rows), page.has_more, page.next_cursor) == (count, False, None)

    def test_one_row_more_is_not_shown_and_means_there_is_a_next_page(self) -> None:
        rows = self.rows(4)

        page = SIGNER.cut(rows, limit=3, position=lambda row: row, bound_to=LIST)

        assert page.has_more
        assert page.rows == rows[:3]
        assert SIGNER.decode(page.next_cursor, bound_to=LIST) == rows[2]


def test_a_page_looks_as_documented() -> None:
    page = Page[int](data=[1], has_more=False, next_cursor=None)

    assert page.model_dump_json() == '{"data":[1],"has_more":false,"next_cursor":null}'
