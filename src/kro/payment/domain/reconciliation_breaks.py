"""What people do with breaks: look at them, give them to somebody, say what they came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Once, Reply
from kro.core.ids import IdSource
from kro.core.paging import Position
from kro.payment.database.reconciliation_queue import BreakRepository
from kro.payment.database.reconciliation_records import AskedBreak, Break, BreakKind, BreakResolution, BreakStatus
from kro.payment.domain.context import Context
from kro.payment.domain.decide_reconciliation_breaks import decide_assignment, decide_resolution
from kro.payment.domain.reconciliation_errors import BreakNotFoundError


class ReconciliationBreaks:
    def __init__(self, *, runner: DecisionRunner, breaks: BreakRepository, clock: Clock, ids: IdSource) -> None:
        self._runner = runner
        self._breaks = breaks
        self._clock = clock
        self._ids = ids

    async def get(self, break_id: UUID) -> Break:
        """Return one break.

        :raises BreakNotFoundError: if there is none.
        """
        found = await self._breaks.get(break_id)
        if found is None:
            raise BreakNotFoundError
        return found

    async def list(
        self,
        *,
        status: BreakStatus | None,
        kind: BreakKind | None,
        assigned_to: UUID | None,
        before: Position | None,
        limit: int,
    ) -> Sequence[Break]:
        """Return breaks, those opened last first."""
        return await self._breaks.list(status=status, kind=kind, assigned_to=assigned_to, before=before, limit=limit)

    async def assign(
        self,
        break_id: UUID,
        assignee: UUID | None,
        *,
        actor: Actor,
        once: Once | None,
        render: Callable[[Break], Reply],
    ) -> Reply:
        """Give an open break to an admin, or to nobody.

        :raises BreakNotFoundError: if there is none.
        :raises BreakEndedError: unless it is open.
        :raises AssigneeUnknownError: when the assignee is no active admin.
        """
        return await self._runner.run(
            load=lambda: self._load(break_id, actor=actor, once=once, assignee=assignee),
            decide=lambda asked: decide_assignment(asked, assignee, context=self._context(actor)),
            render=render,
            once=once,
        )

    async def resolve(
        self,
        break_id: UUID,
        resolution: BreakResolution,
        *,
        note: str,
        actor: Actor,
        once: Once | None,
        render: Callable[[Break], Reply],
    ) -> Reply:
        """Take a break out of the queue with its reason.

        :raises BreakNotFoundError: if there is none.
        :raises BreakEndedError: unless it is open.
        """
        return await self._runner.run(
            load=lambda: self._load(break_id, actor=actor, once=once),
            decide=lambda asked: decide_resolution(asked, resolution, note=note, context=self._context(actor)),
            render=render,
            once=once,
        )

    async def _load(
        self, break_id: UUID, *, actor: Actor, once: Once | None, assignee: UUID | None = None
    ) -> Loaded[AskedBreak]:
        key = once.key if once else None
        loaded = await self._breaks.for_admin(break_id, actor=actor, key=key, assignee=assignee)
        loaded.state.standing.ensure_permitted(Permission.RECONCILIATION_MANAGE)
        return loaded

    def _context(self, actor: Actor) -> Context:
        return Context(actor=actor, now=self._clock.now(), ids=self._ids)
