"""A user adds money to the balance: a payment without an order, within what the verification tier may hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from kro.core.actor import Actor
from kro.core.decisions import Decision, Outcome, Update
from kro.core.ids import IdSource
from kro.core.kyc import LimitKind, Tiers
from kro.core.money import Money
from kro.payment.database.records import Payment, PaymentMethod
from kro.payment.database.top_up_records import TopUpState
from kro.payment.domain.choice import Board
from kro.payment.domain.decide_start import start_payment

OPEN_FOR: Final = timedelta(hours=1)
"""A checkout page left for an hour counts as given up; if it is paid after all, the money is credited all the same."""


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
    tiers: Tiers,
    ids: IdSource,
    now: datetime,
) -> Outcome[Payment]:
    """Begin to collect an amount for the actor's balance.

    Two top-ups of one user cannot both be decided on the same sum: each moves the version of the user's row, and the
    one that comes second loads again and sees the first among those that are open.

    :raises TierLimitExceededError: when the balance and all that is on its way, or what is paid in on this day, would
        be above the tier's limit.
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
    tier = state.standing.kyc_tier
    ensure = partial(tiers.ensure, tier=tier, currency=amount.currency, asked=amount.amount, at=now)
    ensure(LimitKind.BALANCE, used=state.held_minor + state.open_minor)
    ensure(LimitKind.PAID_IN_DAY, used=state.day_minor)
    rule = tiers.rule(tier, amount.currency, at=now)
    if rule is None or (rule.balance_limit is None and rule.day_in_limit is None):
        return started
    guard = Decision(writes=(Update("users", actor.id, state.user_version, {"updated_at": now}),))
    return Outcome(guard + started.decision, started.value)
