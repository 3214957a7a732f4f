"""Each question about unmatched money and contested payments: silent on sound books, and loud when a row was changed.

Changing one takes a superuser who switches every protection off.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from tests.integration.refund.world import RefundWorld

from kro.bootstrap.reconciliation import INVARIANTS
from kro.core.database.embedded import Cluster, Role
from kro.core.money import Money
from ledger import violations

PAID = 1_000_000

Superuser = asyncpg.Connection


@pytest.fixture
async def admin(postgres: Cluster, fresh_database: Any) -> AsyncIterator[Superuser[asyncpg.Record]]:
    connection = await asyncpg.connect(postgres.dsn(Role.ADMIN, fresh_database.name))
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


@pytest.fixture
async def sound(world: RefundWorld) -> RefundWorld:
    """A chargeback that is open, one that was won, one lost in part; unmatched money, some of it gone back."""
    user = await world.add_user()
    for resolution, kept in ((None, None), ("declined", None), ("merchant-accepted", 300_000)):
        payment = await world.receive(user, PAID)
        dispute = world.provider.contest(payment.reference, fee_minor=5_000)
        await world.chargebacks.apply_provider_result(dispute)
        if resolution is not None:
            world.provider.end_dispute(dispute, resolution, amount_minor=kept)
            await world.chargebacks.apply_provider_result(dispute)
    for _ in range(2):
        reference = str(uuid4())
        await world.provider.provider.checkout.start(
            reference=reference,
            amount=Money(PAID, "NGN"),
            payer_email="payer@kro.example",
            callback_url="https://kro.example",
        )
        world.provider.pay(reference)
        await world.suspense.take_in("paystack", reference)
    assert await violations(world.database, INVARIANTS) == {}
    return world


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE suspense_items SET amount = amount + 1 WHERE id = (SELECT min(id::text)::uuid FROM suspense_items)",
        "DELETE FROM suspense_items WHERE id = (SELECT min(id::text)::uuid FROM suspense_items)",
        "DELETE FROM suspense_items",
        "UPDATE suspense_items SET status = 'returned', resolved_at = now(), next_alarm_at = NULL",
        "UPDATE suspense_items SET currency = 'GHS'",
    ],
)
async def test_suspense_equals_its_open_items(
    sound: RefundWorld, admin: Superuser[asyncpg.Record], tampering: str
) -> None:
    await admin.execute(tampering)

    assert set(await violations(sound.database, INVARIANTS)) == {"suspense_equals_its_open_items"}


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE chargebacks SET amount = amount - 1, from_payer = from_payer - 1 WHERE status = 'opened'",
        "UPDATE chargebacks SET returned = returned + 1 WHERE status = 'lost'",
        "UPDATE chargebacks SET status = 'lost', returned = returned - 1 WHERE status = 'won'",
        "UPDATE chargebacks SET fee = fee + 1 WHERE status = 'opened'",
        "UPDATE chargebacks SET currency = 'GHS' WHERE status = 'opened'",
        "DELETE FROM chargebacks WHERE status = 'opened'",
        "UPDATE ledger_journals SET source_id = gen_random_uuid() WHERE kind = 'chargeback_won'",
    ],
)
async def test_chargebacks_took_what_they_say(
    sound: RefundWorld, admin: Superuser[asyncpg.Record], tampering: str
) -> None:
    await admin.execute(tampering)

    assert "chargebacks_took_what_they_say" in await violations(sound.database, INVARIANTS)


async def test_no_payment_is_charged_back_above_what_it_brought(
    sound: RefundWorld, admin: Superuser[asyncpg.Record]
) -> None:
    await admin.execute(
        "UPDATE chargebacks SET payment_id = (SELECT payment_id FROM chargebacks WHERE status = 'opened')"
    )

    assert await violations(sound.database, INVARIANTS) == {"no_payment_is_charged_back_above_what_it_brought": 1}
