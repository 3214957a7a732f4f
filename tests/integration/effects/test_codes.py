from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from kro.core.clock import FrozenClock, SystemClock
from kro.core.database.pool import Database
from kro.core.email.fake import FakeEmail
from kro.core.encryption import FieldCipher
from kro.core.notices import Language, Template
from kro.core.notifications import LinkTopic, MailOTPTopic, OTPTopic, Templates
from kro.core.outbox import OutboxRelay, RelayOptions
from kro.core.sms.fake import FakeSMS
from kro.core.sms.interface import MessageOutcomeUnknown

Post = Callable[..., Awaitable[UUID]]
PHONE = "+2348030000001"
CHALLENGE = "01a21b18-0000-7000-8000-000000000001"


@pytest.fixture
def sms() -> FakeSMS:
    return FakeSMS()


async def states(database: Database) -> list[tuple[str, str | None]]:
    rows = await database.rows("SELECT state, last_error FROM outbox ORDER BY id")
    return [(row["state"], row["last_error"]) for row in rows]


class TestCodes:
    @pytest.fixture
    def cipher(self) -> FieldCipher:
        return FieldCipher(keys={"k1": b"k" * 32}, active_key_id="k1")

    @pytest.fixture
    def send_code(self, post: Post, cipher: FieldCipher) -> Callable[[], Awaitable[UUID]]:
        return lambda: post(
            "sms.otp",
            phone=PHONE,
            sealed=cipher.seal("012345", context=CHALLENGE),
            challenge_id=CHALLENGE,
            purpose="register",
        )

    def relay(
        self, database: Database, sms: FakeSMS, cipher: FieldCipher, quick: RelayOptions, clock: FrozenClock
    ) -> OutboxRelay:
        topic = OTPTopic(database=database, sms=sms, cipher=cipher, clock=clock, ttl_seconds=300)
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
            sealed=cipher.seal("012345", context=CHALLENGE),
            challenge_id="01a21b18-0000-7000-8000-000000000002",
            purpose="register",
        )

        await self.relay(database, sms, cipher, quick, FrozenClock(SystemClock().now())).run_until_idle()

        assert sms.sent == []
        assert await states(database) == [("dead", "sealed_value_unreadable")]


class TestLanguage:
    """Codes and links come in the words their owner has chosen, as notices do."""

    @pytest.fixture
    async def reads_pidgin(
        self, database: Database, person: Callable[..., Awaitable[UUID]]
    ) -> Callable[[str | None], Awaitable[None]]:
        async def reads_pidgin(email: str | None = None) -> None:
            user_id = await person(phone=PHONE, email=email)
            await database.execute("UPDATE users SET email_verified_at = now() WHERE email IS NOT NULL")
            await database.execute(
                "INSERT INTO notification_preferences (user_id, language, muted, updated_at) "
                "VALUES ($1, 'pcm', '{}', now())",
                user_id,
            )

        return reads_pidgin

    async def test_of_a_texted_code_and_a_texted_link(
        self,
        database: Database,
        sms: FakeSMS,
        quick: RelayOptions,
        post: Post,
        reads_pidgin: Callable[..., Awaitable[None]],
    ) -> None:
        await reads_pidgin()
        clock = FrozenClock(SystemClock().now())
        await post("sms.otp", phone=PHONE, purpose="login", **sealed("challenge_id"))
        await post("link", channel="sms", to=PHONE, purpose="login", expires_at=later(clock), **sealed("link_id"))

        await relay_of(database, sms, FakeEmail(), clock, quick).run_until_idle()

        [code, link] = sorted(text.text for text in sms.sent)
        assert code.startswith("012345 na your KRO code to log in.")
        assert link == Templates().sms(
            Template.LOGIN_LINK, {"link": "https://kro.example/v1/public/magic-links/012345"}, language=Language.PCM
        )

    @pytest.mark.parametrize(("proven", "words"), [(True, "na your KRO code"), (False, "is your KRO code")])
    async def test_of_a_mailed_code_is_that_of_the_addresss_proven_owner(
        self,
        database: Database,
        sms: FakeSMS,
        quick: RelayOptions,
        post: Post,
        reads_pidgin: Callable[..., Awaitable[None]],
        *,
        proven: bool,
        words: str,
    ) -> None:
        await reads_pidgin("demo@example.com")
        if not proven:
            await database.execute("UPDATE users SET email_verified_at = NULL")
        email, clock = FakeEmail(), FrozenClock(SystemClock().now())
        await post("mail.otp", email="demo@example.com", purpose="contact_old", **sealed("challenge_id"))

        await relay_of(database, sms, email, clock, quick).run_until_idle()

        assert [words in mail.text for mail in email.sent] == [True]

    async def test_of_a_number_nobody_has_is_english(
        self, database: Database, sms: FakeSMS, quick: RelayOptions, post: Post
    ) -> None:
        await post("sms.otp", phone=PHONE, purpose="register", **sealed("challenge_id"))

        await relay_of(database, sms, FakeEmail(), FrozenClock(SystemClock().now()), quick).run_until_idle()

        assert ["is your KRO code" in text.text for text in sms.sent] == [True]


CIPHER = FieldCipher(keys={"k1": b"k" * 32}, active_key_id="k1")


def sealed(name: str) -> dict[str, str]:
    return {"sealed": CIPHER.seal("012345", context=CHALLENGE), name: CHALLENGE}


def later(clock: FrozenClock) -> str:
    return (clock.now() + timedelta(minutes=5)).isoformat()


def relay_of(
    database: Database, sms: FakeSMS, email: FakeEmail, clock: FrozenClock, options: RelayOptions
) -> OutboxRelay:
    otp = OTPTopic(database=database, sms=sms, cipher=CIPHER, clock=clock, ttl_seconds=300)
    mail = MailOTPTopic(database=database, email=email, cipher=CIPHER, clock=clock, ttl_seconds=300)
    link = LinkTopic(
        database=database, sms=sms, email=email, cipher=CIPHER, clock=clock, base_url="https://kro.example"
    )
    handlers = {"sms.otp": otp.handle, "mail.otp": mail.handle, "link": link.handle}
    return OutboxRelay(database, handlers, options=options)
