"""Payouts as decisions need them: one query each."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import ADMIN_STANDING, STORED_ANSWER, USER_STANDING, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.payment.database.records import ApprovalState, OwnedPayout, SubmissionState
from kro.payment.database.rows import (
    LAST_ATTEMPT,
    PAYOUT_COLUMNS,
    PAYOUT_PARTS,
    payout_from,
    whole_payout_from,
)

PAYOUT_DAY: Final = """
(SELECT json_build_object('requested', count(*),
                          'total', coalesce(sum(d.amount) FILTER (WHERE d.currency = $5::text AND d.status NOT IN (
                              'rejected', 'cancelled', 'failed', 'returned')), 0))
 FROM transactions AS d
 WHERE d.user_id = $1::uuid AND d.kind = 'payout' AND d.created_at >= $4::timestamptz
   AND d.created_at < $4::timestamptz + interval '1 day') AS payout_day"""
"""What ``$1`` has asked for on the business day that began at ``$4``, in currency ``$5``, for a load query."""

_SUBMISSION: Final = f"""
SELECT {PAYOUT_COLUMNS}, {PAYOUT_PARTS}, u.status AS owner_status
FROM transactions AS t JOIN users AS u ON u.id = t.user_id {LAST_ATTEMPT}
WHERE t.id = $1 AND t.kind = 'payout'"""  # noqa: S608 - built from constants only

_ID_OF_ATTEMPT: Final = "SELECT payout_id FROM payout_attempts WHERE reference = $1"

_APPROVAL: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, {PAYOUT_COLUMNS}, {PAYOUT_PARTS},
       concat_ws(' ', u.first_name, u.last_name) AS user_name,
       coalesce((SELECT f.last_used_step FROM two_factor_admin AS f WHERE f.admin_id = $1), 0) AS last_used_step
FROM (SELECT 1) AS one LEFT JOIN transactions AS t ON t.id = $4 AND t.kind = 'payout'
LEFT JOIN users AS u ON u.id = t.user_id {LAST_ATTEMPT}"""  # noqa: S608 - built from constants only

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
        return SubmissionState(payout=whole_payout_from(row), owner_is_active=row["owner_status"] == "active")

    async def id_of_attempt(self, reference: str) -> UUID | None:
        """Return the payout that an attempt under this reference belongs to."""
        found: UUID | None = await self._database.value(_ID_OF_ATTEMPT, reference)
        return found

    async def for_approval(self, payout_id: UUID, *, actor: Actor, key: str | None) -> Loaded[ApprovalState]:
        row = await self._database.row(_APPROVAL, actor.id, actor.session_id, key, payout_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        state = ApprovalState(
            standing=read_standing(row),
            payout=whole_payout_from(row) if row["id"] is not None else None,
            user_name=row["user_name"],
            last_used_step=row["last_used_step"],
        )
        return Loaded(state, read_answer(row))

    async def of_owner(self, payout_id: UUID, *, actor: Actor, key: str | None) -> Loaded[OwnedPayout]:
        row = await self._database.row(_OWNED, actor.id, actor.session_id, key, payout_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        payout = payout_from(row) if row["id"] is not None else None
        return Loaded(OwnedPayout(standing=read_standing(row), payout=payout), read_answer(row))
