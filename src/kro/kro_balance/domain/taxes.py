"""What the state takes: VAT on the platform's fees, and stamp duty on transfers. The rules are data with dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kro.core.errors import ErrorKind, KroError
from kro.core.money import BASIS_POINTS, Money, round_half_up, share
from kro.kro_balance.database.records import TaxKind, TaxRule


class NoTaxRuleError(KroError):
    """Fees cannot be charged in this currency, because no VAT rule is in force for it."""

    kind = ErrorKind.INVALID
    code = "no_tax_rule"


def tax_rule(rules: Sequence[TaxRule], *, kind: TaxKind, currency: str, at: datetime) -> TaxRule | None:
    """Return the rule of this kind in force at a moment, or ``None``; the database keeps rules from overlapping."""
    found = (rule for rule in rules if rule.kind is kind and rule.currency == currency and rule.in_force(at))
    return max(found, key=lambda rule: rule.effective_from, default=None)


def stamp_duty(amount: Money, rules: Sequence[TaxRule], at: datetime) -> int:
    """Return the duty on one electronic transfer, in minor units; 0 below the threshold or without a rule.

    Nigeria Tax Act 2025: ₦50 on transfers of ₦10,000 and above, owed by the sender from 2026-01-01. The duty comes on
    top of the amount and does not change what arrives.
    """
    rule = tax_rule(rules, kind=TaxKind.STAMP_DUTY, currency=amount.currency, at=at)
    if rule is None or amount.amount < rule.threshold_minor:
        return 0
    return _due(rule, amount.amount)


def vat_rule(rules: Sequence[TaxRule], *, currency: str, at: datetime) -> TaxRule:
    """Return the VAT rule in force; one with a rate of 0 says that a currency's fees are exempt.

    :raises NoTaxRuleError: when none is, because untaxed by accident is owed by us later.
    """
    rule = tax_rule(rules, kind=TaxKind.VAT, currency=currency, at=at)
    if rule is None:
        raise NoTaxRuleError
    return rule


def vat_on_fee(fee: Money, rules: Sequence[TaxRule], at: datetime) -> int:
    """Return the VAT that comes on top of a fee, in minor units, rounded half up. A fee of 0 bears none.

    :raises NoTaxRuleError: when no VAT rule is in force for the currency.
    """
    if not fee:
        return 0
    return share(fee.amount, rate_of(vat_rule(rules, currency=fee.currency, at=at)))


def vat_within_fee(fee: Money, rules: Sequence[TaxRule], at: datetime) -> int:
    """Return the VAT contained in a fee that includes it, in minor units, rounded half up. A fee of 0 bears none.

    :raises NoTaxRuleError: when no VAT rule is in force for the currency.
    """
    if not fee:
        return 0
    rate_bps = rate_of(vat_rule(rules, currency=fee.currency, at=at))
    return round_half_up(fee.amount * rate_bps, BASIS_POINTS + rate_bps)


def rate_of(rule: TaxRule) -> int:
    """Return the rate of a rule in basis points; a fixed sum has none."""
    return rule.rate_bps or 0


def _due(rule: TaxRule, amount: int) -> int:
    return rule.fixed_minor if rule.fixed_minor is not None else share(amount, rate_of(rule))
