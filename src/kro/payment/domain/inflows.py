"""Takes in money that arrived on accounts providers lend us: nobody asked for it, so nobody else waits for it."""

from __future__ import annotations

from collections.abc import Sequence

from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner
from kro.core.ids import IdSource
from kro.payment.database.inflows import InflowRepository
from kro.payment.domain.context import Context
from kro.payment.domain.decide_inflow import Arrival, InflowState, decide_inflow, receipt_of
from kro.payment.domain.payers import Payers
from kro.payment.domain.progress import Progress
from kro.payment.domain.receipts import ReceiptListener, gather
from kro.payment.domain.rules import CollectionRules
from kro.payment.providers import (
    Capability,
    CollectionFacts,
    CollectionResult,
    FailedDefinitively,
    NotFound,
    ProviderDirectory,
    Reversed,
    Succeeded,
)


class InflowService:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        inflows: InflowRepository,
        providers: ProviderDirectory,
        listeners: Sequence[ReceiptListener],
        payers: Payers,
        rules: CollectionRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._inflows = inflows
        self._providers = providers
        self._listeners = tuple(listeners)
        self._payers = payers
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def follow(self, provider: str, provider_reference: str) -> Progress:
        """Ask the provider about money that arrived, by its own id of it, and act on that answer, once."""
        vendor = self._providers[provider]
        if Capability.INFLOWS not in vendor.capabilities:
            return Progress.UNKNOWN_REFERENCE
        answer = await vendor.inflows.inflow(provider_reference=provider_reference)
        match answer:
            case Succeeded(facts=facts):
                return await self._take_in(provider, facts, answer)
            case NotFound():
                return Progress.UNKNOWN_REFERENCE
            case FailedDefinitively():
                return Progress.FINAL
            case Reversed():
                return Progress.PARKED
            case _:
                return Progress.WAITING

    async def _take_in(self, provider: str, facts: CollectionFacts, answer: CollectionResult) -> Progress:
        arrival = Arrival(provider, facts, new_id=self._ids.new())
        context = Context.of_system(self._clock, self._ids)
        return await self._runner.carry_out(
            load=lambda: self._load(arrival, answer, context),
            decide=lambda state: decide_inflow(state, rules=self._rules, context=context),
        )

    async def _load(self, arrival: Arrival, answer: CollectionResult, context: Context) -> InflowState:
        facts = arrival.facts
        known = await self._inflows.known(
            provider=arrival.provider,
            reference=facts.reference,
            provider_reference=facts.provider_reference,
            receiving_account=facts.receiving_account,
        )
        receipt = receipt_of(arrival, known, context=context)
        if receipt is None:
            return InflowState(arrival, known)
        payer = self._payers.seal(receipt.payment_id, answer)
        return InflowState(arrival, known, await gather(self._listeners, receipt), payer)
