"""Paying out: a transfer is sent once, and asked for by its reference ever after. Nothing tells of it by itself."""

from __future__ import annotations

import re
from typing import Final

from kro.core.money import Money
from kro.core.outgoing import Exchange, JSONValue, OutcomeUnknown, Reply
from kro.core.outgoing import NotSent as NothingLeft
from kro.payment.providers.errors import ProviderUnavailableError
from kro.payment.providers.protocols import AccountResolver
from kro.payment.providers.providus.bank_codes import OWN_BANK, BankCodes
from kro.payment.providers.providus.codes import (
    INSUFFICIENT_BALANCE,
    NO_SUCH_TRANSFER,
    Meaning,
    ResponseCodes,
)
from kro.payment.providers.providus.reading import (
    JSONObject,
    OddAnswerError,
    moment,
    optional_text,
    reason,
    response_code,
    text,
)
from kro.payment.providers.providus.references import (
    Rail,
    split_status_reference,
    transfer_from_wire,
    transfer_to_wire,
)
from kro.payment.providers.providus.transfer_api import TransferAPI
from kro.payment.providers.providus.units import CURRENCY, from_naira, to_naira
from kro.payment.providers.providus.wording import plain, words_of
from kro.payment.providers.references import ensure_own_reference, is_own_reference
from kro.payment.providers.results import (
    BankAccount,
    FailedDefinitively,
    NotFound,
    NotResolved,
    NotSent,
    ResolvedAccount,
    Reversed,
    Succeeded,
    TransferFacts,
    TransferSendResult,
    TransferStatusResult,
    Unknown,
)

# "1" is what one of the bank's own samples has.
_NAIRA: Final = frozenset({CURRENCY, "1"})
# On a failure the member holds a sentence instead.
_SESSION: Final = re.compile(r"[0-9]{20,40}")
# The interbank call first: it is what most transfers are.
_STATUS_CALLS: Final = {
    Rail.INTERBANK: "/GetNIPTransactionStatus",
    Rail.WITHIN_THE_BANK: "/GetProvidusTransactionStatus",
}


class ProvidusTransfers:
    """Transfers from our account at the bank: over the interbank switch, or within the bank to its own accounts."""

    def __init__(
        self,
        api: TransferAPI,
        *,
        owners: AccountResolver,
        banks: BankCodes,
        codes: ResponseCodes,
        own_account: str,
        own_name: str,
        read_seconds: float,
    ) -> None:
        self._api = api
        self._owners = owners
        self._banks = banks
        self._codes = codes
        self._own_account = own_account
        self._own_name = plain(own_name)
        self._read_seconds = read_seconds

    async def send(self, *, reference: str, amount: Money, account: BankAccount, narration: str) -> TransferSendResult:
        """Send money, as ``TransferSender`` says, to the owner whom the bank names at this moment.

        :raises UnsupportedAmountError: for anything but a positive amount in naira.
        :raises InvalidReferenceError: if the reference is not one of ours.
        """
        ensure_own_reference(reference)
        naira = to_naira(amount)
        bank = self._banks.nip(account.bank_code)
        if bank is None:
            return FailedDefinitively("unknown_bank", "The bank has no code that Providus knows it by.")
        owner = await self._owner(account)
        if not isinstance(owner, str):
            return owner
        rail = Rail.WITHIN_THE_BANK if bank == OWN_BANK else Rail.INTERBANK
        body: dict[str, JSONValue] = {
            "transactionAmount": naira,
            "currencyCode": CURRENCY,
            "narration": plain(narration),
            "transactionReference": transfer_to_wire(reference, rail=rail),
        }
        if rail is Rail.WITHIN_THE_BANK:
            path = "/ProvidusFundTransfer"
            body |= {"creditAccount": account.account_number, "debitAccount": self._own_account}
        else:
            path = "/NIPFundTransfer"
            body |= {
                "beneficiaryAccountName": owner,
                "beneficiaryAccountNumber": account.account_number,
                "beneficiaryBank": bank,
                "sourceAccountName": self._own_name,
            }
        exchange = await self._api.post("transfer", path, body, read_seconds=self._read_seconds)
        return await self._judge_sent(exchange, reference=reference, amount=amount)

    async def status(self, *, reference: str) -> TransferStatusResult:
        """Ask what became of a transfer, as ``TransferReader`` says.

        "Does not exist" is never more than ``Unknown``: right after sending the bank says so of transfers it has made,
        and even a day later only its statement settles it.
        """
        if not is_own_reference(reference):
            return Unknown("unreadable_reference")
        for rail, path in _STATUS_CALLS.items():
            wire = transfer_to_wire(reference, rail=rail)
            exchange = await self._api.post("status", path, {"transactionReference": wire}, repeatable=True)
            answer = self._read_status(exchange, reference=reference)
            if not isinstance(answer, NotFound):
                return answer
        return Unknown("not_found")

    async def _owner(self, account: BankAccount) -> str | FailedDefinitively[TransferFacts] | NotSent:
        try:
            owner = await self._owners.resolve(account_number=account.account_number, bank_code=account.bank_code)
        except ProviderUnavailableError as error:
            return NotSent(f"enquiry_{error.cause}", retry_after_seconds=error.retry_after_seconds)
        match owner:
            case NotResolved(code=code):
                return FailedDefinitively(code, "The bank knows no such account.")
            case ResolvedAccount(account_name=name):
                if not words_of(name) & words_of(account.account_name):
                    return FailedDefinitively("owner_changed", "The account belongs to somebody else by now.")
                return name

    async def _judge_sent(self, exchange: Exchange, *, reference: str, amount: Money) -> TransferSendResult:
        match exchange:
            case NothingLeft():
                return NotSent(exchange.cause)
            case OutcomeUnknown():
                return Unknown(exchange.cause)
            case Reply():
                try:
                    return await self._read_sent(exchange, reference=reference, amount=amount)
                except OddAnswerError as odd:
                    return Unknown(odd.cause)

    async def _read_sent(self, reply: Reply, *, reference: str, amount: Money) -> TransferSendResult:
        code, body = response_code(reply), reply.object
        _ensure_about(body, reference, required=False)
        match self._codes.when_sent(code):
            case Meaning.SUCCEEDED:
                _ensure_about(body, reference, required=True)
                return _as_sent(Succeeded(_facts_of_sent(body, reference=reference, amount=amount)), amount=amount)
            case Meaning.FAILED:
                return _failed(code, body)
            case Meaning.DUPLICATE:
                return _as_sent(await self.status(reference=reference), amount=amount)
            case Meaning.UNKNOWN:
                return Unknown(f"code_{code}")

    def _read_status(self, exchange: Exchange, *, reference: str) -> TransferStatusResult:
        if not isinstance(exchange, Reply):
            return Unknown(exchange.cause)
        try:
            return self._judge_status(response_code(exchange), exchange.object, reference=reference)
        except OddAnswerError as odd:
            return Unknown(odd.cause)

    def _judge_status(self, code: str, body: JSONObject, *, reference: str) -> TransferStatusResult:
        _ensure_about(body, reference, required=False)
        if code == NO_SUCH_TRANSFER:
            return NotFound()
        if code in self._codes.reversed:
            return Reversed(_facts_of_status(body, reference=reference))
        match self._codes.when_asked(code):
            case Meaning.SUCCEEDED:
                return Succeeded(_facts_of_status(body, reference=reference))
            case Meaning.FAILED:
                return _failed(code, body)
            case _:
                return Unknown(f"code_{code}")


def _ensure_about(body: JSONObject, reference: str, *, required: bool) -> None:
    """Refuse an answer that speaks of another transfer.

    :raises OddAnswerError: if it does, or names none where it has to.
    """
    written = optional_text(body, "transactionReference")
    if written is None and not required:
        return
    if written is None or transfer_from_wire(split_status_reference(written)[0]) != reference:
        raise OddAnswerError("reference")


def _failed(code: str, body: JSONObject) -> FailedDefinitively[TransferFacts]:
    word = "insufficient_balance" if code == INSUFFICIENT_BALANCE else code
    return FailedDefinitively(word, reason(body))


def _facts_of_sent(body: JSONObject, *, reference: str, amount: Money) -> TransferFacts:
    """Read a success; the interbank call's names no sum, so what was sent stands where nothing is said."""
    said = body.get("amount")
    return TransferFacts(
        reference=reference,
        provider_reference=_named(body)[0],
        amount_minor=amount.amount if said is None else from_naira(said),
        currency=CURRENCY if body.get("currency") is None else _currency(body),
        session_id=_session(optional_text(body, "sessionId")),
    )


def _facts_of_status(body: JSONObject, *, reference: str) -> TransferFacts:
    written, session = _named(body)
    return TransferFacts(
        reference=reference,
        # The bank has no name of its own for a transfer; the session is missing within the bank and at first.
        provider_reference=written,
        amount_minor=from_naira(body.get("amount")),
        currency=_currency(body),
        session_id=_session(session),
        updated_at=moment(body, "transactionDateTime"),
    )


def _named(body: JSONObject) -> tuple[str, str | None]:
    """Return the reference an answer bears, as it was sent, and the session that may follow it."""
    reference, session = split_status_reference(text(body, "transactionReference"))
    return reference.upper(), session


def _currency(body: JSONObject) -> str:
    if text(body, "currency") not in _NAIRA:
        raise OddAnswerError("currency")
    return CURRENCY


def _session(written: str | None) -> str | None:
    return written if written is not None and _SESSION.fullmatch(written) else None


def _as_sent(result: TransferStatusResult, *, amount: Money) -> TransferSendResult:
    """Accept an answer only if it speaks of the money that was sent."""
    match result:
        case NotFound():
            return Unknown("not_found")
        case Succeeded(facts=facts) | Reversed(facts=facts):
            same = (facts.amount_minor, facts.currency) == (amount.amount, amount.currency)
            return result if same else Unknown("amount_mismatch")
        case _:
            return result
