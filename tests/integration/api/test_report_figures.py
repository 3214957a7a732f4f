"""Reports of what a small honest book does not have: splits, chargebacks, quiet months, two currencies, nasty names."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.integration.api.exception_steps import hear, paid_order
from tests.integration.api.test_reconciliation import login
from tests.integration.api.test_reports import report, today

from kro.core.decisions import Account, Journal
from kro.core.ids import read_id
from kro.core.money import Money
from kro.kro_balance.domain import Release, Split, chart, order_funded, split_settlement
from kro.kro_balance.domain.postings import full_release
from kro_api import TOTP_SECRET, Person, World
from ledger import paid_in, post, posting
from order_steps import DUE, funded, user_id_of

GHS_AMOUNT, GHS_FEE, GHS_VAT = 90_000, 2_000, 150


@pytest.fixture
async def admin(world: World) -> Person:
    return await login(world, "admin@kro.example", TOTP_SECRET)


async def post_at(owner: Any, at: datetime, debit: Account, credit: Account, amount: int) -> None:
    """Write a journal recorded at a moment, as only the owner of the tables can."""
    for a in (debit, credit):
        await owner.execute(
            "INSERT INTO kro_balance (id, code, owner_id, qualifier, currency, normal, tracked, allow_negative)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, true) ON CONFLICT DO NOTHING",
            *(a.id, a.code, a.owner_id, a.qualifier, a.currency, a.normal, a.tracked),
        )
    await owner.execute(
        """
        WITH journal AS (
            INSERT INTO ledger_journals (id, kind, source_type, source_id, occurred_at, recorded_at, actor)
            VALUES (gen_random_uuid(), 'test', 'test', gen_random_uuid(), $1, $1, 'test') RETURNING id)
        INSERT INTO ledger_entries (journal_id, account_id, currency, amount)
        SELECT journal.id, side.account, $2, side.amount
        FROM journal, (VALUES ($3::uuid, $5::bigint), ($4::uuid, -$5::bigint)) AS side (account, amount)""",
        *(at, debit.currency, debit.id, credit.id, amount),
    )


async def ids_of(world: World, order: dict[str, Any]) -> tuple[UUID, UUID, UUID]:
    parties = [user_id_of((await party.get("/me")).json()) for party in (world.buyer, world.seller)]
    return read_id("ord", order["id"]), parties[0], parties[1]


class TestOrders:
    async def test_a_split_is_refunded_to_the_buyer_and_released_for_the_rest(
        self, world: World, admin: Person
    ) -> None:
        order_id, buyer, seller = await ids_of(world, await funded(world))
        split = Split(order_id, buyer, seller, "NGN", buyer=DUE - 1_000_000, seller=950_000, fee=46_000, vat=4_000)

        await post(world.database, split_settlement(posting(), split=split))

        [row] = await report(world, admin, "gmv")
        assert (row["funded"], row["released"], row["refunded"]) == (DUE, 1_000_000, DUE - 1_000_000)
        assert await report(world, admin, "held") == []

    async def test_a_contested_payment_is_charged_back_until_it_is_won(self, world: World, admin: Person) -> None:
        _, reference = await paid_order(world)
        dispute = world.paystack.contest(reference)
        await hear(world, dispute)

        [row] = await report(world, admin, "gmv")
        assert (row["funded"], row["charged_back"], row["released"], row["refunded"]) == (DUE, DUE, 0, 0)

        world.paystack.end_dispute(dispute, "declined")
        await hear(world, dispute, "resolve")

        [row] = await report(world, admin, "gmv")
        assert (row["funded"], row["charged_back"]) == (DUE, 0)
        [held] = await report(world, admin, "held")
        assert (held["orders"], held["held"]) == (1, DUE)


async def test_a_month_without_tax_tells_what_is_still_payable(
    world: World, admin: Person, owner_database: Any
) -> None:
    vat, other = chart.vat_payable("NGN"), chart.losses("test", "NGN")
    january, march = datetime(2026, 1, 31, 22, 59, tzinfo=UTC), datetime(2026, 2, 28, 23, 0, tzinfo=UTC)
    await post_at(owner_database, january, other, vat, 700)
    await post_at(owner_database, march, other, vat, 50)
    await post_at(owner_database, march, vat, other, 750)

    async def rows(first: str, last: str) -> list[tuple[Any, ...]]:
        found = await report(world, admin, "taxes", **{"from": first, "to": last})
        assert {(row["currency"], row["tax"]) for row in found} <= {("NGN", "vat")}
        return [(row["month"], row["charged"], row["taken_back"], row["payable"]) for row in found]

    first, quiet, last = ("2026-01", 700, 0, 700), ("2026-02", 0, 0, 700), ("2026-03", 50, 750, 0)
    assert await rows("2025-12-01", "2026-05-31") == [first, quiet, last]
    assert await rows("2026-02-10", "2026-02-20") == [quiet]
    assert await rows("2026-04-01", "2026-04-30") == []


async def test_currencies_are_never_added_up(world: World, admin: Person, owner_database: Any) -> None:
    order_id, buyer, seller = await ids_of(world, await funded(world))
    await post(world.database, *in_cedis(uuid4(), buyer, seller), *in_cedis(uuid4(), buyer, seller)[:2])
    await owner_database.execute(
        """
        INSERT INTO transactions (id, kind, user_id, provider, reference, currency, amount, fee, vat, status,
                                  approvals_required, polls, version, created_at, updated_at)
        SELECT gen_random_uuid(), 'payout', $1, 'paystack', 'p' || c, c, 1000, 0, 0, 'awaiting_approval', 1, 0, 1,
               now(), now()
        FROM unnest(ARRAY['NGN', 'GHS']) AS c""",
        buyer,
    )

    funded_rows = {row["currency"]: (row["orders_funded"], row["funded"]) for row in await report(world, admin, "gmv")}
    assert funded_rows == {"NGN": (1, DUE), "GHS": (2, 2 * GHS_AMOUNT)}
    held = {row["currency"]: (row["orders"], row["held"]) for row in await report(world, admin, "held")}
    assert held == {"NGN": (1, DUE), "GHS": (1, GHS_AMOUNT)}
    await post(world.database, release_of(order_id, seller, "NGN", DUE))
    fees = {row["currency"]: row["net"] for row in await report(world, admin, "fees")}
    assert fees == {"NGN": GHS_FEE, "GHS": GHS_FEE}
    taxes = {row["currency"]: row["payable"] for row in await report(world, admin, "taxes")}
    assert taxes == {"NGN": GHS_VAT, "GHS": GHS_VAT}
    payouts = {row["currency"]: row["requested"] for row in await report(world, admin, "payouts")}
    assert payouts == {"NGN": 1, "GHS": 1}


async def test_a_name_that_is_a_formula_is_only_text_in_a_spreadsheet(
    world: World, admin: Person, owner_database: Any
) -> None:
    nasty = '=HYPERLINK("http://evil.example")'
    revenue = chart.fee_revenue(nasty, "NGN")
    await post_at(owner_database, world.application.clock.now(), revenue, chart.losses("test", "NGN"), 70)

    day = today(world)
    reply = await admin.get("/admin/reports/fees", **{"from": day, "to": day, "format": "csv"})

    [row] = csv.DictReader(reply.text.splitlines())
    assert (row["kind"], row["given_back"], row["net"]) == (f"'{nasty}", "70", "-70")


def in_cedis(order_id: UUID, buyer: UUID, seller: UUID) -> tuple[Journal, Journal, Journal]:
    """Return the journals of an order from its payment to its release."""
    amount = Money(GHS_AMOUNT, "GHS")
    return (
        paid_in(buyer, GHS_AMOUNT, "GHS"),
        order_funded(posting(), order_id=order_id, buyer_id=buyer, amount=amount),
        release_of(order_id, seller, "GHS", GHS_AMOUNT),
    )


def release_of(order_id: UUID, seller: UUID, currency: str, held: int) -> Journal:
    shares = Release(order_id, seller, currency, seller=held - GHS_FEE - GHS_VAT, fee=GHS_FEE, vat=GHS_VAT)
    return full_release(posting(), release=shares)
