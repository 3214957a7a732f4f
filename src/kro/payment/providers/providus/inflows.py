"""Money that arrived on a virtual account. There is no status: what the bank knows has arrived."""

from __future__ import annotations

from kro.core.outgoing import OutgoingHTTP, Reply
from kro.payment.providers.providus.accounts import ChangeResult, Refused, read_change
from kro.payment.providers.providus.reading import (
    READABLE_ID,
    JSONObject,
    OddAnswerError,
    account_number,
    is_empty,
    moment,
    optional_text,
    refusal_code,
    text,
)
from kro.payment.providers.providus.references import from_wire
from kro.payment.providers.providus.units import CURRENCY, from_naira
from kro.payment.providers.results import CollectionFacts, CollectionResult, NotFound, Payer, Succeeded, Unknown


class ProvidusInflows:
    """Reads an inflow by the bank's ids of it. A notification proves nothing, so this alone is acted upon."""

    def __init__(self, http: OutgoingHTTP) -> None:
        self._http = http

    async def inflow(self, *, provider_reference: str) -> CollectionResult:
        """Ask by settlement id: the bank's name for one inflow, unique for ever."""
        return await self._ask(
            "/PiPverifyTransaction_settlementid", "settlement_id", provider_reference, member="settlementId"
        )

    async def inflow_of_session(self, *, session_id: str) -> CollectionResult:
        """Ask by interbank session, for a payer who shows a receipt of a payment we were not told about."""
        return await self._ask("/PiPverifyTransaction_sessionid", "session_id", session_id, member="sessionId")

    async def repush(self, *, settlement_id: str, session_id: str) -> ChangeResult | NotFound:
        """Have the bank tell about an inflow again that it has given up telling about."""
        if not (READABLE_ID.fullmatch(settlement_id) and READABLE_ID.fullmatch(session_id)):
            return Refused("invalid_id")
        exchange = await self._http.call(
            operation="repush",
            method="POST",
            path="/PiP_RepushTransaction_SettlementId",
            body={"session_id": session_id, "settlement_id": settlement_id},
        )
        result = read_change(exchange)
        return NotFound() if isinstance(result, Refused) and result.code == "01" else result

    async def _ask(self, path: str, parameter: str, value: str, *, member: str) -> CollectionResult:
        if READABLE_ID.fullmatch(value) is None:
            return Unknown("unreadable_reference")
        exchange = await self._http.call(
            operation="inflow", method="GET", path=path, query={parameter: value}, repeatable=True
        )
        if not isinstance(exchange, Reply):
            return Unknown(exchange.cause)
        try:
            return _read(exchange.object, member=member, asked=value)
        except OddAnswerError as odd:
            return Unknown(odd.cause)


def _read(body: JSONObject, *, member: str, asked: str) -> CollectionResult:
    # The status of the answer is not looked at: "not found" is documented under several, and comes under 200.
    if "settlementId" not in body or "sessionId" not in body:
        code = refusal_code(body)
        return Unknown("odd_answer" if code is None else f"code_{code}")
    if is_empty(body["settlementId"]) and is_empty(body["sessionId"]):
        return NotFound() if from_naira(body.get("transactionAmount")) == 0 else Unknown("odd_answer")
    if text(body, member) != asked:
        return Unknown("reference_mismatch")
    return Succeeded(_read_facts(body))


def _read_facts(body: JSONObject) -> CollectionFacts:
    currency, gross = text(body, "currency"), from_naira(body.get("transactionAmount"))
    if currency != CURRENCY:
        raise OddAnswerError("currency")
    fees = gross - from_naira(body.get("settledAmount"))
    if gross <= 0 or fees < 0:
        raise OddAnswerError("amount")
    return CollectionFacts(
        reference=from_wire(optional_text(body, "initiationTranRef") or "") or "",
        provider_reference=text(body, "settlementId"),
        amount_minor=gross,
        currency=currency,
        # What is kept back (fee, and tax on it) is the difference: the single lines need not add up to it.
        fees_minor=fees,
        channel="bank_transfer",
        paid_at=moment(body, "tranDateTime"),
        payer=Payer(
            name=optional_text(body, "sourceAccountName"),
            bank_name=optional_text(body, "sourceBankName"),
            account_number=optional_text(body, "sourceAccountNumber"),
        ),
        receiving_account=account_number(body, "accountNumber"),
    )
