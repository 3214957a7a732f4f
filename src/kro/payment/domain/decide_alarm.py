"""When people have to know of a payout: it takes too long, or its provider contradicts our books."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from kro.core.alerts import alert
from kro.core.decisions import Decision, Insert, Outcome
from kro.core.ids import show_id
from kro.core.money import Money
from kro.payment.database.payout_words import AlarmKind
from kro.payment.database.records import Payout, PayoutStatus
from kro.payment.domain.context import Context
from kro.payment.domain.rules import PayoutRules

ON_ITS_WAY: Final = frozenset(
    {PayoutStatus.APPROVED, PayoutStatus.SUBMITTING, PayoutStatus.SUBMITTED, PayoutStatus.UNKNOWN}
)
"""Let go by everybody, and not ended yet."""

_SUBJECTS: Final = {
    AlarmKind.OPEN_FOR_AN_HOUR: "A payout has been open for an hour",
    AlarmKind.OPEN_FOR_A_DAY: "A payout has been open for a day and waits for two people",
    AlarmKind.AMOUNT_DIFFERS: "A provider reports another amount for a payout",
    AlarmKind.FAILED_AFTER_SUCCESS: "A payout that succeeded is now said to have failed",
    AlarmKind.PAID_AFTER_GIVING_BACK: "A payout was paid after its money was given back",
    AlarmKind.PAID_AFTER_TURNING_DOWN: "A provider paid a payout that it had turned down",
}


def open_since(payout: Payout) -> datetime:
    """Return when a payout on its way was handed to its provider, or let go if that has not happened yet."""
    return payout.attempt.created_at if payout.attempt is not None else payout.updated_at


def decide_age_alarm(payout: Payout, *, rules: PayoutRules, context: Context) -> Outcome[AlarmKind | None]:
    """Alarm people about a payout that takes too long, once at each of two ages. Age never decides more than that."""
    if payout.status not in ON_ITS_WAY:
        return Outcome(Decision(), None)
    age = context.now - open_since(payout)
    kind = AlarmKind.OPEN_FOR_A_DAY if age >= rules.people_after else AlarmKind.OPEN_FOR_AN_HOUR
    if age < rules.alarm_after or _is_raised(payout, kind):
        return Outcome(Decision(), None)
    return Outcome(raise_alarm(payout, kind, context=context), kind)


def raise_alarm(payout: Payout, kind: AlarmKind, *, context: Context) -> Decision:
    """Return the alarm and the mail about it; nothing when that alarm was raised before."""
    if _is_raised(payout, kind):
        return Decision()
    row = {"id": context.new_id(), "payout_id": payout.id, "kind": kind, "raised_at": context.now, "version": 1}
    message = alert(
        id=context.new_id(),
        kind=f"payout_{kind}",
        subject=_SUBJECTS[kind],
        detail=_detail(payout, context),
    )
    return Decision(writes=(Insert("payout_alarms", (row,)),), messages=(message,))


def _is_raised(payout: Payout, kind: AlarmKind) -> bool:
    return kind in {alarm.kind for alarm in payout.alarms}


def _detail(payout: Payout, context: Context) -> str:
    amount = payout.amount
    facts = [
        f"Payout {show_id('pyt', payout.id)} of {_shown(amount)} through {payout.provider} is {payout.status}.",
    ]
    if payout.attempt is not None:
        facts.append(f"The provider knows it as {payout.attempt.reference}.")
    facts.append(f"As of {context.now:%Y-%m-%d %H:%M} UTC.")
    return "\n\n".join(facts)


def _shown(amount: Money) -> str:
    return f"{amount.currency} {amount.to_major()}"
