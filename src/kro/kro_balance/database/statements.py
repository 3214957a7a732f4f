from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor, SessionEndedError
from kro.core.auth.standing import USER_STANDING, read_standing
from kro.core.business_days import Days
from kro.core.database.pool import Database
from kro.kro_balance.database.statement_records import Holder, OrderPrice, StatementFacts, StatementLine

_ACCOUNT: Final = """(SELECT b.id FROM kro_balance AS b
    WHERE b.owner_id = $1 AND b.code = 'user_available' AND b.qualifier = '' AND b.currency = $3)"""

_LOAD: Final = f"""
SELECT {USER_STANDING}, u.id AS holder_id, concat_ws(' ', u.first_name, u.last_name) AS holder_name,
       coalesce(u.phone, '') AS phone,
       coalesce((SELECT l.balance_after FROM balance_lines AS l WHERE l.account_id = {_ACCOUNT} AND l.at < $4
                 ORDER BY l.at DESC, l.entry_id DESC LIMIT 1), 0) AS opening,
       (SELECT json_agg(line ORDER BY line.at, line.entry_id) FROM (
           SELECT l.entry_id, l.at, l.kind, l.amount, l.balance_after, j.source_type, j.source_id, j.provider,
                  CASE WHEN j.source_type = 'payout' THEN payout_destination(j.source_id) END AS destination,
                  coalesce(c.fee, 0) AS fee, coalesce(c.vat, 0) AS vat, coalesce(c.stamp_duty, 0) AS stamp_duty,
                  coalesce(c.from_escrow, 0) AS from_escrow,
                  (SELECT row_to_json(o) FROM (SELECT c.order_id AS id, p.* FROM order_price(c.order_id) AS p) AS o
                   WHERE c.order_id IS NOT NULL) AS order
           FROM (SELECT * FROM balance_lines AS own
                 WHERE own.account_id = {_ACCOUNT} AND own.at >= $4 AND own.at < $5
                 ORDER BY own.at, own.entry_id LIMIT $6) AS l
           JOIN ledger_journals AS j ON j.id = l.journal_id
           CROSS JOIN LATERAL (
               SELECT -sum(e.amount) FILTER (WHERE b.code = 'fee_revenue') AS fee,
                      -sum(e.amount) FILTER (WHERE b.code = 'vat_payable') AS vat,
                      -sum(e.amount) FILTER (WHERE b.code = 'stamp_duty_payable') AS stamp_duty,
                      sum(e.amount) FILTER (WHERE b.code = 'order_escrow') AS from_escrow,
                      (array_agg(b.owner_id) FILTER (WHERE b.code = 'order_escrow'))[1] AS order_id
               FROM ledger_entries AS e JOIN kro_balance AS b ON b.id = e.account_id
               WHERE e.journal_id = l.journal_id) AS c) AS line) AS lines
FROM users AS u WHERE u.id = $1
"""  # noqa: S608 - built from constants only


class StatementRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, actor: Actor, *, currency: str, days: Days, limit: int) -> StatementFacts:
        """Return what a statement of these days is made of, with no more than ``limit`` lines.

        :raises SessionEndedError: when the actor does not exist any more.
        """
        row = await self._database.row(_LOAD, actor.id, actor.session_id, currency, days.start, days.end, limit)
        if row is None:
            raise SessionEndedError
        return StatementFacts(
            standing=read_standing(row),
            holder=Holder(id=row["holder_id"], name=row["holder_name"], phone=row["phone"]),
            opening=row["opening"],
            lines=tuple(_line(found) for found in row["lines"] or ()),
        )


def _line(found: dict[str, Any]) -> StatementLine:
    order = found["order"]
    return StatementLine(
        **{
            **found,
            "at": datetime.fromisoformat(found["at"]),
            "source_id": UUID(found["source_id"]),
            "order": _order(order) if order is not None else None,
        }
    )


def _order(found: dict[str, Any]) -> OrderPrice:
    return OrderPrice(**{**found, "id": UUID(found["id"]), "seller_id": UUID(found["seller_id"])})
