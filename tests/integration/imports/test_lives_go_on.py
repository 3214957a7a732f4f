"""What was under way at the predecessor goes on here to its end: orders at each stage, and bank accounts."""

from __future__ import annotations

from typing import Any, Final

from tests.integration.imports.importing import imported

from kro.core.ids import show_id
from kro.predecessor.people import id_of
from kro_api import Person, World
from old_server import ADA, BOLA, FITTING, OLD_PASSWORD, fill
from order_steps import stepped
from step_up_steps import with_proof

UNDER_WAY: Final = """
UPDATE "kro_balance" SET "escrowBalance" = "escrowBalance" + 1000 WHERE "id" = 1;
INSERT INTO "orders" ("id", "buyerId", "sellerId", "title", "amount", "escrowAmount", "status")
VALUES (11, 1, 2, 'Tyres', 500.00, 0, 'ACCEPTED'), (12, 1, 2, 'Gearbox', 1000.00, 1000.00, 'IN_PROGRESS');
INSERT INTO "conditions" ("orderId", "title", "status") VALUES (11, 'New', 'PENDING'), (12, 'It turns', 'PENDING');
CREATE TABLE "bank_accounts" (
    "id" SERIAL PRIMARY KEY, "userId" integer, "bankCode" varchar, "bankName" varchar, "accountNumber" varchar,
    "accountName" varchar, "currency" varchar NOT NULL DEFAULT 'NGN');
INSERT INTO "bank_accounts" ("id", "userId", "bankCode", "bankName", "accountNumber", "accountName")
VALUES (1, 2, '058', 'GTBank', '2000000006', 'BOLA');
"""


async def login(world: World, phone: str) -> Person:
    reply = await world.http.post("/v1/auth/login", json={"phone": phone, "password": OLD_PASSWORD})
    assert reply.status_code == 200, reply.text
    return Person(world.http, reply.json()["access_token"])


async def carried_over(world: World, old_dsn: str) -> tuple[Person, Person]:
    await fill(old_dsn, FITTING, UNDER_WAY)
    report = await imported(world, old_dsn)
    assert report.fits, report.told()
    return await login(world, ADA), await login(world, BOLA)


async def finished(world: World, buyer: Person, seller: Person, path: str) -> dict[str, Any]:
    """Take a funded order to its end."""
    for condition in (await seller.get(path)).json()["conditions"]:
        await stepped(seller.post(f"{path}/conditions/{condition['id']}/submit", {"evidence_ids": []}))
    await stepped(seller.post(f"{path}/complete"))
    reply = await buyer.post(f"{path}/approve")
    if reply.status_code == 403:
        reply = await with_proof(world, buyer, f"{path}/approve")
    assert reply.status_code == 200, reply.text
    ended: dict[str, Any] = reply.json()
    return ended


async def test_an_order_in_progress_is_handed_in_and_approved(world: World, old_dsn: str) -> None:
    ada, bola = await carried_over(world, old_dsn)
    path = f"/orders/{show_id('ord', id_of('orders', '12'))}"
    before = await bola.available()
    assert (await ada.get(path)).json()["status"] == "in_progress"

    ended = await finished(world, ada, bola, path)

    assert (ended["status"], ended["held"]["amount"]) == ("closed", 0)
    assert await bola.available() == before + 100_000
    assert await world.violations() == {}


async def test_an_order_in_progress_is_called_off_and_the_money_goes_back(world: World, old_dsn: str) -> None:
    ada, bola = await carried_over(world, old_dsn)
    path = f"/orders/{show_id('ord', id_of('orders', '12'))}"
    before = await ada.available()

    ended = await stepped(bola.post(f"{path}/cancel", {"reason": "out of stock"}))

    assert ended["status"] == "refunded"
    assert await ada.available() == before + 100_000
    assert await world.violations() == {}


async def test_an_accepted_order_is_funded_from_the_balance_that_came_along(world: World, old_dsn: str) -> None:
    ada, bola = await carried_over(world, old_dsn)
    path = f"/orders/{show_id('ord', id_of('orders', '11'))}"
    before = await ada.available(), await bola.available()
    assert (await ada.get(path)).json()["status"] == "accepted"

    funded = await stepped(ada.post(f"{path}/fund", {"method": "balance"}))
    assert (funded["status"], funded["held"]["amount"]) == ("in_progress", 50_000)
    await finished(world, ada, bola, path)

    assert (await ada.available(), await bola.available()) == (before[0] - 50_000, before[1] + 50_000)
    assert await world.violations() == {}


async def test_a_bank_account_cools_and_then_takes_a_payout(world: World, old_dsn: str) -> None:
    _, bola = await carried_over(world, old_dsn)
    ada = await login(world, ADA)
    await finished(world, ada, bola, f"/orders/{show_id('ord', id_of('orders', '12'))}")
    [account] = (await bola.get("/me/bank-accounts")).json()["data"]
    assert "2000000006" not in str(account)
    body = {"bank_account_id": account["id"], "amount": {"amount": 50_000, "currency": "NGN"}}

    early = await bola.post("/payouts", body)
    await world.database.execute("UPDATE bank_accounts SET usable_from = now()")
    asked = await bola.post("/payouts", body)

    assert early.status_code == 409, early.text
    assert asked.status_code == 202, asked.text
    # Its name was never compared, so a person lets it go.
    assert asked.json()["status"] == "awaiting_approval"
    assert await world.violations() == {}
