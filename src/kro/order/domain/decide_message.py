"""What the parties write to each other: said once, taken back within minutes, or reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from kro.core.decisions import Decision, Insert, Message, Outcome, Update
from kro.core.ids import show_id
from kro.core.notices import Reader, notice
from kro.order.database import thread_records as records
from kro.order.database.thread_words import Author, ReportCategory
from kro.order.domain.changes import Context, as_row, money
from kro.order.domain.errors import EvidenceNotFoundError
from kro.order.domain.screening import screen
from kro.order.domain.thread_errors import (
    MessageFixedError,
    MessageReportedError,
    NotYourMessageError,
    OwnMessageError,
    ThreadClosedError,
)

TAKE_BACK_WITHIN: Final = timedelta(minutes=15)
QUIET: Final = timedelta(minutes=30)
"""How long a party is not mailed again about what the same person writes."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    text: str
    evidence_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    category: ReportCategory
    note: str | None


def decide_write(state: records.ThreadState, command: NewMessage, *, context: Context) -> Outcome[records.Message]:
    """Write a message; the other party sees it without contact details, at once, and is mailed once in a while.

    :raises ThreadClosedError: when the order has ended and one of the parties wants nothing more of the other.
    :raises EvidenceNotFoundError: when a file is not of this order.
    """
    if state.ended and state.blocked:
        raise ThreadClosedError
    if not state.evidence_ids.issuperset(command.evidence_ids):
        raise EvidenceNotFoundError
    screened = screen(command.text)
    notified = state.notified_at is None or context.now - state.notified_at >= QUIET
    message = records.Message(
        id=context.ids.new(),
        order_id=state.order_id,
        seq=state.last_seq + 1,
        author_kind=state.viewer,
        author_id=context.actor.id,
        original=command.text,
        shown=screened.shown,
        warnings=screened.warnings,
        evidence_ids=tuple(dict.fromkeys(command.evidence_ids)),
        notified=notified,
        created_at=context.now,
        redacted_at=None,
        version=1,
    )
    effects = [_event(message, (state.buyer_id, state.seller_id), context)]
    if notified:
        effects.append(_notice(state, context))
    return Outcome(Decision(writes=(Insert("order_messages", (as_row(message),)),), messages=tuple(effects)), message)


def decide_redact(state: records.MessageState, *, context: Context) -> Outcome[records.Message]:
    """Take a message back: its words are gone for both parties. Taking it back again changes nothing.

    :raises NotYourMessageError: when somebody else wrote it.
    :raises MessageFixedError: after 15 minutes, and once the order was contested: what was said then is evidence.
    """
    message = state.message
    if message.author_id != context.actor.id:
        raise NotYourMessageError
    if message.redacted_at is not None:
        return Outcome(Decision(), message)
    if state.contested or context.now - message.created_at > TAKE_BACK_WITHIN:
        raise MessageFixedError
    redacted = replace(message, redacted_at=context.now, version=message.version + 1)
    write = Update("order_messages", message.id, message.version, {"redacted_at": context.now})
    event = _event(redacted, (state.buyer_id, state.seller_id), context)
    return Outcome(Decision(writes=(write,), messages=(event,)), redacted)


def decide_report(state: records.MessageState, command: Report, *, context: Context) -> Outcome[records.MessageReport]:
    """Report what the other party wrote, once.

    :raises OwnMessageError: for the actor's own message.
    :raises MessageReportedError: when the actor has reported it already.
    """
    if state.message.author_id == context.actor.id:
        raise OwnMessageError
    if state.reported:
        raise MessageReportedError
    report = records.MessageReport(
        id=context.ids.new(),
        message_id=state.message.id,
        reported_by=context.actor.id,
        category=command.category,
        note=command.note,
        created_at=context.now,
    )
    return Outcome(Decision(writes=(Insert("message_reports", (as_row(report),)),)), report)


def message_item(message: records.Message, *, viewer_id: UUID | None) -> Mapping[str, Any]:
    """Return a message as one person sees it: its author as written, everybody else without what is hidden."""
    gone = message.redacted_at is not None
    text = message.original if viewer_id == message.author_id else message.shown
    return {
        "id": show_id("msg", message.id),
        "order_id": show_id("ord", message.order_id),
        "seq": message.seq,
        "author": {"kind": message.author_kind, "id": _author_id(message)},
        "text": None if gone else text,
        "masked": message.is_masked,
        "warnings": list(message.warnings),
        "evidence_ids": [] if gone else [show_id("evd", evidence_id) for evidence_id in message.evidence_ids],
        "created_at": message.created_at,
        "redacted_at": message.redacted_at,
    }


def _author_id(message: records.Message) -> str | None:
    # Whoever writes for the platform is the platform to both parties.
    return None if message.author_kind is Author.ADMIN else show_id("usr", message.author_id)


def _event(message: records.Message, users: tuple[UUID, UUID], context: Context) -> Message:
    # Both get the same words: an author's other devices know by ``masked`` that theirs are longer.
    return Message(
        id=context.ids.new(),
        topic="realtime",
        ordering_key=f"thread:{message.order_id}",
        payload={"users": users, "event": "order.message", "data": message_item(message, viewer_id=None)},
    )


def _notice(state: records.ThreadState, context: Context) -> Message:
    return notice(
        id=context.ids.new(),
        user_id=state.other_id,
        template="order_message",
        reader=Reader.BUYER if state.other_id == state.buyer_id else Reader.SELLER,
        facts={
            "order_id": show_id("ord", state.order_id),
            "title": state.title,
            "amount": money(state.amount, state.currency),
        },
    )
