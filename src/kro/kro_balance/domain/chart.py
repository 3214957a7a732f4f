"""The chart of accounts. One account is one currency; a shown balance is positive on the account's normal side."""

from __future__ import annotations

from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from kro.core.decisions import Account

PLATFORM: Final = UUID(int=0)
_NAMESPACE: Final = UUID("6f1d1c1e-3c58-5c6b-9a55-6b726f6c6564")


class AccountCode(StrEnum):
    PROVIDER_CLEARING = "provider_clearing"
    BANK = "bank"
    USER_AVAILABLE = "user_available"
    USER_RESERVE = "user_reserve"
    USER_RECEIVABLE = "user_receivable"
    ORDER_ESCROW = "order_escrow"
    PAYOUT_IN_TRANSIT = "payout_in_transit"
    REFUND_IN_TRANSIT = "refund_in_transit"
    SUSPENSE = "suspense"
    FEE_REVENUE = "fee_revenue"
    VAT_PAYABLE = "vat_payable"
    STAMP_DUTY_PAYABLE = "stamp_duty_payable"
    PROVIDER_FEES = "provider_fees"
    LOSSES = "losses"
    ADJUSTMENT = "adjustment"
    FX = "fx"


def user_available(user_id: UUID, currency: str) -> Account:
    """Return what a user may spend or withdraw: never below zero."""
    return _account(AccountCode.USER_AVAILABLE, currency, owner_id=user_id, tracked=True)


def user_reserve(user_id: UUID, currency: str) -> Account:
    """Return what is a user's but held back because of a risk: never below zero."""
    return _account(AccountCode.USER_RESERVE, currency, owner_id=user_id, tracked=True)


def user_receivable(user_id: UUID, currency: str) -> Account:
    """Return what a user owes the platform after money was taken back: never below zero."""
    return _account(AccountCode.USER_RECEIVABLE, currency, owner_id=user_id, normal="debit", tracked=True)


def order_escrow(order_id: UUID, currency: str) -> Account:
    """Return what one order holds: never below zero, and zero in every ended order."""
    return _account(AccountCode.ORDER_ESCROW, currency, owner_id=order_id, tracked=True)


def payout_in_transit(payout_id: UUID, currency: str) -> Account:
    """Return what one payout has set aside until its provider answers."""
    return _account(AccountCode.PAYOUT_IN_TRANSIT, currency, owner_id=payout_id, tracked=True)


def refund_in_transit(refund_id: UUID, currency: str) -> Account:
    """Return what one refund to its source has set aside until its provider answers."""
    return _account(AccountCode.REFUND_IN_TRANSIT, currency, owner_id=refund_id, tracked=True)


def provider_clearing(provider: str, currency: str) -> Account:
    """Return what a provider owes us; it may pass below zero for a while."""
    return _shared(AccountCode.PROVIDER_CLEARING, currency, qualifier=provider, normal="debit")


def bank(account_name: str, currency: str) -> Account:
    """Return one of the platform's own bank accounts, by the name it has in configuration."""
    return _shared(AccountCode.BANK, currency, qualifier=account_name, normal="debit")


def suspense(provider: str, currency: str) -> Account:
    """Return the account of money received that matches nothing yet."""
    return _shared(AccountCode.SUSPENSE, currency, qualifier=provider, normal="credit")


def fee_revenue(kind: str, currency: str) -> Account:
    """Return what the platform has earned by one kind of fee, without VAT."""
    return _shared(AccountCode.FEE_REVENUE, currency, qualifier=kind, normal="credit")


def vat_payable(currency: str) -> Account:
    """Return the VAT collected and not yet paid to the tax office."""
    return _shared(AccountCode.VAT_PAYABLE, currency, qualifier="", normal="credit")


def stamp_duty_payable(currency: str) -> Account:
    """Return the stamp duty collected and not yet paid to the tax office."""
    return _shared(AccountCode.STAMP_DUTY_PAYABLE, currency, qualifier="", normal="credit")


def provider_fees(provider: str, currency: str) -> Account:
    """Return what a provider has kept for its service."""
    return _shared(AccountCode.PROVIDER_FEES, currency, qualifier=provider, normal="debit")


def losses(reason: str, currency: str) -> Account:
    """Return what the platform has given up for one reason: chargeback fees, write-offs, goodwill."""
    return _shared(AccountCode.LOSSES, currency, qualifier=reason, normal="debit")


def adjustment(reason: str, currency: str) -> Account:
    """Return the other side of manual adjustments made for one reason."""
    return _shared(AccountCode.ADJUSTMENT, currency, qualifier=reason, normal="debit")


def fx(pair_side: str, currency: str) -> Account:
    """Return one side of a currency pair (``"USD/NGN:sold"``): each leg of an exchange balances in its own currency."""
    return _shared(AccountCode.FX, currency, qualifier=pair_side, normal="credit")


def _shared(code: AccountCode, currency: str, *, qualifier: str, normal: str) -> Account:
    # Accounts every journal touches keep no running balance: one locked row would serialize all postings.
    return _account(code, currency, qualifier=qualifier, normal=normal)


def _account(
    code: AccountCode,
    currency: str,
    *,
    owner_id: UUID = PLATFORM,
    qualifier: str = "",
    normal: str = "credit",
    tracked: bool = False,
) -> Account:
    return Account(
        id=uuid5(_NAMESPACE, f"{code}/{owner_id}/{qualifier}/{currency}"),
        code=code,
        owner_id=owner_id,
        qualifier=qualifier,
        currency=currency,
        normal=normal,
        tracked=tracked,
        allow_negative=not tracked,
    )
