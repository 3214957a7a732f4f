"""A tier's limits change: the rule in force is closed at a date and the next one begins there. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from kro.core.actor import Actor
from kro.core.decisions import Audit, Decision, Insert, Outcome
from kro.core.errors import KroError, ValidationFailedError
from kro.core.ids import IdSource
from kro.core.kyc import LimitKind, Requirement, TierRule
from kro.kro_balance.domain import Period, Succession

TABLE: Final = "kyc_tier_limits"

_FIELDS: Final = {
    LimitKind.ORDER: "order_limit",
    LimitKind.PAYOUT: "payout_limit",
    LimitKind.PAID_IN_DAY: "day_in_limit",
    LimitKind.PAYOUT_DAY: "day_out_limit",
    LimitKind.BALANCE: "balance_limit",
}


class TierPreviewOutdatedError(KroError):
    """These limits were changed since the preview; look at a new one."""

    code = "tier_preview_outdated"


@dataclass(frozen=True, slots=True)
class TierChange:
    """What a tier may do in a currency from a moment on, in minor units; ``None`` is no limit."""

    tier: int
    currency: str
    order_limit: int | None
    payout_limit: int | None
    day_in_limit: int | None
    day_out_limit: int | None
    balance_limit: int | None
    requires: tuple[Requirement, ...]
    effective_from: datetime | None

    def concerns(self, rule: TierRule) -> bool:
        """Whether a rule is about the same tier and currency."""
        return (rule.tier, rule.currency) == (self.tier, self.currency)


@dataclass(frozen=True, slots=True)
class TierStep:
    """What a change closes and opens; ``shown`` is its hash (hex SHA-256)."""

    opened: TierRule
    ended: tuple[TierRule, ...]
    withdrawn: tuple[TierRule, ...]
    shown: str


@dataclass(frozen=True, slots=True)
class ChangedBy:
    """Who changes limits, and for what reason."""

    actor: Actor
    reason: str
    now: datetime


def plan_tier_change(rules: Sequence[TierRule], change: TierChange, *, ids: IdSource, now: datetime) -> TierStep:
    """Work out what a change closes, withdraws and opens. Nothing is written.

    :raises ValidationFailedError: when it begins in the past, or would give a higher tier less than a lower one.
    """
    period = Period.of(change.effective_from, None, now=now)
    making_room = Succession.of([rule for rule in rules if change.concerns(rule)], period)
    opened = TierRule(
        id=ids.new(),
        effective_from=period.starts,
        **{name: value for name, value in _terms(change).items() if name != "effective_from"},
    )
    others = [rule for rule in rules if not change.concerns(rule) and rule.currency == change.currency]
    _ensure_ordered(opened, [rule for rule in others if rule.counts_at(period.starts)])
    closed = [(rule.id, rule.version) for rule in (*making_room.ended, *making_room.withdrawn)]
    shown = hashlib.sha256(orjson.dumps([_terms(change), closed], option=orjson.OPT_SORT_KEYS)).hexdigest()
    return TierStep(opened, making_room.ended, making_room.withdrawn, shown)


def decide_tier_change(
    rules: Sequence[TierRule], change: TierChange, *, shown: str, by: ChangedBy, ids: IdSource
) -> Outcome[TierStep]:
    """Make the change exactly as it was shown; ``shown`` is what the preview said.

    :raises TierPreviewOutdatedError: when somebody changed the same limits since.
    :raises ValidationFailedError: when the change contradicts the past or the other tiers.
    """
    step = plan_tier_change(rules, change, ids=ids, now=by.now)
    if step.shown != shown:
        raise TierPreviewOutdatedError
    period = Period(step.opened.effective_from)
    # What makes room is written first: the database lets no two rules of a tier overlap.
    closing = Succession(step.ended, step.withdrawn).updates(TABLE, period, now=by.now)
    traces = {"reason": by.reason, "created_by": by.actor.id, "created_at": by.now}
    audit = Audit(
        id=ids.new(),
        actor=by.actor,
        action="kyc.limits_change",
        target_type=TABLE,
        target_id=step.opened.id,
        reason=by.reason,
        detail={
            "before": [_facts(rule) for rule in (*step.ended, *step.withdrawn)],
            "after": _facts(step.opened),
        },
    )
    decision = Decision(
        writes=(*closing, Insert(TABLE, ({**asdict(step.opened), **traces},))),
        audits=(audit,),
    )
    return Outcome(decision, step)


def _ensure_ordered(opened: TierRule, others: Sequence[TierRule]) -> None:
    for other in others:
        low, high = sorted((opened, other), key=lambda rule: rule.tier)
        for kind, name in _FIELDS.items():
            if _more(low.limit(kind), high.limit(kind)):
                raise ValidationFailedError(f"/{name}", "tiers_out_of_order", "A higher tier must not allow less.")


def _more(low: int | None, high: int | None) -> bool:
    return high is not None and (low is None or low > high)


def _terms(change: TierChange) -> dict[str, Any]:
    return asdict(change)


def _facts(rule: TierRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in ("tier", "currency", *_FIELDS.values(), "requires", "effective_from")}
