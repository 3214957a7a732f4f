from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.config import PayoutSettings
from kro.core.decisions import DecisionRunner, Loaded, Once, Outcome, Reply
from kro.core.ids import IdSource, show_id
from kro.core.kyc import Tiers
from kro.core.kyc.board import TierBoard
from kro.core.money import Money
from kro.management.database.payouts import PayoutBasis, PayoutBasisStore
from kro.management.domain.errors import BankAccountNotFoundError, PayoutsRestError
from kro.management.domain.name_match import match_names, weaker
from kro.payment.domain import (
    Payout,
    PayoutAccount,
    PayoutLimits,
    PayoutRules,
    ProviderBoard,
    decide_payout_request,
    payout_day_start,
)
from kro.verification.domain import Gate, StepUp, StepUpAction, StepUpClaim, StepUpTask


class PayoutRequests:
    """Asks for payouts. The rules are payment's; what they need of people and bank accounts is loaded here."""

    def __init__(
        self,
        store: PayoutBasisStore,
        *,
        runner: DecisionRunner,
        rules: PayoutRules,
        board: ProviderBoard,
        tiers: TierBoard,
        settings: PayoutSettings,
        step_up: StepUp,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._store = store
        self._runner = runner
        self._rules = rules
        self._board = board
        self._tiers = tiers
        self._settings = settings
        self._step_up = step_up
        self._clock = clock
        self._ids = ids

    async def request(
        self,
        *,
        bank_account_id: UUID,
        amount: Money,
        claim: StepUpClaim | None = None,
        actor: Actor,
        once: Once,
        render: Callable[[Payout], Reply],
    ) -> Reply:
        """Set an amount and its fee aside for one of the actor's bank accounts, and put it before the approvers.

        What is asked for on one day counts together: above the threshold the request takes a fresh proof.

        :raises BankAccountNotFoundError: when the account is not the actor's.
        :raises PayoutsRestError: for a while after the password, phone or mail address was changed.
        :raises StepUpRequiredError: when it takes a proof and none came; and what a wrong one raises.
        :raises KroError: what :func:`kro.payment.domain.decide_payout_request` refuses.
        """
        now = self._clock.now()
        proving = self._step_up.proving(actor=actor, claim=claim)
        day_start = payout_day_start(now)
        tiers = await self._tiers.current()
        able = (await self._board.current()).payers(amount)
        rules = replace(self._rules, provider=able[0]) if able else self._rules

        async def load() -> Loaded[PayoutBasis]:
            loaded = await self._store.load(
                actor=actor,
                once=once,
                bank_account_id=bank_account_id,
                currency=amount.currency,
                day_start=day_start,
                now=now,
            )
            loaded.state.standing.ensure_active()
            loaded.state.standing.ensure_unrestricted()
            if loaded.answer is None:
                await proving.look(lambda gate: decide(loaded.state, gate))
            return loaded

        def decide(basis: PayoutBasis, gate: Gate) -> Outcome[Payout]:
            if basis.account is None:
                raise BankAccountNotFoundError
            self._ensure_rested(basis.credentials_changed_at, now=now)
            outcome = decide_payout_request(
                user_id=actor.id,
                amount=amount,
                account=_as_named_now(basis.account, basis),
                funds=basis.funds,
                day=basis.day,
                limits=self._limits(tiers, basis.standing.kyc_tier, amount.currency, now),
                rules=rules,
                taxes=basis.taxes,
                actor=actor,
                ids=self._ids,
                now=now,
            )
            task = StepUpTask(StepUpAction.REQUEST_PAYOUT, show_id("bnk", bank_account_id), amount)
            counted = Money(basis.day.total_minor + amount.amount, amount.currency)
            return Outcome(outcome.decision + gate.pay(task, counted=counted), outcome.value)

        return await self._runner.run(
            load=load, decide=lambda basis: decide(basis, proving.gate), render=render, once=once
        )

    def _ensure_rested(self, changed_at: datetime | None, *, now: datetime) -> None:
        """Let no money out while whoever just changed the password, phone or address may not be the owner.

        The owner is told of the change at once, on what they had before; this is the time they have to object.
        """
        if changed_at is None:
            return
        rests_until = changed_at + timedelta(hours=self._settings.cooling_hours)
        if now < rests_until:
            raise PayoutsRestError(retry_after_seconds=math.ceil((rests_until - now).total_seconds()))

    def _limits(self, tiers: Tiers, kyc_tier: int, currency: str, now: datetime) -> PayoutLimits:
        rule = tiers.rule(kyc_tier, currency, at=now)
        auto = self._settings.auto_approve_below_minor
        return PayoutLimits(
            # Where nobody has said what a tier may withdraw, it may withdraw nothing.
            transaction_minor=rule.payout_limit if rule else 0,
            day_minor=rule.day_out_limit if rule else 0,
            auto_approve_below_minor=auto[kyc_tier] if kyc_tier < len(auto) else 0,
        )


def _as_named_now(account: PayoutAccount, basis: PayoutBasis) -> PayoutAccount:
    """Trust an account no more than its name deserves today: owners can change theirs after adding it."""
    today = match_names(account.account_name, first_name=basis.first_name, last_name=basis.last_name)
    return replace(account, name_match=weaker(account.name_match, today))
