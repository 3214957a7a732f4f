"""Payouts as decisions need them: one query each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import ADMIN_STANDING, STORED_ANSWER, USER_STANDING, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.payment.database.records import ApprovalState, NamedAttempt, OwnedPayout, RejectionState, SubmissionState
from kro.payment.database.rows import (
    FOR_THIS_ADMIN,
    LAST_ATTEMPT,
    PAYOUT_COLUMNS,
    PAYOUT_PARTS,
    payout_from,
    whole_payout_from,
)

PAYOUT_DAY: Final = """
(SELECT json_build_object(
     'requested', count(*) FILTER (WHERE d.created_at >= $4::timestamptz),
     'total', coalesce(sum(d.amount) FILTER (WHERE d.created_at >= $4::timestamptz AND d.currency = $5::text
                  AND d.status NOT IN ('rejected', 'cancelled', 'failed', 'returned')), 0),
     'last_hour', count(*) FILTER (WHERE d.created_at > $6::timestamptz - interval '1 hour'))
 FROM transactions AS d
 WHERE d.user_id = $1::uuid AND d.kind = 'payout'
   AND d.created_at > least($4::timestamptz - interval '1 microsecond', $6::timestamptz - interval '1 hour')
   AND d.created_at < $4::timestamptz + interval '1 day') AS payout_day"""
"""What ``$1`` has asked for on the business day from ``$4`` on, in currency ``$5``, and in the hour before ``$6``."""

_SUBMISSION: Final = f"""
SELECT {PAYOUT_COLUMNS}, {PAYOUT_PARTS}, CASE WHEN u.frozen_at IS NULL THEN u.status ELSE 'frozen' END AS owner_status,
       debt_of(t.user_id, t.currency) AS owner_owes
FROM transactions AS t JOIN users AS u ON u.id = t.user_id {LAST_ATTEMPT}
WHERE t.id = $1 AND t.kind = 'payout'"""  # noqa: S608 - built from constants only

_NAMED_ATTEMPT: Final = """
SELECT a.payout_id, a.provider,
       NOT EXISTS (SELECT FROM payout_attempts AS b WHERE b.payout_id = a.payout_id AND b.number > a.number)
       AND t.status <> 'approved' AS is_last
FROM payout_attempts AS a JOIN transactions AS t ON t.id = a.payout_id WHERE a.reference = $1"""

# What an admin could decide next: the one that waits longest after this one, else the one that waits longest of all.
_MINE_TO_DECIDE: Final = f"""
    SELECT q.id FROM transactions AS q
    WHERE q.kind = 'payout' AND q.status = 'awaiting_approval' AND q.id <> $4 AND {FOR_THIS_ADMIN}"""  # noqa: S608 - built from constants only

_APPROVAL: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, {PAYOUT_COLUMNS}, {PAYOUT_PARTS},
       concat_ws(' ', u.first_name, u.last_name) AS user_name,
       coalesce((SELECT f.last_used_step FROM two_factor_admin AS f WHERE f.admin_id = $1), 0) AS last_used_step,
       is_same_person($1, t.user_id) AS is_own,
       coalesce(({_MINE_TO_DECIDE} AND (q.created_at, q.id) > (t.created_at, t.id) ORDER BY q.created_at, q.id LIMIT 1),
                ({_MINE_TO_DECIDE} ORDER BY q.created_at, q.id LIMIT 1)) AS next_id
FROM (SELECT 1) AS one LEFT JOIN transactions AS t ON t.id = $4 AND t.kind = 'payout'
LEFT JOIN users AS u ON u.id = t.user_id {LAST_ATTEMPT}"""  # noqa: S608 - built from constants only

_REJECTION: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, {PAYOUT_COLUMNS}
FROM (SELECT 1) AS one LEFT JOIN transactions AS t ON t.id = ANY($4::uuid[]) AND t.kind = 'payout'"""  # noqa: S608 - built from constants only

_OWNED: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, {PAYOUT_COLUMNS}
FROM (SELECT 1) AS one
LEFT JOIN transactions AS t ON t.id = $4 AND t.kind = 'payout' AND t.user_id = $1"""  # noqa: S608 - built from constants only


class PayoutRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def for_submission(self, payout_id: UUID) -> SubmissionState | None:
        row = await self._database.row(_SUBMISSION, payout_id)
        if row is None:
            return None
        return SubmissionState(
            payout=whole_payout_from(row),
            owner_is_active=row["owner_status"] == "active",
            owner_owes=row["owner_owes"] > 0,
        )

    async def named_attempt(self, reference: str) -> NamedAttempt | None:
        """Return the attempt that bears a reference; one that another is about to follow is not the last."""
        row = await self._database.row(_NAMED_ATTEMPT, reference)
        return NamedAttempt(**row) if row is not None else None

    async def for_approval(self, payout_id: UUID, *, actor: Actor, key: str | None) -> Loaded[ApprovalState]:
        row = await self._database.row(_APPROVAL, actor.id, actor.session_id, key, payout_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        state = ApprovalState(
            standing=read_standing(row),
            payout=whole_payout_from(row) if row["id"] is not None else None,
            user_name=row["user_name"],
            last_used_step=row["last_used_step"],
            is_own=row["is_own"],
            next_id=row["next_id"],
        )
        return Loaded(state, read_answer(row))

    async def for_rejection(
        self, payout_ids: Sequence[UUID], *, actor: Actor, key: str | None
    ) -> Loaded[RejectionState]:
        """Load those of the payouts that exist."""
        rows = await self._database.rows(_REJECTION, actor.id, actor.session_id, key, list(payout_ids))
        found = tuple(payout_from(row) for row in rows if row["id"] is not None)
        return Loaded(RejectionState(standing=read_standing(rows[0]), payouts=found), read_answer(rows[0]))

    async def of_owner(self, payout_id: UUID, *, actor: Actor, key: str | None) -> Loaded[OwnedPayout]:
        row = await self._database.row(_OWNED, actor.id, actor.session_id, key, payout_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        payout = payout_from(row) if row["id"] is not None else None
        return Loaded(OwnedPayout(standing=read_standing(row), payout=payout), read_answer(row))
