"""What a provider's answer about a contested payment means. The event, the poll and a repeat all end here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kro.core.decisions import Audit, Decision, Insert, Journal, Outcome
from kro.core.money import Money
from kro.kro_balance.domain import External, Shares, chargeback_fee, chargeback_opened, chargeback_won
from kro.order.domain import Contested, decide_contest_lost, decide_contest_won, decide_contested
from kro.order.domain import Context as OrderContext
from kro.payment.domain import (
    Context,
    DisputeFacts,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    Progress,
)
from kro.refund.database.chargeback_records import (
    Chargeback,
    ChargebackState,
    ChargebackStatus,
    chargeback_row,
)
from kro.refund.domain.chargeback_announcements import alarm_of_deadline, tell_of_ending, tell_of_opening
from kro.refund.domain.chargeback_rules import ChargebackRules, FeeBearer
from kro.refund.domain.chargeback_shares import Parts, given_back, owed_by, share_back, share_out, taken
from kro.refund.domain.chargeback_writes import change, payment_as_loaded
from kro.refund.domain.decide_contradiction import Answer, decide_contradiction, misfit
from kro.refund.domain.decide_refund import record_wallet_refund


class Step(StrEnum):
    """What a decision came to; after ``OPENED`` the same answer may have more to say."""

    OPENED = "opened"
    DONE = "done"
    WAITING = "waiting"
    PARKED = "parked"

    @property
    def progress(self) -> Progress:
        return {Step.WAITING: Progress.WAITING, Step.PARKED: Progress.PARKED}.get(self, Progress.FINAL)


def decide_chargeback(
    state: ChargebackState | None, answer: Answer, *, rules: ChargebackRules, context: Context
) -> Outcome[Step]:
    """Open a chargeback, follow it, or end it: once each, in whatever order it is heard of.

    One first heard of when it was lost is opened first; one first heard of when it was won has moved nothing.
    """
    if state is None or state.payment.received is None:
        # A payment we do not know, or have not credited yet: perhaps its own event is still on its way.
        return Outcome(Decision(), Step.WAITING)
    reason = misfit(state, answer)
    if reason is not None:
        left = decide_contradiction(state, answer.facts, reason, rules=rules, context=context)
        return Outcome(left, Step.PARKED)
    chargeback = state.chargeback
    if chargeback is None and not isinstance(answer, DisputeWon):
        return _open(state, answer.facts, rules, context)
    if chargeback is None or chargeback.status is not ChargebackStatus.OPENED:
        return Outcome(Decision(), Step.DONE)
    if isinstance(answer, DisputeOpened):
        return _follow(chargeback, answer.facts, rules, context)
    kept = answer.facts.amount_minor if isinstance(answer, DisputeLost) else 0
    return _Ending(state, chargeback, context).with_kept(kept)


def _open(state: ChargebackState, facts: DisputeFacts, rules: ChargebackRules, context: Context) -> Outcome[Step]:
    parts = share_out(state, facts.amount_minor)
    shares = taken(state, parts)
    chargeback = _new(state, facts, parts, shares, rules, context)
    amount = chargeback.contested
    ours = Decision()
    if state.order is not None:
        contested = Contested(amount=amount.amount, in_escrow=parts.escrow)
        ours = decide_contested(state.order, contested, context=_for_order(context)).decision
    external = _external(chargeback)
    journals = [
        chargeback_opened(context.posting(), chargeback_id=chargeback.id, shares=shares, external=external),
        *_fee(state, chargeback, shares, rules, context),
    ]
    own = Decision(
        writes=(payment_as_loaded(state, context), Insert("chargebacks", (chargeback_row(chargeback),))),
        journals=tuple(journals),
        messages=tell_of_opening(state, chargeback, shares, context),
        audits=(_audit(chargeback, "chargeback.open", context),),
    )
    return Outcome(ours + own, Step.OPENED)


@dataclass(frozen=True, slots=True)
class _Ending:
    state: ChargebackState
    chargeback: Chargeback
    context: Context

    def with_kept(self, kept: int) -> Outcome[Step]:
        """End with an amount that stays with the payer's bank; the rest comes back to those who bore it."""
        chargeback, context = self.chargeback, self.context
        returned = chargeback.amount - kept
        parts = share_back(chargeback, returned)
        status = ChargebackStatus.LOST if kept else ChargebackStatus.WON
        changes = {"status": status, "returned": returned, "next_poll_at": None, "resolved_at": context.now}
        own = Decision(
            writes=(change(chargeback, context, **changes),),
            journals=self._journals(parts) if returned else (),
            messages=tell_of_ending(chargeback, status, returned=returned, context=context),
            audits=(_audit(chargeback, f"chargeback.{status}", context),),
        )
        return Outcome(self._for_order(parts, kept) + own, Step.DONE)

    def _for_order(self, back: Parts, kept: int) -> Decision:
        order, chargeback = self.state.order, self.chargeback
        if order is None:
            return Decision()
        context, is_last = _for_order(self.context), not self.state.borne.open
        returned = Contested(chargeback.amount - kept, back.escrow, is_last)
        if not kept:
            return decide_contest_won(order, returned, context=context).decision
        lost = Contested(kept, chargeback.from_escrow - back.escrow, is_last)
        return decide_contest_lost(order, lost, returned, context=context, refund_hook=record_wallet_refund).decision

    def _journals(self, parts: Parts) -> tuple[Journal, ...]:
        chargeback = self.chargeback
        shares = given_back(self.state, chargeback, parts)
        return (
            chargeback_won(
                self.context.posting(), chargeback_id=chargeback.id, shares=shares, external=_external(chargeback)
            ),
        )


def _follow(chargeback: Chargeback, facts: DisputeFacts, rules: ChargebackRules, context: Context) -> Outcome[Step]:
    """Ask again later; who has to answer the bank soon is told."""
    due_at = facts.due_at or chargeback.due_at
    changes = {"next_poll_at": context.now + rules.poll_every, "due_at": due_at}
    soon = due_at is not None and context.now <= due_at <= context.now + rules.warn_before
    told = (alarm_of_deadline(chargeback, due_at, context),) if soon and due_at is not None else ()
    return Outcome(Decision(writes=(change(chargeback, context, **changes),), messages=told), Step.DONE)


def _new(
    state: ChargebackState,
    facts: DisputeFacts,
    parts: Parts,
    shares: Shares,
    rules: ChargebackRules,
    context: Context,
) -> Chargeback:
    seller = state.seller
    return Chargeback(
        id=context.new_id(),
        provider=state.payment.provider,
        provider_reference=facts.provider_reference,
        payment_id=state.payment.id,
        order_id=state.payment.order_id,
        payer_id=state.payer.user_id,
        seller_id=seller.user_id if seller else None,
        currency=facts.currency,
        amount=facts.amount_minor,
        from_escrow=parts.escrow,
        from_payer=parts.payer,
        from_seller=parts.seller,
        payer_owed=owed_by(shares, state.payer.user_id),
        seller_owed=owed_by(shares, seller.user_id) if seller else 0,
        returned=0,
        fee=max(facts.fees_minor or 0, 0),
        category=facts.category,
        status=ChargebackStatus.OPENED,
        due_at=facts.due_at,
        next_poll_at=context.now + rules.poll_every,
        created_at=context.now,
        updated_at=context.now,
        resolved_at=None,
        version=1,
    )


def _fee(
    state: ChargebackState, chargeback: Chargeback, shares: Shares, rules: ChargebackRules, context: Context
) -> tuple[Journal, ...]:
    """Book what the provider takes for a dispute; a seller bears it only as far as the balance covers all of it."""
    if not chargeback.fee:
        return ()
    seller = state.seller
    spent = sum(debt.from_available for debt in shares.debts if seller and debt.user_id == seller.user_id)
    by_seller = (
        rules.fee_bearer is FeeBearer.SELLER
        and seller is not None
        and chargeback.from_payer == 0
        and seller.available - spent >= chargeback.fee
    )
    return (
        chargeback_fee(
            context.posting(),
            chargeback_id=chargeback.id,
            amount=Money(chargeback.fee, chargeback.currency),
            external=_external(chargeback),
            user_id=seller.user_id if seller and by_seller else None,
        ),
    )


def _external(chargeback: Chargeback) -> External:
    return External(chargeback.provider, chargeback.provider_reference)


def _for_order(context: Context) -> OrderContext:
    return OrderContext(actor=context.actor, now=context.now, ids=context.ids)


def _audit(chargeback: Chargeback, action: str, context: Context) -> Audit:
    return Audit(
        id=context.new_id(),
        actor=context.actor,
        action=action,
        target_type="chargeback",
        target_id=chargeback.id,
        detail={"amount": chargeback.amount, "currency": chargeback.currency},
    )
