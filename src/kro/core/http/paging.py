"""Keyset pagination: newest first by (created_at, id), with signed cursors that belong to one list."""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Query
from pydantic import Field

from kro.core.http.errors import InvalidCursorError
from kro.core.http.inputs import QueryInput
from kro.core.http.outputs import Output
from kro.core.paging import Position

T = TypeVar("T")
V = TypeVar("V")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_POSITION: Final = struct.Struct(">q16s")
_TAG_BYTES: Final = 16

BoundTo = Mapping[str, str | int | None]
"""What a cursor belongs to: the list's name, its owner where there is one, and every filter."""


class PageQuery(QueryInput):
    """``limit`` and ``cursor``; a list with filters extends it."""

    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=200, description="`next_cursor` of the page before.")


PageParameters = Annotated[PageQuery, Query()]


class Page(Output, Generic[T]):
    """One page of a list."""

    data: list[T]
    has_more: bool
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """The rows of one page and the way to the next."""

    rows: Sequence[T]
    next_cursor: str | None

    @property
    def has_more(self) -> bool:
        return self.next_cursor is not None


class CursorSigner:
    """Makes cursors a client can carry but not read into another list or change.

    :param key: signs; it and each of ``others`` are believed, which is how it is rotated.
    """

    def __init__(self, key: bytes, *others: bytes) -> None:
        self._key, self._keys = key, (key, *others)

    def encode(self, position: Position, *, bound_to: BoundTo) -> str:
        microseconds = (position.created_at - _EPOCH) // _MICROSECOND
        payload = _POSITION.pack(microseconds, position.id.bytes)
        return base64.urlsafe_b64encode(payload + _tag(self._key, payload, bound_to)).rstrip(b"=").decode()

    def decode(self, cursor: str | None, *, bound_to: BoundTo) -> Position | None:
        """Return the position to continue after; ``None`` (the first page) for no cursor.

        :raises InvalidCursorError: for anything this signer did not make for exactly this list.
        """
        if cursor is None:
            return None
        try:
            token = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise InvalidCursorError from None
        payload, tag = token[: _POSITION.size], token[_POSITION.size :]
        matches = [hmac.compare_digest(tag, _tag(key, payload, bound_to)) for key in self._keys]
        if not any(matches):
            raise InvalidCursorError
        microseconds, identifier = _POSITION.unpack(payload)
        return Position(_EPOCH + microseconds * _MICROSECOND, UUID(bytes=identifier))

    def cut(self, rows: Sequence[T], *, limit: int, position: Callable[[T], Position], bound_to: BoundTo) -> Slice[T]:
        """Cut a page from rows that were queried with ``limit + 1``."""
        if len(rows) <= limit:
            return Slice(rows, None)
        shown = rows[:limit]
        return Slice(shown, self.encode(position(shown[-1]), bound_to=bound_to))

    def of(self, query: PageQuery, bound_to: BoundTo) -> "Paging":
        """Return how one request pages through a list."""
        return Paging(self, query, bound_to)


def _tag(key: bytes, payload: bytes, bound_to: BoundTo) -> bytes:
    scope = orjson.dumps(dict(bound_to), option=orjson.OPT_SORT_KEYS)
    return hmac.digest(key, b"cursor\n" + scope + b"\n" + payload, hashlib.sha256)[:_TAG_BYTES]


@dataclass(frozen=True, slots=True)
class Paging:
    """One request for a page: query ``limit`` rows from ``before`` on, and :meth:`page` has one more than it shows."""

    _signer: CursorSigner
    _query: PageQuery
    _bound_to: BoundTo

    @property
    def before(self) -> Position | None:
        """The position to continue after, ``None`` for the first page.

        :raises InvalidCursorError: for a cursor that was not made for exactly this list.
        """
        return self._signer.decode(self._query.cursor, bound_to=self._bound_to)

    @property
    def limit(self) -> int:
        return self._query.limit + 1

    def page(self, rows: Sequence[T], show: Callable[[T], V], position: Callable[[T], Position]) -> Page[V]:
        """Return the page, each row as ``show`` shows it."""
        cut = self._cut(rows, position)
        return Page(data=[show(row) for row in cut.rows], has_more=cut.has_more, next_cursor=cut.next_cursor)

    def plain_page(
        self, rows: Sequence[T], show: Callable[[T], Mapping[str, object]], position: Callable[[T], Position]
    ) -> Mapping[str, object]:
        """Return the page as a plain document, for lists that are asked for all the time."""
        cut = self._cut(rows, position)
        return {"data": [show(row) for row in cut.rows], "has_more": cut.has_more, "next_cursor": cut.next_cursor}

    def _cut(self, rows: Sequence[T], position: Callable[[T], Position]) -> Slice[T]:
        return self._signer.cut(rows, limit=self._query.limit, position=position, bound_to=self._bound_to)
