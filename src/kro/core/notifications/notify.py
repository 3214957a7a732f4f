from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.clock import Clock, SystemClock
from kro.core.database.pool import Database
from kro.core.email import Email, EmailAccepted, EmailOutcomeUnknown, EmailProvider, EmailRefused, EmailResult
from kro.core.ids import show_id
from kro.core.notices import Channel, Group, Reader, Rule, Template, Way, any_rule_of, rule_of, ways_to_reach
from kro.core.notifications.live import NOTIFICATION_CREATED, NotificationCreated
from kro.core.notifications.outcome import MAX_UNCERTAIN_TRIES
from kro.core.notifications.person import OF_USERS, PERSON, Person
from kro.core.notifications.receipts import Part, Receipts, ReceiptStatus
from kro.core.notifications.words import Templates
from kro.core.outbox import Envelope, GiveUp, RetryLater
from kro.core.sms import SMS, MessageAccepted, MessageOutcomeUnknown, MessageRefused, SMSProvider, SMSResult

PATIENCE_SECONDS: Final = 300.0
_READ: Final = f"SELECT {PERSON} FROM {OF_USERS} WHERE u.id = $1"  # noqa: S608 - built from constants only
_SPLIT: Final = """
WITH parts AS (
    INSERT INTO outbox (id, topic, payload, next_attempt_at)
    SELECT p.id, 'notify', p.payload, coalesce(p.at, now())
    FROM unnest($1::uuid[], $2::jsonb[], $3::timestamptz[]) AS p (id, payload, at) ON CONFLICT DO NOTHING),
told AS (
    INSERT INTO notice_receipts
        (message_id, notice_id, user_id, subject_id, purpose, template, channel, status, reason, at)
    SELECT t.id, $6, $7, $8, $9, $10, t.channel, t.status, t.reason, now()
    FROM unnest($4::uuid[], $5::text[], $11::text[], $12::text[]) AS t (id, channel, status, reason)
    ON CONFLICT DO NOTHING),
shown AS (
    INSERT INTO notifications (id, user_id, template, reader, topic, weight, language, title, body, about, created_at)
    VALUES ($6, $7, $10, $13, $14, $15, $16, $17, $18, $19, $20) ON CONFLICT DO NOTHING RETURNING id)
INSERT INTO outbox (id, topic, payload) SELECT $21, 'realtime', $22 FROM shown ON CONFLICT DO NOTHING"""
_RANDOM_BITS: Final = 62
_ABOUT: Final = ("order_id", "payout_id", "refund_id")


class NotifyTopic:
    """Delivers outbox messages of topic ``notify``, as :func:`kro.core.notices.notice` makes them.

    A whole notice becomes, in one statement, an entry of its reader's inbox, a live event, and one message for each
    other channel the matrix names and the reader has not muted, so that a mail that fails never repeats an SMS that
    went out. Address, name and language are read when a part leaves. What a vendor took is never sent again, and what
    it may have taken only when ``patience_seconds`` brought no report of it.
    """

    def __init__(
        self,
        *,
        database: Database,
        sms: SMSProvider,
        email: EmailProvider,
        templates: Templates,
        clock: Clock | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._database = database
        self._sms = sms
        self._email = email
        self._templates = templates
        self._clock = clock or SystemClock()
        self._receipts = Receipts(database, patience_seconds=patience_seconds)

    async def handle(self, envelope: Envelope) -> None:
        """Split a notice, or send one part of it."""
        if "channel" in envelope.payload:
            await self._send(envelope)
        else:
            await self._split(envelope)

    async def _split(self, envelope: Envelope) -> None:
        payload = envelope.payload
        row = await self._database.row(_READ, UUID(payload["user_id"]))
        if row is None:
            raise GiveUp("unknown_user")
        person = Person.of(dict(row))
        if person.is_invited:
            # Somebody who has not come yet gets the invitation and nothing else.
            return
        rule = _rule(payload)
        ways = ways_to_reach(rule, person.preferences, person.reach, now=self._clock.now())
        await self._database.execute(_SPLIT, *self._rows(envelope, rule, person, ways))

    def _rows(self, envelope: Envelope, rule: Rule, person: Person, ways: Sequence[Way]) -> Sequence[object]:
        payload = envelope.payload
        open_ways = [way for way in ways if way.skip is None]
        closed = [way for way in ways if way.skip is not None]
        shown = self._templates.inbox(rule.template, payload["facts"], language=person.preferences.language)
        part = Part.of(envelope.id, payload, Channel.IN_APP, notice_id=envelope.id)
        about = next((payload["facts"][name] for name in _ABOUT if name in payload["facts"]), None)
        live = _live_event(envelope.id, rule, shown.title, about, envelope.created_at, part.user_id)
        return (
            [part_id(envelope.id, way.channel) for way in open_ways],
            [_part_payload(envelope, way.channel) for way in open_ways],
            [way.not_before for way in open_ways],
            [part_id(envelope.id, channel) for channel in (Channel.IN_APP, *(way.channel for way in closed))],
            [Channel.IN_APP, *(way.channel for way in closed)],
            envelope.id,
            part.user_id,
            part.subject_id,
            part.purpose,
            rule.template,
            [ReceiptStatus.DELIVERED, *(ReceiptStatus.SKIPPED for _ in closed)],
            [None, *(way.skip for way in closed)],
            rule.reader,
            rule.group,
            rule.weight,
            person.preferences.language,
            shown.title,
            shown.body,
            about,
            envelope.created_at,
            part_id(envelope.id, NOTIFICATION_CREATED),
            live,
        )

    async def _send(self, envelope: Envelope) -> None:
        payload = envelope.payload
        channel = Channel(payload["channel"])
        part = Part.of(envelope.id, payload, channel, notice_id=UUID(payload["notice_id"]))
        begun = await self._receipts.begin(part)
        if begun is None:
            raise GiveUp("unknown_user")
        if begun.wait_seconds is not None:
            raise RetryLater("outcome_awaited", after_seconds=begun.wait_seconds, is_try=False)
        if not begun.tries:
            return
        if begun.tries > MAX_UNCERTAIN_TRIES:
            await self._receipts.settle(envelope.id, ReceiptStatus.UNKNOWN)
            raise GiveUp("outcome_unknown")
        skip = begun.person.reach.skip(channel)
        if skip is not None:
            await self._receipts.settle(envelope.id, ReceiptStatus.SKIPPED, reason=skip)
            return
        deliver = self._text if channel is Channel.SMS else self._mail
        await self._conclude(envelope, await deliver(envelope, begun.person, _rule(payload)))

    async def _conclude(self, envelope: Envelope, result: SMSResult | EmailResult) -> None:
        match result:
            case MessageAccepted() | EmailAccepted():
                await self._receipts.settle(
                    envelope.id,
                    ReceiptStatus.ACCEPTED,
                    provider=result.provider,
                    provider_message_id=result.provider_message_id,
                )
            case MessageRefused(permanent=True) | EmailRefused(permanent=True):
                await self._receipts.settle(envelope.id, ReceiptStatus.FAILED, reason=result.code)
                raise GiveUp(result.code)
            case MessageRefused() | EmailRefused():
                await self._receipts.settle(envelope.id, ReceiptStatus.WAITING, reason=result.code)
                raise RetryLater(result.code, after_seconds=result.retry_after_seconds)
            case MessageOutcomeUnknown(repeatable=False):
                await self._receipts.settle(envelope.id, ReceiptStatus.UNKNOWN, reason=result.cause)
                raise GiveUp("outcome_unknown")
            case MessageOutcomeUnknown() | EmailOutcomeUnknown():
                raise RetryLater("outcome_unknown", after_seconds=self._receipts.patience_seconds)

    async def _text(self, envelope: Envelope, person: Person, rule: Rule) -> SMSResult:
        text = self._templates.sms(rule.template, envelope.payload["facts"], language=person.preferences.language)
        return await self._sms.send(
            SMS(
                to_e164=person.phone or "",
                text=text,
                message_id=f"{envelope.id}.{Channel.SMS}",
                purpose=str(rule.template),
            )
        )

    async def _mail(self, envelope: Envelope, person: Person, rule: Rule) -> EmailResult:
        words = self._templates.mail(
            rule.template,
            envelope.payload["facts"],
            first_name=person.first_name,
            language=person.preferences.language,
        )
        return await self._email.send(
            Email(
                to=person.email or "",
                subject=words.subject,
                text=words.text,
                html=words.html,
                message_id=f"{envelope.id}.{Channel.MAIL}",
                category=rule.template,
                may_repeat=rule.group is not Group.MONEY,
            )
        )


def part_id(message_id: UUID, part: str) -> UUID:
    """Return the id of a notice's part: always the same, with the time of the whole (RFC 9562, 5.7)."""
    digest = hashlib.sha256(message_id.bytes + part.encode()).digest()
    random_bits = int.from_bytes(digest[:8]) >> (64 - _RANDOM_BITS)
    return UUID(int=message_id.int >> 64 << 64 | 0b10 << _RANDOM_BITS | random_bits)


def _rule(payload: Mapping[str, Any]) -> Rule:
    template = Template(payload["template"])
    # Messages from before readers were told apart say none.
    return rule_of(template, Reader(payload["reader"])) if "reader" in payload else any_rule_of(template)


def _part_payload(envelope: Envelope, channel: Channel) -> dict[str, Any]:
    whole = {name: value for name, value in envelope.payload.items() if name != "channels"}
    return {**whole, "channel": channel, "notice_id": str(envelope.id)}


def _live_event(
    notice_id: UUID, rule: Rule, title: str, about: str | None, created_at: datetime, user_id: UUID
) -> dict[str, Any]:
    data = NotificationCreated(
        id=show_id("ntf", notice_id),
        group=rule.group,
        weight=rule.weight,
        title=title,
        about=about,
        created_at=created_at,
    )
    return {"users": [str(user_id)], "event": NOTIFICATION_CREATED, "data": data.model_dump(mode="json")}
