"""The whole product as people meet it: real processes on real sockets, with the sandbox around them."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from rich.console import Console

from kro.core.config import load_settings
from kro.core.database.embedded import Cluster, Role
from kro.demo import AdminLogin, run_demo
from kro.demo.display import Display
from kro.demo.journey import Cast, Journey
from kro.demo.play import assembled, fresh_account_number
from stack import Stack
from stored import stored_secrets

ROOT = Path(__file__).parents[2]
START_SECONDS = 150
TEMPLATE = "kro_template"


@pytest.fixture(scope="session")
def stack(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One API process, one worker, the sandbox."""
    with running_stack(postgres, tmp_path_factory.mktemp("stack"), workers=1) as running:
        yield running


@pytest.fixture(scope="session")
def wide_stack(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two API processes on one port, one worker, the sandbox."""
    with running_stack(postgres, tmp_path_factory.mktemp("wide"), workers=2) as running:
        yield running


@pytest.fixture(scope="session")
def stack_behind(postgres: Cluster) -> Callable[..., AbstractContextManager[Stack]]:
    """Two API processes and a worker that reach their database in some other way."""
    return lambda folder, between: running_stack(postgres, folder, workers=2, between=between)


@pytest.fixture
async def cast(stack: Stack) -> AsyncIterator[Cast]:
    async with assembled(base_url=stack.base_url, sandbox_url=stack.sandbox_url, admin=stack.admin) as people:
        yield people


@pytest.fixture
def owner_dsn(stack: Stack) -> str:
    """Reach the database of the running product as its owner, to look inside or to turn back its clocks."""
    return stack.owner_dsn


@pytest.fixture
def demo_on_two_processes(wide_stack: Stack) -> Callable[[Console], int]:
    return lambda console: run_demo(
        base_url=wide_stack.base_url, sandbox_url=wide_stack.sandbox_url, admin=wide_stack.admin, console=console
    )


@pytest.fixture
def display() -> Display:
    # Captured by pytest and shown when a scenario fails.
    return Display(Console(width=120))


@pytest.fixture
def journey(cast: Cast, display: Display) -> Journey:
    return Journey(cast, display=display, account_number=fresh_account_number())


@contextmanager
def running_stack(
    postgres: Cluster, folder: Path, *, workers: int, between: Callable[[str], dict[str, str]] = lambda _: {}
) -> Iterator[Stack]:
    """Run the product. ``between`` gets the name of its database and returns how its processes reach that."""
    name = f"kro_{uuid4().hex}"
    api, sandbox = _free_ports(2)
    environment = _environment(postgres, name, folder, api=api, sandbox=sandbox)
    base_url, sandbox_url = f"http://127.0.0.1:{api}", f"http://127.0.0.1:{sandbox}"
    asyncio.run(_as_admin(postgres, f'CREATE DATABASE "{name}" OWNER kro_owner TEMPLATE {TEMPLATE} STRATEGY FILE_COPY'))
    with ExitStack() as stopping:
        environment |= between(name)
        stopping.callback(lambda: asyncio.run(_give_back(postgres, name)))
        subprocess.run(
            [sys.executable, "-m", "kro.cli", "seed"], env=environment, cwd=ROOT, check=True, timeout=START_SECONDS
        )

        def start(log: str, *arguments: str) -> None:
            stopping.enter_context(_process(folder / f"{log}.log", environment, *arguments))

        start("sandbox", "-m", "kro_sandbox", "--port", str(sandbox), "--webhook-target", base_url, "--termii-webhooks")
        start("api", "-m", "kro.cli", "serve", "--port", str(api), "--workers", str(workers))
        start("worker", "-m", "kro.cli", "worker")
        for health in (f"{sandbox_url}/_sim/health", f"{base_url}/health/ready"):
            _await_health(health, folder)
        settings = load_settings(environ=environment)
        admin = settings.demo.admins[0]
        yield Stack(
            base_url=base_url,
            sandbox_url=sandbox_url,
            admin=AdminLogin(
                email=admin.email,
                password=admin.password.get_secret_value(),
                totp_secret=admin.totp_secret.get_secret_value(),
            ),
            owner_dsn=postgres.dsn(Role.OWNER, name),
            folder=folder,
        )


async def _give_back(postgres: Cluster, name: str) -> None:
    """Drop the database of a product that has ended, after a look at what its tests had it store."""
    found = await stored_secrets(postgres.dsn(Role.ADMIN, name))
    await _as_admin(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')
    assert not found, "A secret was stored where it can be read:\n" + "\n".join(found)


def _environment(postgres: Cluster, name: str, folder: Path, *, api: int, sandbox: int) -> dict[str, str]:
    owner, app = (urlsplit(postgres.dsn(role, name)) for role in (Role.OWNER, Role.APP))
    vendors = f"http://127.0.0.1:{sandbox}"
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("KRO_", "NODE_"))}
    return kept | {
        "KRO_ENV": "test",
        "KRO_API_PORT": str(api),
        "KRO_PUBLIC_BASE_URL": f"http://127.0.0.1:{api}",
        "KRO_DATABASE_EMBEDDED": "false",
        "KRO_DATABASE_URL": f"postgresql://{owner.path}?{owner.query}",
        "KRO_DATABASE_OWNER_USERNAME": owner.username or "",
        "KRO_DATABASE_OWNER_PASSWORD": owner.password or "",
        "KRO_DATABASE_APP_USERNAME": app.username or "",
        "KRO_DATABASE_APP_PASSWORD": app.password or "",
        "KRO_SANDBOX_PORT": str(sandbox),
        "KRO_STORAGE_FOLDER": str(folder / "storage"),
        "KRO_PAYSTACK_BASE_URL": f"{vendors}/paystack",
        "KRO_FINCRA_BASE_URL": f"{vendors}/fincra",
        "KRO_PROVIDUS_BASE_URL": f"{vendors}/providus/appdevapi/api",
        "KRO_PROVIDUS_TRANSFER_BASE_URL": f"{vendors}/providus/postingrest",
        "KRO_TERMII_BASE_URL": f"{vendors}/termii",
        "KRO_TWILIO_BASE_URL": f"{vendors}/twilio",
        "KRO_TELNYX_BASE_URL": f"{vendors}/telnyx",
        "KRO_WHATSAPP_BASE_URL": f"{vendors}/whatsapp",
        "KRO_SENDGRID_BASE_URL": f"{vendors}/sendgrid",
    }


@contextmanager
def _process(log: Path, environment: dict[str, str], *arguments: str) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments, "--exit-with-parent", str(os.getpid())],
            env=environment, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_health(url: str, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx2.get(url, timeout=2, trust_env=False).is_success:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    logs = "\n".join(f"{log.name}:\n{log.read_text()[-2000:]}" for log in folder.glob("*.log"))
    pytest.fail(f"{url} did not become healthy\n{logs}")


def _free_ports(count: int) -> list[int]:
    with ExitStack() as sockets:
        probes = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


async def _as_admin(postgres: Cluster, statement: str) -> None:
    connection = await asyncpg.connect(postgres.dsn(Role.ADMIN, "postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
