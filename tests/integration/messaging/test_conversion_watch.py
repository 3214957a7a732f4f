"""Ranges whose codes nobody uses are paused, once, and stay open once an admin opened them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kro.core.clock import SystemClock
from kro.core.database.pool import Database
from kro.core.ids import SystemIdSource
from kro.core.messaging import NumberReader, TextAttempts
from kro.core.messaging.attempts import Cap, NewAttempt
from kro.core.messaging.conversion import ConversionRules, ConversionWatch
from kro.core.messaging.routing import RouteFacts
from kro.core.rate_limit import RateLimiter
from kro.core.sms import SMS, MessageAccepted, TextChannel, TextKind
from texting import KRO_INDEX

IDS = SystemIdSource()
NUMBERS = NumberReader(KRO_INDEX, countries=["NG"])
RULES = ConversionRules(timedelta(hours=1), least_sent=5, floor_bps=2_000)


@pytest.fixture
def watch(database: Database) -> ConversionWatch:
    return ConversionWatch(database, limiter=RateLimiter(database), rules=RULES, ids=IDS)


async def codes(database: Database, prefix: str, *, sent: int, used: int) -> None:
    attempts = TextAttempts(database)
    for index in range(sent):
        number = NUMBERS.read(f"{prefix}{index:04d}")
        assert number is not None
        challenge_id, consumed = IDS.new(), "now()" if index < used else "NULL"
        await database.execute(
            "INSERT INTO verification_codes (id, purpose, phone, code_mac, expires_at, consumed_at) "  # noqa: S608
            f"VALUES ($1, 'register', $2, '\\x00', now() + interval '1 hour', {consumed})",
            challenge_id,
            number.e164,
        )
        message = SMS(
            to_e164=number.e164,
            text="KRO",
            message_id=f"{IDS.new()}.sms",
            purpose="otp",
            kind=TextKind.CODE,
            subject_id=challenge_id,
        )
        route = RouteFacts("termii", "termii", TextChannel.SMS)
        new = NewAttempt(IDS.new(), message, number, route, 500, SystemClock().now().date())
        assert await attempts.begin(new, [Cap("total", "", 10**9)], [IDS.new()]) is None
        await attempts.accept(new.id, MessageAccepted("termii", str(new.id)), patience=None)
    await database.execute("UPDATE text_attempts SET created_at = now() - interval '10 minutes'")


async def paused(database: Database) -> list[str]:
    rows = await database.rows("SELECT subject FROM text_switches WHERE state = 'off' ORDER BY subject")
    return [row["subject"] for row in rows]


async def alarms(database: Database) -> list[str]:
    rows = await database.rows("SELECT payload FROM outbox WHERE topic = 'alert' ORDER BY payload->>'subject'")
    return [row["payload"]["subject"] for row in rows]


async def test_only_what_nobody_uses_is_paused_and_told_once(database: Database, watch: ConversionWatch) -> None:
    await codes(database, "+234803555", sent=6, used=1)
    await codes(database, "+234803444", sent=6, used=2)
    await codes(database, "+234805333", sent=4, used=0)

    for _ in range(2):
        await watch.look()

    assert await paused(database) == ["+234803555"]
    assert await alarms(database) == ["Codes to +234803555 are paused"]


async def test_a_whole_network_is_told_and_not_paused(database: Database, watch: ConversionWatch) -> None:
    for index in range(5):
        await codes(database, f"+23480311{index}", sent=1, used=0)

    for _ in range(2):
        await watch.look()

    assert await paused(database) == []
    assert await alarms(database) == ["Few codes to +234803 are used"]


async def test_what_an_admin_opened_stays_open(database: Database, watch: ConversionWatch) -> None:
    await codes(database, "+234803555", sent=6, used=0)
    await watch.look()
    await database.execute("UPDATE text_switches SET state = 'on', updated_at = now()")

    await watch.look()

    assert await paused(database) == []


async def test_codes_still_being_typed_in_are_not_counted(database: Database, watch: ConversionWatch) -> None:
    await codes(database, "+234803555", sent=6, used=0)
    await database.execute("UPDATE text_attempts SET created_at = now()")

    await watch.look()

    assert await paused(database) == []
