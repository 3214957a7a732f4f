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
    USER_AVAILABLE = "user_available"
    ORDER_ESCROW = "order_escrow"
    PAYOUT_IN_TRANSIT = "payout_in_transit"
    SUSPENSE = "suspense"
    FEE_REVENUE = "fee_revenue"
    VAT_PAYABLE = "vat_payable"
    PROVIDER_FEES = "provider_fees"


def user_available(user_id: UUID, currency: str) -> Account:
    """Return what a user may spend or withdraw: never below zero."""
    return _account(AccountCode.USER_AVAILABLE, currency, owner_id=user_id, tracked=True)


def order_escrow(order_id: UUID, currency: str) -> Account:
    """Return what one order holds: never below zero, and zero in every ended order."""
    return _account(AccountCode.ORDER_ESCROW, currency, owner_id=order_id, tracked=True)


def payout_in_transit(payout_id: UUID, currency: str) -> Account:
    """Return what one payout has set aside until its provider answers."""
    return _account(AccountCode.PAYOUT_IN_TRANSIT, currency, owner_id=payout_id, tracked=True)


def provider_clearing(provider: str, currency: str) -> Account:
    """Return what a provider owes us; it may pass below zero for a while."""
    return _shared(AccountCode.PROVIDER_CLEARING, currency, qualifier=provider, normal="debit")


def suspense(provider: str, currency: str) -> Account:
    """Return the account of money received that matches nothing yet."""
    return _shared(AccountCode.SUSPENSE, currency, qualifier=provider, normal="credit")


def fee_revenue(kind: str, currency: str) -> Account:
    return _shared(AccountCode.FEE_REVENUE, currency, qualifier=kind, normal="credit")


def vat_payable(currency: str) -> Account:
    return _shared(AccountCode.VAT_PAYABLE, currency, qualifier="", normal="credit")


def provider_fees(provider: str, currency: str) -> Account:
    return _shared(AccountCode.PROVIDER_FEES, currency, qualifier=provider, normal="debit")


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
