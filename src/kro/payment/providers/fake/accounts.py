from __future__ import annotations

from dataclasses import replace

from kro.payment.providers.errors import UnsupportedAmountError
from kro.payment.providers.fake.books import FakeAccount, FakeBooks, Fault
from kro.payment.providers.fake.capabilities import collection
from kro.payment.providers.references import ensure_own_reference
from kro.payment.providers.results import CollectionResult, FailedDefinitively, NotFound, NotSent, Unknown
from kro.payment.providers.virtual_accounts import (
    AccountHolder,
    VirtualAccount,
    VirtualAccountIssued,
    VirtualAccountResult,
)


class FakeAccounts:
    def __init__(self, books: FakeBooks) -> None:
        self._books = books

    async def issue_permanent(self, *, reference: str, currency: str, holder: AccountHolder) -> VirtualAccountResult:
        ensure_own_reference(reference)
        if currency != "NGN":
            raise UnsupportedAmountError
        fault = self._books.begin("lend")
        if fault in {Fault.NOT_SENT, Fault.REQUEST_LOST}:
            return NotSent("fault") if fault is Fault.NOT_SENT else Unknown("fault")
        account = self._books.accounts.get(holder.email) or self._lend(holder)
        if fault is Fault.ANSWER_LOST:
            return Unknown("fault")
        if account.phone != holder.phone:
            return FailedDefinitively("customer_mismatch")
        return VirtualAccountIssued(
            VirtualAccount(
                account_number=account.number,
                account_name=account.name,
                bank_name="Test Bank",
                provider_reference=str(account.identifier),
            )
        )

    async def inflow(self, *, provider_reference: str) -> CollectionResult:
        if self._books.begin("inflow"):
            return Unknown("fault")
        result = collection(self._books.transactions.get(provider_reference))
        if isinstance(result, NotFound | Unknown) or result.facts is None:
            return result
        if result.facts.receiving_account is None:
            return Unknown("odd_channel")
        return replace(result, facts=replace(result.facts, reference=""))

    def _lend(self, holder: AccountHolder) -> FakeAccount:
        number = next(self._books.numbers)
        account = FakeAccount(
            number=f"12{number:08}",
            identifier=number,
            email=holder.email,
            phone=holder.phone,
            name=f"KRO/{holder.first_name} {holder.last_name}".upper(),
        )
        self._books.accounts[holder.email] = account
        return account
