"""Loads orders for what admins do with them: one query brings the order, its hold, and who must not decide about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from kro.core.actor import Actor
from kro.core.auth.standing import ADMIN_STANDING, STORED_ANSWER, read_answer, read_standing
from kro.core.database.columns import known
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.order.database.admin_records import AdminOrder, AdminState
from kro.order.database.issue_records import Hold
from kro.order.database.issues import moment
from kro.order.database.orders import FACTS, read_state
from kro.order.database.words import Party

_ORDER: Final = f"""
SELECT {FACTS}, is_contested(o.id) AS is_contested, admins_related_to(o.id) AS related_admins,
       (SELECT row_to_json(h) FROM order_holds AS h WHERE h.order_id = o.id AND h.lifted_at IS NULL) AS open_hold
FROM orders AS o JOIN users AS b ON b.id = o.buyer_id JOIN users AS s ON s.id = o.seller_id
WHERE """  # noqa: S608 - built from constants only

_OF_ISSUE: Final = "o.id = (SELECT x.order_id FROM issues AS x WHERE x.id = ${position})"
_OF_HOLD: Final = "o.id = (SELECT x.order_id FROM order_holds AS x WHERE x.id = ${position})"
_ITSELF: Final = "o.id = ${position}"

_COMMAND: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, EXISTS (
           SELECT FROM admins AS a JOIN user_roles AS r ON r.code = a.role_code
           WHERE a.id = $5 AND a.status = 'active' AND 'disputes.decide' = ANY (r.permissions)) AS reviewer_is_able, o.*
FROM (SELECT 1) AS one LEFT JOIN LATERAL ({_ORDER}"""  # noqa: S608 - built from constants only

_ON_ISSUE: Final = f"{_COMMAND} {_OF_ISSUE.format(position=4)}) AS o ON true"
_ON_ORDER: Final = f"{_COMMAND} {_ITSELF.format(position=4)}) AS o ON true"
_BY_ISSUE: Final = _ORDER + _OF_ISSUE.format(position=1)
_BY_HOLD: Final = _ORDER + _OF_HOLD.format(position=1)


class AdminOrderRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_for_issue(
        self, issue_id: UUID, *, actor: Actor, key: str | None, reviewer_id: UUID | None = None
    ) -> Loaded[AdminState]:
        """Return the order of an issue for an admin's command, with any stored answer.

        :raises SessionEndedError: when the actor does not exist any more.
        """
        return await self._load(_ON_ISSUE, issue_id, actor, key, reviewer_id)

    async def load_for_order(self, order_id: UUID, *, actor: Actor, key: str | None) -> Loaded[AdminState]:
        """Return an order for an admin's command, with any stored answer.

        :raises SessionEndedError: when the actor does not exist any more.
        """
        return await self._load(_ON_ORDER, order_id, actor, key, None)

    async def of_issue(self, issue_id: UUID) -> AdminOrder | None:
        """Return the order of an issue, for somebody whose standing is looked at elsewhere."""
        return read_admin_order(await self._database.row(_BY_ISSUE, issue_id))

    async def of_hold(self, hold_id: UUID) -> AdminOrder | None:
        """Return the order of a hold, for somebody whose standing is looked at elsewhere."""
        return read_admin_order(await self._database.row(_BY_HOLD, hold_id))

    async def _load(
        self, query: str, row_id: UUID, actor: Actor, key: str | None, reviewer_id: UUID | None
    ) -> Loaded[AdminState]:
        row = await self._database.row(query, actor.id, actor.session_id, key, row_id, reviewer_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        state = AdminState(
            standing=read_standing(row),
            order=read_admin_order(row if row["id"] is not None else None),
            reviewer_is_able=row["reviewer_is_able"],
        )
        return Loaded(state, read_answer(row))


def read_admin_order(row: asyncpg.Record | None) -> AdminOrder | None:
    """Build an order as admins act on it from a row of any of the queries above."""
    if row is None:
        return None
    return AdminOrder(
        state=replace(
            read_state(row, viewer=Party.ADMIN),
            is_contested=row["is_contested"],
            hold=read_hold(row["open_hold"]) if row["open_hold"] else None,
        ),
        related=frozenset(row["related_admins"]),
    )


def read_hold(item: dict[str, Any]) -> Hold:
    """Build a hold from its JSON form inside an order's row."""
    return Hold(
        **{
            **known(Hold, item),
            **{name: UUID(item[name]) for name in ("id", "order_id", "placed_by")},
            **{name: UUID(item[name]) if item[name] else None for name in ("lifted_by", "lift_approved_by")},
            "placed_at": datetime.fromisoformat(item["placed_at"]),
            "lifted_at": moment(item["lifted_at"]),
        }
    )
