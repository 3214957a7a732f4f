"""Money that matches nobody: kept apart, told of every day, and given to somebody or sent back by two persons."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kro.core.alerts import alert
from kro.core.decisions import Audit, Decision, Insert, Journal, Outcome, Update
from kro.core.errors import ErrorKind, KroError
from kro.core.ids import show_id
from kro.core.money import EXPONENTS, MAX_AMOUNT_MINOR, Money
from kro.kro_balance.domain import (
    External,
    provider_fee,
    suspense_resolved,
    suspense_returned,
    unmatched_receipt,
)
from kro.payment.database.suspense_records import (
    SuspenseItem,
    SuspenseReason,
    SuspenseStatus,
    Unmatched,
    suspense_row,
)
from kro.payment.domain.announcements import balance_notice, balance_updated
from kro.payment.domain.context import Context
from kro.payment.domain.progress import Progress
from kro.payment.domain.rules import DAY
from kro.payment.providers.results import CollectionFacts


class SuspenseItemNotFoundError(KroError):
    """There is no such item in suspense."""

    kind = ErrorKind.NOT_FOUND
    code = "suspense_item_not_found"


class SuspenseSettledError(KroError):
    """This item has left suspense already."""

    code = "suspense_settled"


class ReturnReferenceUsedError(KroError):
    """Another item went back under this reference of the provider's; one return is booked once."""

    code = "return_reference_used"


def can_be_kept(facts: CollectionFacts) -> bool:
    """Say whether the provider's answer names an amount and a payment that the books can take."""
    amount_is_sound = 0 < facts.amount_minor <= MAX_AMOUNT_MINOR and facts.currency in EXPONENTS
    return amount_is_sound and bool(facts.provider_reference)


def keep_apart(
    facts: CollectionFacts,
    *,
    provider: str,
    reason: SuspenseReason,
    context: Context,
    payment_id: UUID | None = None,
) -> Decision:
    """Book money a provider received and that nobody can be credited with, less what the provider kept of it."""
    item = SuspenseItem(
        id=context.new_id(),
        provider=provider,
        provider_reference=facts.provider_reference,
        reference=facts.reference,
        reason=reason,
        payment_id=payment_id,
        amount=Money(facts.amount_minor, facts.currency),
        status=SuspenseStatus.OPEN,
        user_id=None,
        occurred_at=facts.paid_at or context.now,
        next_alarm_at=context.now + DAY,
        created_at=context.now,
        resolved_at=None,
        version=1,
    )
    audit = Audit(
        id=context.new_id(),
        actor=context.actor,
        action="suspense.keep",
        target_type="suspense",
        target_id=item.id,
        reason=reason,
    )
    told = alert(
        id=context.new_id(),
        kind="money_in_suspense",
        subject=f"{_words(item.amount)} matches nobody",
        detail=f"{_line(item, context)}\n\nTwo persons give it to a user or have it sent back.",
    )
    return Decision(
        writes=(Insert("suspense_items", (suspense_row(item),)),),
        journals=_journals(item, facts, context),
        messages=(told,),
        audits=(audit,),
    )


def decide_unmatched(found: Unmatched, facts: CollectionFacts, *, provider: str, context: Context) -> Outcome[Progress]:
    """Keep the money of a payment we know nothing of, once."""
    if found.known_payment:
        return Outcome(Decision(), Progress.WAITING)
    if found.known_item:
        return Outcome(Decision(), Progress.FINAL)
    if not can_be_kept(facts):
        return Outcome(Decision(), Progress.PARKED)
    kept = keep_apart(facts, provider=provider, reason=SuspenseReason.UNKNOWN_REFERENCE, context=context)
    return Outcome(kept, Progress.FINAL)


def decide_suspense_credit(item: SuspenseItem | None, *, user_id: UUID, context: Context) -> Decision:
    """Give an item to the user it belongs to; two persons have decided so.

    :raises SuspenseItemNotFoundError: if there is none.
    :raises SuspenseSettledError: when it has left suspense.
    """
    item = _open(item)
    journal = suspense_resolved(
        context.posting(), suspense_id=item.id, provider=item.provider, user_id=user_id, amount=item.amount
    )
    changes: dict[str, str | UUID] = {"status": SuspenseStatus.CREDITED, "user_id": user_id}
    return Decision(
        writes=(_settle(item, changes, context),),
        journals=(journal,),
        messages=(
            balance_updated(user_id, context=context),
            balance_notice(user_id, "balance_credited", facts={"amount": item.amount}, context=context),
        ),
    )


def decide_suspense_return(
    item: SuspenseItem | None, *, return_reference: str, reference_is_used: bool, context: Context
) -> Decision:
    """Book that an item went back to its sender, under the provider's reference of that; two persons say so.

    :raises SuspenseItemNotFoundError: if there is none.
    :raises SuspenseSettledError: when it has left suspense.
    :raises ReturnReferenceUsedError: when another item went back under this reference.
    """
    item = _open(item)
    if reference_is_used:
        raise ReturnReferenceUsedError
    journal = suspense_returned(
        context.posting(),
        suspense_id=item.id,
        amount=item.amount,
        external=External(item.provider, return_reference),
    )
    return Decision(writes=(_settle(item, {"status": SuspenseStatus.RETURNED}, context),), journals=(journal,))


def decide_suspense_alarm(items: Sequence[SuspenseItem], *, context: Context) -> Outcome[int]:
    """Tell the operators in one mail of everything that still waits, and of each again in a day."""
    if not items:
        return Outcome(Decision(), 0)
    oldest = min(item.created_at for item in items)
    told = alert(
        id=context.new_id(),
        kind="suspense_ages",
        subject=f"{len(items)} unmatched payment(s), the oldest for {(context.now - oldest).days} day(s)",
        detail="\n\n".join(_line(item, context) for item in items),
    )
    writes = tuple(
        Update("suspense_items", item.id, item.version, {"next_alarm_at": context.now + DAY}) for item in items
    )
    return Outcome(Decision(writes=writes, messages=(told,)), len(items))


def _open(item: SuspenseItem | None) -> SuspenseItem:
    if item is None:
        raise SuspenseItemNotFoundError
    if item.status is not SuspenseStatus.OPEN:
        raise SuspenseSettledError
    return item


def _settle(item: SuspenseItem, changes: dict[str, str | UUID], context: Context) -> Update:
    ended = {**changes, "next_alarm_at": None, "resolved_at": context.now}
    return Update("suspense_items", item.id, item.version, ended)


def _journals(item: SuspenseItem, facts: CollectionFacts, context: Context) -> tuple[Journal, ...]:
    external, source = External(item.provider, item.provider_reference), ("suspense", item.id)
    kept = unmatched_receipt(
        context.posting(occurred_at=item.occurred_at), source=source, amount=item.amount, external=external
    )
    if not facts.fees_minor or facts.fees_minor < 0:
        return (kept,)
    fee = provider_fee(
        context.posting(occurred_at=item.occurred_at),
        source=source,
        amount=Money(facts.fees_minor, item.amount.currency),
        external=external,
    )
    return (kept, fee)


def _line(item: SuspenseItem, context: Context) -> str:
    age = (context.now - item.created_at).days
    return (
        f"{show_id('sus', item.id)}: {_words(item.amount)} through {item.provider}, payment {item.provider_reference} "
        f"({item.reason.replace('_', ' ')}), for {age} day(s)."
    )


def _words(amount: Money) -> str:
    return f"{amount.currency} {amount.to_major()}"
