"""A payment contested more than once at the same moment: its disputes never take more together than it brought."""

from __future__ import annotations

from tests.concurrency.conftest import RIVALS, Arena

from kro.payment.domain import Progress

PAID = 1_000_000
PART = 300_000
CHARGED_BACK = "SELECT coalesce(sum(amount), 0)::bigint FROM chargebacks"


async def test_disputes_of_a_payment_without_an_order(arena: Arena) -> None:
    world = arena.world
    user = await world.add_user()
    payment = await world.receive(user, PAID)
    # The balance would cover them all: only what the payment brought stands in the way.
    await world.receive(user, RIVALS * PART)
    disputes = [world.provider.contest(payment.reference, amount_minor=PART) for _ in range(RIVALS)]

    seen = await arena.race(
        [lambda dispute=dispute: world.chargebacks.apply_provider_result(dispute) for dispute in disputes]  # type: ignore[misc] # bound per turn
    )
    for dispute in disputes:
        await world.chargebacks.apply_provider_result(dispute)

    assert set(seen) <= {"done", "concurrent_update"}
    assert await arena.database.value(CHARGED_BACK) == 3 * PART
    assert await world.available(user) == PAID + RIVALS * PART - 3 * PART


async def test_two_disputes_of_one_payment(arena: Arena) -> None:
    world = arena.world
    for _ in range(10):
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        await world.receive(user, PAID)
        disputes = [world.provider.contest(payment.reference) for _ in range(2)]

        await arena.race(
            [lambda dispute=dispute: world.chargebacks.apply_provider_result(dispute) for dispute in disputes]  # type: ignore[misc] # bound per turn
        )

        heard = [await world.chargebacks.apply_provider_result(dispute) for dispute in disputes]
        assert sorted(heard) == [Progress.FINAL, Progress.PARKED]
        assert await world.available(user) == PAID
