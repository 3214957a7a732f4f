"""Loads orders for decisions: one query brings the order and everything its decision needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from kro.core.actor import Actor
from kro.core.auth.standing import STORED_ANSWER, USER_STANDING, ensure_may_read, read_answer, read_standing
from kro.core.database.columns import known
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.order.database.creation import offered, read_quote, read_template
from kro.order.database.issues import moment, read_issue, read_offer
from kro.order.database.names import shown_name
from kro.order.database.records import Amendment, Condition, Order, OrderState, TermsState, UploadingState
from kro.order.database.uploads import read_uploading
from kro.order.database.words import (
    AmendmentStatus,
    CloseReason,
    ConditionKind,
    ConditionStatus,
    ConfirmedBy,
    FundingStatus,
    OrderStatus,
    OrderType,
    Party,
)
from kro.utils.records import changed

FACTS: Final = f"""
       o.*, {shown_name("b", "o.proposed_by = 'seller' AND b.id <> $1")} AS buyer_name,
       {shown_name("s", "o.proposed_by = 'buyer' AND s.id <> $1")} AS seller_name,
       s.kyc_tier AS seller_tier, b.kyc_tier AS buyer_tier, b.email AS buyer_email,
       num_nonnulls(b.frozen_at, s.frozen_at) > 0 AS is_frozen,
       available_balance(o.buyer_id, o.currency) AS buyer_available, debt_of(o.seller_id, o.currency) AS seller_owes,
       open_payments(o.id) AS open_payments,
       (SELECT json_agg(c ORDER BY c.position) FROM conditions AS c
        WHERE c.order_id = o.id AND c.status <> 'withdrawn') AS conditions,
       (SELECT array_agg(e.id) FROM evidence AS e WHERE e.order_id = o.id) AS order_evidence,
       (SELECT row_to_json(i) FROM issues AS i
        WHERE i.order_id = o.id AND i.status NOT IN ('effective', 'withdrawn', 'settled')) AS issue,
       (SELECT json_agg(f ORDER BY f.created_at) FROM offers AS f
        WHERE f.order_id = o.id AND f.status = 'open') AS offers,
       (SELECT row_to_json(a) FROM amendments AS a WHERE a.order_id = o.id AND a.status = 'open') AS amendment
"""  # noqa: S608 - built from constants only

# Only a timeout asks for it: whether the buyer can be shown to have been reminded, and on how many channels.
_REACHED: Final = """
       (SELECT count(DISTINCT r.channel) FROM notice_receipts AS r
        WHERE r.subject_id = o.id AND r.user_id = o.buyer_id AND r.purpose = 'inspect_by'
          AND r.channel <> 'in_app' AND r.status = ANY($2::text[])
          AND r.at >= o.completed_at) AS reached_channels, is_contested(o.id) AS is_contested,
       (SELECT json_object_agg(c.position, (
            SELECT count(DISTINCT r.channel) FROM notice_receipts AS r
            WHERE r.subject_id = o.id AND r.user_id = o.buyer_id AND r.purpose = 'condition.' || c.position
              AND r.channel <> 'in_app' AND r.status = ANY($2::text[]) AND r.at >= c.submitted_at))
        FROM conditions AS c WHERE c.order_id = o.id AND c.status = 'submitted') AS condition_channels
"""

# Who may see an order is decided here and nowhere else: its parties.
VISIBLE: Final = "o.id = ${position} AND (o.buyer_id = $1 OR o.seller_id = $1)"

_LOAD_COMMAND: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, o.*
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT {FACTS} FROM orders AS o JOIN users AS b ON b.id = o.buyer_id JOIN users AS s ON s.id = o.seller_id
    WHERE {VISIBLE.format(position=4)}) AS o ON true
"""  # noqa: S608 - built from constants only

_LOAD_UPLOADING: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, o.*, row_to_json(u) AS upload, row_to_json(e) AS evidence,
       (SELECT json_agg(json_build_object('slot', s.slot, 'upload_id', s.id, 'version', s.version,
                                          'expires_at', s.expires_at))
        FROM evidence_uploads AS s WHERE s.uploaded_by = $1 AND s.slot IS NOT NULL) AS slots
FROM (SELECT 1) AS one
LEFT JOIN LATERAL (
    SELECT {FACTS} FROM orders AS o JOIN users AS b ON b.id = o.buyer_id JOIN users AS s ON s.id = o.seller_id
    WHERE {VISIBLE.format(position=4)}) AS o ON true
LEFT JOIN evidence_uploads AS u ON u.id = $5 AND u.order_id = o.id AND u.uploaded_by = $1
LEFT JOIN evidence AS e ON e.id = u.evidence_id
"""  # noqa: S608 - built from constants only

# The same, with the actor's own quote and the newest active version of a template.
_LOAD_FOR_TERMS: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, {offered(quote="$5", template="$6")}, o.*
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT {FACTS} FROM orders AS o JOIN users AS b ON b.id = o.buyer_id JOIN users AS s ON s.id = o.seller_id
    WHERE {VISIBLE.format(position=4)}) AS o ON true
"""  # noqa: S608 - built from constants only

_LOAD_VIEW: Final = f"""
SELECT {USER_STANDING}, o.*
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT {FACTS} FROM orders AS o JOIN users AS b ON b.id = o.buyer_id JOIN users AS s ON s.id = o.seller_id
    WHERE {VISIBLE.format(position=3)}) AS o ON true
"""  # noqa: S608 - built from constants only

_LOAD_FOR_SYSTEM: Final = f"""
SELECT {FACTS}, {_REACHED} FROM orders AS o JOIN users AS b ON b.id = o.buyer_id JOIN users AS s ON s.id = o.seller_id
WHERE o.id = $1
"""  # noqa: S608 - built from constants only

_UNDER_WAY: Final = """
SELECT id FROM orders WHERE buyer_id = $1 AND ended_at IS NULL
UNION ALL SELECT id FROM orders WHERE seller_id = $1 AND ended_at IS NULL"""

_ORDER_COLUMNS: Final = tuple(field.name for field in fields(Order))


class OrderRepository:
    """``evidence`` are the states of a reminder's receipt that count as having reached the buyer."""

    def __init__(self, database: Database, *, evidence: Sequence[str] = ("accepted", "delivered")) -> None:
        self._database = database
        self._evidence = list(evidence)

    async def load(self, order_id: UUID, *, actor: Actor, key: str | None) -> Loaded[OrderState | None]:
        """Return the order as one of its parties sees it, with the actor's standing and any stored answer.

        ``state`` is ``None`` when there is no such order or it is other people's.

        :raises SessionEndedError: when the actor does not exist any more.
        """
        row = await self._database.row(_LOAD_COMMAND, actor.id, actor.session_id, key, order_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        return Loaded(visible_state(row, actor), read_answer(row))

    async def load_uploading(
        self, order_id: UUID, upload_id: UUID | None, *, actor: Actor, key: str | None
    ) -> Loaded[UploadingState | None]:
        """Return the order as :meth:`load` does, with an upload of the actor's to it and the actor's slots.

        :raises SessionEndedError: when the actor does not exist any more.
        """
        row = await self._database.row(_LOAD_UPLOADING, actor.id, actor.session_id, key, order_id, upload_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        order = visible_state(row, actor)
        return Loaded(None if order is None else read_uploading(row, order), read_answer(row))

    async def load_for_terms(
        self, order_id: UUID, *, actor: Actor, key: str | None, quote_id: UUID | None, template_code: str | None
    ) -> Loaded[TermsState | None]:
        """Return what :meth:`load` does, with the actor's own quote and the template that new terms name.

        :raises SessionEndedError: when the actor does not exist any more.
        """
        row = await self._database.row(
            _LOAD_FOR_TERMS, actor.id, actor.session_id, key, order_id, quote_id, template_code
        )
        assert row is not None  # noqa: S101 - the outer select always returns one row
        state = visible_state(row, actor)
        if state is None:
            return Loaded(None, read_answer(row))
        found = TermsState(
            state=state,
            standing=read_standing(row),
            quote=read_quote(row["quote"]) if row["quote"] else None,
            template=read_template(row["template"]) if row["template"] else None,
        )
        return Loaded(found, read_answer(row))

    async def view(self, order_id: UUID, *, actor: Actor) -> OrderState | None:
        """Return the order as one of its parties sees it, for reading."""
        row = await self._database.row(_LOAD_VIEW, actor.id, actor.session_id, order_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        ensure_may_read(row, actor)
        return _state_of_party(row, actor)

    async def under_way(self, user_id: UUID) -> Sequence[UUID]:
        """Return the orders of a user that have not ended."""
        return [row["id"] for row in await self._database.rows(_UNDER_WAY, user_id)]

    async def load_for_system(self, order_id: UUID) -> OrderState | None:
        """Return the order for the worker, whoever's it is."""
        row = await self._database.row(_LOAD_FOR_SYSTEM, order_id, self._evidence)
        if row is None:
            return None
        return changed(
            read_state(row, viewer=Party.SYSTEM),
            reached_channels=row["reached_channels"],
            is_contested=row["is_contested"],
            condition_channels={int(at): count for at, count in (row["condition_channels"] or {}).items()},
        )


def visible_state(row: asyncpg.Record, actor: Actor) -> OrderState | None:
    """Build the state of an active user from a row of a command's load; ``None`` when it brought no order."""
    standing = read_standing(row)
    standing.ensure_active()
    state = _state_of_party(row, actor)
    return None if state is None else changed(state, standing=standing)


def _state_of_party(row: asyncpg.Record, actor: Actor) -> OrderState | None:
    if row["id"] is None:
        return None
    return read_state(row, viewer=Party.BUYER if row["buyer_id"] == actor.id else Party.SELLER)


def read_state(row: asyncpg.Record, *, viewer: Party) -> OrderState:
    """Build the state from a row of any of the load queries."""
    return OrderState(
        order=read_order(row),
        conditions=tuple(read_condition(item) for item in row["conditions"] or ()),
        viewer=viewer,
        buyer_name=row["buyer_name"],
        seller_name=row["seller_name"],
        seller_tier=row["seller_tier"],
        buyer_tier=row["buyer_tier"],
        buyer_email=row["buyer_email"],
        buyer_available=row["buyer_available"],
        seller_owes=row["seller_owes"],
        open_payments=row["open_payments"],
        evidence_ids=tuple(row["order_evidence"] or ()),
        issue=read_issue(row["issue"]) if row["issue"] else None,
        offers=tuple(read_offer(item) for item in row["offers"] or ()),
        amendment=read_amendment(row["amendment"]) if row["amendment"] else None,
        is_frozen=row["is_frozen"],
    )


def read_order(row: asyncpg.Record) -> Order:
    """Build an order from a row that has all columns of ``orders``."""
    columns: dict[str, Any] = {name: row[name] for name in _ORDER_COLUMNS}
    columns["status"] = OrderStatus(columns["status"])
    columns["funding_status"] = FundingStatus(columns["funding_status"])
    columns["order_type"] = OrderType(columns["order_type"])
    columns["proposed_by"] = Party(columns["proposed_by"])
    if columns["close_reason"] is not None:
        columns["close_reason"] = CloseReason(columns["close_reason"])
    return Order(**columns)


def read_condition(item: dict[str, Any]) -> Condition:
    """Build a condition from its JSON form inside an order's row."""
    return Condition(
        **{
            **known(Condition, item),
            "id": UUID(item["id"]),
            "order_id": UUID(item["order_id"]),
            "kind": ConditionKind(item["kind"]),
            "confirmed_by": ConfirmedBy(item["confirmed_by"]),
            "status": ConditionStatus(item["status"]),
            "settled_by": Party(item["settled_by"]) if item["settled_by"] else None,
            "evidence_ids": tuple(UUID(evidence_id) for evidence_id in item["evidence_ids"]),
            **{name: moment(item[name]) for name in ("submitted_at", "settled_at", "not_before", "inspect_by")},
        }
    )


def read_amendment(item: dict[str, Any]) -> Amendment:
    """Build an amendment from its JSON form."""
    return Amendment(
        **{
            **known(Amendment, item),
            "id": UUID(item["id"]),
            "order_id": UUID(item["order_id"]),
            "proposed_by": Party(item["proposed_by"]),
            "added": tuple(read_condition(condition) for condition in item["added"]),
            "removed": tuple(UUID(condition_id) for condition_id in item["removed"]),
            "status": AmendmentStatus(item["status"]),
            "created_at": datetime.fromisoformat(item["created_at"]),
            "expires_at": datetime.fromisoformat(item["expires_at"]),
            "settled_at": moment(item["settled_at"]),
        }
    )
