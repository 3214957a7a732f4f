"""Disputes whose events were lost: the provider's list names them, and they are taken in as their events would be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.integration.refund.test_chargeback_polls import FailsFor, alarms
from tests.integration.refund.world import RefundWorld

from kro.bootstrap import Providers, build
from kro.core.email.fake import FakeEmail
from kro.core.sms.fake import FakeSMS
from kro.core.storage import MemoryObjectStore
from kro.payment.providers import Capability, PaymentProvider, ProviderDirectory
from kro.payment.providers.fake import FakePaystack, Fault
from kro.refund.domain import UnheardDisputes
from kro_api import settings_for

PAID = 1_000_000


@pytest.fixture
def unheard(world: RefundWorld) -> UnheardDisputes:
    return UnheardDisputes(
        provider="paystack",
        lister=world.provider.provider.dispute_list,
        chargebacks=world.chargebacks._chargebacks,
        service=world.chargebacks,
        look_back=timedelta(days=30),
        clock=world.clock,
    )


async def contested(world: RefundWorld, *, heard: bool = False) -> str:
    payment = await world.receive(await world.add_user(), PAID)
    dispute = world.provider.contest(payment.reference)
    if heard:
        await world.chargebacks.apply_provider_result(dispute)
    return dispute


class TestTheList:
    async def test_brings_in_what_no_event_told_of(self, world: RefundWorld, unheard: UnheardDisputes) -> None:
        await contested(world, heard=True)
        lost = await contested(world)

        assert await unheard.take_in() == 1

        assert await world.count("chargebacks", status="opened", provider_reference=lost, amount=PAID) == 1
        assert await alarms(world, "chargeback_opened") == 2
        assert await unheard.take_in() == 0
        await world.sound()

    async def test_a_dispute_that_was_lost_by_then_is_opened_and_ended(
        self, world: RefundWorld, unheard: UnheardDisputes
    ) -> None:
        dispute = await contested(world)
        world.provider.end_dispute(dispute, "merchant-accepted", amount_minor=400_000)

        await unheard.take_in()

        assert await world.count("chargebacks", status="lost", amount=400_000, returned=0) == 1
        await world.sound()

    async def test_one_that_was_won_or_does_not_fit_moves_nothing_however_often(
        self, world: RefundWorld, unheard: UnheardDisputes
    ) -> None:
        world.provider.end_dispute(await contested(world), "declined")
        payment = await world.receive(await world.add_user(), PAID)
        world.provider.contest(payment.reference, amount_minor=PAID + 1)

        asked = [await unheard.take_in() for _ in range(3)]

        assert asked == [2, 2, 2]
        assert await world.count("chargebacks") == 0
        assert await alarms(world, "chargeback_contradiction") == 1

    async def test_one_that_fails_does_not_hold_up_the_others(
        self, world: RefundWorld, unheard: UnheardDisputes
    ) -> None:
        disputes = [await contested(world) for _ in range(3)]
        world.chargebacks._provider = FailsFor(world.provider.provider.disputes, disputes[0])

        assert await unheard.take_in() == 3

        assert await world.count("chargebacks", status="opened") == 2

    async def test_that_cannot_be_read_is_read_the_next_time(
        self, world: RefundWorld, unheard: UnheardDisputes
    ) -> None:
        await contested(world)
        world.provider.fail_next("list_disputes", Fault.ANSWER_LOST)

        assert [await unheard.take_in(), await unheard.take_in()] == [0, 1]

    async def test_is_read_as_far_back_as_is_configured(self, world: RefundWorld, unheard: UnheardDisputes) -> None:
        dispute = world.provider.disputes[await contested(world)]
        dispute.opened_at = world.clock.now() - timedelta(days=30, seconds=1)
        assert await unheard.take_in() == 0

        dispute.opened_at += timedelta(seconds=1)

        assert await unheard.take_in() == 1


class TestTheWorker:
    @pytest.mark.parametrize("lists", [True, False])
    def test_looks_every_hour_where_the_provider_lists_disputes(self, fresh_database: Any, lists: bool) -> None:
        whole = FakePaystack().provider
        offered = whole.capabilities if lists else whole.capabilities - {Capability.DISPUTE_LIST}
        vendor = PaymentProvider(name=whole.name, **{str(one): getattr(whole, one) for one in offered})
        vendors = ProviderDirectory((vendor,))
        outside = Providers(payments=vendors, sms=FakeSMS(), email=FakeEmail(), files=MemoryObjectStore())

        steps = build(settings_for(fresh_database.cluster, fresh_database.name), providers=outside).steps

        found = [(step.every_seconds, step.alone) for step in steps if step.name == "chargeback.unheard"]
        assert found == ([(3600.0, True)] if lists else [])
