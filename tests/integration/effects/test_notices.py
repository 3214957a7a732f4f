from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from kro.core.clock import SystemClock
from kro.core.database.pool import Database
from kro.core.decisions import Decision
from kro.core.decisions.encoding import encode
from kro.core.email.fake import FakeEmail
from kro.core.email.interface import EmailOutcomeUnknown, EmailRefused
from kro.core.ids import IdSource, show_id
from kro.core.notices import Reader, notice
from kro.core.notifications import NotifyTopic, Templates
from kro.core.notifications.live import NotificationCreated
from kro.core.notifications.receipts import Receipts, ReceiptStatus
from kro.core.outbox import OutboxRelay, RelayOptions
from kro.core.sms.fake import FakeSMS
from kro.core.sms.interface import MessageOutcomeUnknown, MessageRefused

Post = Callable[..., Awaitable[UUID]]
State = Callable[[UUID], Awaitable[dict[str, Any]]]
Person = Callable[..., Awaitable[UUID]]
FACTS = {
    "order_id": "ord_01h455vb4pex5vsknk084sn02q",
    "title": "Demo phone",
    "amount": {"amount": 150_000, "currency": "NGN"},
}
PHONE = "+2348030000001"


@pytest.fixture
def sms() -> FakeSMS:
    return FakeSMS()


@pytest.fixture
def email() -> FakeEmail:
    return FakeEmail()


@pytest.fixture
def make_relay(database: Database, sms: FakeSMS, email: FakeEmail) -> Callable[..., OutboxRelay]:
    def make(*, patience: float = 0, max_attempts: int = 100) -> OutboxRelay:
        topic = NotifyTopic(database=database, sms=sms, email=email, templates=Templates(), patience_seconds=patience)
        return OutboxRelay(
            database, {"notify": topic.handle}, options=RelayOptions(delays=(0,), max_attempts=max_attempts)
        )

    return make


@pytest.fixture
def relay(make_relay: Callable[..., OutboxRelay]) -> OutboxRelay:
    return make_relay()


@pytest.fixture
def notify(database: Database, ids: IdSource) -> Callable[..., Awaitable[UUID]]:
    """Write a notice the way a decision does, and return its id."""

    async def notify(user_id: UUID, template: str = "order_accepted") -> UUID:
        notice_id = ids.new()
        message = notice(id=notice_id, user_id=user_id, template=template, reader=Reader.BUYER, facts=FACTS)
        await database.apply(encode(Decision(messages=(message,))))
        return notice_id

    return notify


async def states(database: Database) -> list[tuple[str, str | None]]:
    """Return the fate of each message of the topic."""
    rows = await database.rows("SELECT state, last_error FROM outbox WHERE topic <> 'realtime' ORDER BY id")
    return [(row["state"], row["last_error"]) for row in rows]


async def receipts(database: Database) -> dict[str, tuple[str, str | None, int]]:
    rows = await database.rows("SELECT channel, status, reason, tries FROM notice_receipts")
    return {row["channel"]: (row["status"], row["reason"], row["tries"]) for row in rows}


async def revive(database: Database, message_id: UUID | None = None) -> None:
    """Have messages delivered again, as when a worker died before it wrote down that it was done."""
    await database.execute(
        "UPDATE outbox SET state = 'pending', lease_until = NULL, next_attempt_at = now() "
        "WHERE topic = 'notify' AND ($1::uuid IS NULL OR id = $1)",
        message_id,
    )


class TestNotices:
    async def test_one_notice_reaches_phone_mailbox_and_inbox(
        self,
        relay: OutboxRelay,
        notify: Post,
        person: Person,
        sms: FakeSMS,
        email: FakeEmail,
        database: Database,
    ) -> None:
        user_id = await person(phone=PHONE, email="demo@example.com", first_name="Adé")
        notice_id = await notify(user_id)

        await relay.run_until_idle()

        [text], [mail] = sms.sent, email.sent
        assert (text.to_e164, text.purpose) == (PHONE, "order_accepted")
        assert text.text == "KRO: order 4SN02Q over NGN 1,500.00 was accepted. The app shows the next step."
        assert (mail.to, mail.category, mail.subject) == ("demo@example.com", "order_accepted", "Accepted: Demo phone")
        assert "Hello Adé," in mail.text
        assert "₦1,500.00" in mail.html
        assert text.message_id.endswith(".sms")
        assert mail.message_id.endswith(".mail")
        assert await receipts(database) == {
            "sms": ("accepted", None, 1),
            "mail": ("accepted", None, 1),
            "in_app": ("delivered", None, 1),
        }
        [shown] = await database.rows("SELECT * FROM notifications")
        assert (shown["id"], shown["user_id"], shown["title"]) == (notice_id, user_id, "Accepted: Demo phone")
        assert (shown["topic"], shown["weight"], shown["about"]) == ("orders", "important", FACTS["order_id"])
        assert shown["body"].startswith('Your order "Demo phone" over ₦1,500.00 was accepted')
        assert shown["read_at"] is None
        [live] = await database.rows("SELECT payload FROM outbox WHERE topic = 'realtime'")
        assert live["payload"]["users"] == [str(user_id)]
        assert live["payload"]["event"] == "notification.created"
        assert NotificationCreated.model_validate(live["payload"]["data"]).id == show_id("ntf", notice_id)

    async def test_who_has_no_address_gets_no_mail(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, email: FakeEmail, database: Database
    ) -> None:
        await notify(await person(phone=PHONE))

        await relay.run_until_idle()

        assert (len(sms.sent), email.sent) == (1, [])
        assert (await receipts(database))["mail"] == ("skipped", "no_address", 1)

    async def test_a_mail_that_fails_is_tried_again_without_repeating_the_text(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, email: FakeEmail
    ) -> None:
        email.results += [EmailRefused(code="busy", permanent=False), EmailOutcomeUnknown(cause="timeout")]
        await notify(await person(phone=PHONE, email="demo@example.com"))

        await relay.run_until_idle()

        assert (len(sms.sent), len(email.sent)) == (1, 1)

    async def test_a_notice_delivered_twice_is_split_into_the_same_parts(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, email: FakeEmail, database: Database
    ) -> None:
        notice_id = await notify(await person(phone=PHONE, email="demo@example.com"))
        await relay.run_until_idle()
        await revive(database)

        await relay.run_until_idle()

        assert (len(sms.sent), len(email.sent)) == (1, 1)
        assert len(await states(database)) == 3
        assert await database.value("SELECT count(*) FROM notifications") == 1
        assert await database.value("SELECT count(*) FROM outbox WHERE topic = 'realtime'") == 1
        parts = await database.rows("SELECT id FROM outbox WHERE id <> $1", notice_id)
        assert {(part["id"].int >> 80, part["id"].version) for part in parts} == {(notice_id.int >> 80, 7)}

    async def test_an_event_is_told_once_however_often_it_is_delivered(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, email: FakeEmail, database: Database
    ) -> None:
        await notify(await person(phone=PHONE, email="demo@example.com"))
        for _ in range(5):
            await relay.run_until_idle()
            await revive(database)

        assert (len(sms.sent), len(email.sent)) == (1, 1)

    async def test_a_number_that_is_refused_for_good_is_not_tried_again(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, database: Database
    ) -> None:
        sms.results.append(MessageRefused(code="invalid_number", permanent=True))
        await notify(await person(phone=PHONE))

        await relay.run_until_idle()

        assert sms.sent == []
        assert ("dead", "invalid_number") in await states(database)
        assert (await receipts(database))["sms"] == ("failed", "invalid_number", 1)

    async def test_nobody_is_texted_again_and_again_because_answers_are_lost(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, database: Database
    ) -> None:
        sms.results += [MessageOutcomeUnknown(cause="timeout")] * 10
        await notify(await person(phone=PHONE))

        await relay.run_until_idle()

        assert len(sms.results) == 7
        assert ("dead", "outcome_unknown") in await states(database)
        assert (await receipts(database))["sms"][0] == "unknown"

    async def test_a_provider_that_names_a_time_is_waited_for(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, database: Database
    ) -> None:
        sms.results.append(MessageRefused(code="rate_limited", permanent=False, retry_after_seconds=900))
        await notify(await person(phone=PHONE))

        await relay.run_until_idle()

        wait = await database.value(
            "SELECT extract(epoch FROM next_attempt_at - now())::float8 FROM outbox WHERE state = 'pending' "
            "AND topic = 'notify'"
        )
        assert 890 < wait <= 900

    async def test_nobody_to_tell_is_given_up(
        self, relay: OutboxRelay, notify: Post, ids: IdSource, database: Database
    ) -> None:
        await notify(ids.new())

        await relay.run_until_idle()

        assert await states(database) == [("dead", "unknown_user")]

    async def test_one_written_before_readers_were_told_apart_is_sent(
        self, relay: OutboxRelay, post: Post, person: Person, sms: FakeSMS, email: FakeEmail
    ) -> None:
        user_id = await person(phone=PHONE, email="demo@example.com")
        await post("notify", user_id=str(user_id), template="order_accepted", channels=["sms"], facts=FACTS)

        await relay.run_until_idle()

        assert (len(sms.sent), len(email.sent)) == (1, 1)


class TestChoices:
    @pytest.fixture
    def choose(self, database: Database) -> Callable[..., Awaitable[int]]:
        return lambda user_id, language="en", muted=(), quiet=(None, None): database.execute(
            "INSERT INTO notification_preferences (user_id, language, muted, quiet_from, quiet_until, updated_at) "
            "VALUES ($1, $2, $3, $4, $5, now())",
            user_id,
            language,
            list(muted),
            *quiet,
        )

    async def test_what_is_muted_is_not_sent_and_stands_in_the_inbox(
        self,
        relay: OutboxRelay,
        notify: Post,
        person: Person,
        choose: Callable[..., Awaitable[int]],
        sms: FakeSMS,
        email: FakeEmail,
        database: Database,
    ) -> None:
        user_id = await person(phone=PHONE, email="demo@example.com")
        await choose(user_id, muted=["orders.sms", "money.sms"])
        await notify(user_id)
        await notify(user_id, "order_funded")

        await relay.run_until_idle()

        assert [text.purpose for text in sms.sent] == ["order_funded"], "money cannot be muted"
        assert len(email.sent) == 2
        assert await database.value("SELECT count(*) FROM notifications") == 2

    async def test_is_told_in_the_language_chosen(
        self,
        relay: OutboxRelay,
        notify: Post,
        person: Person,
        choose: Callable[..., Awaitable[int]],
        database: Database,
    ) -> None:
        user_id = await person(phone=PHONE)
        await choose(user_id, language="pcm")
        await notify(user_id)

        await relay.run_until_idle()

        assert await database.value("SELECT language FROM notifications") == "pcm"

    async def test_a_mailbox_that_takes_no_mail_gets_none_and_its_owner_is_texted(
        self,
        relay: OutboxRelay,
        notify: Post,
        person: Person,
        choose: Callable[..., Awaitable[int]],
        sms: FakeSMS,
        email: FakeEmail,
        database: Database,
    ) -> None:
        user_id = await person(phone=PHONE, email="Demo@Example.com")
        await choose(user_id, muted=["orders.sms"])
        await database.execute(
            "INSERT INTO bad_addresses (address, reason, bad_at) VALUES ('demo@example.com', 'bounced', now())"
        )
        await notify(user_id)

        await relay.run_until_idle()

        assert (len(sms.sent), email.sent) == (1, [])
        assert (await receipts(database))["mail"] == ("skipped", "bad_address", 1)


class TestWorkersThatDie:
    async def test_what_a_vendor_reported_is_not_sent_again(
        self,
        make_relay: Callable[..., OutboxRelay],
        notify: Post,
        person: Person,
        sms: FakeSMS,
        database: Database,
    ) -> None:
        sms.results.append(MessageOutcomeUnknown(cause="timeout"))
        await notify(await person(phone=PHONE))
        await make_relay(patience=300).run_until_idle()
        [message_id] = [
            row["message_id"]
            for row in await database.rows("SELECT message_id FROM notice_receipts WHERE channel = 'sms'")
        ]
        assert (await receipts(database))["sms"][0] == "sending"

        news = await Receipts(database, patience_seconds=300).report(
            message_id, ReceiptStatus.DELIVERED, reason=None, at=SystemClock().now()
        )
        await revive(database)
        await make_relay(patience=0).run_until_idle()

        assert news
        assert sms.sent == []
        assert (await receipts(database))["sms"] == ("delivered", None, 1)

    async def test_what_may_have_left_waits_for_its_vendor(
        self,
        make_relay: Callable[..., OutboxRelay],
        notify: Post,
        person: Person,
        sms: FakeSMS,
        database: Database,
    ) -> None:
        sms.results.append(MessageOutcomeUnknown(cause="timeout"))
        await notify(await person(phone=PHONE))
        await make_relay(patience=300).run_until_idle()
        await revive(database)

        await make_relay(patience=300).run_until_idle()

        assert sms.sent == []
        assert ("pending", "outcome_awaited") in await states(database)
        await revive(database)
        await make_relay(patience=0).run_until_idle()
        assert len(sms.sent) == 1
        assert (await receipts(database))["sms"] == ("accepted", None, 2)

    async def test_waiting_for_its_vendor_uses_up_no_try_and_ends(
        self,
        make_relay: Callable[..., OutboxRelay],
        notify: Post,
        person: Person,
        sms: FakeSMS,
        database: Database,
    ) -> None:
        sms.results.extend(MessageOutcomeUnknown(cause="timeout") for _ in range(5))
        await notify(await person(phone=PHONE))
        relay = make_relay(patience=300, max_attempts=4)
        for _ in range(3):
            for _ in range(10):
                await relay.run_until_idle()
                await revive(database)
            await database.execute("UPDATE notice_receipts SET at = at - interval '5 minutes' WHERE channel = 'sms'")

        await relay.run_until_idle()

        # Three times five minutes, however often it was looked at; then nobody knows, and it is not sent once more.
        assert len(sms.results) == 2
        assert ("dead", "outcome_unknown") in await states(database)
        assert (await receipts(database))["sms"][0] == "unknown"

    @pytest.mark.parametrize("order", list(itertools.permutations(["accepted", "delivered", "failed"])))
    async def test_reports_in_any_order_end_in_the_same_state(
        self, relay: OutboxRelay, notify: Post, person: Person, database: Database, order: tuple[str, ...]
    ) -> None:
        await notify(await person(phone=PHONE))
        await relay.run_until_idle()
        message_id = await database.value("SELECT message_id FROM notice_receipts WHERE channel = 'sms'")
        kept = Receipts(database, patience_seconds=0)

        for status in (*order, *order):
            await kept.report(message_id, ReceiptStatus(status), reason=None, at=SystemClock().now())

        assert (await receipts(database))["sms"][0] == "failed"
