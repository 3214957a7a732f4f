"""A sandbox and a receiver of its webhooks, both on real sockets."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from kro_sandbox.app import create_app
from kro_sandbox.settings import PAYSTACK_TEST_KEY, PROVIDUS_CLIENT, SandboxSettings

SAMPLES = Path(__file__).parent / "samples"
# The SHA-512 of "kro_sandbox_client:kro_sandbox_client_secret_0000000000000000", computed elsewhere.
PROVIDUS_SIGNATURE = (
    "5CE43852F8B1F7F7B16920A7337C0DBB26109A5CC4EE4C7E6D32C0D4C6AE76BD"
    "E08082FB0CA92A13663524F7E31D1F6FA152A6E4FED81DC56640BAC7F1A070F0"
)
GOOD_CARD = {"card_number": "4084 0840 8408 4081", "cvv": "408", "expiry": "12/30"}


@contextlib.contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve on a free port from a thread of its own, so that one server is enough for all tests of a process."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@dataclass(kw_only=True)
class Received:
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def event(self) -> str:
        return str(self.body.get("event", ""))

    @property
    def data(self) -> dict[str, Any]:
        data = self.body["data"]
        assert isinstance(data, dict)
        return data

    @property
    def body(self) -> dict[str, Any]:
        body = json.loads(self.raw)
        assert isinstance(body, dict)
        return body

    @property
    def is_signed_by_paystack(self) -> bool:
        expected = hmac.new(PAYSTACK_TEST_KEY.encode(), self.raw, hashlib.sha512).hexdigest()
        return self.headers.get("x-paystack-signature") == expected


@dataclass
class Receiver:
    """The merchant's server: keeps raw webhooks, answers as told: with a status, or with 200 and a body."""

    url: str
    received: list[Received] = field(default_factory=list)
    answers: list[int | bytes] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def events(self) -> list[str]:
        return [one.event for one in self.received]

    def take(self, webhook: Received) -> int | bytes:
        with self.arrived:
            self.received.append(webhook)
            self.arrived.notify_all()
            return self.answers.pop(0) if self.answers else 200

    async def wait_for(self, count: int) -> list[Received]:
        def wait() -> bool:
            with self.arrived:
                return self.arrived.wait_for(lambda: len(self.received) >= count, timeout=30)

        assert await asyncio.to_thread(wait), f"{len(self.received)} of {count} webhooks came: {self.events}"
        return self.received


@dataclass
class Receivers:
    """One server for all tests, with a path for each, so that stragglers of the last one do not disturb the next."""

    url: str = ""
    by_path: dict[str, Receiver] = field(default_factory=dict)

    def open(self) -> Receiver:
        name = str(len(self.by_path))
        self.by_path[name] = Receiver(url=f"{self.url}/{name}")
        return self.by_path[name]

    async def take(self, request: Request) -> Response:
        webhook = Received(
            path=f"/{request.path_params['path']}", headers=dict(request.headers), raw=await request.body()
        )
        receiver = self.by_path.get(request.path_params["name"])
        answer = 404 if receiver is None else receiver.take(webhook)
        return Response(answer) if isinstance(answer, bytes) else Response(status_code=answer)


@pytest.fixture(scope="session")
def receivers() -> Iterator[Receivers]:
    receivers = Receivers()
    with serving(Starlette(routes=[Route("/{name}/{path:path}", receivers.take, methods=["POST"])])) as url:
        receivers.url = url
        yield receivers


@pytest.fixture(scope="session")
def sandbox_url(receivers: Receivers) -> Iterator[str]:
    settings = SandboxSettings(
        termii_wallet=1_000.0,
        webhook_target=f"{receivers.url}/nobody",
        retry_delays=(0.02,) * 5,
        transfer_delay=0.02,
        refund_delay=0.02,
    )
    with serving(create_app(settings)) as url:
        yield url


@pytest.fixture
async def client(sandbox_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a sandbox that has forgotten everything."""
    async with httpx2.AsyncClient(base_url=sandbox_url, trust_env=False) as client:
        await client.post("/_sim/reset")
        yield client


@pytest.fixture
async def receiver(receivers: Receivers, client: httpx2.AsyncClient) -> Receiver:
    receiver = receivers.open()
    await client.patch("/_sim/options", json={"webhook_target": receiver.url})
    return receiver


@dataclass(frozen=True)
class Merchant:
    """Calls Paystack's API the way a merchant's server does."""

    client: httpx2.AsyncClient
    key: str = PAYSTACK_TEST_KEY

    async def get(self, path: str, **query: str) -> httpx2.Response:
        return await self.client.get(f"/paystack{path}", params=query, headers=self._headers())

    async def post(self, path: str, body: dict[str, Any]) -> httpx2.Response:
        return await self.client.post(f"/paystack{path}", json=body, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    async def initialize(self, *, amount: int = 1_000_000, **more: object) -> dict[str, Any]:
        answer = await self.post("/transaction/initialize", {"email": "demo@example.com", "amount": amount, **more})
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        assert isinstance(data, dict)
        return data

    async def pay(self, access_code: str, **typed: str) -> dict[str, Any]:
        answer = await self.client.post(f"/paystack/checkout/{access_code}/pay", json=GOOD_CARD | typed)
        body = answer.json()
        assert isinstance(body, dict)
        return body

    async def paid(self, *, amount: int = 1_000_000, card: tuple[str, str] = ("4084084084084081", "408")) -> str:
        started = await self.initialize(amount=amount)
        assert (await self.pay(started["access_code"], card_number=card[0], cvv=card[1]))["status"] == "success"
        return str(started["reference"])

    async def verify(self, reference: str) -> dict[str, Any]:
        data = (await self.get(f"/transaction/verify/{reference}")).json()["data"]
        assert isinstance(data, dict)
        return data

    async def recipient(self, *, account_number: str = "0001234567") -> str:
        body = {"type": "nuban", "name": "Demo Seller", "account_number": account_number, "bank_code": "058"}
        return str((await self.post("/transferrecipient", body)).json()["data"]["recipient_code"])

    async def transfer(
        self, *, reference: str = "kro-payout-0000000001", account_number: str = "0001234567", amount: int = 100_000
    ) -> httpx2.Response:
        recipient = await self.recipient(account_number=account_number)
        return await self.post(
            "/transfer",
            {"source": "balance", "amount": amount, "recipient": recipient, "reference": reference, "reason": "Payout"},
        )

    async def transfer_status(self, reference: str = "kro-payout-0000000001") -> str:
        return str((await self.get(f"/transfer/verify/{reference}")).json()["data"]["status"])

    async def until_transfer_is(self, status: str, reference: str = "kro-payout-0000000001") -> None:
        async with asyncio.timeout(30):
            while True:
                if await self.transfer_status(reference) == status:
                    return
                await asyncio.sleep(0.005)


@pytest.fixture
def merchant(client: httpx2.AsyncClient) -> Merchant:
    return Merchant(client)


@dataclass(frozen=True)
class Control:
    client: httpx2.AsyncClient

    async def fault(self, operation: str, kind: str, vendor: str = "paystack", /, **more: object) -> None:
        body = {"vendor": vendor, "operation": operation, "kind": kind, **more}
        answer = await self.client.post("/_sim/faults", json=body)
        assert answer.status_code == 201, answer.text

    async def options(self, **changes: object) -> None:
        assert (await self.client.patch("/_sim/options", json=changes)).status_code == 200

    async def deliveries(self, **query: str) -> list[dict[str, Any]]:
        found = (await self.client.get("/_sim/deliveries", params=query)).json()["deliveries"]
        assert isinstance(found, list)
        return found

    async def until_delivery_is(self, state: str) -> dict[str, Any]:
        async with asyncio.timeout(30):
            while True:
                for delivery in await self.deliveries():
                    if delivery["state"] == state:
                        return delivery
                await asyncio.sleep(0.005)

    async def books(self) -> dict[str, Any]:
        books = (await self.client.get("/_sim/books")).json()["paystack"]
        assert isinstance(books, dict)
        return books

    async def balance(self) -> dict[str, int]:
        sums = (await self.books())["balances"]["NGN"]
        assert isinstance(sums, dict)
        return sums

    async def messages(self, **query: str) -> list[dict[str, Any]]:
        found = (await self.client.get("/_sim/messages", params=query)).json()["messages"]
        assert isinstance(found, list)
        return found


@pytest.fixture
def control(client: httpx2.AsyncClient) -> Control:
    return Control(client)


@dataclass(frozen=True)
class Bank:
    """Calls both services the way a merchant's server does."""

    client: httpx2.AsyncClient
    signature: str = PROVIDUS_SIGNATURE

    async def call(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.post(f"/providus/appdevapi/api/{name}", json=body, headers=self._headers())
        return dict(answer.json())

    async def verify(self, settlement: str) -> dict[str, Any]:
        path = f"/providus/appdevapi/api/PiPverifyTransaction_settlementid?settlement_id={settlement}"
        return dict((await self.client.get(path, headers=self._headers())).json())

    async def pay_out(self, name: str, **body: str) -> dict[str, Any]:
        answer = await self.client.post(
            f"/providus/postingrest/{name}", json={"userName": "test", "password": "test", **body}
        )
        return dict(answer.json())

    async def lend(self, reference: str = "order1") -> str:
        body = {"account_name": "lemuel", "payment_ref": reference}
        return str((await self.call("PiPCreateDynamicAccountNumber", body))["account_number"])

    async def reserve(self) -> str:
        return str((await self.call("PiPCreateReservedAccountNumber", {"account_name": "lemuel"}))["account_number"])

    async def pay(self, number: str, amount: int = 100_050, **more: object) -> dict[str, str]:
        answer = await self.client.post(f"/_sim/providus/accounts/{number}/pay", json={"amount": amount, **more})
        return dict(answer.raise_for_status().json())

    async def books(self) -> dict[str, Any]:
        return dict((await self.client.get("/_sim/books")).json()["providus"])

    async def notice_is(self, state: str) -> None:
        async with asyncio.timeout(30):
            while True:
                if [one["notice"] for one in (await self.books())["inflows"]] == [state]:
                    return
                await asyncio.sleep(0.005)

    def _headers(self) -> dict[str, str]:
        return {"Client-Id": PROVIDUS_CLIENT, "X-Auth-Signature": self.signature}


@pytest.fixture
def bank(client: httpx2.AsyncClient) -> Bank:
    return Bank(client)


Differences = Callable[[object, str], list[str]]


@pytest.fixture
def differences() -> Differences:
    """Compare an answer with a documented sample: the same members, the same JSON types; null fits every type."""

    def against(actual: object, sample: str) -> list[str]:
        return list(_differences(actual, json.loads((SAMPLES / f"{sample}.json").read_text()), "data"))

    return against


def _differences(actual: object, sample: object, where: str) -> list[str]:
    if actual is None or sample is None:
        return []
    if type(actual) is not type(sample):
        return [f"{where}: {type(actual).__name__} instead of {type(sample).__name__}"]
    if isinstance(actual, dict) and isinstance(sample, dict):
        missing = [f"{where}.{name} is missing" for name in sample.keys() - actual.keys()]
        return missing + [
            found
            for name in sample.keys() & actual.keys()
            for found in _differences(actual[name], sample[name], f"{where}.{name}")
        ]
    if isinstance(actual, list) and isinstance(sample, list) and actual and sample:
        return _differences(actual[0], sample[0], f"{where}[0]")
    return []
