"""Messages given up as unknown are settled by what their vendors say later."""

from __future__ import annotations

from uuid import UUID

import pytest

from kro.core.clock import SystemClock
from kro.core.database.pool import Database
from kro.core.ids import SystemIdSource
from kro.core.messaging import DeliveryReports
from kro.core.notifications import LateReports
from kro.core.outbox import OutboxRelay, RelayOptions
from text_webhooks import Told, readers, webhook
from texting import Texting, sending, texting

IDS = SystemIdSource()
CLOCK = SystemClock()
NUMBER = "+2348031234567"
UNKNOWN = ("dead", "outcome_unknown")
DELIVERED = ("delivered", None)
UNDELIVERED = ("dead", "undelivered")


class GivenUp:
    """A notice whose first vendor took it and never answered."""

    def __init__(self, database: Database, sut: Texting) -> None:
        self.database, self.sut, self.id = database, sut, IDS.new()
        self.relay = OutboxRelay(database, {"demo": sending(sut.manager)}, options=RelayOptions(delays=(0,)))
        self.late = LateReports(database)

    async def is_given_up(self) -> None:
        await self.database.execute(
            "INSERT INTO outbox (id, topic, payload) VALUES ($1, 'demo', $2)",
            self.id,
            {"to": NUMBER, "kind": "notice", "text": "KRO: NGN 5,000.00 is on its way."},
        )
        await self.sut.fault("telnyx", "truncated")
        await self.relay.run_until_idle()
        assert await self.state() == UNKNOWN

    async def told(self, state: str, *, is_final: bool = False) -> None:
        attempt: UUID = await self.database.value("SELECT id FROM text_attempts WHERE state = 'unknown'")
        if is_final:
            await self.database.execute(
                "SELECT record_text_report('telnyx', 'm-1', $1, 'failed', 4::smallint, 'gone', true, NULL, NULL)",
                attempt,
            )
            return
        reports = DeliveryReports(self.database, readers(CLOCK))
        await reports.take("telnyx", webhook("telnyx", Told("m-1", state, attempt), CLOCK))

    async def look(self) -> int:
        """Have the worker look once, and deliver what follows."""
        await self.sut.attempts.follow_up(limit=10)
        settled = await self.late.settle(limit=10)
        await self.relay.run_until_idle()
        return settled

    async def state(self) -> tuple[str, str | None]:
        row = await self.database.row("SELECT state, last_error FROM outbox WHERE id = $1", self.id)
        assert row is not None
        return row["state"], row["last_error"]

    async def routes(self) -> list[tuple[str, str]]:
        rows = await self.database.rows("SELECT route, state FROM text_attempts ORDER BY created_at, id")
        return [(row["route"], row["state"]) for row in rows]


class TestTexts:
    @pytest.mark.parametrize("told", ["sent", "delivered"])
    async def test_one_that_arrived_is_no_dead_letter(self, told: str, database: Database, sandbox_url: str) -> None:
        async with texting(database, sandbox_url, "telnyx", "twilio") as sut:
            notice = GivenUp(database, sut)
            await notice.is_given_up()
            assert await notice.look() == 0
            assert await notice.state() == UNKNOWN

            await notice.told(told)

            assert await notice.look() == 1
            assert await notice.state() == DELIVERED
            assert await notice.routes() == [("telnyx", told)]
            assert await notice.look() == 0

    async def test_one_that_failed_goes_the_next_way(self, database: Database, sandbox_url: str) -> None:
        async with texting(database, sandbox_url, "telnyx", "twilio") as sut:
            notice = GivenUp(database, sut)
            await notice.is_given_up()

            await notice.told("failed")
            await notice.look()

            assert await notice.state() == DELIVERED
            assert await notice.routes() == [("telnyx", "failed"), ("twilio", "accepted")]

    async def test_one_that_failed_with_no_way_left_says_so(self, database: Database, sandbox_url: str) -> None:
        async with texting(database, sandbox_url, "telnyx") as sut:
            notice = GivenUp(database, sut)
            await notice.is_given_up()

            await notice.told("failed")
            await notice.look()

            assert await notice.state() == UNDELIVERED

    async def test_one_whose_number_is_gone_is_sent_no_other_way(self, database: Database, sandbox_url: str) -> None:
        async with texting(database, sandbox_url, "telnyx", "twilio") as sut:
            notice = GivenUp(database, sut)
            await notice.is_given_up()

            await notice.told("failed", is_final=True)
            await notice.look()

            assert await notice.state() == UNDELIVERED
            assert await notice.routes() == [("telnyx", "failed")]

    async def test_a_report_before_the_message_is_given_up_counts(self, database: Database, sandbox_url: str) -> None:
        async with texting(database, sandbox_url, "telnyx", "twilio") as sut:
            notice = GivenUp(database, sut)
            await notice.is_given_up()
            await database.execute("UPDATE outbox SET state = 'pending', lease_until = now() + interval '1 hour'")
            await notice.told("delivered")
            assert await notice.look() == 0
            await database.execute("UPDATE outbox SET state = 'dead', lease_until = NULL")

            assert await notice.look() == 1

            assert await notice.state() == DELIVERED

    async def test_what_an_admin_discarded_stays_so(self, database: Database, sandbox_url: str) -> None:
        async with texting(database, sandbox_url, "telnyx", "twilio") as sut:
            notice = GivenUp(database, sut)
            await notice.is_given_up()
            await database.execute("UPDATE outbox SET state = 'discarded'")

            await notice.told("failed")
            await notice.look()

            assert await notice.state() == ("discarded", "outcome_unknown")


@pytest.mark.parametrize(
    ("status", "wanted"),
    [("delivered", DELIVERED), ("accepted", DELIVERED), ("failed", UNDELIVERED), ("unknown", UNKNOWN)],
)
async def test_a_mail_is_settled_by_its_receipt(
    status: str, wanted: tuple[str, str | None], database: Database
) -> None:
    message_id, user_id = IDS.new(), IDS.new()
    await database.execute(
        "WITH role AS (INSERT INTO user_roles (code, audience, title, permissions) VALUES ('user', 'user', 'User', "
        "'{}') ON CONFLICT DO NOTHING) INSERT INTO users (id, phone, first_name, last_name, password_hash, status, "
        "role_code, kyc_tier) VALUES ($1, '+2348031234567', 'Demo', 'Buyer', '-', 'active', 'user', 1)",
        user_id,
    )
    await database.execute(
        "INSERT INTO outbox (id, topic, payload, state, last_error) VALUES ($1, 'notify', '{}', 'dead', "
        "'outcome_unknown')",
        message_id,
    )
    await database.execute(
        "INSERT INTO notice_receipts (message_id, subject_id, user_id, purpose, channel, status, at) "
        "VALUES ($1, $1, $2, 'inspect_by', 'mail', $3, now())",
        message_id,
        user_id,
        status,
    )

    await LateReports(database).settle(limit=10)

    row = await database.row("SELECT state, last_error FROM outbox")
    assert row is not None
    assert (row["state"], row["last_error"]) == wanted
