"""Which conditions make sense: judged once, when they are proposed, whether by a party or in a template."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from kro.core.errors import ValidationFailedError
from kro.kro_balance.domain import Fees
from kro.order.database.records import Condition, NewCondition
from kro.order.database.words import ConditionKind, ConfirmedBy

MOST_DATES_AHEAD: Final = timedelta(days=2 * 365)
_PARTIES: Final = frozenset({ConfirmedBy.BUYER, ConfirmedBy.SELLER, ConfirmedBy.BOTH})
_CONFIRMERS: Final = {
    ConditionKind.CONFIRM: _PARTIES,
    ConditionKind.DOCUMENT: _PARTIES,
    ConditionKind.INSPECTION: _PARTIES,
    ConditionKind.DELIVERY_CODE: frozenset({ConfirmedBy.SYSTEM}),
    ConditionKind.DATE: frozenset({ConfirmedBy.SYSTEM}),
    ConditionKind.THIRD_PARTY: frozenset({ConfirmedBy.ADMIN}),
}
_CONFIRMERS_SENTENCE: Final = {
    ConditionKind.DELIVERY_CODE: "The system confirms a delivery code.",
    ConditionKind.DATE: "The system confirms that a date has come.",
    ConditionKind.THIRD_PARTY: "An admin confirms what a third party has to say.",
}
_MOST_ROUNDING: Final = 2
"""A part bears at most one minor unit more than its exact share of the fee, and of the VAT."""


class SenselessConditionError(ValidationFailedError):
    """The condition contradicts itself or the order."""

    code = "senseless_condition"


def ensure_sensible(conditions: Sequence[NewCondition], *, pointer: str, now: datetime) -> None:
    """Refuse conditions that nobody could fulfill, or that the wrong side could.

    :param pointer: where the list stands in the request.
    :raises SenselessConditionError: naming the place.
    """
    codes = 0
    for index, condition in enumerate(conditions):
        _ensure_confirmer(condition, f"{pointer}/{index}")
        _ensure_date(condition, f"{pointer}/{index}", now)
        codes += condition.kind is ConditionKind.DELIVERY_CODE
        if codes > 1:
            raise SenselessConditionError(f"{pointer}/{index}/kind", "second_code", "An order has one delivery code.")


def ensure_code_if_accepted(conditions: Sequence[NewCondition | Condition], *, code_is_acceptance: bool) -> None:
    """Refuse terms by which a code accepts the goods where there is no code, or more than one.

    :raises SenselessConditionError: naming the place.
    """
    codes = [condition for condition in conditions if condition.kind is ConditionKind.DELIVERY_CODE]
    if code_is_acceptance and not codes:
        raise SenselessConditionError("/code_is_acceptance", "no_code", "The order has no delivery code.")
    if len(codes) > 1:
        raise SenselessConditionError("/conditions", "second_code", "An order has one delivery code.")


def ensure_milestones(conditions: Sequence[NewCondition], fees: Fees, *, pointer: str) -> None:
    """Refuse milestones that the price does not hold.

    :raises SenselessConditionError: when one is in another currency, all are above the price, or the fees of one could
        leave nothing for the seller, in whatever order they are released.
    """
    total = 0
    for index, condition in enumerate(conditions):
        place = f"{pointer}/{index}/amount"
        if condition.amount is None:
            continue
        if condition.amount.currency != fees.currency:
            raise SenselessConditionError(f"{place}/currency", "currency_mismatch", "The order is in another currency.")
        if condition.confirmed_by is ConfirmedBy.SELLER:
            raise SenselessConditionError(place, "own_release", "The seller cannot release money to themselves.")
        part = condition.amount.amount
        total += part
        if total > fees.amount:
            raise SenselessConditionError(place, "above_price", "The milestones are more than the price.")
        costs = (part * fees.fee_seller + part * fees.vat_seller) // fees.amount + _MOST_ROUNDING
        if part < fees.amount and (fees.fee_seller + fees.vat_seller) and part <= costs:
            raise SenselessConditionError(place, "too_small", "The fees would leave nothing of it for the seller.")


def _ensure_confirmer(condition: NewCondition, place: str) -> None:
    allowed = _CONFIRMERS[condition.kind]
    if condition.confirmed_by not in allowed:
        sentence = _CONFIRMERS_SENTENCE.get(condition.kind, "One of the parties or both confirm this kind.")
        raise SenselessConditionError(f"{place}/confirmed_by", "wrong_confirmer", sentence)
    if condition.kind is ConditionKind.THIRD_PARTY and not condition.evidence_required:
        raise SenselessConditionError(
            f"{place}/evidence_required", "needs_evidence", "What a third party says is shown by evidence."
        )
    if allowed == {ConfirmedBy.SYSTEM} and condition.evidence_required:
        raise SenselessConditionError(
            f"{place}/evidence_required", "takes_no_evidence", "Nobody hands this kind of condition in."
        )


def _ensure_date(condition: NewCondition, place: str, now: datetime) -> None:
    not_before = condition.not_before
    if condition.kind is not ConditionKind.DATE:
        if not_before is not None:
            raise SenselessConditionError(f"{place}/not_before", "no_date", "Only a date condition has a date.")
        return
    if not_before is None:
        raise SenselessConditionError(f"{place}/not_before", "missing", "A date condition needs its date.")
    if not now < not_before <= now + MOST_DATES_AHEAD:
        raise SenselessConditionError(
            f"{place}/not_before", "out_of_range", "The date lies in the future, two years ahead at most."
        )
