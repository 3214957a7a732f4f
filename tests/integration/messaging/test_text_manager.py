"""Texts through the outbox: the same code by the next way, caps, switches and memory."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kro.core.clock import FrozenClock, SystemClock
from kro.core.database.pool import Database
from kro.core.encryption import FieldCipher
from kro.core.ids import SystemIdSource, show_id
from kro.core.notifications import OTPTopic
from kro.core.outbox import OutboxRelay, RelayOptions
from kro.core.sms import MessageAccepted, MessageRefused
from texting import PLENTY, Texting, code, notice, texting

IDS = SystemIdSource()
CIPHER = FieldCipher(keys={"e1": b"e" * 32}, active_key_id="e1")
NUMBER = "+2348031234567"
REPORTING = frozenset({"termii", "telnyx", "twilio", "whatsapp"})


class Codes:
    """Codes on their way through the outbox, and the worker's part in it."""

    def __init__(self, database: Database, sut: Texting) -> None:
        self.database = database
        self.sut = sut
        topic = OTPTopic(database=database, sms=sut.manager, cipher=CIPHER, clock=SystemClock(), ttl_seconds=300)
        self.relay = OutboxRelay(database, {"sms.otp": topic.handle}, options=RelayOptions(delays=(0,)))

    async def ask(self, to: str = NUMBER, *, digits: str = "482913", **more: str) -> UUID:
        challenge_id, message_id = IDS.new(), IDS.new()
        await self.database.execute(
            "INSERT INTO verification_codes (id, purpose, phone, code_mac, expires_at, draft) "
            "VALUES ($1, 'register', $2, '\\x00', now() + interval '5 minutes', '{}')",
            challenge_id,
            to,
        )
        payload: dict[str, Any] = {
            "phone": to,
            "sealed": CIPHER.seal(digits, context=str(challenge_id)),
            "challenge_id": str(challenge_id),
            "purpose": "register",
            **more,
        }
        await self.database.execute(
            "INSERT INTO outbox (id, topic, payload) VALUES ($1, 'sms.otp', $2)", message_id, payload
        )
        await self.relay.run_until_idle()
        return challenge_id

    async def wait_out(self) -> int:
        """Let the time for every report pass, and have the worker look."""
        await self.database.execute("UPDATE text_attempts SET follow_up_at = now() WHERE follow_up_at IS NOT NULL")
        looked = await self.sut.attempts.follow_up(limit=100)
        await self.relay.run_until_idle()
        return looked

    async def routes(self) -> list[str]:
        rows = await self.database.rows("SELECT route FROM text_attempts ORDER BY created_at, id")
        return [row["route"] for row in rows]


class TestSilence:
    async def test_the_same_code_comes_by_the_next_way_and_thrice_at_most(
        self, database: Database, sandbox_url: str
    ) -> None:
        async with texting(database, sandbox_url, reporting=REPORTING) as sut:
            codes = Codes(database, sut)
            await codes.ask()

            looked = [await codes.wait_out() for _ in range(4)]

            assert await codes.routes() == ["termii", "telnyx", "twilio"]
            assert looked == [1, 1, 1, 0]
            messages = await sut.inbox(NUMBER)
            assert [message["vendor"] for message in messages] == ["termii", "telnyx", "twilio"]
            assert [message["codes"] for message in messages] == [["482913"]] * 3
            assert await database.value("SELECT state FROM outbox") == "delivered"

    @pytest.mark.parametrize("over", ["consumed_at = now()", "expires_at = now()"])
    async def test_a_code_that_is_over_is_not_sent_again(self, over: str, database: Database, sandbox_url: str) -> None:
        async with texting(database, sandbox_url, reporting=REPORTING) as sut:
            codes = Codes(database, sut)
            await codes.ask()
            await database.execute(f"UPDATE verification_codes SET {over}")  # noqa: S608 - the words above

            assert await codes.wait_out() == 1
            assert await codes.routes() == ["termii"]

    async def test_a_way_without_reports_is_not_waited_for(self, database: Database, sandbox_url: str) -> None:
        async with texting(database, sandbox_url) as sut:
            codes = Codes(database, sut)
            await codes.ask()

            assert await codes.wait_out() == 0

    async def test_delivery_ends_the_waiting(self, database: Database, sandbox_url: str) -> None:
        async with texting(database, sandbox_url, reporting=REPORTING) as sut:
            codes = Codes(database, sut)
            await codes.ask()
            await report(database, "delivered", 5)

            assert await codes.wait_out() == 0

    async def test_a_failure_is_followed_at_once_for_notices_too(self, database: Database, sandbox_url: str) -> None:
        async with texting(database, sandbox_url) as sut:
            message = notice(NUMBER)
            await sut.send(message)
            await report(database, "failed", 4)

            assert isinstance(await sut.send(message), MessageAccepted)
            assert await sut.states(message) == [("termii", "failed"), ("telnyx", "accepted")]

    async def test_a_message_under_way_is_not_sent_again(self, database: Database, sandbox_url: str) -> None:
        async with texting(database, sandbox_url) as sut:
            message = notice(NUMBER)

            results = [await sut.send(message) for _ in range(3)]

            assert len(set(results)) == 1
            assert len(await sut.inbox(NUMBER)) == 1


class TestChoice:
    async def test_a_wish_for_whatsapp_comes_first_and_an_sms_if_the_number_is_not_there(
        self, database: Database, sandbox_url: str
    ) -> None:
        async with texting(database, sandbox_url, "termii", "whatsapp") as sut:
            codes = Codes(database, sut)
            await codes.ask(channel="whatsapp")
            await sut.fault("whatsapp", "decline", code="131026")
            await codes.ask("+2348031234568", channel="whatsapp")

            assert await codes.routes() == ["whatsapp", "whatsapp", "termii"]
            assert [one["channel"] for one in await sut.inbox("+2348031234568")] == ["sms"]

    async def test_the_way_that_last_reached_a_number_is_tried_first(
        self, database: Database, sandbox_url: str
    ) -> None:
        async with texting(database, sandbox_url) as sut:
            await sut.fault("termii", "rate_limited")
            await sut.send(code(NUMBER))
            await report(database, "delivered", 5)
            second, other = code(NUMBER), code("+2348031234568")

            for message in (second, other):
                await sut.send(message)

            assert await sut.states(second) == [("telnyx", "accepted")]
            assert await sut.states(other) == [("termii", "accepted")]

            await database.execute("UPDATE text_attempts SET delivered_at = now() - $1::interval", timedelta(days=31))
            third = code(NUMBER)
            await sut.send(third)
            assert await sut.states(third) == [("termii", "accepted")]

    @pytest.mark.parametrize(
        ("scope", "subject", "route"),
        [("provider", "termii", "telnyx"), ("route", "termii", "telnyx"), ("channel", "sms", "whatsapp")],
    )
    async def test_what_is_switched_off_is_passed_over(
        self, scope: str, subject: str, route: str, database: Database, sandbox_url: str
    ) -> None:
        await switch_off(database, scope, subject)
        async with texting(database, sandbox_url) as sut:
            message = code(NUMBER)
            await sut.send(message)

            assert await sut.states(message) == [(route, "accepted")]

    @pytest.mark.parametrize(
        ("scope", "subject", "refusal"), [("country", "NG", "country_off"), ("range", "+234803123", "range_paused")]
    )
    async def test_what_is_stopped_gets_nothing(
        self, scope: str, subject: str, refusal: str, database: Database, sandbox_url: str
    ) -> None:
        await switch_off(database, scope, subject)
        async with texting(database, sandbox_url) as sut:
            assert await sut.send(code(NUMBER)) == MessageRefused(refusal, permanent=True)
            assert await sut.inbox(NUMBER) == []

    @pytest.mark.parametrize(
        "number",
        ["+447400123456", "+2348001234567", "+234700123", "+23412345678", "+12125550100", "+2340"],
        ids=["foreign", "toll-free", "short", "landline", "american", "nothing"],
    )
    async def test_numbers_that_are_not_served_get_nothing(
        self, number: str, database: Database, sandbox_url: str
    ) -> None:
        async with texting(database, sandbox_url) as sut:
            assert await sut.send(code(number)) == MessageRefused("number_not_served", permanent=True)
            assert await database.value("SELECT count(*) FROM text_attempts") == 0

    async def test_a_country_is_served_once_it_is_enabled(self, database: Database, sandbox_url: str) -> None:
        async with texting(database, sandbox_url, countries=("NG", "GB")) as sut:
            assert isinstance(await sut.send(code("+447400123456")), MessageAccepted)


class TestCaps:
    async def test_parallel_texts_never_pass_a_cap(self, database: Database, sandbox_url: str) -> None:
        caps = replace(PLENTY, total_minor=2_600)
        async with texting(database, sandbox_url, "termii", caps=caps, prices={"termii": 500}) as sut:
            manager = sut.manager
            numbers = [f"+23480312345{index:02d}" for index in range(20, 40)]

            results = await asyncio.gather(*(manager.send(code(number)) for number in numbers))

            assert sum(isinstance(result, MessageAccepted) for result in results) == 5
            assert set(results) - {r for r in results if isinstance(r, MessageAccepted)} == {
                MessageRefused("spend_cap_total", permanent=True)
            }
            assert await spent(database, "total") == {"": 2_500}
            assert await alarms(database) == [50, 80, 100]

    async def test_the_cap_of_one_vendor_leaves_the_next(self, database: Database, sandbox_url: str) -> None:
        caps = replace(PLENTY, provider_minor=700)
        async with texting(database, sandbox_url, caps=caps, prices={"termii": 500, "telnyx": 500}) as sut:
            first, second = code(NUMBER), code("+2348031234568")
            for message in (first, second):
                await sut.send(message)

            assert await sut.states(first) == [("termii", "accepted")]
            assert await sut.states(second) == [("telnyx", "accepted")]

    async def test_one_number_costs_no_more_than_its_day(self, database: Database, sandbox_url: str) -> None:
        caps = replace(PLENTY, number_minor=1_000)
        async with texting(database, sandbox_url, "termii", caps=caps, prices={"termii": 500}) as sut:
            results = [await sut.send(code(NUMBER)) for _ in range(3)]

            assert results[2] == MessageRefused("spend_cap_number", permanent=True)
            assert isinstance(await sut.send(code("+2348031234568")), MessageAccepted)
            assert await alarms(database) == []

    async def test_one_account_costs_no_more_than_its_day_whatever_numbers_it_asks_for(
        self, database: Database, sandbox_url: str
    ) -> None:
        account, other = IDS.new(), IDS.new()
        caps = replace(PLENTY, account_minor=2_600)
        async with texting(database, sandbox_url, "termii", caps=caps, prices={"termii": 500}) as sut:
            manager = sut.manager
            numbers = [f"+234803{index:02d}45678" for index in range(10, 30)]

            results = await asyncio.gather(*(manager.send(code(number, account_id=account)) for number in numbers))

            assert sum(isinstance(result, MessageAccepted) for result in results) == 5
            assert MessageRefused("spend_cap_account", permanent=True) in results
            assert await spent(database, "account") == {show_id("usr", account): 2_500}
            assert await alarms(database) == [100]
            assert isinstance(await manager.send(code(NUMBER, account_id=other)), MessageAccepted)
            assert isinstance(await manager.send(code(NUMBER)), MessageAccepted)

    async def test_one_range_costs_no_more_than_its_day_whoever_asks(
        self, database: Database, sandbox_url: str
    ) -> None:
        caps = replace(PLENTY, range_minor=2_600)
        async with texting(database, sandbox_url, "termii", caps=caps, prices={"termii": 500}) as sut:
            manager = sut.manager
            numbers = [f"+2348031234{index}" for index in range(100, 120)]

            results = await asyncio.gather(*(manager.send(code(number, account_id=IDS.new())) for number in numbers))

            assert sum(isinstance(result, MessageAccepted) for result in results) == 5
            assert MessageRefused("spend_cap_range", permanent=True) in results
            assert await spent(database, "range") == {"+234803123": 2_500}
            assert await alarms(database) == [50, 80, 100]
            assert isinstance(await manager.send(code("+2348031244567")), MessageAccepted)

    async def test_a_prefix_has_a_budget_of_its_own_beside_that_of_its_ranges(
        self, database: Database, sandbox_url: str
    ) -> None:
        caps = replace(PLENTY, ranges={"+234803": 1_000, "+23480": 10**9, "+234705": 1})
        async with texting(database, sandbox_url, "termii", caps=caps, prices={"termii": 500}) as sut:
            results = [await sut.send(code(f"+234803{index}234567")) for index in (1, 2, 3)]

            assert results[2] == MessageRefused("spend_cap_range", permanent=True)
            assert isinstance(await sut.send(code("+2348061234567")), MessageAccepted)
            assert await spent(database, "range") == {
                "+23480": 1_500, "+234803": 1_000, "+234803123": 500, "+234803223": 500, "+234806123": 500,
            }  # fmt: skip

    async def test_what_a_range_may_cost_can_be_set_for_it_alone(self, database: Database, sandbox_url: str) -> None:
        caps = replace(PLENTY, range_minor=500, ranges={"+234803123": 1_000})
        async with texting(database, sandbox_url, "termii", caps=caps, prices={"termii": 500}) as sut:
            results = [await sut.send(code(f"+234803123456{last}")) for last in (1, 2, 3)]

            assert [isinstance(result, MessageAccepted) for result in results] == [True, True, False]
            assert await spent(database, "range") == {"+234803123": 1_000}

    async def test_a_notice_waits_for_the_next_day(self, database: Database, sandbox_url: str) -> None:
        morning = FrozenClock(datetime(2026, 1, 15, 6, 0, tzinfo=UTC))
        # Another vendor may be there before midnight, so a notice that only one of them refuses waits less.
        for scope, hours in (
            ("number", 18), ("account", 18), ("range", 18), ("country", 18), ("total", 18), ("provider", 2),
        ):  # fmt: skip
            only: dict[str, Any] = {f"{scope}_minor": 1}
            caps = replace(PLENTY, **only)
            async with texting(
                database, sandbox_url, "termii", caps=caps, prices={"termii": 500}, clock=morning
            ) as sut:
                refused = await sut.send(notice(NUMBER, account_id=IDS.new()))
            wanted = MessageRefused(f"spend_cap_{scope}", permanent=False, retry_after_seconds=hours * 3_600)
            assert refused == wanted

    async def test_what_a_vendor_refused_costs_nothing(self, database: Database, sandbox_url: str) -> None:
        async with texting(database, sandbox_url, "termii", prices={"termii": 500}) as sut:
            await sut.fault("termii", "rate_limited")
            await sut.send(code(NUMBER, account_id=IDS.new()))

            assert len(await database.rows("SELECT scope FROM text_spend")) == 6
            assert {row["spent_minor"] for row in await database.rows("SELECT spent_minor FROM text_spend")} == {0}


async def spent(database: Database, scope: str) -> dict[str, int]:
    rows = await database.rows("SELECT subject, spent_minor FROM text_spend WHERE scope = $1", scope)
    return {row["subject"]: row["spent_minor"] for row in rows}


async def report(database: Database, state: str, rank: int) -> None:
    """Report the newest attempt as a vendor would."""
    await database.value(
        "SELECT record_text_report(a.provider, a.provider_message_id, NULL, $1, $2::smallint, NULL, false, NULL, NULL) "
        "FROM text_attempts AS a WHERE a.provider_message_id IS NOT NULL ORDER BY a.created_at DESC LIMIT 1",
        state,
        rank,
    )


async def switch_off(database: Database, scope: str, subject: str) -> None:
    await database.execute(
        "INSERT INTO text_switches (scope, subject, state, reason) VALUES ($1, $2, 'off', 'test')", scope, subject
    )


async def alarms(database: Database) -> list[int]:
    rows = await database.rows("SELECT payload FROM outbox WHERE topic = 'alert' ORDER BY id")
    return sorted(int(row["payload"]["subject"].split(" %")[0].rsplit(" ", 1)[-1]) for row in rows)
