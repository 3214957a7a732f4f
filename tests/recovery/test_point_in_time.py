"""The database, and the files with it, as they were at a moment that somebody names after a disaster."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from admin_desk import at_desk
from kro.bootstrap import build
from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.permissions import Role as AdminRole
from kro.core.clock import SystemClock
from kro.core.database.embedded import Role
from kro.core.database.migrate import migrate
from kro.core.outbox import OutboxRelay
from kro.core.storage import LocalObjectStore
from kro.core.storage.links import LinkSigner
from kro_api import World, running_world, settings_for
from order_steps import completed, funded, put_money, stepped
from servers import Server, Site, needs_postgresql, new_primary, stopping
from socket_crowd import ROOT, environment_of, free_port
from step_up_steps import add_bank_account

SCRIPTS = ROOT / "deploy" / "recovery"
pytestmark = needs_postgresql
NOW = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'"


async def test_what_was_done_until_then_is_there_and_nothing_later(place: Site, tmp_path: Path) -> None:
    primary, files, copy = new_primary(place), tmp_path / "files", tmp_path / "copy"
    with stopping(primary):
        await asyncio.to_thread(migrate, primary.dsn(Role.OWNER))
        store = LocalObjectStore(files, links=LinkSigner(secret=b"k" * 32, base_url="", clock=SystemClock()))
        async with running_world(settings_for(primary.cluster, "kro"), files=store) as world:
            await completed(world)
            place.run("base-backup", place.backups, "--dbname", superuser(primary))
            # A backup is good for any moment from the second after it was complete.
            await asyncio.sleep(1.1)
            await completed(world)
            await approved_payout(world)
            wanted, moment = await everything(primary), primary.ask(NOW)
            await funded(world)
            assert await everything(primary) != wanted
            await world.work()
            [sent] = world.paystack.transfers
            world.paystack.settle(sent)
        copy_files(files, copy)
        archive_all(primary)
        primary.kill()
        shutil.rmtree(primary.data)
        shutil.rmtree(files)

    restored = place.server("restored")
    restored.make_home()
    place.run("restore", place.backups, place.archive, restored.data, moment)
    with stopping(restored):
        restored.start()
        await until_it_takes_writes(restored)

        assert await everything(restored) == wanted
        assert await lost_files(restored, copy) == []
        environment = environment_of(restored.cluster, "kro", tmp_path, port=free_port(), redis_url=None)
        environment |= {"KRO_STORAGE_FOLDER": str(copy), "KRO_SANDBOX_PORT": str(free_port())}
        assert "invariants hold" in kro(environment, "reconcile")
        assert "FAIL" not in kro(environment, "doctor")
        assert await payout_after_work(restored, world) == "succeeded"
        assert list(world.paystack.transfers) == [sent]
        end = "UPDATE sessions SET revoked_at = now(), revoke_reason = 'ended_by_admin' WHERE revoked_at IS NULL"
        assert end in (ROOT / "docs" / "recovery.md").read_text()
        restored.ask(end, database="kro")
        assert restored.ask("SELECT count(*) FROM sessions WHERE revoked_at IS NULL", database="kro") == "0"
        # The restored server's log continues beside that of the lost one, under a number of its own.
        archive_all(restored)
        assert {path.name[:8] for path in place.archive.iterdir() if len(path.name) == 24} == {"00000001", "00000002"}


async def test_a_moment_before_the_first_backup_and_a_folder_in_use_are_refused(place: Site) -> None:
    used = place.server("used")
    used.make_home()
    used.data.mkdir()
    (used.data / "PG_VERSION").touch()

    with pytest.raises(AssertionError, match=r"no backup in .* was complete before 2026-01-01"):
        place.run("restore", place.backups, place.archive, place.folder / "new", "2026-01-01 10:00:00+00")
    with pytest.raises(AssertionError, match="is not empty"):
        place.run("restore", place.backups, place.archive, used.data, "latest")


class TestArchive:
    def test_keeps_what_it_is_given_once(self, place: Site, tmp_path: Path) -> None:
        piece = place.folder / "000000010000000000000001"
        piece.write_bytes(b"log")
        place.account.give(piece)

        place.run("archive-wal", place.archive, piece, piece.name)
        place.run("archive-wal", place.archive, piece, piece.name)
        assert (place.archive / piece.name).read_bytes() == b"log"

        piece.write_bytes(b"another")
        with pytest.raises(AssertionError, match="is there already and differs"):
            place.run("archive-wal", place.archive, piece, piece.name)
        assert (place.archive / piece.name).read_bytes() == b"log"
        assert [path.name for path in place.archive.iterdir()] == [piece.name]

    def test_without_its_folder_nothing_is_taken_for_kept(self, place: Site) -> None:
        with pytest.raises(AssertionError, match="failed"):
            place.run("archive-wal", place.folder / "unmounted", place.folder / "primary.conf", "1")


async def approved_payout(world: World) -> None:
    """Have the buyer ask for a payout, and an admin approve it; no worker has sent it yet."""
    await put_money(world, 20_000_000)
    account = await add_bank_account(world, world.buyer)
    body = {"bank_account_id": account["id"], "amount": {"amount": 100_000, "currency": "NGN"}}
    payout = (await world.buyer.post("/payouts", body)).json()["id"]
    approver = await at_desk(world, AdminRole.APPROVER)
    shown = (await approver.get(f"/admin/payouts/{payout}")).json()
    approval = {"totp": approver.code(), "approval_hash": shown["approval_hash"]}
    await stepped(approver.post(f"/admin/payouts/{payout}/approve", approval))


async def payout_after_work(server: Server, world: World) -> str:
    """Let a worker begin on a restored database, with the providers as they are now; return how the payout ended."""
    hasher = PasswordHasher(memory_kib=64, rounds=1)
    application = build(settings_for(server.cluster, "kro"), providers=world.providers, hasher=hasher)
    await application.open()
    try:
        await OutboxRelay(application.database, application.outbox_handlers).run_until_idle()
        [reference] = [
            row["reference"] for row in await application.database.rows("SELECT reference FROM payout_attempts")
        ]
        await application.paying_out.tracker.apply_provider_result(reference=reference)
        return str(await application.database.value("SELECT status FROM transactions WHERE kind = 'payout'"))
    finally:
        await application.close()


def superuser(server: Server) -> str:
    return server.conninfo(Role.ADMIN, server.site.passwords[Role.ADMIN])


async def everything(server: Server) -> Mapping[str, Any]:
    """Return every order, journal and stored answer there is."""
    connection = await asyncpg.connect(server.dsn(Role.OWNER))
    try:
        return {
            "orders": await connection.fetch("SELECT id, status, funded_amount FROM orders ORDER BY id"),
            "journals": await connection.fetch("SELECT id, kind FROM ledger_journals ORDER BY id"),
            "balances": await connection.fetch("SELECT id, balance FROM kro_balance ORDER BY id"),
            "answers": await connection.fetch("SELECT principal_id, key FROM idempotency_keys ORDER BY 1, 2"),
        }
    finally:
        await connection.close()


async def lost_files(server: Server, copy: Path) -> list[str]:
    """Return the evidence whose file is not in the copy, byte for byte."""
    connection = await asyncpg.connect(server.dsn(Role.OWNER))
    rows = await connection.fetch("SELECT storage_key AS key, sha256 FROM evidence")
    await connection.close()
    assert len(rows) == 2
    there = digests(copy)
    return [row["key"] for row in rows if there.get(row["key"]) != row["sha256"]]


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def copy_files(files: Path, copy: Path) -> None:
    """Copy once and once more, as every hour."""
    for _ in range(2):
        subprocess.run([SCRIPTS / "copy-files", files, copy], check=True)


def archive_all(server: Server) -> None:
    """Have the server archive all it has written, and wait until that is kept."""
    current = server.ask("SELECT pg_walfile_name(pg_switch_wal())")
    server.wait_for(f"SELECT last_archived_wal >= '{current}' FROM pg_stat_archiver")  # noqa: S608 - the server's word


async def until_it_takes_writes(server: Server) -> None:
    await asyncio.to_thread(server.wait_for, "SELECT NOT pg_is_in_recovery()")


def kro(environment: Mapping[str, str], command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "kro.cli", command], env=dict(environment), cwd=ROOT, capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
