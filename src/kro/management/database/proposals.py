from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kro.core.actor import Actor, Standing
from kro.core.auth.standing import ADMIN_STANDING, STORED_ANSWER, Columns, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.core.paging import Position
from kro.management.database.proposal_records import (
    DraftState,
    Proposal,
    ProposalKind,
    ProposalState,
    ProposalStatus,
    Terms,
)

_COLUMNS: Final = """
p.id, p.kind, p.subject_id, p.beneficiary_id, p.payload, p.reason_code, p.ticket, p.note, p.status, p.proposed_by,
p.created_at, p.decided_by, p.decided_at, p.rejection_reason, p.version"""

# Nobody mirrors what was booked on their own accounts. What a proposal is about is a journal, or has no entries.
_OWN_ENTRIES: Final = """
EXISTS (SELECT FROM ledger_entries AS e JOIN kro_balance AS b ON b.id = e.account_id
        WHERE e.journal_id = {subject} AND is_same_person($1, b.owner_id))"""

_DRAFT: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER},
       $4::uuid IS NULL OR EXISTS (SELECT FROM users WHERE id = $4 AND status <> 'invited') AS beneficiary_known,
       coalesce(is_same_person($1, $4), false) OR {_OWN_ENTRIES.format(subject="$6")} AS is_own,
       EXISTS (SELECT FROM proposals WHERE kind = $5 AND subject_id = $6 AND status = 'proposed') AS is_open"""  # noqa: S608 - built from constants only

_STANDING: Final = f"SELECT {ADMIN_STANDING}"

_ONE: Final = f"SELECT {_COLUMNS} FROM proposals AS p WHERE p.id = $1"  # noqa: S608 - built from constants only

_DECISION: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, {_COLUMNS},
       coalesce(is_same_person($1, p.beneficiary_id), false) OR {_OWN_ENTRIES.format(subject="p.subject_id")} AS is_own,
       coalesce((SELECT f.last_used_step FROM two_factor_admin AS f WHERE f.admin_id = $1), 0) AS last_used_step
FROM (SELECT 1) AS one LEFT JOIN proposals AS p ON p.id = $4"""  # noqa: S608 - built from constants only

_LIST: Final = f"""
SELECT {_COLUMNS} FROM proposals AS p
WHERE ($1::text IS NULL OR p.status = $1) AND p.kind = ANY ($2) AND (p.created_at, p.id) < ($3, $4)
ORDER BY p.created_at DESC, p.id DESC LIMIT $5"""  # noqa: S608 - built from constants only


class ProposalRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def for_proposing(self, terms: Terms, *, actor: Actor, key: str | None) -> Loaded[DraftState]:
        row = await self._database.row(
            _DRAFT, actor.id, actor.session_id, key, terms.beneficiary_id, terms.kind, terms.subject_id
        )
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        state = DraftState(
            standing=read_standing(row),
            beneficiary_known=row["beneficiary_known"],
            is_own=row["is_own"],
            is_open=row["is_open"],
        )
        return Loaded(state, read_answer(row))

    async def for_deciding(self, proposal_id: UUID, *, actor: Actor, key: str | None) -> Loaded[ProposalState]:
        row = await self._database.row(_DECISION, actor.id, actor.session_id, key, proposal_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        state = ProposalState(
            standing=read_standing(row),
            proposal=_proposal_from(row) if row["id"] is not None else None,
            is_own=row["is_own"],
            last_used_step=row["last_used_step"],
        )
        return Loaded(state, read_answer(row))

    async def standing(self, actor: Actor) -> Standing:
        """Return what the actor may do now."""
        row = await self._database.row(_STANDING, actor.id, actor.session_id)
        return read_standing(row or {"standing": None})

    async def one(self, proposal_id: UUID) -> Proposal | None:
        row = await self._database.row(_ONE, proposal_id)
        return _proposal_from(row) if row is not None else None

    async def list(
        self, *, status: ProposalStatus | None, kinds: Sequence[ProposalKind], before: Position, limit: int
    ) -> Sequence[Proposal]:
        """Return proposals of some kinds older than ``before``, newest first."""
        rows = await self._database.rows(_LIST, status, list(kinds), before.created_at, before.id, limit)
        return [_proposal_from(row) for row in rows]


def _proposal_from(row: Columns) -> Proposal:
    return Proposal(
        id=row["id"],
        terms=Terms(
            kind=ProposalKind(row["kind"]),
            subject_id=row["subject_id"],
            beneficiary_id=row["beneficiary_id"],
            payload=row["payload"],
            reason_code=row["reason_code"],
            ticket=row["ticket"],
            note=row["note"],
        ),
        status=ProposalStatus(row["status"]),
        proposed_by=row["proposed_by"],
        created_at=row["created_at"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        rejection_reason=row["rejection_reason"],
        version=row["version"],
    )
