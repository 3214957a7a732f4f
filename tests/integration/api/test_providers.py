"""What admins see of the providers: how each operation goes, and what was said about one payment."""

from __future__ import annotations

from dataclasses import replace

import asyncpg
import httpx2
import orjson
import pyotp
import pytest

from kro.core.auth.permissions import Role
from kro.core.outgoing import CallRecorder, OutgoingHTTP, OutgoingSettings, Reply, RetryPolicy
from kro.core.outgoing.call_log import CallLog
from kro_api import PASSWORD, TOTP_SECRET, Person, World

SUPPORT_SECRET = "KROLOCALONLYSUPPORT2345672ABCDEF"
REFERENCE = "0192f7c4-0000-7000-8000-000000000001"


async def admin(world: World, email: str = "admin@kro.example", secret: str = TOTP_SECRET) -> Person:
    code = pyotp.TOTP(secret).at(world.application.clock.now())
    reply = await world.http.post("/v1/admin/auth/login", json={"email": email, "password": PASSWORD, "totp": code})
    assert reply.status_code == 200, reply.text
    return replace(world.buyer, token=reply.json()["access_token"])


def vendor(answers: httpx2.MockTransport, recorder: CallRecorder, *, keeps_exchanges: bool = True) -> OutgoingHTTP:
    return OutgoingHTTP(
        OutgoingSettings(provider="vendor", base_url="https://vendor.example", keeps_exchanges=keeps_exchanges),
        headers={"Authorization": "Bearer never-to-be-kept"},
        transport=answers,
        retry=RetryPolicy(tries=1),
        recorder=recorder,
    )


async def send(http: OutgoingHTTP, operation: str = "transfer") -> None:
    await http.call(
        operation=operation,
        method="POST",
        path="/transfer",
        reference=REFERENCE,
        body={
            "amount": "2000.45",
            "userName": "kro",
            "password": "hunter2hunter2",
            "to": {"accountNumber": "0123456789"},
        },
    )


def answering(status: int) -> httpx2.MockTransport:
    return httpx2.MockTransport(lambda _: httpx2.Response(status, json={"status": "ok", "access_code": "let-me-in"}))


@pytest.fixture
def log(world: World) -> CallLog:
    return world.application.base.call_log


class TestHealth:
    async def test_counts_answers_silence_and_open_breakers(self, world: World, log: CallLog) -> None:
        well, ill = vendor(answering(422), log), vendor(answering(502), log)
        for _ in range(3):
            await send(well, "verify")
        for _ in range(7):
            await send(ill, "transfer")

        reply = await (await admin(world)).get("/admin/providers/health", minutes=5)

        transfer, verify = sorted(reply.json()["data"], key=lambda one: one["operation"])
        assert reply.status_code == 200
        assert (verify["calls"], verify["answered"], verify["success_bps"], verify["open_breakers"]) == (
            3,
            3,
            10_000,
            0,
        )
        # Five calls failed; what the breaker kept back was no call.
        assert (transfer["calls"], transfer["answered"], transfer["success_bps"]) == (5, 0, 0)
        assert transfer["open_breakers"] == 1
        assert verify["p50_ms"] >= 0
        assert transfer["p50_ms"] is None


class TestCalls:
    async def test_show_what_was_said_without_credentials_and_leave_a_trace(self, world: World, log: CallLog) -> None:
        await send(vendor(answering(200), log))

        reply = await (await admin(world)).get("/admin/providers/calls", reference=REFERENCE)

        [call] = reply.json()["data"]
        said = orjson.loads(call["exchange"])
        assert (call["operation"], call["outcome"], call["status"]) == ("transfer", "answered", 200)
        assert said["request"] == {
            "amount": "2000.45",
            "userName": "***",
            "password": "***",
            "to": {"accountNumber": "0123456789"},
        }
        assert said["answer"] == {"status": "ok", "access_code": "***"}
        traces = await world.database.rows(
            "SELECT detail ->> 'reference' AS reference FROM audit_log WHERE action = 'provider_calls.read'"
        )
        assert [trace["reference"] for trace in traces] == [REFERENCE]

    async def test_are_kept_sealed(self, world: World, log: CallLog) -> None:
        await send(vendor(answering(200), log))

        kept = await world.database.value("SELECT exchange FROM outgoing_calls WHERE reference = $1", REFERENCE)

        assert "0123456789" not in kept
        assert "hunter2" not in kept

    async def test_of_messages_are_never_kept(self, world: World, log: CallLog) -> None:
        await send(vendor(answering(200), log, keeps_exchanges=False))

        assert await world.database.value("SELECT exchange FROM outgoing_calls WHERE reference = $1", REFERENCE) is None

    async def test_that_cannot_be_kept_trouble_nobody(self, world: World, log: CallLog, owner_dsn: str) -> None:
        owner = await asyncpg.connect(owner_dsn)
        await owner.execute("DROP TABLE outgoing_calls")
        await owner.close()

        outcome = await vendor(answering(200), log).call(operation="verify", method="GET", path="/verify")

        assert isinstance(outcome, Reply)


class TestPermissions:
    @pytest.mark.parametrize("path", ["/admin/providers/health", f"/admin/providers/calls?reference={REFERENCE}"])
    async def test_are_needed(self, world: World, path: str) -> None:
        await world.application.seeding.admin(
            email="support@kro.example",
            name="Support",
            password=PASSWORD,
            role=Role.SUPPORT,
            totp_secret=SUPPORT_SECRET,
        )
        support = await admin(world, "support@kro.example", SUPPORT_SECRET)

        assert (await support.get(path)).status_code == 403
