"""A worker dies a hundred times, at every point of a notice's way: one message for each event and channel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import IntEnum
from uuid import UUID

from kro.core.clock import SystemClock
from kro.core.database.pool import Database
from kro.core.email.fake import FakeEmail
from kro.core.ids import IdSource
from kro.core.notices import Reader, notice
from kro.core.notifications import NotifyTopic, Templates
from kro.core.notifications.receipts import Receipts, ReceiptStatus
from kro.core.outbox import Envelope
from kro.core.sms import SMS, SMSResult
from kro.core.sms.fake import FakeSMS

FACTS = {"order_id": "ord_01h455vb4pex5vsknk084sn02q", "title": "x", "amount": {"amount": 1, "currency": "NGN"}}


class Point(IntEnum):
    BEFORE_ANYTHING = 0
    BEFORE_THE_VENDOR = 1
    AFTER_THE_VENDOR = 2
    BEFORE_IT_IS_SETTLED = 3


class Killed(BaseException):
    """What no handler catches, as little as a kill."""


@dataclass
class Vendor:
    """Takes texts, reports them if it ``reports``, and has its caller die at a point."""

    database: Database
    reports: bool = True
    dies_at: Point | None = None
    inner: FakeSMS = field(default_factory=FakeSMS)

    async def send(self, message: SMS) -> SMSResult:
        point, self.dies_at = self.dies_at, None
        if point is Point.BEFORE_THE_VENDOR:
            raise Killed
        result = await self.inner.send(message)
        if self.reports:
            receipts = Receipts(self.database, patience_seconds=0)
            message_id = UUID(message.message_id.partition(".")[0])
            await receipts.report(message_id, ReceiptStatus.DELIVERED, reason=None, at=SystemClock().now())
        if point is Point.AFTER_THE_VENDOR:
            raise Killed
        return result


async def deliver(topic: NotifyTopic, database: Database, *, point: Point | None) -> None:
    """Hand every message of the topic that is pending to the topic, as a relay does; dying leaves it pending."""
    rows = await database.rows("SELECT id, topic, payload, created_at FROM outbox WHERE topic = 'notify'")
    for row in rows:
        if point is Point.BEFORE_ANYTHING:
            continue
        envelope = Envelope(attempts=1, **row)
        try:
            await topic.handle(envelope)
        except Killed:
            continue
        if point is not Point.BEFORE_IT_IS_SETTLED:
            await database.execute("UPDATE outbox SET topic = 'done' WHERE id = $1", row["id"])


async def test_a_hundred_deaths_repeat_and_lose_nothing(
    database: Database, ids: IdSource, person: Callable[..., Awaitable[UUID]]
) -> None:
    vendor = Vendor(database)
    topic = NotifyTopic(database=database, sms=vendor, email=FakeEmail(), templates=Templates(), patience_seconds=0)
    user_id = await person(phone="+2348030000001")
    for number in range(100):
        point = Point(number % len(Point))
        message = notice(id=ids.new(), user_id=user_id, template="order_accepted", reader=Reader.BUYER, facts=FACTS)
        await database.execute(
            "INSERT INTO outbox (id, topic, payload) VALUES ($1, 'notify', $2)", message.id, message.payload
        )
        vendor.dies_at = point
        await deliver(topic, database, point=point)
        await deliver(topic, database, point=point if point is Point.BEFORE_IT_IS_SETTLED else None)
        for _ in range(3):
            await deliver(topic, database, point=None)

    sent = Counter(message.message_id for message in vendor.inner.sent)
    assert (len(sent), set(sent.values())) == (100, {1})
    assert await database.value("SELECT count(*) FROM notifications") == 100
    assert await database.value("SELECT count(*) FROM outbox WHERE topic = 'notify'") == 0


async def test_without_reports_a_lost_answer_is_sent_once_more_and_counted(
    database: Database, ids: IdSource, person: Callable[..., Awaitable[UUID]]
) -> None:
    vendor = Vendor(database, reports=False)
    topic = NotifyTopic(database=database, sms=vendor, email=FakeEmail(), templates=Templates(), patience_seconds=0)
    user_id = await person(phone="+2348030000001")
    message = notice(id=ids.new(), user_id=user_id, template="order_accepted", reader=Reader.BUYER, facts=FACTS)
    await database.execute(
        "INSERT INTO outbox (id, topic, payload) VALUES ($1, 'notify', $2)", message.id, message.payload
    )
    await deliver(topic, database, point=None)
    vendor.dies_at = Point.AFTER_THE_VENDOR
    for _ in range(3):
        await deliver(topic, database, point=None)

    assert len(vendor.inner.sent) == 2
    assert await database.value("SELECT tries FROM notice_receipts WHERE channel = 'sms'") == 2
