"""What the outside world can do to a call, and what we make of it. The slow and the broken ones use a real socket."""

import asyncio
import gzip
import json
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from kro.core.outgoing import Exchange, NotSent, OutcomeUnknown, OutgoingHTTP, OutgoingSettings, Reply, RetryPolicy

SECRET = "secret-that-must-not-show"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Script:
    """Answers calls from a list and counts them."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Sleeps:
    def __init__(self) -> None:
        self.waits: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


def client(script: Script, sleeps: Sleeps | None = None, **settings: Any) -> OutgoingHTTP:
    return OutgoingHTTP(
        OutgoingSettings(provider="vendor", base_url="https://vendor.example/base", **settings),
        headers={"Authorization": f"Bearer {SECRET}"},
        transport=httpx2.MockTransport(script),
        retry=RetryPolicy(jitter=lambda: 1.0),
        sleep=sleeps or Sleeps(),
    )


async def get(http: OutgoingHTTP, *, repeatable: bool = False) -> Exchange:
    async with http:
        return await http.call(operation="read", method="GET", path="/thing", repeatable=repeatable)


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    """Listen on a free loopback port and hand each connection to a handler after its request was read."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"


class TestReplies:
    async def test_a_json_answer_below_500_is_a_reply_whatever_its_status(self) -> None:
        script = Script(httpx2.Response(400, json={"status": False}))

        reply = await get(client(script))

        assert isinstance(reply, Reply)
        assert (reply.status, reply.object) == (400, {"status": False})
        assert str(script.requests[0].url) == "https://vendor.example/base/thing"
        assert script.requests[0].headers["authorization"] == f"Bearer {SECRET}"

    async def test_a_body_is_sent_as_json(self) -> None:
        script = Script(httpx2.Response(200, json={}))
        async with client(script) as http:
            await http.call(operation="write", method="POST", path="/thing", body={"amount": 5})

        assert json.loads(script.requests[0].content) == {"amount": 5}
        assert script.requests[0].headers["content-type"] == "application/json"

    async def test_integers_beyond_64_bits_stay_exact(self) -> None:
        script = Script(httpx2.Response(200, content=b'{"id": 3017544054459083819856413}'))

        reply = await get(client(script))

        assert isinstance(reply, Reply)
        assert reply.object == {"id": 3017544054459083819856413}

    async def test_decimals_are_read_digit_for_digit(self) -> None:
        script = Script(httpx2.Response(200, content=b'{"amount": 90071992547409.91, "rate": 1.10}'))

        reply = await get(client(script))

        assert isinstance(reply, Reply)
        assert repr(reply.object) == repr({"amount": Decimal("90071992547409.91"), "rate": Decimal("1.10")})

    async def test_an_empty_body_is_a_reply_only_where_allowed(self) -> None:
        async with client(Script(httpx2.Response(202), httpx2.Response(202))) as http:
            allowed = await http.call(operation="w", method="POST", path="/t", empty_allowed=True)
            refused = await http.call(operation="w", method="POST", path="/t")

        assert isinstance(allowed, Reply)
        assert refused == OutcomeUnknown("not_json")


class TestUnusableAnswers:
    @pytest.mark.parametrize(
        ("response", "cause"),
        [
            (httpx2.Response(502, html="<h1>Bad gateway</h1>"), "status_502"),
            (httpx2.Response(500, json={"status": False}), "status_500"),
            (httpx2.Response(302, headers={"Location": "https://elsewhere.example/"}), "status_302"),
            (httpx2.Response(304), "status_304"),
            (httpx2.Response(200, html="<h1>Welcome</h1>"), "not_json"),
            (httpx2.Response(403, html="<h1>Blocked</h1>"), "not_json"),
            (httpx2.Response(200, content=b'{"amount": NaN}'), "not_json"),
            (httpx2.Response(200, content=b'{"amount": 1e99999999999999999999}'), "not_json"),
            (httpx2.Response(200, content=b"[" * 200_000), "not_json"),
            (httpx2.Response(200, content=b"\xff\xfe\xfd"), "not_json"),
            (httpx2.Response(200, content=b'{"status": tr'), "not_json"),
        ],
    )
    async def test_leave_the_outcome_unknown(self, response: httpx2.Response, cause: str) -> None:
        script = Script(response)

        assert await get(client(script)) == OutcomeUnknown(cause)
        assert len(script.requests) == 1

    async def test_a_body_over_the_limit_is_not_read_to_its_end(self) -> None:
        sent = 0

        async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while True:
                writer.write(b" " * 65_536)
                await writer.drain()
                sent += 65_536

        async with server(endless) as url, OutgoingHTTP(OutgoingSettings(provider="v", base_url=url)) as http:
            outcome = await http.call(operation="read", method="GET", path="/thing")

        assert outcome == OutcomeUnknown("body_too_large")
        assert sent < 20_000_000

    async def test_a_compressed_answer_is_not_unpacked(self) -> None:
        packed = gzip.compress(b" " * 50_000_000)
        script = Script(httpx2.Response(200, headers={"Content-Encoding": "gzip"}, stream=_Stream(packed)))

        assert await get(client(script)) == OutcomeUnknown("compressed")
        assert script.requests[0].headers["accept-encoding"] == "identity"


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


class TestBrokenConnections:
    async def test_a_closed_port_means_not_sent(self) -> None:
        async with server(_hang_up) as url:
            pass
        settings = OutgoingSettings(provider="v", base_url=url)
        async with OutgoingHTTP(settings, sleep=Sleeps()) as http:
            outcome = await http.call(operation="write", method="POST", path="/thing", body={})

        assert outcome == NotSent("ConnectError")

    async def test_a_connection_closed_after_the_request_leaves_the_outcome_unknown(self) -> None:
        async with server(_hang_up) as url, OutgoingHTTP(OutgoingSettings(provider="v", base_url=url)) as http:
            outcome = await http.call(operation="write", method="POST", path="/thing", body={})

        assert isinstance(outcome, OutcomeUnknown)

    async def test_an_answer_cut_short_leaves_the_outcome_unknown(self) -> None:
        async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"status":true}')
            await writer.drain()

        async with server(cut) as url, OutgoingHTTP(OutgoingSettings(provider="v", base_url=url)) as http:
            outcome = await http.call(operation="write", method="POST", path="/thing", body={})

        assert outcome == OutcomeUnknown("RemoteProtocolError")

    async def test_silence_after_the_request_leaves_the_outcome_unknown(self) -> None:
        async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await reader.read()

        async with (
            server(silent) as url,
            OutgoingHTTP(OutgoingSettings(provider="v", base_url=url, read_seconds=0.05)) as http,
        ):
            outcome = await http.call(operation="write", method="POST", path="/thing", body={})

        assert outcome == OutcomeUnknown("ReadTimeout")

    async def test_an_answer_that_drips_is_stopped_by_the_deadline(self) -> None:
        async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)

        async with server(drip) as url, OutgoingHTTP(OutgoingSettings(provider="v", base_url=url)) as http:
            outcome = await http.call(operation="read", method="GET", path="/thing", deadline_seconds=0.3)

        assert outcome == OutcomeUnknown("deadline")

    async def test_a_full_pool_means_not_sent(self) -> None:
        async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await reader.read()

        async with server(silent) as url:
            settings = OutgoingSettings(
                provider="v", base_url=url, max_connections=1, pool_seconds=0.05, read_seconds=0.4
            )
            async with OutgoingHTTP(settings, retry=RetryPolicy(tries=1)) as http, asyncio.TaskGroup() as tasks:
                first = tasks.create_task(http.call(operation="r", method="GET", path="/thing"))
                await asyncio.sleep(0)
                second = tasks.create_task(http.call(operation="r", method="GET", path="/thing"))

        assert {first.result(), second.result()} == {OutcomeUnknown("ReadTimeout"), NotSent("PoolTimeout")}


async def _hang_up(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    return


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


class TestRepeating:
    async def test_a_repeatable_call_is_tried_three_times_with_growing_waits(self) -> None:
        script = Script(*(httpx2.Response(503, json={}) for _ in range(3)))
        sleeps = Sleeps()

        outcome = await get(client(script, sleeps), repeatable=True)

        assert outcome == OutcomeUnknown("status_503")
        assert (len(script.requests), sleeps.waits) == (3, [0.4, 0.8])

    async def test_a_repeatable_call_ends_with_its_first_reply(self) -> None:
        script = Script(httpx2.ReadTimeout("slow"), httpx2.Response(200, json={"ok": True}))

        reply = await get(client(script), repeatable=True)

        assert isinstance(reply, Reply)
        assert len(script.requests) == 2

    @pytest.mark.parametrize(
        "failure",
        [httpx2.ReadTimeout("slow"), httpx2.ReadError("reset"), httpx2.WriteError("reset"), httpx2.Response(503)],
    )
    async def test_a_call_that_may_have_acted_is_never_repeated(self, failure: httpx2.Response | Exception) -> None:
        script = Script(failure)

        assert isinstance(await get(client(script)), OutcomeUnknown)
        assert len(script.requests) == 1

    async def test_a_call_that_never_left_is_repeated_whatever_it_is(self) -> None:
        script = Script(httpx2.ConnectError("refused"), httpx2.Response(200, json={}))

        assert isinstance(await get(client(script)), Reply)
        assert len(script.requests) == 2

    async def test_a_try_that_did_not_leave_does_not_hide_an_earlier_one_that_did(self) -> None:
        script = Script(httpx2.ReadTimeout("slow"), httpx2.ConnectError("down"), httpx2.ConnectError("down"))

        assert isinstance(await get(client(script), repeatable=True), OutcomeUnknown)

    async def test_retry_after_is_honored(self) -> None:
        script = Script(httpx2.Response(429, headers={"Retry-After": "3"}, json={}), httpx2.Response(200, json={}))
        sleeps = Sleeps()

        assert isinstance(await get(client(script, sleeps), repeatable=True), Reply)
        assert sleeps.waits == [3]

    async def test_a_retry_after_that_is_too_long_ends_the_tries_and_is_told(self) -> None:
        script = Script(httpx2.Response(429, headers={"Retry-After": "60"}, json={}))

        reply = await get(client(script), repeatable=True)

        assert isinstance(reply, Reply)
        assert (reply.status, reply.retry_after_seconds) == (429, 60)

    async def test_a_deadline_during_a_wait_leaves_the_last_outcome(self) -> None:
        script = Script(httpx2.ConnectError("refused"))

        async def long_sleep(_: float) -> None:
            await asyncio.sleep(10)

        settings = OutgoingSettings(provider="v", base_url="https://vendor.example", deadline_seconds=0.05)
        http = OutgoingHTTP(settings, transport=httpx2.MockTransport(script), sleep=long_sleep)

        assert await get(http) == NotSent("ConnectError")


class TestSafety:
    @pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/x", "thing", ""])
    async def test_a_path_cannot_name_another_host(self, path: str) -> None:
        async with client(Script()) as http:
            with pytest.raises(ValueError, match="slash"):
                await http.call(operation="r", method="GET", path=path)

    @pytest.mark.parametrize(
        "url",
        ["http://api.vendor.example", "ftp://127.0.0.1", "http://127.0.0.1.evil.example", "http://0x08080808"],
    )
    def test_plain_http_is_for_what_is_near_only(self, url: str) -> None:
        with pytest.raises(ValueError, match="https"):
            OutgoingSettings(provider="v", base_url=url)

    @pytest.mark.parametrize("url", ["http://127.0.0.1:4000/paystack", "http://sandbox:4000/paystack"])
    def test_the_stand_ins_are_near(self, url: str) -> None:
        assert OutgoingSettings(provider="v", base_url=url).base_url == url

    async def test_a_certificate_nobody_vouches_for_ends_the_call_before_anything_is_sent(self, tmp_path: Path) -> None:
        received: list[bytes] = []

        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received.append(await reader.read(1))
            writer.close()

        listener = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=_self_signed(tmp_path))
        async with listener:
            url = f"https://localhost:{listener.sockets[0].getsockname()[1]}"
            async with OutgoingHTTP(OutgoingSettings(provider="v", base_url=url), retry=RetryPolicy(tries=1)) as http:
                outcome = await http.call(operation="w", method="POST", path="/thing", body={})

        assert outcome == NotSent("ConnectError")
        assert b"".join(received) == b""

    async def test_the_environment_cannot_put_a_proxy_between(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()

        async with server(answer) as url, OutgoingHTTP(OutgoingSettings(provider="v", base_url=url)) as http:
            assert isinstance(await http.call(operation="r", method="GET", path="/thing"), Reply)

    async def test_secrets_and_queries_do_not_reach_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        script = Script(httpx2.Response(200, json={}), httpx2.Response(500, text=SECRET), httpx2.ReadError(SECRET))
        async with client(script) as http:
            for _ in range(3):
                await http.call(operation="r", method="GET", path="/thing", query={"key": SECRET})

        assert len(caplog.records) >= 2
        assert SECRET not in caplog.text
