from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kro.core.clock import FrozenClock, SystemClock
from kro.core.database.pool import Database
from kro.core.email.fake import FakeEmail
from kro.core.email.interface import EmailOutcomeUnknown, EmailRefused
from kro.core.encryption import FieldCipher
from kro.core.ids import IdSource
from kro.core.notifications import NotifyTopic, OTPTopic, Templates
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
def relay(database: Database, sms: FakeSMS, email: FakeEmail, quick: RelayOptions) -> OutboxRelay:
    topic = NotifyTopic(database=database, sms=sms, email=email, templates=Templates())
    return OutboxRelay(database, {"notify": topic.handle}, options=quick)


@pytest.fixture
def notify(post: Post) -> Callable[..., Awaitable[UUID]]:
    async def notify(user_id: UUID, *channels: str) -> UUID:
        return await post(
            "notify", user_id=str(user_id), template="order_accepted", channels=list(channels), facts=FACTS
        )

    return notify


async def states(database: Database) -> list[tuple[str, str | None]]:
    rows = await database.rows("SELECT state, last_error FROM outbox ORDER BY id")
    return [(row["state"], row["last_error"]) for row in rows]


class TestNotices:
    async def test_one_notice_reaches_phone_and_mailbox(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, email: FakeEmail
    ) -> None:
        await notify(await person(phone=PHONE, email="demo@example.com", first_name="Adé"), "sms", "mail")

        await relay.run_until_idle()

        [text], [mail] = sms.sent, email.sent
        assert (text.to_e164, text.purpose) == (PHONE, "order_accepted")
        assert text.text == "KRO: order 4SN02Q over NGN 1,500.00 was accepted. The app shows the next step."
        assert (mail.to, mail.category, mail.subject) == ("demo@example.com", "order_accepted", "Accepted: Demo phone")
        assert "Hello Adé," in mail.text
        assert "₦1,500.00" in mail.html
        assert text.message_id.endswith(".sms")
        assert mail.message_id.endswith(".mail")

    async def test_who_has_no_address_gets_no_mail(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, email: FakeEmail, database: Database
    ) -> None:
        await notify(await person(phone=PHONE), "sms", "mail")

        await relay.run_until_idle()

        assert (len(sms.sent), email.sent) == (1, [])
        assert {state for state, _ in await states(database)} == {"delivered"}

    async def test_a_mail_that_fails_is_tried_again_without_repeating_the_text(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, email: FakeEmail
    ) -> None:
        email.results += [EmailRefused(code="busy", permanent=False), EmailOutcomeUnknown(cause="timeout")]
        await notify(await person(phone=PHONE, email="demo@example.com"), "sms", "mail")

        await relay.run_until_idle()

        assert (len(sms.sent), len(email.sent)) == (1, 1)

    async def test_a_notice_delivered_twice_is_split_into_the_same_parts(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, email: FakeEmail, database: Database
    ) -> None:
        notice = await notify(await person(phone=PHONE, email="demo@example.com"), "sms", "mail")
        await relay.run_until_idle()
        await database.execute("UPDATE outbox SET state = 'pending', lease_until = NULL WHERE id = $1", notice)

        await relay.run_until_idle()

        assert (len(sms.sent), len(email.sent)) == (1, 1)
        assert len(await states(database)) == 3
        parts = await database.rows("SELECT id FROM outbox WHERE id <> $1", notice)
        assert {(part["id"].int >> 80, part["id"].version) for part in parts} == {(notice.int >> 80, 7)}

    async def test_a_retry_carries_the_same_message_id(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, database: Database
    ) -> None:
        notice = await notify(await person(phone=PHONE), "sms")
        await relay.run_until_idle()
        await database.execute("UPDATE outbox SET state = 'pending', lease_until = NULL WHERE id = $1", notice)
        await relay.run_until_idle()

        assert [message.message_id for message in sms.sent] == [f"{notice}.sms"] * 2

    async def test_a_number_that_is_refused_for_good_is_not_tried_again(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, database: Database
    ) -> None:
        sms.results.append(MessageRefused(code="invalid_number", permanent=True))
        await notify(await person(phone=PHONE), "sms")

        await relay.run_until_idle()

        assert sms.sent == []
        assert await states(database) == [("dead", "invalid_number")]

    async def test_nobody_is_texted_again_and_again_because_answers_are_lost(
        self, database: Database, notify: Post, person: Person, sms: FakeSMS, quick: RelayOptions
    ) -> None:
        sms.results += [MessageOutcomeUnknown(cause="timeout")] * 10
        topic = NotifyTopic(database=database, sms=sms, email=FakeEmail(), templates=Templates())
        patient = RelayOptions(delays=(0,), max_attempts=100)
        await notify(await person(phone=PHONE), "sms")

        await OutboxRelay(database, {"notify": topic.handle}, options=patient).run_until_idle()

        assert len(sms.results) == 7
        assert await states(database) == [("dead", "outcome_unknown")]

    async def test_a_provider_that_names_a_time_is_waited_for(
        self, relay: OutboxRelay, notify: Post, person: Person, sms: FakeSMS, database: Database
    ) -> None:
        sms.results.append(MessageRefused(code="rate_limited", permanent=False, retry_after_seconds=900))
        await notify(await person(phone=PHONE), "sms")

        await relay.run_until_idle()

        wait = await database.value("SELECT extract(epoch FROM next_attempt_at - now())::float8 FROM outbox")
        assert 890 < wait <= 900

    async def test_nobody_to_tell_is_given_up(
        self, relay: OutboxRelay, notify: Post, ids: IdSource, database: Database
    ) -> None:
        await notify(ids.new(), "sms")

        await relay.run_until_idle()

        assert await states(database) == [("dead", "unknown_user")]


class TestCodes:
    @pytest.fixture
    def cipher(self) -> FieldCipher:
        return FieldCipher(keys={"k1": b"k" * 32}, active_key_id="k1")

    @pytest.fixture
    def send_code(self, post: Post, cipher: FieldCipher) -> Callable[[], Awaitable[UUID]]:
        return lambda: post(
            "sms.otp",
            phone=PHONE,
            sealed=cipher.seal("012345", context="challenge-1"),
            challenge_id="challenge-1",
            purpose="register",
        )

    def relay(
        self, database: Database, sms: FakeSMS, cipher: FieldCipher, quick: RelayOptions, clock: FrozenClock
    ) -> OutboxRelay:
        topic = OTPTopic(sms=sms, cipher=cipher, clock=clock, ttl_seconds=300)
        return OutboxRelay(database, {"sms.otp": topic.handle}, options=quick)

    async def test_a_code_is_opened_only_to_be_sent(
        self,
        database: Database,
        sms: FakeSMS,
        cipher: FieldCipher,
        quick: RelayOptions,
        send_code: Callable[[], Awaitable[UUID]],
    ) -> None:
        message_id = await send_code()

        await self.relay(database, sms, cipher, quick, FrozenClock(SystemClock().now())).run_until_idle()

        [text] = sms.sent
        assert (text.to_e164, text.purpose, text.message_id) == (PHONE, "otp", f"{message_id}.sms")
        assert text.text.startswith("012345 is your KRO code to confirm your phone number.")
        assert "012345" not in str(await database.value("SELECT payload::text FROM outbox"))

    async def test_a_code_that_has_lived_out_its_time_is_not_sent(
        self,
        database: Database,
        sms: FakeSMS,
        cipher: FieldCipher,
        quick: RelayOptions,
        send_code: Callable[[], Awaitable[UUID]],
    ) -> None:
        await send_code()
        later = FrozenClock(SystemClock().now() + timedelta(seconds=301))

        await self.relay(database, sms, cipher, quick, later).run_until_idle()

        assert sms.sent == []
        assert await states(database) == [("dead", "code_expired")]

    async def test_a_lost_answer_repeats_the_same_code(
        self,
        database: Database,
        sms: FakeSMS,
        cipher: FieldCipher,
        quick: RelayOptions,
        send_code: Callable[[], Awaitable[UUID]],
    ) -> None:
        sms.results.append(MessageOutcomeUnknown(cause="timeout"))
        await send_code()

        await self.relay(database, sms, cipher, quick, FrozenClock(SystemClock().now())).run_until_idle()

        assert "012345" in sms.sent[0].text

    async def test_a_code_sealed_for_another_challenge_is_not_sent(
        self, database: Database, sms: FakeSMS, cipher: FieldCipher, quick: RelayOptions, post: Post
    ) -> None:
        await post(
            "sms.otp",
            phone=PHONE,
            sealed=cipher.seal("012345", context="challenge-1"),
            challenge_id="challenge-2",
            purpose="register",
        )

        await self.relay(database, sms, cipher, quick, FrozenClock(SystemClock().now())).run_until_idle()

        assert sms.sent == []
        assert await states(database) == [("dead", "sealed_value_unreadable")]
