"""A user adds money to the balance: a payment without an order, within what the verification tier may hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kro.core.actor import Actor
from kro.core.decisions import Decision, Outcome, Update
from kro.core.errors import ErrorKind, KroError
from kro.core.ids import IdSource
from kro.core.money import Money
from kro.payment.database.records import Payment, PaymentMethod
from kro.payment.database.top_up_records import TopUpState
from kro.payment.domain.choice import Board
from kro.payment.domain.decide_start import start_payment

OPEN_FOR: Final = timedelta(hours=1)
"""A checkout page left for an hour counts as given up; if it is paid after all, the money is credited all the same."""


class BalanceLimitError(KroError):
    """The balance would be above what the account's verification tier may hold."""

    kind = ErrorKind.CONFLICT
    code = "balance_limit_exceeded"


@dataclass(frozen=True, slots=True)
class TopUpRules:
    """``tier_limits`` holds, per tier from 0, the largest balance in minor units of ``tier_currency``.

    ``None`` is no limit, and balances in other currencies are not limited by tier.
    """

    tier_currency: str
    tier_limits: tuple[int | None, ...]

    def limit_for(self, *, tier: int, currency: str) -> int | None:
        """Return the largest balance of a tier, ``None`` for no limit; a tier above the list has the last one's."""
        return self.tier_limits[min(tier, len(self.tier_limits) - 1)] if currency == self.tier_currency else None


@dataclass(frozen=True, slots=True)
class TopUpWish:
    """How much a user wants to add, and how; any provider if none is named."""

    amount: Money
    method: PaymentMethod = PaymentMethod.CHECKOUT
    provider: str | None = None


def decide_top_up(
    state: TopUpState,
    wish: TopUpWish,
    *,
    board: Board,
    actor: Actor,
    rules: TopUpRules,
    ids: IdSource,
    now: datetime,
) -> Outcome[Payment]:
    """Begin to collect an amount for the actor's balance.

    Two top-ups of one user cannot both be decided on the same sum: each moves the version of the user's row, and the
    one that comes second loads again and sees the first among those that are open.

    :raises BalanceLimitError: when the balance and all that is on its way would be above the tier's limit.
    :raises ProviderNotOfferedError: when the wished provider does not take it.
    :raises NoProviderError: when no provider takes it.
    """
    state.standing.ensure_active()
    amount = wish.amount
    started = start_payment(
        user_id=actor.id,
        order_id=None,
        amount=amount,
        provider=board.collector(amount, wish.method, wish=wish.provider, pointer="/amount/currency"),
        ids=ids,
        now=now,
        method=wish.method,
        is_provider_named=wish.provider is not None,
    )
    limit = rules.limit_for(tier=state.standing.kyc_tier, currency=amount.currency)
    if limit is None:
        return started
    if state.held_minor + state.open_minor + amount.amount > limit:
        raise BalanceLimitError
    guard = Decision(writes=(Update("users", actor.id, state.user_version, {"updated_at": now}),))
    return Outcome(guard + started.decision, started.value)
