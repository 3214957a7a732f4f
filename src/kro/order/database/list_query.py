"""Builds the query of a list of orders from what it is filtered by.

Every combination becomes a union of parts, each of which some index gives newest first and stops at the page's length:
one part per side a person may be on, and per kind of status. No filter is written as "or none", so that each text has
one good plan, whatever the arguments are. Only words of a title have no order in their index: they are looked for among
the newest orders first, and in the index when that was not enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from kro.core.paging import NEWEST, Position
from kro.order.database.words import OrderStatus, Party

_OLDEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS: Final = """o.id, o.buyer_id, o.seller_id, o.status, o.funding_status, o.order_type, o.title, o.currency,
    o.amount, o.on_hold, o.deliver_by, o.created_at, o.updated_at,
    o.accepted_hash, o.proposed_by"""
WALKED: Final = 1_000
"""Among how many of the newest orders of a side words are looked for, before the index of words is asked."""
NEWEST_ORDER: Final = "o.created_at DESC, o.id DESC"
_NEWEST_FIRST: Final = f"ORDER BY {NEWEST_ORDER}"
_OVERDUE: Final = "o.ended_at IS NULL AND o.status = 'in_progress' AND o.deliver_by < now()"
_SIDES: Final = {Party.BUYER: ("buyer_id", "seller_id"), Party.SELLER: ("seller_id", "buyer_id")}


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What a list is narrowed to; empty means everything.

    Amounts are in minor units of ``currency``, both ends included; ``created_to`` is excluded. ``words`` are looked for
    in titles, the last one as a beginning; ``code`` is what :func:`order_code` of the database returns.
    """

    role: Party | None = None
    statuses: tuple[OrderStatus, ...] = ()
    counterparty_id: UUID | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    currency: str | None = None
    amount_min: int | None = None
    amount_max: int | None = None
    words: str | None = None
    code: str | None = None
    on_hold: bool = False
    overdue: bool = False


@dataclass
class ListQuery:
    """Collects a query's text and arguments; ``first`` are arguments the surrounding query has placed already."""

    wanted: OrderFilter
    user_id: UUID | None
    before: Position | None
    limit: int
    first: tuple[object, ...] = ()
    values: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.values = list(self.first)
        self._user = self._put(self.user_id, "uuid") if self.user_id is not None else None
        self._bounds = self._range()
        self._limit = self._put(self.limit, "bigint")

    def text(self) -> str:
        """Return the page as a sub-query of columns of orders, newest first."""
        if self.wanted.words is not None:
            return self._search(self.wanted.words)
        parts = [
            f"(SELECT {_COLUMNS} FROM {source} AND {self._bounds} {_NEWEST_FIRST} LIMIT {self._limit})"  # noqa: S608 - built from constants only
            for source in self._sources()
        ]
        return f"SELECT o.* FROM ({' UNION ALL '.join(parts)}) AS o {_NEWEST_FIRST} LIMIT {self._limit}"  # noqa: S608 - built from constants only

    def _put(self, value: object, kind: str) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{kind}"

    def _range(self) -> str:
        """Bound what every part walks through; an end in time is a position before which everything is."""
        wanted, end = self.wanted, self.before or NEWEST
        if wanted.created_to is not None and wanted.created_to <= end.created_at:
            end = Position(wanted.created_to, UUID(int=0))
        start = self._put(wanted.created_from or _OLDEST, "timestamptz")
        at, last = self._put(end.created_at, "timestamptz"), self._put(end.id, "uuid")
        bounds = [f"o.created_at >= {start}", f"(o.created_at, o.id) < ({at}, {last})"]
        if wanted.currency is not None:
            bounds.append(f"o.currency = {self._put(wanted.currency, 'text')}")
        if wanted.amount_min is not None:
            bounds.append(f"o.amount >= {self._put(wanted.amount_min, 'bigint')}")
        if wanted.amount_max is not None:
            bounds.append(f"o.amount <= {self._put(wanted.amount_max, 'bigint')}")
        if wanted.on_hold:
            bounds.append("o.on_hold")
        if wanted.overdue:
            bounds.append(_OVERDUE)
        return " AND ".join(bounds)

    def _sources(self) -> Iterator[str]:
        wanted = self.wanted
        for scope in self._scopes():
            if wanted.counterparty_id is None and wanted.statuses:
                yield from self._by_status(scope)
            else:
                yield f"orders AS o WHERE {scope}{self._of_status()}"

    def _scopes(self) -> Iterator[str]:
        if self._user is None:
            yield "true"
            return
        other = self._put(self.wanted.counterparty_id, "uuid") if self.wanted.counterparty_id is not None else None
        for party, (own, others) in _SIDES.items():
            if self.wanted.role in {None, party}:
                yield f"o.{own} = {self._user}" + (f" AND o.{others} = {other}" if other is not None else "")

    def _by_status(self, scope: str) -> Iterator[str]:
        """Split by what the indexes know: open orders, few of them; ended ones by the status they ended in."""
        open_ones = [status for status in self.wanted.statuses if not status.is_ended]
        ended_ones = [status for status in self.wanted.statuses if status.is_ended]
        if open_ones:
            statuses = self._put(open_ones, "text[]")
            yield f"orders AS o WHERE {scope} AND o.ended_at IS NULL AND o.status = ANY({statuses})"
        for status in ended_ones:
            yield f"orders AS o WHERE {scope} AND o.ended_as = {self._put(status, 'text')}"

    def _search(self, words: str) -> str:
        """Look for words where most of them are found at once, and only then in the index.

        The index gives all matches there ever were, in no order: of a word as common as what a large shop sells, that
        would be most of its orders. A word with less than a page among a thousand orders has few enough.
        """
        typed, coded, code = self._put(words, "text"), "", "NULL"
        if self.wanted.code is not None:
            code = self._put(self.wanted.code, "text")
            coded = f" OR order_code(o.id) = {code}"
        query = f"order_search({typed}, {code}, {self._user or 'NULL'})"
        scopes = list(self._scopes())
        newest = " UNION ALL ".join(
            f"(SELECT {_COLUMNS} FROM orders AS o WHERE {scope} AND {self._bounds} {_NEWEST_FIRST} LIMIT {WALKED})"  # noqa: S608 - built from constants only
            for scope in scopes
        )
        sides = " OR ".join(f"({scope})" for scope in scopes)
        return f"""
    WITH newest AS MATERIALIZED ({newest}
    ), near AS MATERIALIZED (
        SELECT o.* FROM newest AS o
        WHERE (to_tsvector('pg_catalog.simple', o.title) @@ order_search({typed}, NULL, NULL){coded}){self._of_status()}
        {_NEWEST_FIRST} LIMIT {self._limit}
    ), enough AS MATERIALIZED (
        SELECT (SELECT count(*) FROM near) >= {self._limit} OR (SELECT count(*) FROM newest) < {WALKED} AS yes
    ), indexed AS MATERIALIZED (
        SELECT {_COLUMNS} FROM orders AS o
        WHERE order_words(o.id, o.buyer_id, o.seller_id, o.title) @@ {query} AND NOT (SELECT yes FROM enough)
    )
    SELECT o.* FROM (
        SELECT * FROM near WHERE (SELECT yes FROM enough)
        UNION ALL SELECT * FROM indexed AS o WHERE ({sides}) AND {self._bounds}{self._of_status()}
    ) AS o {_NEWEST_FIRST} LIMIT {self._limit}"""  # noqa: S608 - built from constants only

    def _of_status(self) -> str:
        if not self.wanted.statuses:
            return ""
        return f" AND o.status = ANY({self._put(list(self.wanted.statuses), 'text[]')})"


def filter_scope(wanted: OrderFilter) -> dict[str, Any]:
    """Return a filter as what a cursor is bound to."""
    return {
        "role": wanted.role,
        "statuses": ",".join(wanted.statuses),
        "counterparty": str(wanted.counterparty_id) if wanted.counterparty_id else None,
        "from": wanted.created_from.isoformat() if wanted.created_from else None,
        "to": wanted.created_to.isoformat() if wanted.created_to else None,
        "currency": wanted.currency,
        "min": wanted.amount_min,
        "max": wanted.amount_max,
        "words": wanted.words,
        "on_hold": int(wanted.on_hold),
        "overdue": int(wanted.overdue),
    }
