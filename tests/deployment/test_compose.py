"""The whole installation in containers, as docs/deployment.md says: started, replaced under load, broken, stopped.

It needs a Docker daemon, docker-compose and many minutes, so only where ``KRO_COMPOSE`` is set (``make compose``).
"""

from __future__ import annotations

import asyncio
import io
import os
import signal
import ssl
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import asyncpg
import httpx2
import pytest
from rich.console import Console

from composed import Installation, installation, make_stand_ins, why_not
from fleet import Load
from kro.core.config import load_settings
from kro.demo import AdminLogin, run_demo
from socket_crowd import Crowd, until

_WHY_NOT: Final = why_not()
pytestmark = [
    pytest.mark.skipif(_WHY_NOT is not None, reason=_WHY_NOT or ""),
    pytest.mark.timeout(3600),
    pytest.mark.xdist_group("compose"),
]
ROUNDS: Final = int(os.environ.get("KRO_REPLACEMENTS", "3"))
PATIENCE: Final = 300.0


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    make_stand_ins()
    with installation(tmp_path_factory.mktemp("compose")) as here:
        began = time.monotonic()
        here.compose("up", "--build", "-d")
        print(f"built and started in {time.monotonic() - began:.0f} s")  # noqa: T201 - a figure, shown with -rP
        yield here


async def owner_of(here: Installation) -> asyncpg.Connection[asyncpg.Record]:
    """Connect as the owner; the certificate is the container's, whom this machine reaches by address."""
    networks = here.container("postgres")["NetworkSettings"]["Networks"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    [address] = [network["IPAddress"] for network in networks.values()]
    return await asyncpg.connect(
        host=address, user="kro_owner", password=here.owner_password, database="kro", ssl=context
    )


async def answers(here: Installation) -> bool:
    async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
        try:
            return (await client.get(f"{here.url}/health/ready")).is_success
        except httpx2.TransportError:
            return False


async def is_back(here: Installation) -> float:
    """Wait until nginx brings a ready answer again, and return how long that took."""
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        while not await answers(here):  # noqa: ASYNC110 - a container has no event
            await asyncio.sleep(0.2)
    return time.monotonic() - began


def is_healthy(here: Installation, service: str) -> bool:
    return bool(here.container(service)["State"]["Health"]["Status"] == "healthy")


class TestStarted:
    def test_each_waited_for_what_it_needs(self, installed: Installation) -> None:
        began = {
            name: datetime.fromisoformat(installed.container(name)["State"]["StartedAt"][:26])
            for name in ("postgres", "migrate", "backend", "standby", "nginx")
        }

        assert list(began) == sorted(began, key=lambda name: began[name])
        assert installed.container("migrate")["State"]["ExitCode"] == 0

    @pytest.mark.parametrize("service", ["backend", "standby", "worker", "migrate"])
    def test_a_process_is_nobody_and_writes_nowhere(self, installed: Installation, service: str) -> None:
        found = installed.container(service)

        assert found["Config"]["User"] == "kro"
        assert found["HostConfig"]["ReadonlyRootfs"]
        assert found["HostConfig"]["CapDrop"] == ["ALL"]
        assert "no-new-privileges:true" in found["HostConfig"]["SecurityOpt"]

    def test_the_image_has_nothing_that_builds(self, installed: Installation) -> None:
        there = installed.compose(
            "exec", "-T", "backend", "sh", "-c", "for tool in gcc cc make uv git; do command -v $tool; done; id -u"
        )

        assert there.split() == ["10001"]

    def test_the_doctor_finds_nothing(self, installed: Installation) -> None:
        told = installed.compose("run", "--rm", "--no-deps", "worker", "doctor")

        assert "ok   Database schema" in told

    async def test_connections_to_the_database_are_encrypted(self, installed: Installation) -> None:
        owner = await owner_of(installed)
        plain = await owner.fetchval(
            "SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE usename LIKE 'kro%' AND NOT ssl"
        )
        await owner.close()

        assert plain == 0


def test_an_escrow_is_played_through_nginx_right_to_the_kobo(installed: Installation) -> None:
    admin = load_settings(environment="local", environ={}).demo.admins[0]
    login = AdminLogin(
        email=admin.email,
        password=admin.password.get_secret_value(),
        totp_secret=admin.totp_secret.get_secret_value(),
    )
    told = io.StringIO()

    code = run_demo(
        base_url=installed.url, sandbox_url=installed.sandbox_url, admin=login, console=Console(file=told, width=120)
    )

    assert code == 0, told.getvalue()[-3000:]


async def test_another_release_replaces_this_one_and_no_request_fails(installed: Installation) -> None:
    owner = await owner_of(installed)
    crowd = Crowd(owner)
    await crowd.gather(16)
    before = await owner.fetchval("SELECT count(*) FROM fee_quotes")
    load = Load(installed.url, crowd.members)
    asking = asyncio.create_task(load.run())
    taken, images = [], set()
    for number in range(ROUNDS):
        installed.another_release(number)
        began = time.monotonic()
        await asyncio.to_thread(installed.compose, "up", "--build", "-d", "backend")
        await until(lambda: is_healthy(installed, "backend"), seconds=PATIENCE)
        await asyncio.to_thread(installed.compose, "up", "-d", "--no-deps", "standby", "worker")
        await until(lambda: is_healthy(installed, "standby"), seconds=PATIENCE)
        taken.append(round(time.monotonic() - began))
        images |= {installed.container(name)["Image"] for name in ("backend", "standby", "worker")}
    load.stop()
    await asking
    quoted = await owner.fetchval("SELECT count(*) FROM fee_quotes") - before
    await owner.close()

    print(f"{ROUNDS} releases, {3 * ROUNDS} containers in {taken} s, {load.answered} requests")  # noqa: T201 - a figure
    assert len(images) == ROUNDS
    assert load.lost == []
    assert load.not_let_in == 0
    assert quoted == load.quoted


class TestBroken:
    async def test_the_database_is_restarted(self, installed: Installation) -> None:
        await asyncio.to_thread(installed.compose, "restart", "postgres")
        print(f"ready {await is_back(installed):.1f} s after the database")  # noqa: T201 - a figure

        assert installed.container("backend")["RestartCount"] == 0

    async def test_a_process_that_dies_is_started_again_and_the_other_answers(self, installed: Installation) -> None:
        before = installed.container("backend")["RestartCount"]
        os.kill(installed.container("backend")["State"]["Pid"], signal.SIGKILL)
        answered = [await answers(installed) for _ in range(20)]
        await until(lambda: is_healthy(installed, "backend"), seconds=PATIENCE)

        assert all(answered)
        assert installed.container("backend")["RestartCount"] == before + 1


def test_no_log_has_a_secret_and_none_a_crash(installed: Installation) -> None:
    told = installed.compose("logs", "--no-color")

    assert [line for line in told.splitlines() if any(secret in line for secret in installed.secrets)] == []
    assert "kro-local-only" not in told
    assert [line for line in told.splitlines() if "Traceback" in line or "[emerg]" in line or "[alert]" in line] == []


async def test_what_was_written_is_there_after_everything_was_taken_down(installed: Installation) -> None:
    owner = await owner_of(installed)
    people = await owner.fetchval("SELECT count(*) FROM users")
    await owner.close()
    began = time.monotonic()
    await asyncio.to_thread(installed.compose, "stop")
    print(f"stopped in {time.monotonic() - began:.0f} s")  # noqa: T201 - a figure
    ended = {name: installed.container(name)["State"]["ExitCode"] for name in ("backend", "standby", "worker")}
    said = installed.compose("logs", "--no-color", "postgres", "backend", "standby", "worker")
    await asyncio.to_thread(installed.compose, "down")
    await asyncio.to_thread(installed.compose, "up", "-d")
    await is_back(installed)
    owner = await owner_of(installed)
    found = await owner.fetchval("SELECT count(*) FROM users")
    await owner.close()

    assert set(ended.values()) <= {0, 143}, ended
    assert "Traceback" not in said
    assert people > 0
    assert found == people
