"""Money that arrived on a permanent virtual account."""

from __future__ import annotations

from typing import Final

from kro.core.outgoing import OutgoingHTTP, Reply
from kro.payment.providers.fincra.accounts import account_number_of
from kro.payment.providers.fincra.reading import (
    JSONObject,
    OddAnswerError,
    data_of,
    is_missing,
    is_readable_reference,
    moment,
    optional_text,
    text,
)
from kro.payment.providers.fincra.units import fee_from_major, from_major
from kro.payment.providers.results import (
    CollectionFacts,
    CollectionResult,
    FailedDefinitively,
    NotFound,
    Payer,
    Pending,
    Succeeded,
    Unknown,
)

# The collection webhook page: "successful" and "failed"; the words before them are those of payouts. A word that is not
# here is unknown.
_PENDING: Final = frozenset({"pending", "processing"})


class FincraInflows:
    """Reads a collection by Fincra's reference of it."""

    def __init__(self, http: OutgoingHTTP, *, business_id: str) -> None:
        self._http = http
        self._business_id = business_id

    async def inflow(self, *, provider_reference: str) -> CollectionResult:
        if not is_readable_reference(provider_reference):
            return Unknown("unreadable_reference")
        exchange = await self._http.call(
            operation="collection",
            method="GET",
            path=f"/collections/reference/{provider_reference}",
            query={"business": self._business_id},
            repeatable=True,
        )
        if not isinstance(exchange, Reply):
            return Unknown(exchange.cause)
        if is_missing(exchange):
            return NotFound()
        try:
            data = data_of(exchange)
            if text(data, "reference") != provider_reference:
                return Unknown("reference_mismatch")
            return _judge(data, account=await self._account_number(data))
        except OddAnswerError as odd:
            return Unknown(odd.cause)

    async def _account_number(self, data: JSONObject) -> str:
        """Return the number it arrived on; older answers give only Fincra's id of the account, to be looked up.

        :raises OddAnswerError: if there is neither, or the account cannot be read.
        """
        named = optional_text(data, "recipientAccountNumber")
        if named is not None:
            return named
        account_id = text(data, "virtualAccount")
        if not is_readable_reference(account_id):
            raise OddAnswerError("virtualAccount")
        exchange = await self._http.call(
            operation="fetch_virtual_account",
            method="GET",
            path=f"/profile/virtual-accounts/{account_id}",
            repeatable=True,
        )
        if not isinstance(exchange, Reply):
            raise OddAnswerError("account_lookup")
        account = data_of(exchange)
        number = account_number_of(account)
        if number is None or optional_text(account, "_id", "id") != account_id:
            raise OddAnswerError("account_lookup")
        return number


def _judge(data: JSONObject, *, account: str) -> CollectionResult:
    status = text(data, "status")
    facts = _read_facts(data, account=account)
    if status == "successful":
        return Succeeded(facts)
    if status in _PENDING:
        return Pending(status, facts)
    if status == "failed":
        return FailedDefinitively(status, optional_text(data, "reason") or "", facts)
    return Unknown("odd_status")


def _read_facts(data: JSONObject, *, account: str) -> CollectionFacts:
    currency = text(data, "sourceCurrency")
    if text(data, "destinationCurrency") != currency:
        raise OddAnswerError("currency")
    return CollectionFacts(
        reference="",
        provider_reference=text(data, "reference"),
        # What was sent; "amountReceived" is what is left of it after the fee.
        amount_minor=from_major(data.get("sourceAmount"), currency=currency),
        currency=currency,
        fees_minor=fee_from_major(data.get("fee"), currency=currency),
        channel="bank_transfer",
        paid_at=moment(data, "initiatedAt", "createdAt"),
        payer=Payer(
            name=optional_text(data, "senderAccountName", "customerName"),
            bank_name=optional_text(data, "senderBankName"),
            account_number=optional_text(data, "senderAccountNumber"),
        ),
        receiving_account=account,
    )
