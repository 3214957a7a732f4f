"""Several API processes on one database, the real nginx in front of them, and clients that lose nothing unnoticed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx2
import orjson
import pytest

from socket_crowd import ROOT, Member, free_port

PATIENCE: Final = 120.0
NGINX: Final = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
OPENSSL: Final = shutil.which("openssl")
needs_openssl: Final = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
needs_nginx: Final = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

_QUOTE: Final = orjson.dumps(
    {"amount": {"amount": 60_000_000, "currency": "NGN"}, "order_type": "goods", "buyer_share_bps": 5_000}
)


@dataclass(slots=True)
class Served:
    """One ``kro serve`` on a port of its own, which may be replaced by another one."""

    environment: Mapping[str, str] = field(repr=False)
    log: Path
    port: int = field(default_factory=free_port)
    workers: int = 1
    without: Sequence[str] = ()
    """A command that runs another one without something, such as a capability."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        arguments = ("serve", "--port", str(self.port), "--workers", str(self.workers))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*self.without, sys.executable, "-m", "kro.cli", *arguments, "--exit-with-parent", str(os.getpid())],
                env=dict(self.environment), cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def ask_to_end(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        assert self.process is not None
        return await asyncio.to_thread(self.process.wait, PATIENCE)

    async def replaced(self) -> None:
        """Do what ``docker-compose up -d`` does to a container: end it in order, start another, wait until healthy."""
        self.ask_to_end()
        assert await self.ended() in {0, -signal.SIGTERM}, self.log.read_text()[-2000:]
        self.start()
        await self.ready()

    async def ready(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.health("ready") != httpx2.codes.OK:  # noqa: ASYNC110 - another process has no event
                await asyncio.sleep(0.1)

    async def health(self, kind: str) -> int | None:
        """Return the status of a health check, ``None`` when nothing answers."""
        async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
            try:
                return (await client.get(f"{self.url}/health/{kind}")).status_code
            except httpx2.TransportError:
                return None


@contextmanager
def served(
    environment: Mapping[str, str], log: Path, *, workers: int = 1, without: Sequence[str] = ()
) -> Iterator[Served]:
    one = Served(environment, log, workers=workers, without=without)
    one.start()
    try:
        yield one
    finally:
        if one.process is not None:
            one.process.kill()
            one.process.wait()


def processes(api: Served) -> set[str]:
    """Return the processes that serve on one port."""
    assert api.process is not None
    pid = api.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    # The library has another child, which only keeps books of what they share.
    return {child for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()}


@contextmanager
def nginx(
    folder: Path,
    *,
    upstreams: tuple[int, int],
    limits: str | None = None,
    trusted: str = "",
    secured: tuple[int, Path] | None = None,
) -> Iterator[str]:
    """Run nginx with the project's own files, but for where it listens and where its upstreams are.

    :param limits: lines instead of those of ``limits.conf``.
    :param trusted: lines before those of ``trusted-proxies.conf``.
    :param secured: a port to speak TLS on as well, and the folder with what that takes.
    """
    assert NGINX is not None
    here, port = folder / "nginx", free_port()
    shutil.copytree(ROOT / "nginx", here)
    names = zip(("backend", "standby"), upstreams, strict=True)
    upstream = (here / "upstream.conf").read_text()
    for name, to in names:
        assert upstream.count(f"server {name}:3000 ") == 1
        upstream = upstream.replace(f"server {name}:3000 ", f"server 127.0.0.1:{to} ")
    (here / "upstream.conf").write_text(upstream)
    (here / "listen.conf").write_text(_listening(here, port, secured))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (here / "limits.conf").write_text(own + (limits or (here / "limits.conf").read_text()))
    (here / "trusted-proxies.conf").write_text(trusted + (here / "trusted-proxies.conf").read_text())
    # Nobody but root enters root's temporary folders.
    account = "user root;" if os.geteuid() == 0 else ""
    with (folder / "nginx.log").open("wb") as log:
        running = subprocess.Popen(
            [NGINX, "-p", here, "-c", here / "nginx.conf", "-g", f"daemon off; pid {folder}/nginx.pid; {account}"],
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        _await(url, running, folder / "nginx.log")
        yield url
    finally:
        running.send_signal(signal.SIGQUIT)
        try:
            running.wait(timeout=10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _listening(here: Path, port: int, secured: tuple[int, Path] | None) -> str:
    if secured is None:
        return f"listen 127.0.0.1:{port};\n"
    found = (here / "listen-tls.conf").read_text()
    for delivered, there in {
        "listen 80 ": f"listen 127.0.0.1:{port} ",
        "listen 443 ": f"listen 127.0.0.1:{secured[0]} ",
        "certificate /etc/nginx/tls/": f"certificate {secured[1]}/",
        "certificate_key /etc/nginx/tls/": f"certificate_key {secured[1]}/",
    }.items():
        assert found.count(delivered) == 1
        found = found.replace(delivered, there)
    return found


def certificate(folder: Path) -> Path:
    """Make ``fullchain.pem`` and ``privkey.pem`` for 127.0.0.1, and return the folder with them."""
    assert OPENSSL is not None
    folder.mkdir()
    made = ("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem")
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=api.kro.example", "-addext", "subjectAltName=IP:127.0.0.1", *made],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


WIDE_LIMITS: Final = """
limit_req_zone $binary_remote_addr zone=kro_network:1m rate=100000r/s;
limit_req_zone $binary_remote_addr zone=kro_webhooks:1m rate=100000r/s;
limit_conn_zone $binary_remote_addr zone=kro_open:1m;
"""
"""For a test's own load, all of which comes from one address."""


def _await(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and running.poll() is None:
        try:
            httpx2.get(f"{url}/health/live", trust_env=False, timeout=10)
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"nginx does not answer\n{log.read_text()[-2000:]}")


@dataclass(slots=True)
class Load:
    """People who ask for quotes and look at their orders, one request after another until told to stop.

    Every request ends in one of three ways: answered with success, not let in, or lost.
    """

    url: str
    members: list[Member]
    answered: int = 0
    quoted: int = 0
    not_let_in: int = 0
    lost: list[str] = field(default_factory=list)
    _stopping: bool = False

    async def run(self) -> None:
        await asyncio.gather(*(self._ask(member) for member in self.members))

    def stop(self) -> None:
        self._stopping = True

    async def _ask(self, member: Member) -> None:
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False, timeout=60) as client:
            while not self._stopping:
                await self._once(client, member, f"/v1/orders/{member.order_id}", None)
                await self._once(client, member, "/v1/fees/quote", _QUOTE)

    async def _once(self, client: httpx2.AsyncClient, member: Member, path: str, body: bytes | None) -> None:
        headers = {"Authorization": f"Bearer {member.token}", "X-Forwarded-For": member.address}
        if body is not None:
            headers |= {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
        try:
            answer = await client.request("GET" if body is None else "POST", path, headers=headers, content=body)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            self.not_let_in += 1
            await asyncio.sleep(0.1)
        except httpx2.HTTPError as error:
            self.lost.append(f"{path}: {error!r}")
        else:
            if answer.is_success:
                self.answered += 1
                self.quoted += body is not None
            else:
                self.lost.append(f"{path}: {answer.status_code} {answer.text[:200]}")
