"""Secrets are changed as `docs/procedures.md` says, by processes replaced under load: nobody is turned away."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from fleet import Load, Served, served
from kro.core.database.embedded import Role
from socket_crowd import Crowd, until

OLD: Final = "sk_test_kro_sandbox_0000000000000000000000"
NEW: Final = "sk_test_kro_sandbox_1111111111111111111111"


@dataclass
class Vendor:
    """Sends webhooks signed with the keys it has at present, one after the other."""

    url: str
    keys: list[str]
    taken: int = 0
    refused: list[str] = field(default_factory=list)
    stopping: bool = False

    async def run(self) -> None:
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False, timeout=60) as http:
            while not self.stopping:
                for key in tuple(self.keys):
                    raw = json.dumps({"event": "charge.success", "data": {"reference": uuid4().hex}}).encode()
                    headers = {"x-paystack-signature": hmac.digest(key.encode(), raw, hashlib.sha512).hex()}
                    answer = await http.post("/v1/webhooks/paystack", content=raw, headers=headers)
                    if answer.status_code == 200:
                        self.taken += 1
                    else:
                        self.refused.append(f"{answer.status_code} {answer.text[:200]}")
                await asyncio.sleep(0.05)


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


def processes(api: Served) -> set[str]:
    """Return the processes that serve on one port."""
    assert api.process is not None
    pid = api.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    # The library has another child, which only keeps books of what they share.
    return {child for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()}


async def replaced(api: Served) -> None:
    """Have each process replaced by one that reads the configuration anew."""
    before, process = processes(api), api.process
    assert process is not None
    process.send_signal(signal.SIGHUP)
    await until(lambda: len(processes(api) - before) == len(before) and not processes(api) & before, seconds=120)
    await api.ready()


@pytest.mark.skipif(
    "ROTATE" not in os.environ, reason="takes a minute: ROTATE=1 pytest tests/deployment/test_rotating.py"
)
@pytest.mark.timeout(400)
async def test_a_database_login_and_a_webhook_secret_are_changed_under_load(
    environment: dict[str, str], crowd: Crowd, logins: tuple[Any, list[str]], tmp_path: Path
) -> None:
    admin, (first, second) = logins
    own = Path(environment["KRO_CONFIG_DIR"]) / "test.json"
    rest = json.loads(own.read_text())
    environment["KRO_API_DRAIN_SECONDS"] = "1"
    for name in ("KRO_DATABASE_APP_USERNAME", "KRO_DATABASE_APP_PASSWORD"):
        del environment[name]

    def configure(login: str, *, secret: str, beside: list[str]) -> None:
        database = {**rest["database"], "app": {"username": login, "password": f"of {login}"}}
        own.write_text(
            json.dumps({**rest, "database": database, "paystack": {"secretKey": secret, "webhookSecrets": beside}})
        )

    async def sessions(login: str) -> int:
        found: int = await admin.fetchval("SELECT count(*) FROM pg_stat_activity WHERE usename = $1", login)
        return found

    configure(first, secret=OLD, beside=[])
    with served(environment, tmp_path / "log", workers=2) as api:
        await api.ready()
        load, vendor = Load(api.url, crowd.members), Vendor(api.url, [OLD])
        running = asyncio.gather(load.run(), vendor.run())
        await until(lambda: load.answered > 30, seconds=60)

        configure(second, secret=OLD, beside=[NEW])
        await replaced(api)
        left = await sessions(first)
        await admin.execute(f"ALTER ROLE {first} NOLOGIN PASSWORD NULL")
        # Every process knows both by now, so the vendor may begin to use the new one.
        vendor.keys.append(NEW)
        configure(second, secret=NEW, beside=[OLD])
        await replaced(api)
        answered, taken = load.answered, vendor.taken
        await until(lambda: load.answered > answered + 30 and vendor.taken > taken + 4, seconds=60)
        load.stop()
        vendor.stopping = True
        await running

    assert (load.lost, load.not_let_in, vendor.refused) == ([], 0, [])
    assert left == 0
