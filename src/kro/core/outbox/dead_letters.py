from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.database.pool import Database
from kro.core.decisions import Audit, Decision
from kro.core.decisions.encoding import encode
from kro.core.errors import ErrorKind, KroError
from kro.core.ids import IdSource
from kro.core.outbox.masking import masked_payload
from kro.core.outbox.store import OutboxState

_LIST: Final = """
SELECT id, topic, ordering_key, state, attempts, last_error, created_at, next_attempt_at, delivered_at
FROM outbox WHERE state = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"""

_REPLAY: Final = """
WITH revived AS (
    UPDATE outbox SET state = 'pending', attempts = 0, waits = 0, next_attempt_at = now(), lease_until = NULL
    WHERE id = $1 AND state = 'dead' RETURNING id, topic, last_error)
INSERT INTO audit_log (id, actor_kind, actor_id, session_id, action, target_type, target_id, result, detail, request_id,
                       ip)
SELECT $2, $3, $4, $5, 'outbox.replay', 'outbox', r.id, 'done',
       jsonb_build_object('topic', r.topic, 'last_error', r.last_error), $6, $7
FROM revived AS r"""


_READ: Final = """
SELECT id, topic, ordering_key, state, attempts, last_error, created_at, next_attempt_at, delivered_at, payload
FROM outbox WHERE id = $1"""

_DISCARD: Final = """
WITH discarded AS (
    UPDATE outbox SET state = 'discarded', next_attempt_at = now(), lease_until = NULL
    WHERE id = $1 AND state = 'dead' RETURNING id)
SELECT apply_decision($2::text::jsonb) FROM discarded"""


class OutboxRowNotFoundError(KroError):
    """There is no dead message with this id."""

    kind = ErrorKind.NOT_FOUND
    code = "not_found"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message as admins see it: without its payload, which names people."""

    id: UUID
    topic: str
    ordering_key: str | None
    state: str
    attempts: int
    last_error: str | None
    created_at: datetime
    next_attempt_at: datetime
    delivered_at: datetime | None


class DeadLetters:
    """Messages nobody could deliver: what they are, and another chance for one of them."""

    def __init__(self, database: Database, ids: IdSource) -> None:
        self._database = database
        self._ids = ids

    async def list(
        self, *, state: OutboxState = OutboxState.DEAD, before: UUID | None = None, limit: int = 20
    ) -> tuple[OutboxRow, ...]:
        """Return messages in a state, newest first, older than the one whose id is given."""
        rows = await self._database.rows(_LIST, state.value, before, limit)
        return tuple(OutboxRow(**row) for row in rows)

    async def read(self, outbox_id: UUID) -> tuple[OutboxRow, Any]:
        """Return a message of any state with its content, in which every text that may name somebody is masked.

        :raises OutboxRowNotFoundError: if there is no such message.
        """
        row = await self._database.row(_READ, outbox_id)
        if row is None:
            raise OutboxRowNotFoundError
        columns = {name: row[name] for name in OutboxRow.__slots__}
        return OutboxRow(**columns), masked_payload(row["payload"])

    async def discard(self, outbox_id: UUID, *, actor: Actor, reason: str) -> None:
        """Decide that a dead message is never sent; it goes away with those that were delivered.

        :raises OutboxRowNotFoundError: if there is no such message or it is not dead.
        """
        audit = Audit(
            id=self._ids.new(),
            actor=actor,
            action="outbox.discard",
            target_type="outbox",
            target_id=outbox_id,
            reason=reason,
        )
        if await self._database.row(_DISCARD, outbox_id, encode(Decision(audits=(audit,)))) is None:
            raise OutboxRowNotFoundError

    async def replay(self, outbox_id: UUID, *, actor: Actor) -> None:
        """Make a dead message pending again with all its tries, and write down who did it.

        :raises OutboxRowNotFoundError: if there is no such message or it is not dead.
        """
        audited = await self._database.execute(
            _REPLAY,
            outbox_id,
            self._ids.new(),
            actor.kind.value,
            actor.id,
            actor.session_id,
            actor.request_id,
            actor.ip,
        )
        if not audited:
            raise OutboxRowNotFoundError
