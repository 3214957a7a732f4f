"""What users see of their money, one query each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kro.core.actor import Actor
from kro.core.auth.standing import USER_STANDING, ensure_may_read
from kro.core.business_days import Days
from kro.core.database.pool import Database
from kro.kro_balance.database.records import BalanceView, EntryView
from kro.kro_balance.database.statement_records import NEWEST, LinePosition

_BALANCES: Final = f"""
WITH parts AS (
    SELECT b.code AS part, b.currency, b.balance AS amount
    FROM kro_balance AS b
    WHERE b.owner_id = $1 AND b.code IN ('user_available', 'user_reserve', 'user_receivable')
    UNION ALL SELECT 'escrow', h.currency, h.amount FROM held_for_buyer($1) AS h
    UNION ALL SELECT 'transit', p.currency, p.amount FROM payouts_in_transit($1) AS p
    UNION ALL SELECT 'transit', r.currency, r.amount FROM refunds_in_transit($1) AS r
)
SELECT {USER_STANDING},
       (SELECT json_agg(t ORDER BY t.currency) FROM (
           SELECT currency,
                  coalesce(sum(amount) FILTER (WHERE part = 'user_available'), 0)::bigint AS available,
                  coalesce(sum(amount) FILTER (WHERE part = 'escrow'), 0)::bigint AS in_escrow,
                  coalesce(sum(amount) FILTER (WHERE part = 'transit'), 0)::bigint AS in_transit,
                  coalesce(sum(amount) FILTER (WHERE part = 'user_reserve'), 0)::bigint AS reserved,
                  coalesce(sum(amount) FILTER (WHERE part = 'user_receivable'), 0)::bigint AS owed
           FROM parts GROUP BY currency) AS t) AS balances
"""  # noqa: S608 - built from constants only


def _page(of_kind: str) -> str:
    # The account is looked up apart, so that the lines come out of the index in order and only a page is read.
    return f"""
SELECT {USER_STANDING}, e.*
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT l.entry_id AS id, l.journal_id, l.kind, $3::text AS currency, l.amount, j.source_type, j.source_id, l.at,
           l.balance_after
    FROM balance_lines AS l JOIN ledger_journals AS j ON j.id = l.journal_id
    WHERE l.account_id = (SELECT b.id FROM kro_balance AS b WHERE b.owner_id = $1 AND b.code = 'user_available'
                          AND b.qualifier = '' AND b.currency = $3)
      AND (l.at, l.entry_id) < ($4, $5::bigint) AND l.at >= $6{of_kind}
    ORDER BY l.at DESC, l.entry_id DESC LIMIT $7) AS e ON true
ORDER BY e.at DESC, e.id DESC"""  # noqa: S608 - built from constants only


_ENTRIES: Final = _page("")
_ENTRIES_OF_KIND: Final = _page(" AND l.kind = $8::text")


class BalanceReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def balances(self, actor: Actor) -> Sequence[BalanceView]:
        """Return every currency the user has money in or has had.

        :raises SessionEndedError: when the session was revoked.
        :raises AccountNotActiveError: when the account is suspended.
        """
        row = await self._database.row(_BALANCES, actor.id, actor.session_id)
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        ensure_may_read(row, actor)
        return tuple(BalanceView(**balance) for balance in row["balances"] or ())

    async def entries(
        self,
        actor: Actor,
        *,
        currency: str,
        limit: int,
        before: LinePosition | None = None,
        days: Days = Days(),  # noqa: B008 - frozen
        kind: str | None = None,
    ) -> Sequence[EntryView]:
        """Return movements of one currency, newest first, older than ``before``, of these days and this kind.

        What a page costs depends on its length alone, not on how much the account has moved before or since.
        """
        at = min(before or NEWEST, LinePosition(days.end, 0))
        arguments = (actor.id, actor.session_id, currency, at.at, at.entry_id, days.start, limit)
        found = (
            self._database.rows(_ENTRIES, *arguments)
            if kind is None
            else self._database.rows(_ENTRIES_OF_KIND, *arguments, kind)
        )
        rows = await found
        ensure_may_read(rows[0], actor)
        names = EntryView.__slots__
        return tuple(EntryView(**{name: row[name] for name in names}) for row in rows if row["id"] is not None)
