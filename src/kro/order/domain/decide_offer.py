"""T18 and T27: one party offers how to share what the order holds, and the other takes it or not."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kro.core.decisions import Decision, Insert, Outcome
from kro.core.ids import show_id
from kro.core.money import CurrencyMismatchError, Money
from kro.order.database.issue_records import Offer
from kro.order.database.issue_words import OfferStatus
from kro.order.database.records import OrderState
from kro.order.database.words import CloseReason, Command, EventType
from kro.order.domain import errors, issue_errors
from kro.order.domain.changes import Changes, Context, as_row, money
from kro.order.domain.decide_issue import answered
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.proofs import proof_of_release
from kro.order.domain.rules import OrderRules
from kro.order.domain.settling import Settling, settle, share_price
from kro.verification.domain import StepUpAction


@dataclass(frozen=True, slots=True)
class MakeOffer:
    """The seller's share of the price that is left; nothing is a full refund, all of it a full release."""

    seller_amount: Money
    note: str | None


def decide_make_offer(
    state: OrderState, command: MakeOffer, *, rules: OrderRules, context: Context
) -> Outcome[OrderState]:
    """Put an offer on the table for ``rules.offer_within``; it takes the place of the same party's earlier one.

    :raises CurrencyMismatchError: when the order is in another currency.
    :raises SplitTooSmallError: when the fees of so small a part leave nothing for the seller.
    :raises SplitAboveHeldError: when the order does not hold that much.
    :raises StepUpRequiredError: when the buyer gives more than the threshold and has not proven who asks.
    """
    order = state.order
    row = ensure_allowed(state, Command.MAKE_OFFER, state.viewer)
    amount = command.seller_amount
    if amount.currency != order.currency:
        raise CurrencyMismatchError
    if amount.amount not in {0, order.outstanding.amount}:
        share_price(order, amount.amount)
    proof = proof_of_release(row, state, amount.amount, action=StepUpAction.MAKE_OFFER, context=context)
    changes = Changes(state, context).include(proof)
    offer = Offer(
        id=context.ids.new(),
        order_id=order.id,
        issue_id=state.issue.id if state.issue else None,
        made_by=state.viewer,
        seller_amount=amount.amount,
        note=command.note,
        status=OfferStatus.OPEN,
        created_at=context.now,
        expires_at=changes.clock + rules.offer_within,
        settled_at=None,
        version=1,
    )
    for earlier in state.offers:
        if earlier.made_by is state.viewer:
            changes.end_offer(earlier, OfferStatus.LAPSED)
    return (
        answered(changes, context)
        .include(Decision(writes=(Insert("offers", (as_row(offer),)),)))
        .put_on_table(offer)
        .tell(
            EventType.OFFER_MADE,
            offer_id=show_id("ofr", offer.id),
            seller_amount=money(amount.amount, amount.currency),
            note=command.note,
            expires_at=offer.expires_at,
        )
        .notify(state.viewer.other, "offer_made")
        .done()
    )


def decide_withdraw_offer(state: OrderState, offer_id: UUID, *, context: Context) -> Outcome[OrderState]:
    """Take one's own offer back.

    :raises WrongPartyError: when it is the other party's.
    """
    ensure_allowed(state, Command.WITHDRAW_OFFER, state.viewer)
    offer = _offer(state, offer_id)
    if offer.made_by is not state.viewer:
        raise errors.WrongPartyError
    return (
        Changes(state, context)
        .end_offer(offer, OfferStatus.WITHDRAWN)
        .tell(EventType.OFFER_WITHDRAWN, offer_id=show_id("ofr", offer.id))
        .done()
    )


def decide_decline_offer(state: OrderState, offer_id: UUID, *, context: Context) -> Outcome[OrderState]:
    """Turn the other party's offer down.

    :raises WrongPartyError: when it is one's own.
    """
    ensure_allowed(state, Command.DECLINE_OFFER, state.viewer)
    offer = _others(state, offer_id)
    return (
        answered(Changes(state, context), context)
        .end_offer(offer, OfferStatus.DECLINED)
        .tell(EventType.OFFER_DECLINED, offer_id=show_id("ofr", offer.id))
        .notify(offer.made_by, "offer_declined")
        .done()
    )


def decide_accept_offer(
    state: OrderState, offer_id: UUID, *, settling: Settling, context: Context
) -> Outcome[OrderState]:
    """T18 and T27: take the other party's offer; the order ends as it says.

    :raises WrongPartyError: when it is one's own.
    :raises OfferExpiredError: when it has run out.
    :raises StepUpRequiredError: when the buyer gives more than the threshold and has not proven who asks.
    """
    row = ensure_allowed(state, Command.ACCEPT_OFFER, state.viewer)
    offer = _others(state, offer_id)
    changes = Changes(state, context)
    if changes.clock >= offer.expires_at:
        raise issue_errors.OfferExpiredError
    shown, action = show_id("ofr", offer.id), StepUpAction.ACCEPT_OFFER
    changes.include(
        proof_of_release(row, state, offer.seller_amount, action=action, context=context, target=shown)
    ).end_offer(offer, OfferStatus.ACCEPTED).tell(
        EventType.OFFER_ACCEPTED,
        offer_id=show_id("ofr", offer.id),
        seller_amount=money(offer.seller_amount, state.order.currency),
    )
    return settle(changes, offer.seller_amount, CloseReason.AGREED, settling=settling, context=context).done()


def _others(state: OrderState, offer_id: UUID) -> Offer:
    offer = _offer(state, offer_id)
    if offer.made_by is state.viewer:
        raise errors.WrongPartyError
    return offer


def _offer(state: OrderState, offer_id: UUID) -> Offer:
    for offer in state.offers:
        if offer.id == offer_id:
            return offer
    raise issue_errors.OfferNotFoundError
