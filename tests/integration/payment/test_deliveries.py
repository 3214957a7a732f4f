"""Events of three vendors, thousands in a long run: whatever is told, how often and by whom, money moves once."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from tests.integration.payment.deliveries import Deliveries
from tests.integration.payment.vendor_desks import BankDesk, CardDesk, Gullible, Trusting, fincra, paystack

from kro.core.database.pool import Database
from kro.payment.database.inflows import InflowRepository
from kro.payment.database.provider_records import Inflow
from vendors import vendor_but

COUNT = int(os.environ.get("KRO_DELIVERIES", "200"))
SEED = int(os.environ.get("KRO_SEED", "20260115"))
SMALL = 120
MINUTES = 60
DESKS = pytest.mark.parametrize("make_desk", [paystack, fincra, BankDesk], ids=["paystack", "fincra", "providus"])

MakeDesk = Callable[[], CardDesk | BankDesk]


@pytest.mark.timeout(MINUTES * 60)
@DESKS
async def test_money_moves_once_whatever_is_told(database: Database, make_desk: MakeDesk) -> None:
    report = await Deliveries(database, make_desk(), COUNT, seed=SEED).run()

    print(f"\n{report}")  # noqa: T201 - the figures are the point of the long run
    assert report.broken == []
    assert report.posts["signed"] >= COUNT
    assert report.posts["forged"] == report.posts["replayed"] == report.posts["altered"] == COUNT // 10
    assert report.receipts > 0


@DESKS
async def test_who_acts_on_the_body_is_found_out(database: Database, make_desk: MakeDesk) -> None:
    desk = make_desk()
    reader = "inflows" if isinstance(desk, BankDesk) else "collections"
    gullible = vendor_but(desk.provider, **{reader: Gullible(desk)})

    report = await Deliveries(database, desk, SMALL, provider=gullible).run()

    assert any("credited and never paid" in fault for fault in report.broken)


@DESKS
async def test_who_takes_forged_events_is_found_out(database: Database, make_desk: MakeDesk) -> None:
    desk = make_desk()

    report = await Deliveries(database, desk, SMALL, provider=vendor_but(desk.provider, webhooks=Trusting(desk))).run()

    assert "a forged event was taken" in report.broken


class Forgetful(InflowRepository):
    async def known(self, **named: str | None) -> Inflow:
        found = await super().known(**named)  # type: ignore[arg-type] # whatever is asked
        return Inflow(payment=found.payment, owner_id=found.owner_id, is_known=False)


async def test_who_credits_what_is_known_is_found_out(database: Database, owner_database: Database) -> None:
    for statement in (
        "ALTER TABLE ledger_journals DROP CONSTRAINT uq_ledger_journals_external",
        "DROP INDEX uq_transactions_provider_reference",
    ):
        await owner_database.execute(statement)
    soak = Deliveries(database, BankDesk(), SMALL * 3)
    soak.world.inflows._inflows = Forgetful(database)

    report = await soak.run()

    assert any("times" in fault for fault in report.broken)
