"""What providers sent: by the month, forgotten with it, and an event is one event in whichever month it comes."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from alembic import command
from tests.integration.growth.test_months import id_at, month_of
from tests.integration.payment.world import PaymentWorld

from kro.core.actor import SYSTEM
from kro.core.audit import AuditTrail
from kro.core.database.migrate import alembic_config, migrate
from kro.core.database.pool import Database
from kro.payment.database.records import NewWebhook
from kro.payment.database.webhook_bodies import WebhookBodyRepository
from kro.payment.database.webhooks import WebhookRepository
from kro.payment.domain import WebhookAdmin, WebhookBodies, WebhookBodyGoneError
from kro.payment.domain.webhook_bodies import body_context

NOW = datetime.now(UTC)
LONG_AGO = datetime(2025, 1, 15, tzinfo=UTC)
RAW = b'{"reference": "T1"}'
# What the release before this one sends.
BEFORE = """
WITH stored AS (
    INSERT INTO payment_webhook_info (id, provider, dedupe_key, event_type, subject, reference, body, headers,
                                      received_at)
    VALUES ($1, 'paystack', $2, 'charge.success', 'collection', 'T1', $3, '{}', $4)
    ON CONFLICT (provider, dedupe_key) DO NOTHING RETURNING id)
INSERT INTO payment_webhook_state (webhook_id, state, attempts, next_attempt_at)
SELECT id, 'received', 0, $4 FROM stored"""
DROP = "SELECT drop_webhook_months(400, $1)"


@pytest.fixture
def bodies(world: PaymentWorld) -> WebhookBodies:
    trail = AuditTrail(world.database, ids=world.ids)
    return WebhookBodies(WebhookBodyRepository(world.database), cipher=world.cipher, trail=trail)


async def settle(database: Database, webhook_id: UUID, state: str = "processed") -> None:
    await database.execute("UPDATE payment_webhook_state SET state = $2 WHERE webhook_id = $1", webhook_id, state)


async def keep(
    world: PaymentWorld, moment: datetime, *, event: str = "", state: str = "processed", reference: str = "T1"
) -> UUID:
    """Keep an event that came at a moment."""
    webhook_id = id_at(moment)
    sealed = world.cipher.seal(RAW.decode(), context=body_context(webhook_id)).encode()
    new = NewWebhook(
        id=webhook_id,
        provider="paystack",
        dedupe_key=event or uuid4().hex,
        event_type="charge.success",
        subject="collection",
        reference=reference,
        body=sealed,
        body_sha256=hashlib.sha256(RAW).digest(),
        received_at=moment,
        headers={"content-type": "application/json"},
    )
    if await WebhookRepository(world.database).store(new):
        await settle(world.database, webhook_id, state)
    return webhook_id


async def keep_as_before(world: PaymentWorld, moment: datetime, *, state: str = "processed") -> UUID:
    """Keep an event as the release before this one does: with its body, and without a digest."""
    webhook_id = id_at(moment)
    sealed = world.cipher.seal(RAW.decode(), context=body_context(webhook_id)).encode()
    await world.database.execute(BEFORE, webhook_id, uuid4().hex, sealed, moment)
    await settle(world.database, webhook_id, state)
    return webhook_id


async def month_long_ago(owner: Database) -> None:
    """Make a month of its own of everything up to 2025, as if the tables had been parted back then."""
    until = await owner.value("SELECT until_id FROM month_partitions WHERE partition = 'payment_webhook_bodies_first'")
    first = str(id_at(datetime(2025, 2, 1, tzinfo=UTC)))[:13]
    bound = f"{first}-0000-0000-000000000000"
    await owner.execute("DROP TABLE payment_webhook_bodies_first")
    for name, start, end in (("2025_01", "MINVALUE", f"'{bound}'"), ("first", f"'{bound}'", f"'{until}'")):
        await owner.execute(
            f"CREATE TABLE payment_webhook_bodies_{name} PARTITION OF payment_webhook_bodies"
            f" FOR VALUES FROM ({start}) TO ({end})"
        )
        await owner.execute(f"SELECT guard_partition('payment_webhook_bodies', 'payment_webhook_bodies_{name}')")


async def forget(bodies: WebhookBodies, days: int = 400) -> int:
    total = 0
    while count := await bodies.forget(older_than_days=days):
        total += count
    return total


class TestKeeping:
    async def test_one_event_in_two_months_is_one_event(self, world: PaymentWorld) -> None:
        first = await keep(world, NOW, event="same")
        await keep(world, NOW + timedelta(days=40), event="same")

        assert await world.count("payment_webhook_info") == 1
        assert await world.count("payment_webhook_state") == 1
        assert await world.count("payment_webhook_bodies", webhook_id=first) == 1
        assert await world.count("payment_webhook_bodies") == 1

    async def test_each_body_is_in_its_month(self, world: PaymentWorld) -> None:
        webhook_id = await keep(world, NOW + timedelta(days=40))

        home = "SELECT tableoid::regclass::text FROM payment_webhook_bodies WHERE webhook_id = $1"
        expected = f"payment_webhook_bodies_{month_of(NOW + timedelta(days=40))}"
        assert await world.database.value(home, webhook_id) == expected

    async def test_what_came_is_read_and_that_is_on_record(self, world: PaymentWorld, bodies: WebhookBodies) -> None:
        for webhook_id in (await keep(world, NOW), await keep_as_before(world, NOW)):
            found, text = await bodies.read(webhook_id, actor=SYSTEM)

            assert (text, found.reference, found.state) == (RAW.decode(), "T1", "processed")
            noted = "SELECT count(*) FROM audit_log WHERE action = 'webhook.read_body' AND target_id = $1"
            assert await world.database.value(noted, webhook_id) == 1

    async def test_it_is_sealed_at_rest(self, world: PaymentWorld) -> None:
        await world.webhook("charge.success", "T1")

        row = await world.database.row("SELECT webhook_id AS id, body FROM payment_webhook_bodies")
        headers = await world.database.value("SELECT headers FROM payment_webhook_info WHERE body IS NULL")
        assert row is not None
        assert b'"reference"' not in row["body"]
        assert '"reference": "T1"' in world.cipher.open(row["body"].decode(), context=body_context(row["id"]))
        assert "x-paystack-signature" not in headers

    async def test_its_digest_is_of_what_was_sent(self, world: PaymentWorld) -> None:
        raw, headers = world.provider.webhook("charge.success", "T1")
        await world.intake.receive(provider="paystack", raw=raw, headers=headers)

        digest = await world.database.value("SELECT body_sha256 FROM payment_webhook_info")
        assert digest == hashlib.sha256(raw).digest()


class TestForgetting:
    async def test_a_month_goes_as_a_whole_and_what_came_of_it_stays(
        self, world: PaymentWorld, owner_database: Database, bodies: WebhookBodies
    ) -> None:
        await month_long_ago(owner_database)
        old, recent = await keep(world, LONG_AGO, event="same"), await keep(world, NOW)

        assert await forget(bodies) == 1

        with pytest.raises(WebhookBodyGoneError):
            await bodies.read(old, actor=SYSTEM)
        assert (await bodies.read(recent, actor=SYSTEM))[1] == RAW.decode()
        kept = await world.database.row(
            "SELECT reference, body_sha256, received_at, state FROM payment_webhook_info AS i"
            " JOIN payment_webhook_state AS s ON s.webhook_id = i.id WHERE i.id = $1",
            old,
        )
        assert tuple(kept or ()) == ("T1", hashlib.sha256(RAW).digest(), LONG_AGO, "processed")
        await keep(world, NOW, event="same")
        assert await world.count("payment_webhook_info") == 2

    async def test_a_replay_needs_nothing_of_it(
        self, world: PaymentWorld, owner_database: Database, bodies: WebhookBodies
    ) -> None:
        await month_long_ago(owner_database)
        user = await world.add_user()
        payment = await world.open_page(user, 10_000)
        webhook_id = await keep(world, LONG_AGO, reference=payment.reference)
        assert await forget(bodies) == 1
        world.provider.pay(payment.reference)
        admin = WebhookAdmin(webhooks=WebhookRepository(world.database), clock=world.clock, ids=world.ids)

        await admin.replay(webhook_id, actor=SYSTEM)

        assert await world.processor.process_due() == 1
        assert await world.available(user) == 10_000

    @pytest.mark.parametrize("state", ["received", "parked"])
    async def test_what_is_open_keeps_its_month(
        self, world: PaymentWorld, owner_database: Database, bodies: WebhookBodies, state: str
    ) -> None:
        await month_long_ago(owner_database)
        webhook_id = await keep(world, LONG_AGO, state=state)
        before = await keep_as_before(world, LONG_AGO, state=state)

        assert await forget(bodies) == 0

        for one in (webhook_id, before):
            assert (await bodies.read(one, actor=SYSTEM))[1] == RAW.decode()
            await settle(world.database, one)
        assert await forget(bodies) == 2

    async def test_bodies_from_before_there_were_months_leave_their_digests(
        self, world: PaymentWorld, bodies: WebhookBodies
    ) -> None:
        old, recent = await keep_as_before(world, LONG_AGO), await keep_as_before(world, NOW)

        assert await forget(bodies) == 1

        with pytest.raises(WebhookBodyGoneError):
            await bodies.read(old, actor=SYSTEM)
        assert (await bodies.read(recent, actor=SYSTEM))[1] == RAW.decode()
        digest = await world.database.value("SELECT body_sha256 FROM payment_webhook_info WHERE id = $1", old)
        assert digest == hashlib.sha256(RAW).digest()

    async def test_a_month_goes_once_by_any_number_of_workers(
        self, world: PaymentWorld, owner_database: Database
    ) -> None:
        await keep(world, NOW)
        later = NOW + timedelta(days=470)
        count = "SELECT count(*) FROM month_partitions WHERE parent = 'payment_webhook_bodies'"
        before = await world.database.value(count)

        dropped = sum(await asyncio.gather(*(world.database.value(DROP, later) for _ in range(4))))
        while more := await world.database.value(DROP, later):
            dropped += more

        assert dropped >= 2
        assert await world.database.value(count) == before - dropped
        late = await keep(world, NOW)
        home = "SELECT tableoid::regclass::text FROM payment_webhook_bodies WHERE webhook_id = $1"
        assert await world.database.value(home, late) == "payment_webhook_bodies_default"

    async def test_nobody_makes_it_sooner(self, world: PaymentWorld) -> None:
        young = await keep_as_before(world, NOW)

        with pytest.raises(asyncpg.InvalidParameterValueError, match="30 days"):
            await world.database.value("SELECT drop_webhook_months(29)")
        call = "SELECT forget_webhook_bodies(ARRAY[$1::uuid], ARRAY[NULL::bytea])"
        assert await world.database.value(call, young) == 0


class TestNothingElseChanges:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE payment_webhook_info SET reference = 'other'",
            "UPDATE payment_webhook_info SET body = NULL, reference = 'other'",
            "UPDATE payment_webhook_info SET body = ''",
            "UPDATE payment_webhook_info SET body = NULL, headers = '{}'",
            "UPDATE payment_webhook_info SET body_sha256 = ''",
            "DELETE FROM payment_webhook_info",
            "TRUNCATE payment_webhook_info",
            "UPDATE payment_webhook_bodies SET body = ''",
            "DELETE FROM payment_webhook_bodies_first",
            "TRUNCATE payment_webhook_bodies",
        ],
    )
    async def test_not_even_by_the_owner(self, world: PaymentWorld, owner_database: Database, change: str) -> None:
        await keep(world, NOW)
        await keep_as_before(world, NOW)

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.database.execute(change)
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await owner_database.execute(change)


@pytest.mark.timeout(120)
async def test_the_release_before_goes_on_while_bodies_are_parted(world: PaymentWorld, owner_dsn: str) -> None:
    await asyncio.to_thread(command.downgrade, alembic_config(owner_dsn), "0047")
    stop, told = asyncio.Event(), [f"event {number}" for number in range(20)]
    for event in told:
        await world.database.execute(BEFORE, id_at(NOW), event, b"sealed", NOW)

    async def previous_release() -> None:
        while not stop.is_set():
            told.append(uuid4().hex)
            await world.database.execute(BEFORE, id_at(datetime.now(UTC)), told[-1], b"sealed", datetime.now(UTC))

    writers = [asyncio.create_task(previous_release()) for _ in range(3)]
    await asyncio.to_thread(migrate, owner_dsn)
    await asyncio.sleep(0.1)
    stop.set()
    await asyncio.gather(*writers)
    for event in told[:3]:
        await keep(world, NOW, event=event)
    await keep(world, NOW, event="new")

    assert await world.count("payment_webhook_info") == len(told) + 1
    assert await world.count("payment_webhook_state") == len(told) + 1
    assert await world.count("payment_webhook_bodies") == 1

    await asyncio.to_thread(command.downgrade, alembic_config(owner_dsn), "0047")

    assert await world.database.value("SELECT count(*) FROM payment_webhook_info WHERE body <> ''") == len(told) + 1
    await world.database.execute(BEFORE, id_at(NOW), "new", b"sealed", NOW)
    assert await world.count("payment_webhook_info") == len(told) + 1
