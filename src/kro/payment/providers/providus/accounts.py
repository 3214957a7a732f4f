"""Virtual accounts: lending them, and the care of those that are lent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kro.core.clock import Clock
from kro.core.money import Money
from kro.core.outgoing import Exchange, JSONValue, OutcomeUnknown, OutgoingHTTP, Reply
from kro.core.outgoing import NotSent as NothingLeft
from kro.payment.providers.errors import UnsupportedAmountError
from kro.payment.providers.providus.bank_codes import OWN_BANK, OWN_BANK_NAME
from kro.payment.providers.providus.reading import (
    ACCOUNT_NUMBER,
    JSONObject,
    OddAnswerError,
    account_number,
    is_done,
    reason,
    refusal_code,
    text,
)
from kro.payment.providers.providus.references import from_wire, to_wire
from kro.payment.providers.providus.units import CURRENCY, to_naira
from kro.payment.providers.providus.wording import plain
from kro.payment.providers.results import FailedDefinitively, NotSent, Unknown
from kro.payment.providers.virtual_accounts import (
    AccountHolder,
    VirtualAccount,
    VirtualAccountIssued,
    VirtualAccountResult,
)

# digital-collection-service-dcs, errors of each call. "Error completing operation" is 03, and 11 for reserved ones.
_UNAUTHORIZED: Final = "05"
_NOT_COMPLETED: Final = frozenset({"03", "11"})
_ALREADY_SO: Final = "02"


@dataclass(frozen=True, slots=True)
class Changed:
    """The account is as was wanted, now or already."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The bank has not changed the account; ``code`` and ``reason`` are its own."""

    code: str
    reason: str = ""


ChangeResult = Changed | Refused | NotSent | Unknown


class ProvidusAccounts:
    """Dynamic (for one payment) and reserved (for good) accounts.

    ``lifetime`` is what was agreed with the bank for dynamic ones: it is not part of any answer.
    """

    def __init__(self, http: OutgoingHTTP, *, clock: Clock, lifetime: timedelta) -> None:
        self._http = http
        self._clock = clock
        self._lifetime = lifetime

    async def issue_one_time(self, *, reference: str, amount: Money, holder: AccountHolder) -> VirtualAccountResult:
        """Lend an account for one payment, as ``OneTimeAccountIssuer`` says. The amount stays with us.

        :raises UnsupportedAmountError: for anything but a positive amount in naira.
        :raises InvalidReferenceError: if the reference is not one of ours.
        """
        to_naira(amount)
        wire = to_wire(reference)
        # Counted from before the call: the bank's time begins later, and an account is better given up too soon.
        expires_at = self._clock.now() + self._lifetime

        def read(body: JSONObject) -> VirtualAccountResult:
            if from_wire(text(body, "initiationTranRef")) != reference:
                return Unknown("reference_mismatch")
            return VirtualAccountIssued(
                VirtualAccount(
                    account_number=account_number(body, "account_number"),
                    account_name=text(body, "account_name"),
                    bank_name=OWN_BANK_NAME,
                    bank_code=OWN_BANK,
                    provider_reference=wire,
                    expires_at=expires_at,
                )
            )

        return await self._issue(
            "dynamic_account", "/PiPCreateDynamicAccountNumber", holder, {"payment_ref": wire}, read=read
        )

    async def issue_permanent(self, *, reference: str, currency: str, holder: AccountHolder) -> VirtualAccountResult:
        """Lend an account for good, as ``PermanentAccountIssuer`` says.

        The bank takes no reference for these: the number is what it knows them by, and a second call lends another.

        :raises UnsupportedAmountError: for any currency but naira.
        :raises InvalidReferenceError: if the reference is not one of ours.
        """
        to_wire(reference)
        if currency != CURRENCY:
            raise UnsupportedAmountError

        def read(body: JSONObject) -> VirtualAccountResult:
            number = account_number(body, "account_number")
            return VirtualAccountIssued(
                VirtualAccount(
                    account_number=number,
                    account_name=text(body, "account_name"),
                    bank_name=OWN_BANK_NAME,
                    bank_code=OWN_BANK,
                    provider_reference=number,
                )
            )

        return await self._issue(
            "reserved_account", "/PiPCreateReservedAccountNumber", holder, {"bvn": holder.bvn or ""}, read=read
        )

    async def rename(self, *, account_number: str, account_name: str) -> ChangeResult:
        """Give a reserved account another name, so that one that is not used any more serves somebody else."""
        name = plain(account_name)
        if not name:
            return Refused("invalid_account_name")
        return await self._change("rename_account", "/PiPUpdateAccountName", account_number, {"account_name": name})

    async def block(self, *, account_number: str) -> ChangeResult:
        """Have the bank keep back what it would tell about an account. Money still arrives on it."""
        return await self._blacklist(account_number, flag=1)

    async def unblock(self, *, account_number: str) -> ChangeResult:
        """Have the bank tell about an account again."""
        return await self._blacklist(account_number, flag=0)

    async def _issue(
        self,
        operation: str,
        path: str,
        holder: AccountHolder,
        more: dict[str, JSONValue],
        *,
        read: Callable[[JSONObject], VirtualAccountResult],
    ) -> VirtualAccountResult:
        name = plain(f"{holder.first_name} {holder.last_name}")
        if not name:
            return FailedDefinitively("invalid_account_name")
        exchange = await self._http.call(
            operation=operation, method="POST", path=path, body={"account_name": name, **more}
        )
        match exchange:
            case Reply() if is_done(exchange.object):
                try:
                    return read(exchange.object)
                except OddAnswerError as odd:
                    return Unknown(odd.cause)
            case Reply():
                return _refused(exchange.object)
            case NothingLeft():
                return NotSent(exchange.cause)
            case OutcomeUnknown():
                return Unknown(exchange.cause)

    async def _blacklist(self, number: str, *, flag: int) -> ChangeResult:
        result = await self._change("blacklist", "/PiPBlacklistAccount", number, {"blacklist_flg": flag})
        already = isinstance(result, Refused) and result.code == _ALREADY_SO
        return Changed() if already else result

    async def _change(self, operation: str, path: str, number: str, more: dict[str, JSONValue]) -> ChangeResult:
        if ACCOUNT_NUMBER.fullmatch(number) is None:
            return Refused("invalid_account")
        # Setting what is set already changes nothing, so these may be repeated.
        exchange = await self._http.call(
            operation=operation, method="POST", path=path, body={"account_number": number, **more}, repeatable=True
        )
        return read_change(exchange)


def read_change(exchange: Exchange) -> ChangeResult:
    """Say what came of a call that only answers whether it was done."""
    match exchange:
        case Reply() if is_done(exchange.object):
            return Changed()
        case Reply():
            code = refusal_code(exchange.object)
            if code == _UNAUTHORIZED:
                return NotSent("unauthorized")
            return Unknown("odd_answer") if code is None else Refused(code, reason(exchange.object))
        case NothingLeft():
            return NotSent(exchange.cause)
        case OutcomeUnknown():
            return Unknown(exchange.cause)


def _refused(body: JSONObject) -> VirtualAccountResult:
    code = refusal_code(body)
    if code == _UNAUTHORIZED:
        return NotSent("unauthorized")
    # No money is in question: an account that may exist after all is never told to anybody.
    if code in _NOT_COMPLETED:
        return FailedDefinitively(code or "", reason(body))
    return Unknown("odd_answer" if code is None else f"code_{code}")
