"""Collecting money: the hosted checkout, and what became of a payment however it was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from kro.core.money import Money
from kro.core.outgoing import NotSent as NothingLeft
from kro.core.outgoing import OutcomeUnknown, OutgoingHTTP, Reply, is_secure_url
from kro.payment.providers.fincra.charges import read_charge
from kro.payment.providers.fincra.reading import (
    OddAnswerError,
    data_of,
    is_missing,
    is_readable_reference,
    is_refusal,
    is_turned_away,
    text,
)
from kro.payment.providers.fincra.refusals import after_refused_request
from kro.payment.providers.fincra.units import to_number
from kro.payment.providers.references import ensure_own_reference
from kro.payment.providers.results import (
    CheckoutResult,
    CheckoutStarted,
    CollectionResult,
    NotFound,
    NotSent,
    Unknown,
)

# docs.fincra.com/docs/checkout-redirect and /bank-transfer-direct-charge. The two products keep separate books.
_HOSTED: Final = "/checkout/payments/merchant-reference"
_DIRECT: Final = "/checkout/charges/merchant-reference"


class FincraCollections:
    """Hosted checkout and verification."""

    def __init__(self, http: OutgoingHTTP, *, payment_methods: Sequence[str]) -> None:
        self._http = http
        self._payment_methods = tuple(payment_methods)

    async def start(
        self,
        *,
        reference: str,
        amount: Money,
        payer_email: str,
        callback_url: str,
        metadata: Mapping[str, str] | None = None,
    ) -> CheckoutResult:
        exchange = await self._http.call(
            operation="initiate",
            method="POST",
            path="/checkout/payments",
            body={
                "amount": to_number(amount),
                "currency": amount.currency,
                # A name has to be given and is not known here.
                "customer": {"name": payer_email.partition("@")[0], "email": payer_email},
                "reference": ensure_own_reference(reference),
                "redirectUrl": callback_url,
                # The payer is charged what is due, not more; the fee is ours.
                "feeBearer": "business",
                "settlementDestination": "wallet",
                "paymentMethods": list(self._payment_methods),
                "metadata": dict(metadata or {}),
            },
        )
        match exchange:
            case Reply() if is_refusal(exchange) or is_turned_away(exchange):
                return await after_refused_request(exchange, verify=lambda: self.verify(reference=reference))
            case Reply():
                return _read_checkout(exchange)
            case NothingLeft():
                return NotSent(exchange.cause)
            case OutcomeUnknown():
                return Unknown(exchange.cause)

    async def verify(self, *, reference: str) -> CollectionResult:
        if not is_readable_reference(reference):
            return Unknown("unreadable_reference")
        # A reference says not which product it was given to; only "no such payment" leads on to the other one.
        hosted = await self._ask(_HOSTED, reference)
        return hosted if not isinstance(hosted, NotFound) else await self._ask(_DIRECT, reference)

    async def _ask(self, path: str, reference: str) -> CollectionResult:
        exchange = await self._http.call(operation="verify", method="GET", path=f"{path}/{reference}", repeatable=True)
        if not isinstance(exchange, Reply):
            return Unknown(exchange.cause)
        if is_missing(exchange):
            return NotFound()
        try:
            return read_charge(data_of(exchange), reference=reference)
        except OddAnswerError as odd:
            return Unknown(odd.cause)


def _read_checkout(reply: Reply) -> CheckoutResult:
    try:
        data = data_of(reply)
        url = text(data, "link")
        if not is_secure_url(url):
            return Unknown("odd_checkout")
        # This reference is Fincra's code of the page, never ours.
        return CheckoutStarted(url=url, provider_reference=text(data, "reference"))
    except OddAnswerError as odd:
        return Unknown(odd.cause)
