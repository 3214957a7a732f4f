"""People and orders from the predecessor go on here over HTTP, and the command survives whatever ends it."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from rich.console import Console
from tests.integration.imports.importing import books, imported

from admin_desk import at_desk
from kro.core.auth.permissions import Role as AdminRole
from kro.core.database.embedded import Role
from kro.core.database.pool import Database, PoolOptions
from kro.core.database.startup import DatabaseRefusedError
from kro.core.ids import show_id
from kro.predecessor.errors import BusinessUnderWayError
from kro.predecessor.people import id_of
from kro.run.importing import Wish, import_predecessor
from kro_api import Person, World, settings_for
from old_server import ADA, BOLA, CHIDI, FITTING, HELD, OLD_PASSWORD, fill, many
from order_steps import put_money
from step_up_steps import add_bank_account, with_proof

PRICE, SELLER_GETS = 15_000_000, 14_798_438
PEOPLE = 60


async def login(world: World, phone: str, password: str = OLD_PASSWORD) -> Person:
    reply = await world.http.post("/v1/auth/login", json={"phone": phone, "password": password})
    assert reply.status_code == 200, reply.text
    return Person(world.http, reply.json()["access_token"])


class TestPeople:
    async def test_log_in_with_their_old_password_which_is_kept_better_from_then_on(
        self, world: World, old_dsn: str
    ) -> None:
        await fill(old_dsn, FITTING)
        await imported(world, old_dsn)
        kept = "SELECT password_hash FROM users WHERE phone = $1"
        assert (await world.database.value(kept, ADA)).startswith("$2b$")

        ada = await login(world, ADA)

        me = (await ada.get("/me")).json()
        assert (me["first_name"], me["last_name"]) == ("Ada 🦊", "Obi")
        assert await ada.available() == 1_234_567
        assert (await world.database.value(kept, ADA)).startswith("$argon2id$")
        await login(world, ADA)

    async def test_without_a_readable_password_cannot_log_in_with_any(self, world: World, old_dsn: str) -> None:
        await fill(old_dsn, FITTING)
        await imported(world, old_dsn)

        reply = await world.http.post("/v1/auth/login", json={"phone": CHIDI, "password": OLD_PASSWORD})

        assert reply.status_code == 401


class TestOrders:
    async def test_carried_over_is_approved_and_paid_out_to_the_kobo(self, world: World, old_dsn: str) -> None:
        await fill(old_dsn, FITTING)
        await imported(world, old_dsn)
        ada, bola = await login(world, ADA), await login(world, BOLA)
        shown = show_id("ord", id_of("orders", "1"))
        assert [one["id"] for one in (await ada.get("/orders", status="completed")).json()["data"]] == [shown]

        reply = await ada.post(f"/orders/{shown}/approve")
        if reply.status_code == 403:
            reply = await with_proof(world, ada, f"/orders/{shown}/approve")

        assert (reply.status_code, reply.json()["status"]) == (200, "closed"), reply.text
        assert await bola.available() == SELLER_GETS + 1
        sums = {row[0]: row[3] for row in (await books(world.database))["balances"] if row[0] == "order_escrow"}
        assert sums == {"order_escrow": 0}
        assert await world.violations() == {}
        await self._paid_out(world, bola, amount=2_000_000)
        timeline = (await bola.get(f"/orders/{shown}/timeline")).json()
        assert "carried over" in json.dumps(timeline)

    async def test_carried_over_ends_by_itself_when_nobody_answers(self, world: World, old_dsn: str) -> None:
        await fill(old_dsn, FITTING)
        await imported(world, old_dsn)
        order = show_id("ord", id_of("orders", "1"))

        for _ in range(5):
            await world.pass_time(order, days=8)

        ended = await world.database.value("SELECT ended_at FROM orders WHERE id = $1", id_of("orders", "1"))
        assert ended is not None
        assert [row[3] for row in (await books(world.database))["balances"] if row[0] == "order_escrow"] == [0]
        assert await world.violations() == {}

    async def test_carried_over_without_money_is_accepted_and_funded(self, world: World, old_dsn: str) -> None:
        await fill(old_dsn, FITTING)
        await imported(world, old_dsn)
        ada, shown = await login(world, ADA), show_id("ord", id_of("orders", "7"))

        terms = (await ada.get(f"/orders/{shown}")).json()["terms"]
        accepted = await ada.post(f"/orders/{shown}/accept", {"terms_hash": terms["hash"]})

        assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted"), accepted.text
        assert await world.violations() == {}

    async def _paid_out(self, world: World, person: Person, *, amount: int) -> None:
        account = (await add_bank_account(world, person))["id"]
        await world.database.execute("UPDATE bank_accounts SET usable_from = now()")
        before = await person.available()
        body = {"bank_account_id": account, "amount": {"amount": amount, "currency": "NGN"}}
        reply = await person.post("/payouts", body)
        assert reply.status_code == 202, reply.text
        payout, costs = reply.json()["id"], reply.json()["total_debit"]["amount"]
        approver = await at_desk(world, AdminRole.APPROVER)
        seen = (await approver.get(f"/admin/payouts/{payout}")).json()
        word = {"totp": approver.code(), "approval_hash": seen["approval_hash"]}
        assert (await approver.post(f"/admin/payouts/{payout}/approve", word)).status_code == 200
        await world.work()
        [(reference, transfer)] = world.paystack.transfers.items()
        world.paystack.settle(reference)
        await world.application.paying_out.tracker.apply_provider_result(reference=reference)
        assert transfer.amount_minor == amount
        assert (await person.get(f"/payouts/{payout}")).json()["status"] == "succeeded"
        assert await person.available() == before - costs
        assert await world.violations() == {}


class TestTheCommand:
    async def test_continues_where_it_was_killed(self, fresh_database: Any, old_dsn: str) -> None:
        await fill(old_dsn, FITTING, many(PEOPLE))
        settings = settings_for(fresh_database.cluster, fresh_database.name)
        database = await Database.connect(PoolOptions(fresh_database.dsn(Role.APP)))
        await self._seed_roles(database)
        killed = await asyncio.to_thread(self._start, fresh_database, old_dsn)
        await self._until(database, PEOPLE + 20, killed)
        killed.send_signal(signal.SIGKILL)
        assert await asyncio.to_thread(killed.wait, 30) == -signal.SIGKILL
        between = await database.value("SELECT count(*) FROM import_records")

        await asyncio.to_thread(self._run, settings, old_dsn)
        first = await books(database)
        await asyncio.to_thread(self._run, settings, old_dsn)

        assert PEOPLE < between < len(first["records"])
        assert await books(database) == first
        owed = sum(100 * n + 1 for n in range(1, PEOPLE + 1))
        balances = [(code, balance) for code, _, _, balance in first["balances"] if balance]
        assert sum(balance for code, balance in balances if code == "user_available") == owed + 1_234_568
        assert [balance for code, balance in balances if code == "order_escrow"] == [HELD]
        assert len(first["entries"]) == 2 * (PEOPLE + 3)
        await database.close()

    async def test_refuses_a_database_where_money_moved(self, world: World, fresh_database: Any, old_dsn: str) -> None:
        await fill(old_dsn, FITTING)
        await put_money(world, 1_000)
        settings = settings_for(fresh_database.cluster, fresh_database.name)

        with pytest.raises(BusinessUnderWayError):
            await asyncio.to_thread(self._run, settings, old_dsn)

        assert await asyncio.to_thread(self._run, settings, old_dsn, into_running=fresh_database.name)
        assert await world.violations() == {}

    async def test_refuses_another_schema(self, fresh_database: Any, owner_dsn: str, old_dsn: str) -> None:
        owner = await Database.connect(PoolOptions(owner_dsn, own_limits=False))
        await owner.execute("UPDATE alembic_version SET version_num = '0039'")
        await owner.close()

        with pytest.raises(DatabaseRefusedError, match="0039"):
            await asyncio.to_thread(self._run, settings_for(fresh_database.cluster, fresh_database.name), old_dsn)

    async def test_keeps_its_report_for_itself(
        self, world: World, fresh_database: Any, old_dsn: str, tmp_path: Path
    ) -> None:
        await fill(old_dsn, FITTING)
        file = tmp_path / "report.json"
        settings = settings_for(fresh_database.cluster, fresh_database.name)

        assert await asyncio.to_thread(self._run, settings, old_dsn, report=file, dry=True)

        assert json.loads(file.read_text())["dry_run"] is True
        assert file.stat().st_mode & 0o777 == 0o600

    @staticmethod
    def _run(settings: Any, place: str, **wish: Any) -> bool:
        return import_predecessor(settings, Console(file=io.StringIO(), width=120), Wish(place, **wish))

    @staticmethod
    def _start(fresh: Any, place: str) -> subprocess.Popen[bytes]:
        owner, app = (urlsplit(fresh.dsn(role)) for role in (Role.OWNER, Role.APP))
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("KRO_", "NODE_"))}
        environment = kept | {
            "KRO_ENV": "test",
            "KRO_DATABASE_EMBEDDED": "false",
            "KRO_DATABASE_URL": f"postgresql://{owner.path}?{owner.query}",
            "KRO_DATABASE_OWNER_USERNAME": owner.username or "",
            "KRO_DATABASE_OWNER_PASSWORD": owner.password or "",
            "KRO_DATABASE_APP_USERNAME": app.username or "",
            "KRO_DATABASE_APP_PASSWORD": app.password or "",
        }
        command = [sys.executable, "-m", "kro.cli", "import", "--from", place, "--batch", "1"]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @staticmethod
    async def _until(database: Database, least: int, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 60
        while await database.value("SELECT count(*) FROM import_records") < least:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            await asyncio.sleep(0.002)

    @staticmethod
    async def _seed_roles(database: Database) -> None:
        from kro.core.auth.permissions import seed_roles  # noqa: PLC0415

        await seed_roles(database)
