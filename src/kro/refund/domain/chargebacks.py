"""What became of a contested payment: the provider's event and the poll ask here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from kro.core.clock import Clock
from kro.core.decisions import BusyError, DecisionRunner, InsufficientFundsError, Outcome
from kro.core.errors import ErrorKind, KroError
from kro.core.ids import IdSource
from kro.core.paging import NEWEST, Position
from kro.core.telemetry import get_logger
from kro.payment.domain import Context, DisputeLost, DisputeReader, NotFound, Progress, Unknown
from kro.refund.database.chargeback_records import Chargeback, ChargebackState, ChargebackStatus
from kro.refund.database.chargebacks import ChargebackRepository
from kro.refund.domain.chargeback_rules import ChargebackRules
from kro.refund.domain.decide_chargeback import Step, decide_chargeback
from kro.refund.domain.decide_contradiction import Answer

log = get_logger()

_LEASE: Final = timedelta(hours=1)
_MAX_TRIES: Final = 6


class ChargebackNotFoundError(KroError):
    """There is no such chargeback."""

    kind = ErrorKind.NOT_FOUND
    code = "chargeback_not_found"


class ChargebackService:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        chargebacks: ChargebackRepository,
        provider: DisputeReader,
        rules: ChargebackRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._chargebacks = chargebacks
        self._provider = provider
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def apply_provider_result(self, provider_reference: str) -> Progress:
        """Ask the provider about a dispute and act on that answer, and on nothing else, once.

        Repeats, rivals and crashes at any point open and end a chargeback once: its row, its version and the natural
        keys of its journals allow no second time.
        """
        answer = await self._provider.dispute(provider_reference=provider_reference)
        if isinstance(answer, Unknown):
            return Progress.WAITING
        if isinstance(answer, NotFound):
            return Progress.UNKNOWN_REFERENCE
        step = await self._decide(answer)
        if step is Step.OPENED and isinstance(answer, DisputeLost):
            step = await self._decide(answer)
        return step.progress

    async def poll_due(self, *, limit: int = 20) -> int:
        """Ask about undecided chargebacks whose turn it is; return how many."""
        now = self._clock.now()
        due = await self._chargebacks.claim_due(now=now, lease_until=now + _LEASE, limit=limit)
        for provider_reference in due:
            await self.follow_up(provider_reference)
        return len(due)

    async def follow_up(self, provider_reference: str) -> None:
        """Ask about one dispute of many; what goes wrong with it is logged and holds up none of the others."""
        try:
            await self.apply_provider_result(provider_reference)
        except Exception:
            # It comes back: an open one by its lease, an unheard-of one by the next look at the list.
            log.exception("chargeback_follow_up_failed", dispute=provider_reference)

    async def get(self, chargeback_id: UUID) -> Chargeback:
        """Return a chargeback.

        :raises ChargebackNotFoundError: if there is none.
        """
        found = await self._chargebacks.one(chargeback_id)
        if found is None:
            raise ChargebackNotFoundError
        return found

    async def list(
        self, *, status: ChargebackStatus | None, before: Position | None, limit: int
    ) -> Sequence[Chargeback]:
        """Return chargebacks, newest first, older than ``before``."""
        return await self._chargebacks.list(status=status, before=before or NEWEST, limit=limit)

    async def _decide(self, answer: Answer) -> Step:
        facts = answer.facts

        def decide(state: ChargebackState | None) -> Outcome[Step]:
            context = Context.of_system(self._clock, self._ids)
            return decide_chargeback(state, answer, rules=self._rules, context=context)

        for _ in range(_MAX_TRIES):
            try:
                return await self._runner.carry_out(
                    load=lambda: self._chargebacks.load(
                        reference=facts.reference, provider_reference=facts.provider_reference
                    ),
                    decide=decide,
                )
            except InsufficientFundsError:
                # Somebody spent meanwhile what was to be taken: more of it is owed now.
                continue
        raise BusyError
