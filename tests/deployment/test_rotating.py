"""Secrets are changed as `docs/procedures.md` says, by processes replaced under load: nobody is turned away."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest

from everybody import Everybody
from fleet import Served, processes, served
from kro.core.database.embedded import Role
from renewing import PATIENCE, begun, mails, renewed, worker_of
from signing_vendors import VENDORS, configured
from socket_crowd import Crowd, free_port, until

OLD: Final = "kro_sandbox_0000000000000000000000"
NEW: Final = "kro_sandbox_1111111111111111111111"
_ANOTHER_EACH: Final = """
INSERT INTO orders
SELECT (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid()))).* FROM orders AS o"""


@pytest.fixture
async def logins(fresh_database: Any) -> AsyncIterator[tuple[Any, list[str]]]:
    """Two logins that are members of the application's role, and who made them."""
    admin: Any = await asyncpg.connect(fresh_database.dsn(Role.ADMIN))
    names = [f"kro_app_{uuid4().hex[:12]}" for _ in range(2)]
    for name in names:
        await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'of {name}' IN ROLE kro_app")
    yield admin, names
    for name in names:
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", name)
        await admin.execute(f"DROP ROLE {name}")
    await admin.close()


async def replaced(api: Served) -> None:
    """Have each process replaced by one that reads the configuration anew."""
    before, process = processes(api), api.process
    assert process is not None
    process.send_signal(signal.SIGHUP)
    await until(lambda: len(processes(api) - before) == len(before) and not processes(api) & before, seconds=PATIENCE)
    await api.ready()


@dataclass
class Installation:
    """What the files of the configuration say, which every process reads when it begins."""

    own: Path
    rest: dict[str, Any]

    @classmethod
    def of(cls, environment: dict[str, str]) -> Installation:
        for name in ("KRO_DATABASE_APP_USERNAME", "KRO_DATABASE_APP_PASSWORD"):
            del environment[name]
        # Nobody answers there: what a webhook says is asked about later.
        nobody = f"http://127.0.0.1:{free_port()}"
        environment |= {f"KRO_{vendor}_BASE_URL": f"{nobody}/x" for vendor in ("PAYSTACK", "FINCRA", "PROVIDUS")}
        own = Path(environment["KRO_CONFIG_DIR"]) / "test.json"
        return cls(own, json.loads(own.read_text()))

    def say(self, login: str, *, secret: str = OLD, beside: Sequence[str] = ()) -> None:
        database = {**self.rest["database"], "app": {"username": login, "password": f"of {login}"}}
        keys = {"cursorKey": key_of(secret), "cursorKeys": [key_of(one) for one in beside]}
        own = {"database": database, "security": keys, **configured(secret, beside=beside)}
        self.own.write_text(json.dumps({**self.rest, **own}))


def key_of(secret: str) -> str:
    return base64.b64encode(hashlib.sha256(secret.encode()).digest()).decode()


@pytest.mark.skipif(
    "ROTATE" not in os.environ, reason="takes minutes: ROTATE=1 pytest tests/deployment/test_rotating.py"
)
@pytest.mark.timeout(1200)
async def test_a_database_login_and_every_secret_that_signs_are_changed_under_load(
    environment: dict[str, str],
    owner: asyncpg.Connection[asyncpg.Record],
    crowd: Crowd,
    logins: tuple[Any, list[str]],
    tmp_path: Path,
) -> None:
    admin, (first, second) = logins
    environment["KRO_API_DRAIN_SECONDS"] = "1"
    await owner.execute(_ANOTHER_EACH)
    installation = Installation.of(environment)

    async def sessions(login: str) -> int:
        found: int = await admin.fetchval("SELECT count(*) FROM pg_stat_activity WHERE usename = $1", login)
        return found

    async with mails(seconds=1) as post_office:
        environment["KRO_SENDGRID_BASE_URL"] = post_office.url
        installation.say(first)
        worker = worker_of(environment, tmp_path)
        with served(environment, tmp_path / "log", workers=2) as api:
            worker.start()
            await api.ready()
            await begun(worker, times=1)
            public_url = environment["KRO_PUBLIC_BASE_URL"]
            everybody = await Everybody.begin(api.url, crowd, owner, public_url=public_url, secret=OLD)
            vendors, lists = everybody.vendors, everybody.lists
            cursor = await lists.first()

            async def step() -> None:
                await replaced(api)
                await renewed(worker)

            installation.say(second, beside=[NEW])
            await step()
            left = await sessions(first)
            await admin.execute(f"ALTER ROLE {first} NOLOGIN PASSWORD NULL")
            # Every process knows both by now, so the vendors may begin to use the new one.
            vendors.secrets.append(NEW)
            installation.say(second, secret=NEW, beside=[OLD])
            await step()
            await everybody.go_on(answers=30)
            vendors.secrets.remove(OLD)
            between = [*await vendors.told_once(OLD), await lists.follow(cursor)]
            installation.say(second, secret=NEW)
            await step()
            await everybody.go_on(answers=30)
            await everybody.stop()
            afterwards, forgotten = await vendors.told_once(OLD), await lists.follow(cursor)
            delivered = await everybody.letters.delivered()
            worker.stop()

    print(everybody)  # noqa: T201 - the figures are the point
    assert everybody.failed == []
    assert (left, between) == (0, ["200"])
    assert sorted(one.split()[0] for one in afterwards) == sorted(make(OLD, "").path for make in VENDORS)
    assert "invalid_cursor" in forgotten
    assert post_office.times(delivered) == dict.fromkeys(everybody.letters.posted, (1, 1))
    assert set(delivered.values()) == {("delivered", 1)}


async def test_a_worker_reads_its_files_anew_and_keeps_its_id(
    environment: dict[str, str], logins: tuple[Any, list[str]], tmp_path: Path
) -> None:
    admin, (first, second) = logins
    installation = Installation.of(environment)
    installation.say(first)
    worker = worker_of(environment, tmp_path)
    worker.start()
    try:
        await begun(worker, times=1)
        installation.say(second)
        await renewed(worker)
        logged_in = await admin.fetch(
            "SELECT DISTINCT usename::text AS name FROM pg_stat_activity WHERE usename = ANY($1::name[])",
            [first, second],
        )
    finally:
        worker.stop(patience_seconds=30)

    assert [row["name"] for row in logged_in] == [second]
