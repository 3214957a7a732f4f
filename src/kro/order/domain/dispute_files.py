"""What admins may see of disputes and holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Outcome, Row
from kro.core.errors import KroError
from kro.core.ids import IdSource, show_id
from kro.core.paging import Position
from kro.core.storage import ObjectStore
from kro.order.database.admin_records import Ages, Dispute, DisputeFile
from kro.order.database.dispute_reads import DisputeReads, EvidenceBefore, ThreadBefore
from kro.order.database.issue_records import Hold
from kro.order.database.issue_words import IssueStatus
from kro.order.database.thread_records import Message
from kro.order.domain.changes import Context
from kro.order.domain.decide_admin import look
from kro.order.domain.errors import EvidenceNotFoundError
from kro.order.domain.issue_errors import ConflictOfInterestError, IssueNotFoundError, NotAssignedError


@dataclass(frozen=True, slots=True)
class Download:
    """A file for an admin who has to judge it."""

    file_name: str
    content_type: str
    data: bytes


class DisputeStatus(StrEnum):
    """How far a dispute has come, from escalation to effect."""

    EVIDENCE = "evidence"
    UNDER_REVIEW = "under_review"
    DECIDED = "decided"
    APPEALED = "appealed"
    FINAL = "final"


class Assigned(StrEnum):
    TO_ME = "me"
    TO_NOBODY = "nobody"


_WAITING: Final = (IssueStatus.EVIDENCE, IssueStatus.UNDER_REVIEW, IssueStatus.APPEALED)


class DisputeFiles:
    def __init__(
        self, *, reads: DisputeReads, store: ObjectStore, runner: DecisionRunner, clock: Clock, ids: IdSource
    ) -> None:
        self._reads = reads
        self._store = store
        self._runner = runner
        self._clock = clock
        self._ids = ids

    async def queue(
        self,
        actor: Actor,
        *,
        status: DisputeStatus | None,
        assigned: Assigned | None,
        only_overdue: bool,
        after: Position | None,
        limit: int,
    ) -> Sequence[Dispute]:
        """Return disputes, first the one to be decided first; without a status those that wait for a decision."""
        return await self._reads.queue(
            actor.id,
            statuses=_WAITING if status is None else (IssueStatus(status),),
            assigned_to=actor.id if assigned is Assigned.TO_ME else None,
            only_unassigned=assigned is Assigned.TO_NOBODY,
            only_overdue=only_overdue,
            after=after,
            limit=limit,
        )

    async def ages(self) -> Ages:
        """Count the disputes that wait for a decision, by how long they do."""
        return await self._reads.ages()

    async def get(self, issue_id: UUID, *, actor: Actor) -> DisputeFile:
        """Return a dispute with its whole record.

        :raises IssueNotFoundError: when the platform was never asked about such an issue.
        :raises ConflictOfInterestError: when the admin is related to a party.
        """
        found = await self._reads.file(issue_id, admin_id=actor.id)
        if found is None:
            raise IssueNotFoundError
        if found.is_related:
            raise ConflictOfInterestError
        return found

    async def download(self, issue_id: UUID, evidence_id: UUID, *, actor: Actor) -> Download:
        """Return a file to the admin who decides, or is asked to agree; each look is on record.

        :raises EvidenceNotFoundError: when the dispute's order has no such file.
        :raises ConflictOfInterestError: when the admin is related to a party.
        :raises NotAssignedError: when it is nobody's or somebody else's, and nobody is asked to agree.
        """
        found = await self._reads.evidence(issue_id, evidence_id, admin_id=actor.id)
        if found is None:
            raise EvidenceNotFoundError
        await self._keep_look(issue_id, {"evidence": show_id("evd", evidence_id)}, found, actor)
        stored = found.stored
        data = await self._store.get(key=stored.storage_key, max_bytes=stored.size_bytes)
        return Download(stored.file_name, stored.content_type, data)

    async def thread(self, issue_id: UUID, *, actor: Actor, after: int, limit: int) -> Sequence[Message]:
        """Return what the parties wrote to each other, as they wrote it, to the admin who decides; on record as well.

        :raises IssueNotFoundError: when the platform was never asked about such an issue.
        :raises ConflictOfInterestError: when the admin is related to a party.
        :raises NotAssignedError: when it is nobody's or somebody else's, and nobody is asked to agree.
        """
        found = await self._reads.thread(issue_id, admin_id=actor.id, after=after, limit=limit)
        if found is None:
            raise IssueNotFoundError
        await self._keep_look(issue_id, {"messages_after": after}, found, actor)
        return found.messages

    async def _keep_look(self, issue_id: UUID, at: Row, found: EvidenceBefore | ThreadBefore, actor: Actor) -> None:
        async def nothing() -> None:
            return None

        refused: KroError | None = None
        if found.is_related:
            refused = ConflictOfInterestError()
        elif not found.may_look:
            refused = NotAssignedError()
        context = Context(actor=actor, now=self._clock.now(), ids=self._ids)
        trace = look(issue_id, at, refused, context=context)
        await self._runner.carry_out(load=nothing, decide=lambda _: Outcome(trace, None))
        if refused is not None:
            raise refused

    async def holds(
        self, *, order_id: UUID | None, only_open: bool, before: Position | None, limit: int
    ) -> Sequence[Hold]:
        """Return what compliance holds or held, newest first."""
        return await self._reads.holds(order_id=order_id, only_open=only_open, before=before, limit=limit)
