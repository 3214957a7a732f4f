"""Reports move attempts forward and never back, whatever order they come in and whoever else sends them."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any
from uuid import UUID

import pytest

from kro.core.clock import SystemClock
from kro.core.database.pool import Database
from kro.core.ids import SystemIdSource
from kro.core.messaging import DeliveryReports, NumberReader, TextAttempts
from kro.core.messaging.attempts import Cap, NewAttempt
from kro.core.messaging.routing import RouteFacts
from kro.core.sms import SMS, MessageAccepted, TextChannel, TextKind
from text_webhooks import VENDORS, Told, readers, webhook
from texting import KRO_INDEX

IDS = SystemIdSource()
CLOCK = SystemClock()
NUMBERS = NumberReader(KRO_INDEX, countries=["NG"])
HIGHEST = ("sent", "failed", "delivered", "read")


@pytest.fixture
def reports(database: Database) -> DeliveryReports:
    return DeliveryReports(database, readers(CLOCK))


class Scene:
    """Attempts that are under way."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.attempts = TextAttempts(database)

    async def begin(self, vendor: str, *, notice_id: UUID | None = None, kind: TextKind = TextKind.CODE) -> UUID:
        number = NUMBERS.read("+2348031234567")
        assert number is not None
        message = SMS(
            to_e164=number.e164,
            text="KRO",
            message_id=f"{notice_id or IDS.new()}.sms",
            purpose="otp",
            kind=kind,
        )
        route = RouteFacts(vendor, vendor, TextChannel.SMS)
        new = NewAttempt(IDS.new(), message, number, route, 500, CLOCK.now().date())
        assert await self.attempts.begin(new, [Cap("total", "", 10**9)], [IDS.new()]) is None
        return new.id

    async def accepted(self, vendor: str, message_id: str, **more: Any) -> UUID:
        attempt_id = await self.begin(vendor, **more)
        await self.accept(attempt_id, vendor, message_id)
        return attempt_id

    async def accept(self, attempt_id: UUID, vendor: str, message_id: str) -> None:
        await self.attempts.accept(attempt_id, MessageAccepted(vendor, message_id), patience=30)

    async def of(self, attempt_id: UUID) -> dict[str, Any]:
        row = await self.database.row("SELECT * FROM text_attempts WHERE id = $1", attempt_id)
        assert row is not None
        return dict(row)


@pytest.fixture
async def scene(database: Database) -> Scene:
    return Scene(database)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_any_order_ends_in_the_same_state(vendor: str, scene: Scene, reports: DeliveryReports) -> None:
    states = ("sent", "failed", "delivered", "read") if vendor in {"twilio", "whatsapp"} else HIGHEST[:3]
    ends = set()
    for index, order in enumerate(itertools.permutations(("accepted", *states))):
        attempt_id, message_id = await scene.begin(vendor), f"m-{index}"
        for step in order:
            if step == "accepted":
                await scene.accept(attempt_id, vendor, message_id)
            else:
                await reports.take(vendor, webhook(vendor, Told(message_id, step), CLOCK))
        row = await scene.of(attempt_id)
        assert row["delivered_at"] is not None
        ends.add((row["state"], row["rank"], row["error"], row["follow_up_at"]))

    assert ends == {(states[-1], HIGHEST.index(states[-1]) + 3, None, None)}


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_report_again_changes_nothing_and_is_counted(
    vendor: str, scene: Scene, reports: DeliveryReports
) -> None:
    attempt_id = await scene.accepted(vendor, "m-1")
    told = webhook(vendor, Told("m-1", "delivered"), CLOCK)
    await reports.take(vendor, told)
    first = await scene.of(attempt_id)

    for again in (told, webhook(vendor, Told("m-1", "sent"), CLOCK), webhook(vendor, Told("m-1", "failed"), CLOCK)):
        await reports.take(vendor, again)

    assert await scene.of(attempt_id) == first
    assert await scene.database.value("SELECT times FROM text_reports WHERE state = 'delivered'") == 2


async def test_a_message_that_is_not_ours_is_counted_and_moves_nothing(scene: Scene, reports: DeliveryReports) -> None:
    attempt_id = await scene.accepted("termii", "m-1")

    await reports.take("termii", webhook("termii", Told("m-2", "delivered"), CLOCK))

    assert (await scene.of(attempt_id))["state"] == "accepted"
    assert await scene.database.value("SELECT count(*) FROM text_reports WHERE NOT is_known") == 1


@pytest.mark.parametrize("vendor", ["telnyx", "twilio"])
async def test_a_report_tells_the_fate_of_a_message_nobody_answered_for(
    vendor: str, scene: Scene, reports: DeliveryReports
) -> None:
    attempt_id = await scene.begin(vendor)
    await scene.attempts.doubt(attempt_id, "ReadTimeout")

    await reports.take(vendor, webhook(vendor, Told("m-1", "sent", attempt_id), CLOCK))

    row = await scene.of(attempt_id)
    assert (row["state"], row["provider_message_id"]) == ("sent", "m-1")


async def test_what_is_written_holds_neither_text_nor_number(scene: Scene, reports: DeliveryReports) -> None:
    await scene.accepted("termii", "m-1")
    await reports.take("termii", webhook("termii", Told("m-1", "delivered"), CLOCK))

    for table in ("text_attempts", "text_reports", "text_spend"):
        written = str(await scene.database.rows(f"SELECT * FROM {table}"))  # noqa: S608 - the names above
        assert "8031234567" not in written
        assert "482913" not in written


class Noticed:
    """A notice on its way, and what its receipt says."""

    def __init__(self, scene: Scene, reports: DeliveryReports) -> None:
        self.scene, self.reports = scene, reports
        self.id = IDS.new()

    async def on_its_way(self) -> None:
        user_id, database = IDS.new(), self.scene.database
        await database.execute(
            "WITH role AS (INSERT INTO user_roles (code, audience, title, permissions) VALUES ('user', 'user', 'User', "
            "'{}') ON CONFLICT DO NOTHING) INSERT INTO users (id, phone, first_name, last_name, password_hash, status, "
            "role_code, kyc_tier) VALUES ($1, '+2348031234567', 'Demo', 'Buyer', '-', 'active', 'user', 1)",
            user_id,
        )
        await database.execute(
            "INSERT INTO notice_receipts (message_id, subject_id, user_id, purpose, channel, status, at) "
            "VALUES ($1, $1, $2, 'inspect_by', 'sms', 'accepted', now())",
            self.id,
            user_id,
        )
        await database.execute(
            "INSERT INTO outbox (id, topic, payload, state) VALUES ($1, 'notify', '{}', 'delivered')", self.id
        )

    async def accepted(self, vendor: str, message_id: str) -> UUID:
        return await self.scene.accepted(vendor, message_id, notice_id=self.id, kind=TextKind.NOTICE)

    async def told(self, vendor: str, *told: Told) -> None:
        for one in told:
            await self.reports.take(vendor, webhook(vendor, one, CLOCK))

    async def status(self) -> str:
        status: str = await self.scene.database.value("SELECT status FROM notice_receipts")
        return status


@pytest.fixture
async def noticed(scene: Scene, reports: DeliveryReports) -> Noticed:
    noticed = Noticed(scene, reports)
    await noticed.on_its_way()
    return noticed


@pytest.mark.parametrize(("told", "status"), [("delivered", "delivered"), ("failed", "failed"), ("sent", "accepted")])
async def test_the_receipt_of_a_notice_says_what_became_of_it(told: str, status: str, noticed: Noticed) -> None:
    await noticed.accepted("termii", "m-1")

    await noticed.told("termii", Told("m-1", told))

    assert await noticed.status() == status


@pytest.mark.parametrize("order", list(itertools.permutations(("sent", "failed", "delivered"))))
async def test_a_receipt_ends_as_delivered_in_any_order(order: tuple[str, ...], noticed: Noticed) -> None:
    await noticed.accepted("termii", "m-1")

    await noticed.told("termii", *(Told("m-1", state) for state in order * 2))

    assert await noticed.status() == "delivered"


async def test_a_failure_told_again_does_not_end_the_second_way(noticed: Noticed) -> None:
    await noticed.accepted("termii", "m-1")
    await noticed.told("termii", Told("m-1", "failed"))
    await noticed.scene.attempts.follow_up(limit=10)
    assert await noticed.status() == "waiting"

    await noticed.told("termii", Told("m-1", "failed"), Told("m-1", "sent"))

    assert await noticed.status() == "waiting"
    await noticed.told("termii", Told("m-1", "delivered"))
    assert await noticed.status() == "delivered"


@pytest.mark.parametrize("start", ["accepted", "sending"])
@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ("failed", "failed", "failed"),
        ("delivered", "failed", "delivered"),
        ("failed", "delivered", "delivered"),
        ("delivered", "delivered", "delivered"),
        ("delivered", "sent", "delivered"),
        ("sent", "failed", "accepted"),
    ],
)
async def test_two_reports_of_one_notice_at_once_both_count(
    start: str, first: str, second: str, status: str, noticed: Noticed
) -> None:
    # Its worker died after the first vendor had it, so that two attempts are under way.
    for message_id in ("m-1", "m-2"):
        await noticed.accepted("twilio", message_id)
    await noticed.scene.database.execute("UPDATE notice_receipts SET status = $1", start)
    ranks = {state: rank for rank, state in enumerate(HIGHEST, start=3)}

    async with noticed.scene.database.connection() as connection, asyncio.TaskGroup() as group:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "SELECT record_text_report('twilio', 'm-1', NULL, $1, $2, NULL, false, NULL, NULL)", first, ranks[first]
        )
        other = group.create_task(noticed.told("twilio", Told("m-2", second)))
        while not await noticed.scene.database.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            if (await asyncio.wait({other}, timeout=0.01))[0]:
                break
        await transaction.commit()

    assert await noticed.status() == status
