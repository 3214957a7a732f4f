"""Reading a payment, hosted or direct."""

from __future__ import annotations

from typing import Final

from kro.payment.providers.fincra.reading import JSONObject, child, moment, optional_text, text
from kro.payment.providers.fincra.units import fee_from_major, from_major
from kro.payment.providers.results import (
    CollectionFacts,
    CollectionResult,
    FailedDefinitively,
    Payer,
    Pending,
    Succeeded,
    Unknown,
)

# docs.fincra.com/docs/checkout-redirect; "successful" is seen in public integrations. "processing" waits for a PIN or a
# code. A word that is not here is unknown.
_PAID: Final = frozenset({"success", "successful"})
_PENDING: Final = frozenset({"pending", "processing"})
_FAILED: Final = frozenset({"failed", "expired"})


def read_charge(data: JSONObject, *, reference: str) -> CollectionResult:
    """Judge what Fincra says about a payment under our reference.

    :raises OddAnswerError: if it is not shaped as documented.
    """
    # The checkout has our reference beside its own, a direct charge has ours alone.
    if reference not in {optional_text(data, "merchantReference"), optional_text(data, "reference")}:
        return Unknown("reference_mismatch")
    status = text(data, "status")
    facts = _read_facts(data, reference=reference)
    if status in _PAID:
        # A transfer of another amount than was asked for says so; how much came has to be said as well.
        if data.get("varianceType") is not None and data.get("amountReceived") is None:
            return Unknown("amount_not_told")
        return Succeeded(facts)
    if status in _PENDING:
        return Pending(status, facts)
    if status in _FAILED:
        return FailedDefinitively(status, optional_text(data, "message", "reason") or "", facts)
    return Unknown("odd_status")


def _read_facts(data: JSONObject, *, reference: str) -> CollectionFacts:
    currency = text(data, "currency")
    received, expected = data.get("amountReceived"), data.get("amountExpected")
    account = child(data, "virtualAccount")
    return CollectionFacts(
        reference=reference,
        # Fincra takes a reference once, so it names the transaction as well as any id would; the ids are not the same
        # in all answers, and two names for one payment would be two credits.
        provider_reference=reference,
        amount_minor=from_major(data.get("amount") if received is None else received, currency=currency),
        currency=currency,
        requested_minor=None if expected is None else from_major(expected, currency=currency),
        # The VAT is inside the fee: 1.4 % of 1,200 and 7.5 % of that are the 18.06 of the sample.
        fees_minor=fee_from_major(data.get("fee"), currency=currency),
        channel=optional_text(data, "type"),
        paid_at=moment(data, "paidAt", "updatedAt"),
        payer=_read_payer(child(data, "customer"), account),
        receiving_account=optional_text(account, "accountNumber"),
    )


def _read_payer(customer: JSONObject, account: JSONObject) -> Payer:
    return Payer(
        email=optional_text(customer, "email"),
        name=optional_text(account, "payerAccountName") or optional_text(customer, "name"),
        bank_name=optional_text(account, "payerBankName"),
        account_number=optional_text(account, "payerAccountNumber"),
    )
