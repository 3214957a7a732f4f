"""The story of an order in plain words, one sentence for each event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from kro.core.business_days import LAGOS
from kro.core.decisions import Event
from kro.core.money import Money, exponent
from kro.order.database.words import EventType

_WHO: Final = {"buyer": "The buyer", "seller": "The seller"}
_PLATFORM: Final = "KRO"
_WHAT: Final = {
    "accept_by": "answer the proposal",
    "fund_by": "pay into escrow",
    "deliver_by": "deliver",
    "inspect_by": "check the order",
    "respond_by": "answer the issue",
    "negotiate_by": "agree",
    "evidence_by": "hand in evidence",
    "appeal_by": "appeal",
}
SENTENCES: Final[dict[EventType, str]] = {
    EventType.CREATED: "{who} proposed the order.",
    EventType.IMPORTED: "The order was carried over from the server before this one.",
    EventType.TERMS_EDITED: "{who} changed the proposal (version {terms_version}).",
    EventType.TERMS_COUNTERED: "{who} proposed other terms (version {terms_version}).",
    EventType.ACCEPTED: "{who} accepted the terms.",
    EventType.DECLINED: "{who} declined: {reason}",
    EventType.CANCELLED: "{who} cancelled the order: {reason}",
    EventType.EXPIRED: "The order expired because a deadline passed.",
    EventType.PARTIAL_RECEIPT: "{amount} arrived; {shortage} is still missing.",
    EventType.FUNDED: "{held} is in escrow. Delivery is due by {deliver_by}.",
    EventType.LATE_RECEIPT: "{amount} arrived too late and is in the buyer's balance.",
    EventType.EXTRA_RECEIPT: "{amount} more arrived and is in the buyer's balance.",
    EventType.CONDITION_SUBMITTED: '{who} handed in "{title}".',
    EventType.CONDITION_CONFIRMED: '{who} confirmed "{title}".',
    EventType.CONDITION_REJECTED: '{who} sent "{title}" back: {reason}',
    EventType.CONDITION_WAIVED: '{who} gave "{title}" up.',
    EventType.EVIDENCE_ADDED: "{who} added the file {file_name}.",
    EventType.COMPLETED: "The work was said to be done. The buyer checks it until {inspect_by}.",
    EventType.APPROVED: "{who} approved. {released} went to the seller.",
    EventType.CHANGES_REQUESTED: "{who} asked for changes: {reason}",
    EventType.PARTLY_RELEASED: "{who} released a part. {released} went to the seller.",
    EventType.INSPECTION_EXTENDED: "{who} extended the inspection until {inspect_by}.",
    EventType.REFUNDED: "{refunded} went back to the buyer.",
    EventType.PARTLY_REFUNDED: "{refunded} of the price went back to the buyer.",
    EventType.CHARGEBACK_OPENED: "The payer's bank asks {amount} of the payment back.",
    EventType.CHARGEBACK_WON: "The payer's bank gave up; {amount} stays.",
    EventType.CHARGEBACK_LOST: "The payer's bank took {amount} of the payment back.",
    EventType.AMENDMENT_PROPOSED: "{who} proposed to change the terms.",
    EventType.AMENDMENT_WITHDRAWN: "{who} took the proposed change back.",
    EventType.AMENDMENT_ACCEPTED: "{who} accepted the changed terms. {held} is in escrow.",
    EventType.AMENDMENT_DECLINED: "{who} declined the proposed change.",
    EventType.HANDED_OVER: "The handover code was entered: the goods changed hands.",
    EventType.HANDOVER_CODE_RENEWED: "{who} got a new handover code.",
    EventType.HANDOVER_CODE_WRONG: "A wrong handover code was entered; {tries_left} tries are left.",
    EventType.MILESTONE_RELEASED: "{released} went to the seller for a milestone.",
    EventType.REMINDED: "A reminder went out: {what} by {due_at}.",
    EventType.DELIVERY_OVERDUE: "The delivery is overdue since {deliver_by}.",
    EventType.INSPECTION_UNPROVEN: "No reminder is known to have arrived; the inspection runs until {inspect_by}.",
    EventType.DEEMED_ACCEPTED: "The inspection ended without an objection. {released} went to the seller.",
    EventType.OFFER_MADE: "{who} offered to settle with {seller_amount} of the price for the seller.",
    EventType.OFFER_WITHDRAWN: "{who} took the offer back.",
    EventType.OFFER_DECLINED: "{who} declined the offer.",
    EventType.OFFER_ACCEPTED: "{who} accepted the offer.",
    EventType.ISSUE_REPORTED: "{who} reported an issue: {statement}",
    EventType.ISSUE_ANSWERED: "{who} answered: {statement}",
    EventType.ISSUE_WITHDRAWN: "{who} withdrew the issue; the order goes on.",
    EventType.CONCEDED: "{who} gave in.",
    EventType.ESCALATED: "The issue went to KRO. Evidence is taken until {evidence_by}.",
    EventType.STATEMENT_ADDED: "{who} stated: {text}",
    EventType.INFO_REQUESTED: "KRO asked: {question} Answers are taken until {evidence_by}.",
    EventType.ASSIGNED: "KRO has somebody look at the dispute.",
    EventType.EVIDENCE_CLOSED: "The time for evidence is over.",
    EventType.DECIDED: "KRO decided: {awarded} of the price for the seller. {grounds}",
    EventType.APPEALED: "{who} appealed: {grounds}",
    EventType.APPEAL_WAIVED: "{who} accepted the decision.",
    EventType.DECISION_EFFECTIVE: "The decision took effect.",
    EventType.DECISION_OVERDUE: "Nobody decided in time; {awarded} of the price goes to the seller by default.",
    EventType.HOLD_PLACED: "The order is on hold; nothing moves and no deadline runs.",
    EventType.HOLD_LIFTED: "The hold was lifted.",
    EventType.RELEASED: "{released} went to the seller.",
    EventType.SPLIT: "{released} went to the seller and {refunded} back to the buyer.",
}


OF_A_CONDITION: Final = {
    EventType.REMINDED: 'A reminder went out: check "{title}" by {due_at}.',
    EventType.INSPECTION_UNPROVEN: 'No reminder about "{title}" is known to have arrived; it waits for the buyer.',
}
"""What is said instead when an event is about a single condition."""


def sentence(event: Event) -> str:
    """Return what an event says, in one sentence or two; a fact it does not carry is left out with its place."""
    words = {name: _shown(value) for name, value in event.data.items()}
    who = _WHO.get(event.actor_kind, _PLATFORM)
    what = _WHAT.get(str(event.data.get("deadline")), "act")
    event_type = EventType(event.type)
    said = OF_A_CONDITION.get(event_type, SENTENCES[event_type]) if "title" in event.data else SENTENCES[event_type]
    return said.format_map(_Words(words, who=who, what=what)).strip()


class _Words(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _shown(value: object) -> str:
    if isinstance(value, Mapping) and set(value) == {"amount", "currency"}:
        return _money(value)
    text = str(value)
    try:
        return datetime.fromisoformat(text).astimezone(LAGOS).strftime("%d %b %Y, %H:%M") if "T" in text else text
    except ValueError:
        return text


def _money(value: Mapping[str, Any]) -> str:
    money = Money(value["amount"], value["currency"])
    whole, _, part = money.to_major().partition(".")
    return f"{money.currency} {int(whole):,}" + (f".{part}" if exponent(money.currency) else "")
