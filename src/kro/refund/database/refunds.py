"""Refunds as decisions need them: one query each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import ADMIN_STANDING, STORED_ANSWER, USER_STANDING, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded, Once
from kro.refund.database.records import ApprovalState, OrderBasis, OwnedRefund, SourceBasis, SubmissionState
from kro.refund.database.rows import COUNTED, PAYMENT_COLUMNS, REFUND_COLUMNS, payment_from, refund_from

_SOURCE: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, {PAYMENT_COLUMNS}, available_balance($1, t.currency) AS available,
       coalesce((SELECT sum(b.balance) FROM kro_balance AS b
                 WHERE b.owner_id = $1 AND b.code = 'user_receivable' AND b.balance > 0), 0)::bigint AS owed
FROM (SELECT 1) AS one
LEFT JOIN transactions AS t ON t.id = $4 AND t.user_id = $1 AND t.kind = 'payment' AND t.status = 'succeeded'"""  # noqa: S608 - built from constants only

_ORDER: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, {PAYMENT_COLUMNS}, w.id AS order_id, w.buyer_id, w.currency,
       w.funded_amount - w.released_amount - w.refunded_amount AS held,
       coalesce((SELECT sum(a.amount + a.fee + a.vat) FROM refunds AS a
                 WHERE a.order_id = w.id AND a.origin = 'escrow' AND a.status = 'requested'), 0)::bigint AS asked
FROM (SELECT 1) AS one
LEFT JOIN orders AS w ON w.id = $4
LEFT JOIN transactions AS t ON t.id = $5 AND t.order_id = w.id AND t.user_id = w.buyer_id AND t.kind = 'payment'
    AND t.status = 'succeeded'"""  # noqa: S608 - built from constants only

_SUBMISSION: Final = f"""
SELECT {REFUND_COLUMNS}, CASE WHEN u.frozen_at IS NULL THEN u.status ELSE 'frozen' END AS owner_status,
       t.provider_reference AS transaction, t.version AS payment_version,
       t.received_amount - charged_back(t.id) - coalesce((
           SELECT sum(f.amount) FROM refunds AS f
           WHERE f.payment_id = t.id AND f.id <> r.id AND {COUNTED}), 0)::bigint AS payment_left
FROM refunds AS r JOIN users AS u ON u.id = r.user_id JOIN transactions AS t ON t.id = r.payment_id
WHERE r.id = $1"""  # noqa: S608 - built from constants only

_OWNED: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, {REFUND_COLUMNS}
FROM (SELECT 1) AS one LEFT JOIN refunds AS r ON r.id = $4 AND r.user_id = $1"""  # noqa: S608 - built from constants only

_APPROVAL: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, {REFUND_COLUMNS}, concat_ws(' ', u.first_name, u.last_name) AS user_name,
       coalesce((SELECT f.last_used_step FROM two_factor_admin AS f WHERE f.admin_id = $1), 0) AS last_used_step,
       coalesce(is_same_person($1, r.user_id), false) AS is_own
FROM (SELECT 1) AS one LEFT JOIN refunds AS r ON r.id = $4 LEFT JOIN users AS u ON u.id = r.user_id"""  # noqa: S608 - built from constants only

_SENT_OF_PAYMENT: Final = """
SELECT r.id FROM refunds AS r JOIN transactions AS t ON t.id = r.payment_id
WHERE t.reference = $1 AND EXISTS (SELECT FROM refund_attempts AS a WHERE a.refund_id = r.id)
ORDER BY r.created_at"""

# The claim moves the time of the next question, so that a worker that dies has only delayed it. The version stays: a
# claim is no change anybody decides on.
_CLAIM: Final = """
UPDATE refunds AS r SET next_poll_at = $2
FROM (SELECT id FROM refunds WHERE next_poll_at <= $1 ORDER BY next_poll_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
WHERE r.id = due.id
RETURNING r.id"""


class RefundRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def for_source(self, payment_id: UUID, *, actor: Actor, once: Once) -> Loaded[SourceBasis]:
        """Load what a user's request to have a payment returned depends on."""
        row = await self._database.row(_SOURCE, actor.id, actor.session_id, once.key, payment_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        basis = SourceBasis(
            standing=read_standing(row),
            payment=payment_from(row) if row["payment_id"] is not None else None,
            available_minor=row["available"] or 0,
            owed_minor=row["owed"],
        )
        return Loaded(basis, read_answer(row))

    async def for_order(
        self, order_id: UUID, *, payment_id: UUID | None, actor: Actor, once: Once
    ) -> Loaded[OrderBasis]:
        """Load what an admin's request about an order depends on."""
        row = await self._database.row(_ORDER, actor.id, actor.session_id, once.key, order_id, payment_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        basis = OrderBasis(
            standing=read_standing(row),
            order_id=row["order_id"],
            buyer_id=row["buyer_id"],
            currency=row["currency"] or "",
            held=row["held"] or 0,
            asked=row["asked"],
            payment=payment_from(row) if row["payment_id"] is not None else None,
        )
        return Loaded(basis, read_answer(row))

    async def for_submission(self, refund_id: UUID) -> SubmissionState | None:
        """Load a refund to source; ``None`` if there is none."""
        row = await self._database.row(_SUBMISSION, refund_id)
        if row is None:
            return None
        return SubmissionState(
            refund=refund_from(row),
            transaction=row["transaction"],
            payment_version=row["payment_version"],
            payment_left=row["payment_left"],
            owner_is_active=row["owner_status"] == "active",
        )

    async def of_owner(self, refund_id: UUID, *, actor: Actor, key: str) -> Loaded[OwnedRefund]:
        row = await self._database.row(_OWNED, actor.id, actor.session_id, key, refund_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        refund = refund_from(row) if row["id"] is not None else None
        return Loaded(OwnedRefund(standing=read_standing(row), refund=refund), read_answer(row))

    async def for_approval(self, refund_id: UUID, *, actor: Actor, key: str | None) -> Loaded[ApprovalState]:
        row = await self._database.row(_APPROVAL, actor.id, actor.session_id, key, refund_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        state = ApprovalState(
            standing=read_standing(row),
            refund=refund_from(row) if row["id"] is not None else None,
            user_name=row["user_name"],
            last_used_step=row["last_used_step"],
            is_own=row["is_own"],
        )
        return Loaded(state, read_answer(row))

    async def sent_of_payment(self, reference: str) -> Sequence[UUID]:
        """Return the refunds of the payment under a reference that a provider was asked for."""
        return [row["id"] for row in await self._database.rows(_SENT_OF_PAYMENT, reference)]

    async def claim_due(self, *, now: datetime, lease_until: datetime, limit: int) -> Sequence[UUID]:
        """Take refunds whose time has come for oneself until the lease ends."""
        return [row["id"] for row in await self._database.rows(_CLAIM, now, lease_until, limit)]
