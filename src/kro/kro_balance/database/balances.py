"""What users see of their money, one query each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kro.core.actor import Actor
from kro.core.auth.standing import USER_STANDING, read_standing
from kro.core.database.pool import Database
from kro.kro_balance.database.records import BalanceView, EntryView

_BALANCES: Final = f"""
WITH parts AS (
    SELECT b.currency, b.balance AS available, 0::bigint AS in_escrow, 0::bigint AS in_transit
    FROM kro_balance AS b WHERE b.owner_id = $1 AND b.code = 'user_available'
    UNION ALL SELECT h.currency, 0, h.amount, 0 FROM held_for_buyer($1) AS h
    UNION ALL SELECT p.currency, 0, 0, p.amount FROM payouts_in_transit($1) AS p
)
SELECT {USER_STANDING},
       (SELECT json_agg(t ORDER BY t.currency) FROM (
           SELECT currency, sum(available)::bigint AS available, sum(in_escrow)::bigint AS in_escrow,
                  sum(in_transit)::bigint AS in_transit
           FROM parts GROUP BY currency) AS t) AS balances
"""  # noqa: S608 - built from constants only

# The balance after an entry is today's balance less everything that came later: no running column has to be kept.
_ENTRIES: Final = f"""
SELECT {USER_STANDING}, e.*
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT e.id, e.journal_id, j.kind, e.currency, -e.amount AS amount, j.source_type, j.source_id,
           j.recorded_at AS at,
           b.balance + coalesce((SELECT sum(later.amount) FROM ledger_entries AS later
                                 WHERE later.account_id = b.id AND later.id > e.id), 0)::bigint AS balance_after
    FROM kro_balance AS b
    JOIN ledger_entries AS e ON e.account_id = b.id
    JOIN ledger_journals AS j ON j.id = e.journal_id
    WHERE b.owner_id = $1 AND b.code = 'user_available' AND b.qualifier = '' AND b.currency = $3
      AND ($4::bigint IS NULL OR e.id < $4)
    ORDER BY e.id DESC LIMIT $5) AS e ON true
ORDER BY e.id DESC
"""  # noqa: S608 - built from constants only


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
        read_standing(row).ensure_active()
        return tuple(BalanceView(**balance) for balance in row["balances"] or ())

    async def entries(self, actor: Actor, *, currency: str, before: int | None, limit: int) -> Sequence[EntryView]:
        """Return movements of one currency, newest first, older than entry ``before``."""
        rows = await self._database.rows(_ENTRIES, actor.id, actor.session_id, currency, before, limit)
        read_standing(rows[0]).ensure_active()
        names = EntryView.__slots__
        return tuple(EntryView(**{name: row[name] for name in names}) for row in rows if row["id"] is not None)
