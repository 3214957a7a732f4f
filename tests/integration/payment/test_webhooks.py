from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_network

import asyncpg
import pytest
from tests.integration.payment.world import PaymentWorld

from kro.core.actor import Actor, ActorKind
from kro.core.database.failures import DatabaseBusyError
from kro.core.database.pool import Database, PoolOptions
from kro.core.http import Position
from kro.core.ids import SystemIdSource
from kro.core.money import Money
from kro.payment.database.records import NewWebhook
from kro.payment.database.webhooks import WebhookRepository
from kro.payment.domain import (
    PaymentStatus,
    Progress,
    UnknownProviderError,
    WebhookAdmin,
    WebhookIntake,
    WebhookNotFoundError,
    WebhookState,
    WebhookView,
)
from kro.payment.providers import Acknowledgement, WebhookOutcome, WebhookSignatureError
from kro.payment.providers.fake import Fault
from kro.payment.providers.providus.credentials import signature
from kro.payment.providers.providus.webhooks import ProvidusAcknowledger, ProvidusWebhooks


@pytest.fixture
def admin(world: PaymentWorld) -> WebhookAdmin:
    return WebhookAdmin(webhooks=WebhookRepository(world.database), clock=world.clock, ids=world.ids)


STRANGE = "0192f7c4-0000-7000-8000-0000000000ff"
"""The form of our references, and none that we gave."""


async def only(admin: WebhookAdmin) -> WebhookView:
    (found,) = await admin.list()
    return found


class TestIntake:
    async def test_keeps_an_event_in_one_trip(self, world: PaymentWorld, admin: WebhookAdmin) -> None:
        before = world.database.trips

        await world.webhook("charge.success", "T1")

        assert world.database.trips == before + 1
        kept = await only(admin)
        assert (kept.event_type, kept.subject, kept.reference, kept.state) == (
            "charge.success",
            "collection",
            "T1",
            WebhookState.RECEIVED,
        )

    async def test_a_duplicate_is_answered_and_not_kept_again(self, world: PaymentWorld) -> None:
        await world.webhook("charge.success", "T1")
        await world.webhook("charge.success", "T1")

        assert await world.count("payment_webhook_info") == 1
        assert await world.count("payment_webhook_state") == 1

    async def test_a_forged_event_never_reaches_the_database(self, world: PaymentWorld) -> None:
        raw, headers = world.provider.webhook("charge.success", "T1")
        before = world.database.trips

        with pytest.raises(WebhookSignatureError):
            await world.intake.receive(provider="paystack", raw=raw + b" ", headers=headers)

        assert world.database.trips == before

    async def test_what_could_not_be_stored_comes_again(self, app_dsn: str, owner_database: Database) -> None:
        database = await Database.connect(PoolOptions(dsn=app_dsn, size=1, lock_timeout_seconds=0.1))
        async with owner_database.connection() as owner, owner.transaction():
            await owner.execute("LOCK TABLE payment_webhook_info IN ACCESS EXCLUSIVE MODE")

            with pytest.raises(DatabaseBusyError):
                await PaymentWorld(database).webhook("charge.success", "T1")

        await PaymentWorld(database).webhook("charge.success", "T1")
        await database.close()
        assert await owner_database.value("SELECT count(*) FROM payment_webhook_state") == 1

    @pytest.mark.parametrize("failure", [OSError("gone"), asyncpg.InterfaceError("closed")])
    async def test_a_lost_database_is_no_different(self, world: PaymentWorld, failure: Exception) -> None:
        class Lost(Database):
            async def rows(self, sql: str, *args: object) -> Sequence[asyncpg.Record]:
                raise failure

        webhooks = WebhookRepository(Lost(PoolOptions(dsn="")))
        event = NewWebhook(
            id=world.ids.new(),
            provider="paystack",
            dedupe_key="1",
            event_type="charge.success",
            subject="collection",
            reference="T1",
            body=b"",
            body_sha256=b"",
            received_at=world.clock.now(),
            headers={},
        )

        with pytest.raises(DatabaseBusyError):
            await webhooks.store(event)


class TestWhereItComesFrom:
    @pytest.fixture
    def intake(self, world: PaymentWorld) -> WebhookIntake:
        return WebhookIntake(
            webhooks=WebhookRepository(world.database),
            verifiers={"paystack": world.provider.provider.webhooks},
            networks={"paystack": (ip_network("52.31.139.75"), ip_network("2001:db8::/32"))},
            cipher=world.cipher,
            clock=world.clock,
            ids=world.ids,
        )

    @pytest.mark.parametrize("address", ["52.31.139.75", "2001:db8::7"])
    async def test_the_providers_own_networks_may(
        self, world: PaymentWorld, intake: WebhookIntake, address: str
    ) -> None:
        raw, headers = world.provider.webhook("charge.success", "T1")

        await intake.receive(provider="paystack", raw=raw, headers=headers, address=address)

        assert await world.count("payment_webhook_info") == 1

    @pytest.mark.parametrize("address", ["52.31.139.76", "127.0.0.1", "unix", None])
    async def test_elsewhere_may_not_however_well_it_is_signed(
        self, world: PaymentWorld, intake: WebhookIntake, address: str | None
    ) -> None:
        raw, headers = world.provider.webhook("charge.success", "T1")

        with pytest.raises(WebhookSignatureError):
            await intake.receive(provider="paystack", raw=raw, headers=headers, address=address)
        assert await world.count("payment_webhook_info") == 0


BANK_NOTICE = (
    b'{"sessionId":"000004210301180534806663649508","accountNumber":"9977581536","transactionAmount":"1",'
    b'"settlementId":"202210301006807600001432"}'
)


class TestAnswer:
    """What each provider is told: the bank goes by the body and has money swept by it, so 00 comes after the commit."""

    @staticmethod
    def desk(world: PaymentWorld, database: Database | None = None) -> WebhookIntake:
        return WebhookIntake(
            webhooks=WebhookRepository(database or world.database),
            verifiers={
                "providus": ProvidusWebhooks(client_id="c", secrets=("s",)),
                "paystack": world.provider.provider.webhooks,
            },
            acknowledgers={"providus": ProvidusAcknowledger()},
            cipher=world.cipher,
            clock=world.clock,
            ids=world.ids,
        )

    async def tell(self, intake: WebhookIntake, raw: bytes = BANK_NOTICE, *, known: str = "s") -> str:
        headers = {"Client-Id": "c", "X-Auth-Signature": signature("c", known)}
        told = await intake.answer(provider="providus", raw=raw, headers=headers)
        assert told.status == 200
        assert told.body is not None
        return str(told.body["responseCode"])

    async def test_stored_once_is_00_and_ever_after_01(self, world: PaymentWorld, admin: WebhookAdmin) -> None:
        intake = self.desk(world)

        assert await self.tell(intake) == "00"
        assert await self.tell(intake, BANK_NOTICE + b" ") == "01"

        kept = await only(admin)
        assert (kept.event_type, kept.subject, kept.reference) == ("settlement", "inflow", "202210301006807600001432")

    async def test_what_is_not_authentic_or_unusable_is_02_and_not_kept(self, world: PaymentWorld) -> None:
        intake = self.desk(world)

        assert await self.tell(intake, known="other") == "02"
        assert await self.tell(intake, b"{}") == "02"
        assert await world.count("payment_webhook_info") == 0

    async def test_what_could_not_be_stored_is_03_and_comes_again(self, world: PaymentWorld) -> None:
        class Lost(Database):
            async def rows(self, sql: str, *args: object) -> Sequence[asyncpg.Record]:
                raise OSError("gone")

        assert await self.tell(self.desk(world, Lost(PoolOptions(dsn="")))) == "03"
        assert await self.tell(self.desk(world)) == "00"

    async def test_others_get_an_empty_200_or_a_problem(self, world: PaymentWorld) -> None:
        raw, headers = world.provider.webhook("charge.success", "T1")
        intake = self.desk(world)

        for _ in range(2):
            told = await intake.answer(provider="paystack", raw=raw, headers=headers)
            assert told == Acknowledgement(status=200)
        with pytest.raises(WebhookSignatureError):
            await intake.answer(provider="paystack", raw=raw + b" ", headers=headers)
        with pytest.raises(UnknownProviderError):
            await intake.answer(provider="nobody", raw=raw, headers=headers)


class TestProcessing:
    async def test_acts_on_what_the_provider_says(self, world: PaymentWorld, admin: WebhookAdmin) -> None:
        user = await world.add_user()
        payment = await world.open_page(user, 10_000)
        world.provider.pay(payment.reference)
        await world.webhook("charge.success", payment.reference)

        assert await world.processor.process_due() == 1

        assert await world.available(user) == 10_000
        assert (await only(admin)).state == WebhookState.PROCESSED
        assert await world.processor.process_due() == 0

    async def test_an_event_the_provider_does_not_confirm_credits_nothing(
        self, world: PaymentWorld, admin: WebhookAdmin
    ) -> None:
        payment = await world.open_page(await world.add_user(), 10_000)
        await world.webhook("charge.success", payment.reference)

        await world.processor.process_due()

        assert await world.sums() == {}
        assert (await world.payment(payment)).status is PaymentStatus.PROCESSING
        kept = await only(admin)
        assert (kept.state, kept.last_error) == (WebhookState.RECEIVED, "waiting")

    async def test_events_we_have_no_use_for_are_ignored_and_kept(
        self, world: PaymentWorld, admin: WebhookAdmin
    ) -> None:
        await world.webhook("refund.processed", "T1")

        await world.processor.process_due()

        assert (await only(admin)).state == WebhookState.IGNORED
        assert world.provider.calls == []

    async def test_money_under_a_reference_we_never_gave_is_kept_apart_after_a_day(
        self, world: PaymentWorld, admin: WebhookAdmin
    ) -> None:
        await world.provider.provider.checkout.start(
            reference=STRANGE,
            amount=Money(10_000, "NGN"),
            payer_email="payer@kro.example",
            callback_url="https://kro.example",
        )
        world.provider.pay(STRANGE)
        await world.webhook("charge.success", STRANGE)

        await world.processor.process_due()
        waiting = await world.sums()
        world.clock.advance(timedelta(hours=25))
        await world.processor.process_due()

        assert waiting == {}
        assert await world.sums() == {"provider_clearing": 9_850, "provider_fees": 150, "suspense": 10_000}
        assert (await only(admin)).state == WebhookState.PROCESSED
        assert await world.suspense.take_in("paystack", STRANGE) is Progress.FINAL
        assert await world.count("suspense_items") == 1

    async def test_an_unknown_reference_waits_longer_each_time_then_for_a_person(
        self, world: PaymentWorld, admin: WebhookAdmin
    ) -> None:
        await world.webhook("charge.success", "T1")
        waits: list[int] = []

        while await world.processor.process_due():
            due = await world.database.value("SELECT next_attempt_at FROM payment_webhook_state")
            if due is None:
                break
            waits.append(int((due - world.clock.now()).total_seconds()))
            world.clock.advance(due - world.clock.now())

        assert waits[:10] == [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600]
        assert timedelta(hours=24) <= timedelta(seconds=sum(waits)) < timedelta(hours=26)
        kept = await only(admin)
        assert (kept.state, kept.last_error) == (WebhookState.PARKED, "unknown_reference")

    async def test_what_was_left_to_people_is_looked_into_again_when_it_is_told_again(
        self, world: PaymentWorld, admin: WebhookAdmin
    ) -> None:
        raw, headers = world.provider.webhook("charge.success", "T1")
        await world.intake.receive(provider="paystack", raw=raw, headers=headers)
        world.clock.advance(timedelta(hours=25))
        await world.processor.process_due()
        assert (await only(admin)).state == WebhookState.PARKED

        again = await world.intake.receive(provider="paystack", raw=raw, headers=headers)

        assert again is WebhookOutcome.DUPLICATE
        assert (await only(admin)).state == WebhookState.RECEIVED
        assert await world.processor.process_due() == 1

    async def test_what_a_dead_worker_had_claimed_comes_back(self, world: PaymentWorld) -> None:
        await world.webhook("charge.success", "T1")
        repository = WebhookRepository(world.database)
        now = world.clock.now()
        claimed = await repository.claim_due(now=now, lease_until=now + timedelta(minutes=3), limit=20)
        assert len(claimed) == 1

        assert await world.processor.process_due() == 0
        world.clock.advance(timedelta(minutes=3))
        assert await world.processor.process_due() == 1

    async def test_one_that_fails_does_not_keep_the_others_waiting(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        payment = await world.open_page(user, 10_000)
        world.provider.pay(payment.reference)
        await world.webhook("charge.success", payment.reference)
        other = await world.open_page(user, 10_000)
        await world.webhook("charge.success", other.reference)
        world.provider.transactions[other.reference].amount_minor = "x"  # type: ignore[assignment] # a vendor gone mad
        world.provider.transactions[other.reference].status = "success"

        assert await world.processor.process_due() == 2

        assert await world.available(user) == 10_000
        assert await world.count("payment_webhook_state", state="processed") == 1
        assert await world.count("payment_webhook_state", state="received", last_error="error") == 1

    async def test_a_silent_provider_is_asked_again_later(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        payment = await world.open_page(user, 10_000)
        world.provider.pay(payment.reference)
        await world.webhook("charge.success", payment.reference)
        world.provider.fail_next("verify", Fault.ANSWER_LOST)

        await world.processor.process_due()
        assert await world.available(user) == 0
        world.clock.advance(timedelta(seconds=10))
        await world.processor.process_due()

        assert await world.available(user) == 10_000


class TestAdmin:
    async def test_replays_a_parked_event_and_writes_down_who_did(
        self, world: PaymentWorld, admin: WebhookAdmin
    ) -> None:
        await world.webhook("charge.success", "T1")
        kept = await only(admin)
        repository = WebhookRepository(world.database)
        await repository.finish(kept.id, state=WebhookState.PARKED, reason="waiting", now=world.clock.now())
        actor = Actor(kind=ActorKind.ADMIN, id=SystemIdSource().new())

        await admin.replay(kept.id, actor=actor)

        assert (await only(admin)).state == WebhookState.RECEIVED
        assert await world.count("audit_log", action="webhook.replay", target_id=kept.id, actor_id=actor.id) == 1
        assert await world.processor.process_due() == 1

    async def test_there_is_nothing_to_replay(self, world: PaymentWorld, admin: WebhookAdmin) -> None:
        actor = Actor(kind=ActorKind.ADMIN, id=SystemIdSource().new())

        with pytest.raises(WebhookNotFoundError):
            await admin.replay(actor.id, actor=actor)

    async def test_lists_by_state_in_pages(self, world: PaymentWorld, admin: WebhookAdmin) -> None:
        for number in range(3):
            world.clock.advance(timedelta(seconds=1))
            await world.webhook("charge.success", f"T{number}")

        first = await admin.list(state=WebhookState.RECEIVED, limit=2)
        rest = await admin.list(
            state=WebhookState.RECEIVED, before=Position(first[-1].received_at, first[-1].id), limit=2
        )

        assert [view.reference for view in (*first, *rest)] == ["T2", "T1", "T0"]
        assert await admin.list(state=WebhookState.PARKED) == []

    async def test_an_event_can_be_looked_into_by_hand(self, world: PaymentWorld, admin: WebhookAdmin) -> None:
        await world.webhook("refund.processed", "T1")

        await world.processor.process_one((await only(admin)).id)

        assert (await only(admin)).state == WebhookState.IGNORED
        with pytest.raises(WebhookNotFoundError):
            await world.processor.process_one(world.ids.new())
