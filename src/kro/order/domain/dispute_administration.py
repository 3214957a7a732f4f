"""The commands of admins about disputes and holds: each loads once, decides purely and applies once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kro.core.actor import Actor, PermissionDeniedError
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Once, Outcome, Reply
from kro.core.errors import KroError
from kro.core.ids import IdSource
from kro.order.database.admin_records import AdminState
from kro.order.database.orders_for_admins import AdminOrderRepository
from kro.order.database.records import OrderState
from kro.order.domain import decide_admin, issue_errors
from kro.order.domain.changes import Context
from kro.order.domain.decide_dispute import AddStatement, RequestInfo
from kro.order.domain.decide_hold import PlaceHold
from kro.order.domain.decide_ruling import Rule
from kro.order.domain.party_commands import RenderOrder
from kro.order.domain.rules import DisputeRules

_LEAVES_A_TRACE: Final = (
    PermissionDeniedError,
    issue_errors.NotAssignedError,
    issue_errors.ConflictOfInterestError,
    issue_errors.SameReviewerError,
    issue_errors.DisputeTakenError,
)

Decide = Callable[[AdminState, Context], Outcome[OrderState]]


@dataclass(frozen=True, slots=True)
class OnDispute:
    """One admin's step on one dispute, and the idempotency key it came with."""

    issue_id: UUID
    actor: Actor
    once: Once


class DisputeAdministration:
    """Every step is on record, and so is a step refused for who asked for it."""

    def __init__(
        self, *, runner: DecisionRunner, orders: AdminOrderRepository, rules: DisputeRules, clock: Clock, ids: IdSource
    ) -> None:
        self._runner = runner
        self._orders = orders
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def assign(self, step: OnDispute, reviewer_id: UUID, *, render: RenderOrder) -> Reply:
        """Take a dispute that is nobody's, or give one to somebody, with the permission for that.

        :raises ReviewerNotFoundError: when the reviewer is no active admin who may decide disputes.
        :raises KroError: what :func:`decide_assignment` refuses.
        """

        def decide(state: AdminState, context: Context) -> Outcome[OrderState]:
            may_reassign = Permission.DISPUTES_ASSIGN in state.standing.permissions
            if reviewer_id != step.actor.id and not may_reassign:
                raise PermissionDeniedError
            if not state.reviewer_is_able:
                raise issue_errors.ReviewerNotFoundError
            return decide_admin.decide_assignment(
                state.order, step.issue_id, reviewer_id, may_reassign=may_reassign, context=context
            )

        return await self._run(step, "dispute.assign", decide, render, reviewer_id=reviewer_id)

    async def add_statement(self, step: OnDispute, command: AddStatement, *, render: RenderOrder) -> Reply:
        """Put a statement of the assigned admin on the record (T31)."""

        def decide(state: AdminState, context: Context) -> Outcome[OrderState]:
            return decide_admin.decide_admin_statement(state.order, step.issue_id, command, context=context)

        return await self._run(step, "dispute.state", decide, render)

    async def request_info(self, step: OnDispute, command: RequestInfo, *, render: RenderOrder) -> Reply:
        """Ask both parties for more (T31)."""

        def decide(state: AdminState, context: Context) -> Outcome[OrderState]:
            return decide_admin.decide_info_request(state.order, step.issue_id, command, context=context)

        return await self._run(step, "dispute.request_info", decide, render)

    async def decide(self, step: OnDispute, command: Rule, *, render: RenderOrder) -> Reply:
        """Decide a dispute whose amount one admin may decide about (T32)."""

        def decide(state: AdminState, context: Context) -> Outcome[OrderState]:
            return decide_admin.decide_alone(state.order, step.issue_id, command, rules=self._rules, context=context)

        return await self._run(step, "dispute.decide", decide, render)

    async def hold(self, order_id: UUID, command: PlaceHold, *, actor: Actor, once: Once, render: RenderOrder) -> Reply:
        """Stop an order (T36).

        :raises KroError: what :func:`decide_hold` refuses.
        """

        async def load() -> Loaded[AdminState]:
            loaded = await self._orders.load_for_order(order_id, actor=actor, key=once.key)
            loaded.state.standing.ensure_permitted(Permission.HOLDS_PLACE)
            return loaded

        return await self._runner.run(
            load=load,
            decide=lambda state: decide_admin.decide_hold(state.order, command, context=self._context(actor)),
            render=render,
            once=once,
        )

    async def _run(
        self, step: OnDispute, action: str, decide: Decide, render: RenderOrder, *, reviewer_id: UUID | None = None
    ) -> Reply:
        async def load() -> Loaded[AdminState]:
            loaded = await self._orders.load_for_issue(
                step.issue_id, actor=step.actor, key=step.once.key, reviewer_id=reviewer_id
            )
            loaded.state.standing.ensure_permitted(Permission.DISPUTES_DECIDE)
            return loaded

        try:
            return await self._runner.run(
                load=load,
                decide=lambda state: decide(state, self._context(step.actor)),
                render=render,
                once=step.once,
            )
        except _LEAVES_A_TRACE as error:
            await self._keep_refusal(step, action, error)
            raise

    async def _keep_refusal(self, step: OnDispute, action: str, error: KroError) -> None:
        async def nothing() -> None:
            return None

        trace = decide_admin.refused_step(step.issue_id, action, error, context=self._context(step.actor))
        await self._runner.carry_out(load=nothing, decide=lambda _: Outcome(trace, None))

    def _context(self, actor: Actor) -> Context:
        return Context(actor=actor, now=self._clock.now(), ids=self._ids)
