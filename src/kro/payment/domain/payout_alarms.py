from __future__ import annotations

from functools import partial
from uuid import UUID

from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner
from kro.core.ids import IdSource
from kro.payment.database.payouts import PayoutRepository
from kro.payment.database.records import Payout
from kro.payment.database.stuck import StuckPayouts
from kro.payment.domain.context import Context
from kro.payment.domain.decide_alarm import decide_age_alarm
from kro.payment.domain.errors import PayoutNotFoundError
from kro.payment.domain.rules import PayoutRules


class PayoutAlarms:
    """Tells people about payouts that take too long: once after an hour, once after a day."""

    def __init__(
        self,
        *,
        runner: DecisionRunner,
        payouts: PayoutRepository,
        stuck: StuckPayouts,
        rules: PayoutRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._payouts = payouts
        self._stuck = stuck
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def raise_due(self, *, limit: int = 50) -> int:
        """Raise the alarms that are due and return how many."""
        now = self._clock.now()
        due = await self._stuck.due(
            day_before=now - self._rules.people_after, hour_before=now - self._rules.alarm_after, limit=limit
        )
        raised = 0
        for payout_id in due:
            kind = await self._runner.carry_out(
                load=partial(self._load, payout_id),
                decide=lambda payout: decide_age_alarm(
                    payout, rules=self._rules, context=Context.of_system(self._clock, self._ids)
                ),
            )
            raised += kind is not None
        return raised

    async def _load(self, payout_id: UUID) -> Payout:
        state = await self._payouts.for_submission(payout_id)
        if state is None:
            raise PayoutNotFoundError
        return state.payout
