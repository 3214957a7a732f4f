"""The whole program in one process, with vendors in memory, spoken to over its HTTP side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import orjson
from fastapi import FastAPI
from pydantic import SecretStr

from canaries import remember_sent
from documented import Documentation
from fake_bank import FakeBank
from kro.bootstrap import Application, Providers, build
from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.permissions import Role as AdminRole
from kro.core.captcha import CaptchaProvider
from kro.core.clock import SystemClock
from kro.core.config import Credentials, Settings, load_settings
from kro.core.database.embedded import Role
from kro.core.email.fake import FakeEmail
from kro.core.ids import read_id
from kro.core.kyc.fake import FakeIdentity
from kro.core.outbox import OutboxRelay
from kro.core.scheduler import TimerRunner
from kro.core.sms.fake import FakeSMS
from kro.core.storage import MemoryObjectStore, ObjectStore
from kro.kro_balance.domain import seed_fee_configuration, seed_tax_rules
from kro.main import create_api
from kro.order.domain import TEMPLATES, seed_templates
from kro.payment.providers import ProviderDirectory
from kro.payment.providers.fake import FakePaystack
from kro.seed import FEES, taxes
from live_client import check_told
from replayed import wrongly_told

BUYER_PHONE, SELLER_PHONE, STRANGER_PHONE = "+2348031110001", "+2348031110002", "+2348031110003"
PASSWORD = "correct horse battery"
TOTP_SECRET = "KROLOCALONLYAPPROVER234567ABCDEF"
_DOCUMENTED: list[Documentation] = []


def settings_for(cluster: Any, name: str) -> Settings:
    """Return test settings that point at one database."""
    settings = load_settings(environment="test", environ={})
    database = settings.database.model_copy(
        update={
            "embedded": False,
            "url": SecretStr(cluster.dsn(Role.OWNER, name)),
            "app": Credentials(username=Role.APP.value, password=SecretStr(cluster.passwords[Role.APP])),
            "pool_size": 20,
            # Where fifty ask at once, those who wait for a busy machine are not what a test is about.
            "timeouts": settings.database.timeouts.model_copy(update={"pool_wait_seconds": 30}),
        }
    )
    return settings.model_copy(update={"database": database})


@dataclass
class Person:
    """One party with a token of their own."""

    http: httpx2.AsyncClient
    token: str = field(repr=False)

    async def get(self, path: str, **query: Any) -> httpx2.Response:
        return await self.http.get(f"/v1{path}", params=query, headers=self._headers())

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> httpx2.Response:
        headers = {**self._headers(), "Idempotency-Key": key or uuid4().hex, "Content-Type": "application/json"}
        return await self.http.post(f"/v1{path}", content=orjson.dumps(body or {}), headers=headers)

    async def put(self, path: str, body: Any) -> httpx2.Response:
        headers = {**self._headers(), "Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}
        return await self.http.put(f"/v1{path}", content=orjson.dumps(body), headers=headers)

    async def upload(self, path: str, data: bytes, *, content_type: str, file_name: str) -> httpx2.Response:
        headers = {**self._headers(), "Idempotency-Key": uuid4().hex, "Content-Type": content_type}
        return await self.http.post(f"/v1{path}", params={"file_name": file_name}, content=data, headers=headers)

    async def available(self) -> int:
        balances = (await self.get("/balance")).json()["data"]
        return int(next((b["available"]["amount"] for b in balances if b["currency"] == "NGN"), 0))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


# A failing test shows its arguments, and the whole program in words takes minutes.
@dataclass(repr=False)
class World:
    application: Application
    api: FastAPI
    http: httpx2.AsyncClient
    paystack: FakePaystack
    bank: FakeBank
    sms: FakeSMS
    email: FakeEmail
    buyer: Person
    seller: Person
    stranger: Person
    providers: Providers
    identity: FakeIdentity = field(default_factory=FakeIdentity, kw_only=True)

    @property
    def database(self) -> Any:
        return self.application.database

    async def work(self) -> None:
        """Let the worker's relay deliver everything that is due."""
        await OutboxRelay(self.application.database, self.application.outbox_handlers).run_until_idle()

    async def pass_time(self, order_id: str, **units: float) -> None:
        """Let time pass for one order, and have the worker do what is due by then and what follows from it."""
        moved = timedelta(**units)
        await self.application.orders.test_clock.advance(moved, order_id=read_id("ord", order_id))
        await self.work()
        timers = TimerRunner(self.application.database, self.application.fire_timer, self.application.clock)
        while await timers.run_until_idle():
            await self.work()

    async def violations(self) -> dict[str, int]:
        """Return every invariant that does not hold."""
        checks = await self.invariants.check()
        broken = {check.name: check.violations for check in checks if not check.holds}
        wrong = await wrongly_told(self.database)
        return broken | ({"events_rebuild_orders": len(wrong)} if wrong else {})

    @property
    def invariants(self) -> Any:
        from kro.bootstrap.reconciliation import INVARIANTS  # noqa: PLC0415
        from kro.core.database.invariants import Invariants  # noqa: PLC0415

        return Invariants(self.application.database, INVARIANTS)

    async def login(self, phone: str) -> Person:
        reply = await self.http.post("/v1/auth/login", json={"phone": phone, "password": PASSWORD})
        assert reply.status_code == 200, reply.text
        return Person(self.http, reply.json()["access_token"])


@asynccontextmanager
async def running_world(
    settings: Settings, *, files: ObjectStore | None = None, captcha: CaptchaProvider | None = None
) -> AsyncIterator[World]:
    """Open the program on a fresh database with two traders and a stranger logged in."""
    paystack, bank, sms, email = FakePaystack(), FakeBank(SystemClock()), FakeSMS(), FakeEmail()
    vendors = ProviderDirectory((paystack.provider, bank.provider))
    store = files or MemoryObjectStore()
    identity = FakeIdentity()
    providers = Providers(payments=vendors, sms=sms, email=email, files=store, captcha=captcha, identity=identity)
    application = build(settings, providers=providers, hasher=PasswordHasher(memory_kib=64, rounds=1))
    await application.open()
    api = create_api(application)
    hooks = {"response": [_documentation_of(api).check]}
    try:
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=api), base_url="http://127.0.0.1:3000", event_hooks=hooks
        ) as http:
            await _seed(application)
            nobody = Person(http, "")
            world = World(
                application, api, http, paystack, bank, sms, email, nobody, nobody, nobody, providers=providers
            )
            world.identity = identity
            world.buyer, world.seller, world.stranger = [
                await world.login(phone) for phone in (BUYER_PHONE, SELLER_PHONE, STRANGER_PHONE)
            ]
            yield world
            for told in await application.database.rows("SELECT payload FROM outbox WHERE topic = 'realtime'"):
                check_told(told["payload"])
    finally:
        remember_sent([text.text for text in sms.sent] + [mail.text for mail in email.sent])
        await application.close()


def _documentation_of(api: FastAPI) -> Documentation:
    # Making the document takes longer than most tests, and every world of this process has the same one.
    if not _DOCUMENTED:
        _DOCUMENTED.append(Documentation(api.openapi()))
    return _DOCUMENTED[0]


async def _seed(application: Application) -> None:
    await seed_fee_configuration(application.database, FEES)
    await seed_tax_rules(application.database, taxes(vat_bps=application.settings.fees.vat_bps))
    await application.base.tiers.seed()
    await seed_templates(application.database, TEMPLATES)
    await application.seeding.roles()
    for phone, name in ((BUYER_PHONE, "Buyer"), (SELLER_PHONE, "Seller"), (STRANGER_PHONE, "Stranger")):
        await application.seeding.user(phone=phone, password=PASSWORD, first_name="Test", last_name=name)
    await application.seeding.admin(
        email="admin@kro.example",
        name="Test Admin",
        password=PASSWORD,
        role=AdminRole.SUPER,
        totp_secret=TOTP_SECRET,
    )
