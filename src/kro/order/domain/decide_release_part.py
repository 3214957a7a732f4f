"""T25: the buyer pays a part of the price out while inspecting the rest."""

from __future__ import annotations

from kro.core.decisions import Outcome
from kro.core.ids import show_id
from kro.core.money import CurrencyMismatchError, Money
from kro.kro_balance.domain import Release, partial_release
from kro.order.database.records import OrderState
from kro.order.database.words import Command, EventType, FundingStatus, Party
from kro.order.domain import errors
from kro.order.domain.changes import Changes, Context, money
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.receivables import repay_from_release


def decide_release_part(state: OrderState, part: Money, *, context: Context) -> Outcome[OrderState]:
    """Release a part of the price, in minor units, with its share of the fees; the inspection goes on for the rest.

    The seller gets at least one minor unit of the part, and of what is left after it when the order is approved.

    :raises CurrencyMismatchError: when the order is in another currency.
    :raises ReleaseTooSmallError: when the seller would get nothing of the part.
    :raises ReleaseLeavesTooLittleError: when what is left would not cover the fees left, or there is not so much.
    """
    order = state.order
    ensure_allowed(order, Command.PARTIAL_RELEASE, state.viewer)
    if part.currency != order.currency:
        raise CurrencyMismatchError
    left = order.outstanding
    if part.amount >= left.amount:
        raise errors.ReleaseLeavesTooLittleError
    released = order.released_in_parts + part.amount
    price = order.fees.between(order.released_in_parts, released)
    if price.seller_receives <= 0:
        raise errors.ReleaseTooSmallError
    if order.held - price.buyer_pays <= left.fee + left.vat - price.fee - price.vat:
        raise errors.ReleaseLeavesTooLittleError
    release_id = context.ids.new()
    release = Release(
        order_id=order.id,
        seller_id=order.seller_id,
        currency=order.currency,
        seller=price.seller_receives,
        fee=price.fee,
        vat=price.vat,
    )
    received = money(release.seller, order.currency)
    changes = Changes(state, context)
    changes = (
        changes.set(
            released_in_parts=released,
            released_amount=order.released_amount + price.buyer_pays,
            funding_status=FundingStatus.PART_SETTLED,
        )
        .post(partial_release(changes.posting(), release_id=release_id, release=release))
        .tell(
            EventType.PARTLY_RELEASED,
            release_id=show_id("rel", release_id),
            part=money(part.amount, part.currency),
            released=received,
        )
        .notify(Party.BUYER, "order_partly_released")
        .notify(Party.SELLER, "order_partly_released", received=received)
    )
    return repay_from_release(changes, received=release.seller, source=("release", release_id)).done()
