from __future__ import annotations

from kro.payment.providers.fake.books import FakeBooks, FakeRefund, FakeTransaction, Fault
from kro.payment.providers.paystack.units import to_subunits
from kro.payment.providers.references import ensure_own_reference
from kro.payment.providers.results import (
    FailedDefinitively,
    NotFound,
    NotSent,
    Pending,
    RefundFacts,
    RefundInstruction,
    RefundSendResult,
    RefundStatusResult,
    Succeeded,
    Unknown,
)


class FakeRefunds:
    def __init__(self, books: FakeBooks) -> None:
        self._books = books

    async def send(self, instruction: RefundInstruction) -> RefundSendResult:
        ensure_own_reference(instruction.reference)
        to_subunits(instruction.amount)
        fault = self._books.begin("refund")
        if fault in {Fault.NOT_SENT, Fault.REQUEST_LOST}:
            return NotSent("fault") if fault is Fault.NOT_SENT else Unknown("fault")
        existing = self._find(instruction)
        if isinstance(existing, Unknown):
            return NotSent(f"lookup_{existing.cause}")
        if isinstance(existing, NotFound):
            existing = self._create(instruction)
        return Unknown("fault") if fault is Fault.ANSWER_LOST else existing

    async def status(self, instruction: RefundInstruction) -> RefundStatusResult:
        return Unknown("fault") if self._books.begin("refund_status") else self._find(instruction)

    def _create(self, instruction: RefundInstruction) -> Pending[RefundFacts] | FailedDefinitively[RefundFacts]:
        transaction = self._transaction(instruction)
        if transaction is None or transaction.status != "success":
            return FailedDefinitively("transaction_not_found")
        taken = sum(
            one.amount_minor for one in self._books.refunds if one.transaction is transaction and one.status != "failed"
        )
        if instruction.amount.amount > transaction.amount_minor - taken:
            return FailedDefinitively("refund_too_large")
        refund = FakeRefund(
            reference=instruction.reference,
            number=next(self._books.numbers),
            transaction=transaction,
            amount_minor=instruction.amount.amount,
        )
        self._books.refunds.append(refund)
        self._books.balance[transaction.currency] -= refund.amount_minor
        return Pending(refund.status, _facts(refund))

    def _find(self, instruction: RefundInstruction) -> RefundStatusResult:
        ours = self._books.refunds_of(instruction.reference)
        open_ones = [one for one in ours if str(one.number) not in instruction.failed]
        if any(one.status != "failed" for one in ours if one not in open_ones):
            return Unknown("failed_refund_went_on")
        if len(open_ones) > 1:
            return Unknown("several_refunds")
        return _judge(open_ones[0], instruction) if open_ones else NotFound()

    def _transaction(self, instruction: RefundInstruction) -> FakeTransaction | None:
        known = self._books.transactions.values()
        return next((one for one in known if str(one.number) == instruction.transaction), None)


def _judge(
    refund: FakeRefund, instruction: RefundInstruction
) -> Succeeded[RefundFacts] | Pending[RefundFacts] | FailedDefinitively[RefundFacts] | Unknown:
    facts = _facts(refund)
    if (facts.amount_minor, facts.currency) != (instruction.amount.amount, instruction.amount.currency):
        return Unknown("amount_mismatch")
    match refund.status:
        case "processed":
            return Succeeded(facts)
        case "failed":
            return FailedDefinitively("failed", "", facts)
        case _:
            return Pending(refund.status, facts)


def _facts(refund: FakeRefund) -> RefundFacts:
    return RefundFacts(
        provider_reference=str(refund.number), amount_minor=refund.amount_minor, currency=refund.transaction.currency
    )
