"""What is learned from a mail vendor's events: what became of notices, and which mailboxes are bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.core.email.sendgrid_events import Fate, MailEvent, SendGridEvents
from kro.core.ids import IdSource
from kro.core.notices import Reader, Template, notice
from kro.core.telemetry import get_logger, hooks
from kro.core.telemetry.catalogue import DELIVERY_REPORTS

_LOG = get_logger()
_RANKS: Final = list(Fate)

# Events come more than once and in any order: the furthest state of a mail stays, and an event is kept once. Whoever
# has a mailbox that has just become bad is told so, in the same write.
_TAKE: Final = """
WITH kept AS (
    INSERT INTO mail_events (id, message_id, kind, reason, at)
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[]) ON CONFLICT DO NOTHING
    RETURNING id),
moved AS (
    UPDATE notice_receipts AS r
    SET status = s.status, reason = coalesce(s.reason, r.reason), at = greatest(r.at, s.at), provider = 'sendgrid'
    FROM unnest($6::uuid[], $7::text[], $8::text[], $9::timestamptz[]) AS s (message_id, status, reason, at)
    WHERE r.message_id = s.message_id AND r.channel = 'mail' AND r.status <> 'skipped'
      AND array_position(ARRAY['accepted', 'delivered', 'failed'], s.status)
        > coalesce(array_position(ARRAY['accepted', 'delivered', 'failed'], r.status), 0)),
good AS (
    UPDATE bad_addresses AS b SET good_at = greatest(b.good_at, g.at)
    FROM unnest($10::text[], $11::timestamptz[]) AS g (address, at)
    WHERE b.address = g.address AND b.reason <> 'spam_report'),
bad AS (
    INSERT INTO bad_addresses AS b (address, reason, bad_at)
    SELECT * FROM unnest($12::text[], $13::text[], $14::timestamptz[])
    ON CONFLICT (address) DO UPDATE SET reason = excluded.reason, bad_at = excluded.bad_at
    WHERE b.good_at > b.bad_at AND excluded.bad_at > b.good_at
    RETURNING b.address),
told AS (
    INSERT INTO outbox (id, topic, payload)
    SELECT DISTINCT ON (n.id) n.id, 'notify', $17::jsonb || jsonb_build_object('user_id', u.id)
    FROM bad JOIN unnest($15::text[], $16::uuid[]) AS n (address, id) ON n.address = bad.address
    JOIN users AS u ON lower(u.email) = bad.address AND u.status = 'active'
    ORDER BY n.id, u.id)
SELECT count(*) FROM kept"""
_FORGET: Final = """
DELETE FROM mail_events WHERE id IN (
    SELECT id FROM mail_events WHERE received_at < now() - make_interval(days => $1) ORDER BY received_at LIMIT $2)"""


@dataclass(frozen=True, slots=True)
class _Learned:
    fates: Mapping[UUID, MailEvent]
    good: Mapping[str, datetime]
    bad: Mapping[str, MailEvent]


class MailReports:
    def __init__(self, database: Database, events: SendGridEvents, *, ids: IdSource) -> None:
        self._database = database
        self._events = events
        self._ids = ids

    async def take(self, raw: bytes, headers: Mapping[str, str]) -> None:
        """Learn from a webhook; events of mails that are not ours are kept and do nothing.

        :raises KroError: what :meth:`SendGridEvents.read` refuses; the database is not asked for such a thing.
        """
        events = self._events.read(raw, headers)
        if not events:
            return
        new = await self._database.value(_TAKE, *self._rows(events))
        for event in events:
            if event.fate is not None:
                hooks.add(DELIVERY_REPORTS, provider="sendgrid", channel="mail", state=event.fate.value)
        _LOG.info("mail_events", provider="sendgrid", count=len(events), new=new)

    def _rows(self, events: Sequence[MailEvent]) -> Sequence[object]:
        once = list({event.id: event for event in events}.values())
        learned = _learn(events)
        fates, bad = learned.fates, learned.bad
        return (
            [event.id for event in once],
            [event.message_id for event in once],
            [event.kind for event in once],
            [event.reason for event in once],
            [event.at for event in once],
            list(fates),
            [event.fate for event in fates.values()],
            [event.reason for event in fates.values()],
            [event.at for event in fates.values()],
            list(learned.good),
            list(learned.good.values()),
            list(bad),
            [event.bad for event in bad.values()],
            [event.at for event in bad.values()],
            list(bad),
            [self._ids.new() for _ in bad],
            _payload(),
        )

    async def forget(self, *, older_than_days: int, limit: int = 1000) -> int:
        """Delete older events and return how many."""
        return await self._database.execute(_FORGET, older_than_days, limit)


def _learn(events: Sequence[MailEvent]) -> _Learned:
    """Fold events of one webhook: of each mail the furthest state, of each address what was last."""
    fates: dict[UUID, MailEvent] = {}
    good: dict[str, datetime] = {}
    bad: dict[str, MailEvent] = {}
    for event in events:
        if event.message_id is not None and event.fate is not None:
            before = fates.get(event.message_id)
            if before is None or before.fate is None or _RANKS.index(event.fate) > _RANKS.index(before.fate):
                fates[event.message_id] = event
        if event.bad is not None and event.address:
            bad[event.address] = max(event, bad.get(event.address, event), key=lambda one: one.at)
        elif event.fate is Fate.DELIVERED and event.address:
            good[event.address] = max(event.at, good.get(event.address, event.at))
    # One statement cannot change a row twice, so of one address only the last word is taken.
    for address in good.keys() & bad.keys():
        if good[address] > bad[address].at:
            del bad[address]
        else:
            del good[address]
    return _Learned(fates, good, bad)


def _payload() -> dict[str, Any]:
    nobody = UUID(int=0)
    message = notice(id=nobody, user_id=nobody, template=Template.MAIL_UNDELIVERABLE, reader=Reader.OWNER, facts={})
    return {name: value for name, value in message.payload.items() if name != "user_id"}
