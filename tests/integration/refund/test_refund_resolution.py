"""What a provider cannot tell is told by two persons, and by nobody sooner."""

from __future__ import annotations

import pytest
from tests.integration.refund.world import RefundWorld

from kro.payment.providers.fake import Fault
from kro.refund.database.records import Refund, RefundStatus
from kro.refund.domain import Ending, Resolution
from kro.refund.domain.errors import RefundAlreadyApprovedError, RefundNotUnclearError

AMOUNT = 400_000


def said(ending: Ending, reference: str | None = None) -> Resolution:
    return Resolution(ending, reference, "statement of the provider's of today")


async def unclear(world: RefundWorld, fault: Fault = Fault.REQUEST_LOST) -> Refund:
    """Return a refund nobody knows anything of for more than a day."""
    user = await world.add_user()
    world.provider.fail_next("refund", fault)
    refund = await world.sent(user, await world.receive(user, 1_000_000), AMOUNT)
    await world.later(hours=25)
    return refund


class TestTwoPersons:
    async def test_have_it_sent_again_under_the_same_reference(self, world: RefundWorld) -> None:
        first, second = await world.add_admin(), await world.add_admin()
        refund = await unclear(world)

        await world.resolve(refund, first, said(Ending.SEND_AGAIN))
        await world.later(minutes=5)
        assert world.provider.refunds == []
        await world.resolve(refund, second, said(Ending.SEND_AGAIN))
        await world.later(minutes=5)

        assert len(world.provider.refunds_of(str(refund.id))) == 1
        assert await world.count("refund_attempts") == 1

    async def test_who_are_wrong_do_not_have_it_paid_twice(self, world: RefundWorld) -> None:
        first, second = await world.add_admin(), await world.add_admin()
        refund = await unclear(world, Fault.ANSWER_LOST)
        for admin in (first, second):
            await world.resolve(refund, admin, said(Ending.SEND_AGAIN))

        await world.later(minutes=5)

        assert len(world.provider.refunds) == 1

    async def test_give_the_money_to_the_balance(self, world: RefundWorld) -> None:
        first, second = await world.add_admin(), await world.add_admin()
        refund = await unclear(world)

        for admin in (first, second):
            await world.resolve(refund, admin, said(Ending.NOT_PAID))

        assert (await world.refund(refund)).status is RefundStatus.FAILED
        assert "refund_in_transit" not in await world.sound()

    async def test_confirm_that_it_was_paid(self, world: RefundWorld) -> None:
        first, second = await world.add_admin(), await world.add_admin()
        refund = await unclear(world)

        for admin in (first, second):
            await world.resolve(refund, admin, said(Ending.PAID, "3018284"))

        assert (await world.refund(refund)).status is RefundStatus.PROCESSED
        assert "refund_in_transit" not in await world.sound()
        found = await world.database.value("SELECT external_ref FROM ledger_journals WHERE kind = 'refund_confirmed'")
        assert found == "3018284"

    async def test_have_to_say_the_same(self, world: RefundWorld) -> None:
        first, second = await world.add_admin(), await world.add_admin()
        refund = await unclear(world)

        await world.resolve(refund, first, said(Ending.PAID, "1"))
        await world.resolve(refund, second, said(Ending.PAID, "2"))

        assert (await world.refund(refund)).status is RefundStatus.SENDING

    async def test_have_to_be_two(self, world: RefundWorld) -> None:
        admin, refund = await world.add_admin(), await unclear(world)
        await world.resolve(refund, admin, said(Ending.NOT_PAID))
        await world.later(seconds=30)

        with pytest.raises(RefundAlreadyApprovedError):
            await world.resolve(refund, admin, said(Ending.NOT_PAID))


async def test_nobody_resolves_what_is_younger_than_a_day(world: RefundWorld) -> None:
    user, admin = await world.add_user(), await world.add_admin()
    world.provider.fail_next("refund", Fault.REQUEST_LOST)
    refund = await world.sent(user, await world.receive(user, 1_000_000), AMOUNT)
    await world.later(hours=23)

    with pytest.raises(RefundNotUnclearError):
        await world.resolve(refund, admin, said(Ending.NOT_PAID))
