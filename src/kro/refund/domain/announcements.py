"""What people are told when money goes back: hints for open apps, notices to its owner, alarms to the operators."""

from __future__ import annotations

from uuid import UUID

from kro.core.alerts import alert
from kro.core.decisions import Audit, Message
from kro.core.ids import show_id
from kro.core.money import Money
from kro.core.notices import Reader, notice
from kro.refund.database.records import Refund, RefundStatus
from kro.refund.domain.context import Context


def refund_updated(refund: Refund, status: RefundStatus, *, context: Context) -> Message:
    return _hint(refund.user_id, "refund.updated", show_id("rfd", refund.id), status, context)


def balance_updated(user_id: UUID, *, context: Context) -> Message:
    return _hint(user_id, "balance.updated", show_id("usr", user_id), "changed", context)


def refund_notice(refund: Refund, template: str, *, context: Context) -> Message:
    """Tell the owner about a refund."""
    return notice(
        id=context.new_id(),
        user_id=refund.user_id,
        template=template,
        reader=Reader.OWNER,
        facts={
            "refund_id": show_id("rfd", refund.id),
            "amount": {"amount": refund.amount.amount, "currency": refund.amount.currency},
        },
    )


def refund_alarm(refund: Refund, kind: str, detail: str, *, context: Context) -> Message:
    """Tell the operators what needs one of them."""
    shown = show_id("rfd", refund.id)
    facts = f"Refund {shown} of {_words(refund.amount)}, {refund.status} since {refund.updated_at:%Y-%m-%d %H:%M} UTC."
    return alert(id=context.new_id(), kind=kind, subject=f"Refund {shown}: {detail}", detail=f"{facts}\n\n{detail}.")


def audit(
    refund: Refund, action: str, *, context: Context, result: str = "done", reason: str | None = None, **detail: str
) -> Audit:
    return Audit(
        id=context.new_id(),
        actor=context.actor,
        action=action,
        target_type="refund",
        target_id=refund.id,
        result=result,
        reason=reason,
        detail={"amount": refund.amount.amount, "currency": refund.amount.currency, **detail},
    )


def _words(amount: Money) -> str:
    return f"{amount.currency} {amount.to_major()}"


def _hint(user_id: UUID, event: str, shown_id: str, status: str, context: Context) -> Message:
    return Message(
        id=context.new_id(),
        topic="realtime",
        payload={"users": [user_id], "event": event, "data": {"id": shown_id, "status": status}},
    )
