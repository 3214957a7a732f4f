"""T13: a party adds evidence; its hash is part of the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kro.core.decisions import Decision, Insert, Outcome
from kro.core.ids import show_id
from kro.order.database.records import Evidence, OrderState
from kro.order.database.words import Command, EventType
from kro.order.domain.changes import Changes, Context, as_row
from kro.order.domain.lifecycle import ensure_allowed


@dataclass(frozen=True, slots=True)
class NewEvidence:
    """A file that is already stored; ``sha256`` is hex, over exactly the stored bytes."""

    id: UUID
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    storage_key: str


def decide_add_evidence(state: OrderState, command: NewEvidence, *, context: Context) -> Outcome[Evidence]:
    """Attach a stored file to the order."""
    ensure_allowed(state, Command.ADD_EVIDENCE, state.viewer)
    evidence = Evidence(
        id=command.id,
        order_id=state.order.id,
        uploaded_by=context.actor.id,
        file_name=command.file_name,
        content_type=command.content_type,
        size_bytes=command.size_bytes,
        sha256=command.sha256,
        storage_key=command.storage_key,
        created_at=context.now,
    )
    changed = (
        Changes(state, context)
        .tell(
            EventType.EVIDENCE_ADDED,
            evidence_id=show_id("evd", evidence.id),
            file_name=evidence.file_name,
            sha256=evidence.sha256,
        )
        .done()
    )
    return Outcome(changed.decision + Decision(writes=(Insert("evidence", (as_row(evidence),)),)), evidence)
