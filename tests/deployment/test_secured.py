"""The real nginx with a certificate: what it speaks, what it refuses in the open, and the real API behind it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from echo import PROBLEM, ask, echoing
from fleet import PATIENCE, WIDE_LIMITS, certificate, needs_nginx, needs_openssl, nginx, served
from socket_crowd import Crowd, free_port, process, until, wrong

pytestmark = [needs_nginx, needs_openssl]
ROUNDS = 3


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where nginx listens in the open, and where it speaks TLS."""
    folder, port = tmp_path_factory.mktemp("tls"), free_port()
    secured = (port, certificate(folder / "certificate"))
    with echoing() as api, nginx(folder, upstreams=(api, api), limits=WIDE_LIMITS, secured=secured) as plain:
        yield plain, f"https://127.0.0.1:{port}"


def spoken(url: str, version: ssl.TLSVersion) -> str | None:
    """Return which protocol the server chooses over one version of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    _, _, port = url.rpartition(":")
    with socket.create_connection(("127.0.0.1", int(port))) as plain, context.wrap_socket(plain) as secured:
        return secured.selected_alpn_protocol()


def test_the_api_hears_that_it_was_spoken(addresses: tuple[str, str]) -> None:
    answer = ask(addresses[1], "/v1/orders", method="POST", content=b"{}", headers={"Authorization": "Bearer x"})

    assert answer.status_code == 200
    assert answer.json()["headers"]["x-forwarded-proto"] == "https"


def test_a_page_asked_for_in_the_open_is_shown_the_way(addresses: tuple[str, str]) -> None:
    answer = ask(addresses[0], "/docs?a=1", headers={"Host": "api.kro.example"})

    assert (answer.status_code, answer.headers["location"]) == (308, "https://api.kro.example/docs?a=1")


@pytest.mark.parametrize(
    ("method", "headers"), [("POST", {}), ("PUT", {}), ("GET", {"Authorization": "Bearer of-somebody"})]
)
def test_what_may_carry_a_secret_in_the_open_is_refused(
    addresses: tuple[str, str], method: str, headers: dict[str, str]
) -> None:
    plain, secured = addresses
    for url in (plain, secured.replace("https", "http")):
        answer = ask(url, "/v1/me", method=method, headers=headers | {"X-Request-ID": "mine"})

        assert (answer.status_code, answer.headers["content-type"]) == (403, PROBLEM)
        assert (answer.json()["code"], answer.json()["request_id"]) == ("https_required", "mine")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_that_are_trusted_are_spoken_with_http_2(addresses: tuple[str, str], version: ssl.TLSVersion) -> None:
    assert spoken(addresses[1], version) == "h2"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_an_older_version_is_not_spoken(addresses: tuple[str, str]) -> None:
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        spoken(addresses[1], ssl.TLSVersion.TLSv1_1)


@pytest.mark.timeout(300)
async def test_the_api_is_used_and_sockets_hear_over_tls_alone(
    environment: dict[str, str], crowd: Crowd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, port = certificate(tmp_path / "certificate"), free_port()
    trusted = str(made / "fullchain.pem")
    # For the sockets, whose library asks for nothing else.
    monkeypatch.setenv("SSL_CERT_FILE", trusted)
    url, member = f"https://127.0.0.1:{port}", crowd.members[0]
    with (
        process(tmp_path / "worker.log", environment, "worker"),
        served(environment, tmp_path / "api.log") as api,
        nginx(
            tmp_path,
            upstreams=(api.port, api.port),
            limits=WIDE_LIMITS,
            trusted="set_real_ip_from 127.0.0.1;\n",
            secured=(port, made),
        ),
    ):
        await api.ready()
        async with httpx2.AsyncClient(verify=ssl.create_default_context(cafile=trusted), trust_env=False) as client:
            answer = await client.get(
                f"{url}/v1/orders/{member.order_id}", headers={"Authorization": f"Bearer {member.token}"}
            )
        door = asyncio.Semaphore(8)
        staying = [asyncio.create_task(one.stay(url, door)) for one in crowd.members]
        await until(lambda: all(one.connects for one in crowd.members), seconds=PATIENCE)
        await crowd.tell(ROUNDS)
        await until(lambda: not wrong(crowd.members, rounds=ROUNDS), seconds=PATIENCE)
        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)

    assert answer.status_code == httpx2.codes.OK
    assert answer.headers.get_list("strict-transport-security") == ["max-age=63072000; includeSubDomains"]
    assert [one.connects for one in crowd.members] == [1] * len(crowd.members)
