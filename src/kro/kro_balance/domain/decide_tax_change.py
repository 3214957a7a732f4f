"""Taxes change when the law does: the rule in force is closed at a date and the next one begins there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from kro.core.decisions import Audit, Decision, Insert, Outcome
from kro.core.errors import ValidationFailedError
from kro.core.ids import IdSource
from kro.kro_balance.database.records import FeeAdminState, TaxKind, TaxRule
from kro.kro_balance.domain.decide_fee_change import Why
from kro.kro_balance.domain.succession import Period, Succession

TABLE: Final = "tax_rules"


@dataclass(frozen=True, slots=True)
class TaxChange:
    """What a tax is from a moment on: a rate in basis points or a fixed sum, due from a threshold (minor units)."""

    kind: TaxKind
    currency: str
    rate_bps: int | None
    fixed_minor: int | None
    threshold_minor: int
    effective_from: datetime | None


@dataclass(frozen=True, slots=True)
class TaxStep:
    """The rule that was opened, and those that made room for it."""

    opened: TaxRule
    ended: tuple[TaxRule, ...]
    withdrawn: tuple[TaxRule, ...]


def decide_tax_change(state: FeeAdminState, change: TaxChange, *, why: Why, ids: IdSource) -> Outcome[TaxStep]:
    """Follow the law from a date on; orders and quotes made before keep their VAT.

    :raises ValidationFailedError: when the rule contradicts itself or begins in the past.
    """
    _check(change)
    period = Period.of(change.effective_from, None, now=why.now)
    concerned = [rule for rule in state.taxes if (rule.kind, rule.currency) == (change.kind, change.currency)]
    making_room = Succession.of(concerned, period)
    opened = TaxRule(
        id=ids.new(),
        kind=change.kind,
        currency=change.currency,
        rate_bps=change.rate_bps,
        fixed_minor=change.fixed_minor,
        threshold_minor=change.threshold_minor,
        effective_from=period.starts,
        effective_to=None,
    )
    traces = {"reason": why.reason, "created_by": why.actor.id, "created_at": why.now}
    decision = Decision(
        writes=(
            *making_room.updates(TABLE, period, now=why.now),
            Insert(TABLE, ({**asdict(opened), **traces},)),
        ),
        audits=(_audit(opened, making_room, why, ids),),
    )
    return Outcome(decision, TaxStep(opened, making_room.ended, making_room.withdrawn))


def _check(change: TaxChange) -> None:
    if change.kind is TaxKind.VAT and change.rate_bps is None:
        raise ValidationFailedError("/rate_bps", "rate_missing", "VAT is a rate.")
    if (change.rate_bps is None) == (change.fixed_minor is None):
        raise ValidationFailedError("/fixed_minor", "rate_or_sum", "A tax is either a rate or a fixed sum.")
    if change.kind is TaxKind.VAT and change.threshold_minor:
        raise ValidationFailedError("/threshold_minor", "not_for_vat", "VAT is due on every fee.")


def _audit(opened: TaxRule, making_room: Succession[TaxRule], why: Why, ids: IdSource) -> Audit:
    return Audit(
        id=ids.new(),
        actor=why.actor,
        action="taxes.change",
        target_type=TABLE,
        target_id=opened.id,
        reason=why.reason,
        detail={
            "before": [asdict(rule) for rule in (*making_room.ended, *making_room.withdrawn)],
            "after": asdict(opened),
        },
    )
