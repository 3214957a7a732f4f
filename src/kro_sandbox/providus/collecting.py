"""Accounts that are lent, money that comes in on them, and what the bank tells about it."""

import re
from datetime import timedelta

from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import FaultBook, FaultKind
from kro_sandbox.core.options import Options
from kro_sandbox.core.tokens import token
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.providus.clock import LAGOS
from kro_sandbox.providus.errors import CollectionError
from kro_sandbox.providus.events import Events
from kro_sandbox.providus.payloads import notice_body
from kro_sandbox.providus.state import Account, Inflow, ProvidusState

ACCOUNT_FAULTS = frozenset({FaultKind.DECLINE})
BLACKLIST, WHITELIST = 1, 0
_BVN = re.compile(r"([0-9]{11})?")


class Collecting:
    def __init__(
        self,
        *,
        state: ProvidusState,
        clock: Clock,
        faults: FaultBook,
        options: Options,
        events: Events,
        lifetime: timedelta,
        fee: int,
    ) -> None:
        self._state = state
        self._clock = clock
        self._faults = faults
        self._options = options
        self._events = events
        self._lifetime = lifetime
        self._fee = fee

    def lend(self, body: JSONObject) -> Account:
        """Lend an account for one payment; numbers whose time is over are lent again before new ones.

        :raises CollectionError: without a name, or for a used reference where the options have it so.
        """
        name, reference = _name(body, code="03"), str(body.get("payment_ref") or f"KRO-{self._state.ids.next()}")
        if self._is_refused("dynamic_account") or (self._options.providus_reference_once and self._is_used(reference)):
            raise _not_completed("03")
        over = [one for one in self._state.accounts.values() if one.expires_at and one.expires_at <= self._clock.now()]
        number = min(over, key=_end).number if over else _new_number()
        account = Account(
            number=number, name=name, payment_ref=reference, expires_at=self._clock.now() + self._lifetime
        )
        self._state.accounts[number] = account
        return account

    def reserve(self, body: JSONObject) -> Account:
        """Lend an account for good.

        :raises CollectionError: without a name, or with a BVN that is none.
        """
        name, bvn = _name(body, code="11"), str(body.get("bvn") or "")
        if self._is_refused("reserved_account") or _BVN.fullmatch(bvn) is None:
            raise _not_completed("11")
        account = Account(number=_new_number(), name=f"MERCHANT({name})", bvn=bvn)
        self._state.accounts[account.number] = account
        return account

    def rename(self, body: JSONObject) -> None:
        """Give a reserved account another name.

        :raises CollectionError: for any other account.
        """
        account, name = self._account(body), _name(body, code="03")
        if account.expires_at is not None:
            raise _not_completed("03")
        account.name = f"MERCHANT({name})"

    def blacklist(self, body: JSONObject) -> None:
        """Stop telling about an account, or begin again.

        :raises CollectionError: for an account that is not lent, or is black already.
        """
        account, flag = self._account(body), body.get("blacklist_flg")
        if flag not in (BLACKLIST, WHITELIST):
            raise _not_completed("03")
        if flag == BLACKLIST and account.is_blacklisted:
            raise CollectionError("02", "account number already blcklisted")
        account.is_blacklisted = flag == BLACKLIST

    def arrive(
        self,
        account: Account,
        *,
        amount: int,
        fee: int | None = None,
        payer_name: str = "TEST PAYER",
        payer_account: str = "1228939338",
        hidden_reads: int = 0,
    ) -> Inflow:
        """Play somebody who pays to an account. The bank takes any amount, at any time, and tells if it may."""
        now, serial = self._clock.now().astimezone(LAGOS), self._state.ids.next()
        inflow = Inflow(
            settlement_id=f"{now:%Y%m%d}{serial:016d}",
            session_id=f"000014{now:%y%m%d%H%M%S}{serial % 10**12:012d}",
            account=account,
            amount=amount,
            fee=min(self._fee if fee is None else fee, amount),
            payer_name=payer_name,
            payer_account=payer_account,
            at=now,
            hidden_reads=hidden_reads,
        )
        is_over = self._is_over(account)
        account.is_paid = True
        self._state.inflows[inflow.settlement_id] = inflow
        if not is_over or self._options.providus_late_notices:
            self.tell(inflow)
        return inflow

    def expire(self, account: Account) -> None:
        """Let the time of a dynamic account end now."""
        if account.expires_at is not None:
            account.expires_at = self._clock.now()

    def find(self, *, settlement_id: str = "", session_id: str = "") -> Inflow | None:
        for inflow in self._state.inflows.values():
            if settlement_id == inflow.settlement_id or session_id == inflow.session_id:
                if inflow.hidden_reads > 0:
                    inflow.hidden_reads -= 1
                    return None
                return inflow
        return None

    def repush(self, body: JSONObject) -> None:
        """Tell about an inflow again.

        :raises CollectionError: if there is none under both ids.
        """
        inflow = self._state.inflows.get(str(body.get("settlement_id")))
        if inflow is None or inflow.session_id != body.get("session_id"):
            raise CollectionError("01", "Transaction not found!!!")
        self.tell(inflow)

    def tell(self, inflow: Inflow) -> None:
        """Send the notice of an inflow, unless the account is blacklisted."""
        if not inflow.account.is_blacklisted:
            inflow.deliveries.append(self._events.send(notice_body(inflow)))

    def _account(self, body: JSONObject) -> Account:
        account = self._state.accounts.get(str(body.get("account_number")))
        if account is None:
            raise _not_completed("03")
        return account

    def _is_refused(self, operation: str) -> bool:
        return self._faults.take(vendor="providus", operations=(operation,), kinds=ACCOUNT_FAULTS) is not None

    def _is_used(self, reference: str) -> bool:
        return any(account.payment_ref == reference for account in self._state.accounts.values())

    def _is_over(self, account: Account) -> bool:
        """Whether a dynamic account has had its one payment or its time."""
        return account.expires_at is not None and (account.is_paid or account.expires_at <= self._clock.now())


def _name(body: JSONObject, *, code: str) -> str:
    name = body.get("account_name")
    if not isinstance(name, str) or not name.strip():
        raise _not_completed(code)
    return name


def _not_completed(code: str) -> CollectionError:
    return CollectionError(code, "Error Completing Operation")


def _new_number() -> str:
    return "99" + token(length=8, alphabet="0123456789")


def _end(account: Account) -> float:
    return account.expires_at.timestamp() if account.expires_at else 0.0
