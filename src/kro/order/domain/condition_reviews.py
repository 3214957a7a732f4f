"""T13 by the platform: an admin judges what a third party has to say, on the evidence the seller handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import Audit, Decision, DecisionRunner, Loaded, Once, Outcome, Reply
from kro.core.ids import IdSource, show_id
from kro.order.database.condition_reviews import ConditionReview, ConditionReviewRepository
from kro.order.database.records import Condition, OrderState
from kro.order.domain.changes import Context
from kro.order.domain.decide_conditions import decide_confirm, decide_reject
from kro.order.domain.errors import OrderNotFoundError
from kro.order.domain.issue_errors import ConflictOfInterestError


@dataclass(frozen=True, slots=True)
class Judgement:
    """Which condition of which order, whether it is fulfilled, and why; the seller reads the reason of a rejection."""

    order_id: UUID
    condition_id: UUID
    is_fulfilled: bool
    reason: str


RenderCondition: TypeAlias = Callable[[Condition], Reply]


class ConditionReviews:
    def __init__(
        self, *, runner: DecisionRunner, reviews: ConditionReviewRepository, clock: Clock, ids: IdSource
    ) -> None:
        self._runner = runner
        self._reviews = reviews
        self._clock = clock
        self._ids = ids

    async def judge(self, judgement: Judgement, *, actor: Actor, once: Once, render: RenderCondition) -> Reply:
        """Confirm a condition, or send it back to the seller; it is on record who did and why.

        :raises OrderNotFoundError: when there is no such order.
        :raises ConflictOfInterestError: when the admin is one of its parties.
        :raises WrongPartyError: when a party confirms the condition and not the platform.
        """
        return await self._runner.run(
            load=lambda: self._load(judgement.order_id, actor=actor, once=once),
            decide=lambda review: _decide(
                review, judgement, context=Context(actor=actor, now=self._clock.now(), ids=self._ids)
            ),
            render=render,
            once=once,
        )

    async def _load(self, order_id: UUID, *, actor: Actor, once: Once) -> Loaded[ConditionReview]:
        loaded = await self._reviews.load(order_id, actor=actor, key=once.key)
        loaded.state.standing.ensure_permitted(Permission.DISPUTES_DECIDE)
        return loaded


def _decide(review: ConditionReview, judgement: Judgement, *, context: Context) -> Outcome[Condition]:
    if review.order is None:
        raise OrderNotFoundError
    if review.is_related:
        raise ConflictOfInterestError
    outcome = _judged(review.order, judgement, context)
    audit = Audit(
        id=context.ids.new(),
        actor=context.actor,
        action="condition.confirm" if judgement.is_fulfilled else "condition.reject",
        target_type="condition",
        target_id=judgement.condition_id,
        reason=judgement.reason,
        detail={"order_id": show_id("ord", judgement.order_id)},
    )
    judged = next(c for c in outcome.value.conditions if c.id == judgement.condition_id)
    return Outcome(outcome.decision + Decision(audits=(audit,)), judged)


def _judged(state: OrderState, judgement: Judgement, context: Context) -> Outcome[OrderState]:
    if judgement.is_fulfilled:
        return decide_confirm(state, judgement.condition_id, context=context)
    return decide_reject(state, judgement.condition_id, judgement.reason, context=context)
