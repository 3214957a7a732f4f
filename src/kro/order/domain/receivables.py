"""What a seller owes after a contested payment is taken from the next release, in the same write."""

from __future__ import annotations

from kro.core.money import Money
from kro.kro_balance.domain import Source, receivable_repaid
from kro.order.database.words import Party
from kro.order.domain.changes import Changes, money


def repay_from_release(changes: Changes, *, received: int, source: Source) -> Changes:
    """Repay as much of the seller's debt as a release brings; ``received`` in minor units, ``source`` the release.

    The debt may be repaid by somebody else at the same moment: the database refuses to repay more than is owed, and
    the release is decided again.
    """
    state, order = changes.state, changes.state.order
    amount = Money(min(state.seller_owes, received), order.currency)
    if amount.amount <= 0:
        return changes
    left = state.seller_owes - amount.amount
    repaid = receivable_repaid(changes.posting(), source=source, user_id=order.seller_id, amount=amount)
    return (
        changes.post(repaid)
        .still_owed(left)
        .notify(
            Party.SELLER,
            "debt_repaid",
            amount=money(amount.amount, amount.currency),
            owed=money(left, amount.currency),
        )
    )
