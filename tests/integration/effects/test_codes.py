from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from kro.core.clock import FrozenClock, SystemClock
from kro.core.database.pool import Database
from kro.core.encryption import FieldCipher
from kro.core.notifications import OTPTopic
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
            sealed=cipher.seal("012345", context=CHALLENGE),
            challenge_id="01a21b18-0000-7000-8000-000000000002",
            purpose="register",
        )

        await self.relay(database, sms, cipher, quick, FrozenClock(SystemClock().now())).run_until_idle()

        assert sms.sent == []
        assert await states(database) == [("dead", "sealed_value_unreadable")]
