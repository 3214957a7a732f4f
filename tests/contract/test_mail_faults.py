"""Mail over sockets, fault by fault: SendGrid first, the mail server behind it, and nothing about money by both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from kro.core.email import (
    Email,
    EmailAccepted,
    EmailOutcomeUnknown,
    EmailRefused,
    EmailResult,
    MailRoutes,
    SendGridEmail,
    SendGridSettings,
)
from kro.core.email.smtp import SMTPEmail, SMTPSettings
from kro.core.outgoing import RetryPolicy
from mail_server import MailServer, mail_server

KEY = "SG.kro_sandbox.0000000000000000000000"
MAIL = Email(
    to="buyer@example.com", subject="Ọrọ ₦1", text="Text", html="<p>Text</p>", message_id="m-1.mail", category="otp"
)
LOOSE = replace(MAIL, may_repeat=True)
Make = Callable[..., SendGridEmail]
NOT_SENT = EmailRefused("not_sent", permanent=False)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[MailServer]:
    async with mail_server(tmp_path) as running:
        yield running


def smtp(server: MailServer, **changed: Any) -> SMTPEmail:
    settings = SMTPSettings(
        host="127.0.0.1",
        port=server.port,
        from_email="no-reply@kro.example",
        from_name="KRO",
        username="kro",
        password="secret",
        ca_file=server.ca_file,
        step_seconds=2,
        deadline_seconds=5,
    )
    return SMTPEmail(replace(settings, **changed))


@pytest.fixture
async def sendgrid() -> AsyncIterator[Callable[..., SendGridEmail]]:
    made: list[SendGridEmail] = []

    def make(url: str, key: str = KEY) -> SendGridEmail:
        settings = SendGridSettings(api_key=key, from_email="no-reply@kro.example", from_name="KRO", base_url=url)
        made.append(SendGridEmail(settings, retry=RetryPolicy(tries=1)))
        return made[-1]

    yield make
    for one in made:
        await one.aclose()


async def script(url: str, **fault: Any) -> None:
    async with httpx2.AsyncClient(base_url=url) as control:
        scripted = {"vendor": "sendgrid", "operation": "send", "times": 1, **fault}
        (await control.post("/_sim/faults", json=scripted)).raise_for_status()


class TestTheMailServer:
    async def test_takes_a_mail_over_tls_with_our_id_and_both_texts(self, server: MailServer) -> None:
        result = await smtp(server, reply_to="support@kro.example").send(MAIL)

        assert result == EmailAccepted(provider="smtp", provider_message_id="m-1.mail")
        [mail] = server.received
        for part in (b"Message-ID: <m-1.mail@kro.example>", b"Reply-To: support@kro.example", b"text/html"):
            assert part in mail
        assert server.said_in_clear == []

    async def test_says_nothing_to_one_without_tls_or_with_a_strangers_certificate(self, server: MailServer) -> None:
        stranger = await smtp(server, ca_file=None).send(MAIL)
        server.offers_tls = False
        plain = await smtp(server).send(MAIL)

        assert (stranger, plain) == (NOT_SENT, NOT_SENT)
        assert (server.received, server.said_in_clear) == ([], [])

    @pytest.mark.parametrize(
        ("replies", "hangs_up_at", "expected"),
        [
            ({"RCPT": "550 5.1.1 no such user"}, None, EmailRefused("address_refused", permanent=True)),
            ({"RCPT": "451 greylisted"}, None, EmailRefused("address_deferred", permanent=False)),
            ({"AUTH": "535 wrong password"}, None, EmailRefused("unauthorized", permanent=False)),
            ({"MAIL": "550 not your sender"}, None, EmailRefused("refused", permanent=False)),
            ({"BODY": "554 looks like spam"}, None, EmailRefused("invalid_message", permanent=True)),
            ({"BODY": "452 disk full"}, None, EmailRefused("deferred", permanent=False)),
            ({"GREETING": "421 busy"}, None, NOT_SENT),
            ({}, "MAIL", NOT_SENT),
            ({}, "BODY", EmailOutcomeUnknown("SMTPServerDisconnected")),
        ],
    )
    async def test_is_read_for_whom_its_refusal_is_about(
        self, server: MailServer, replies: dict[str, str], hangs_up_at: str | None, expected: EmailResult
    ) -> None:
        server.replies, server.hangs_up_at = replies, hangs_up_at

        assert await smtp(server).send(MAIL) == expected

    async def test_that_is_away_is_left_alone_after_a_while(self, server: MailServer) -> None:
        away = smtp(server, port=1)

        results = [await away.send(MAIL) for _ in range(6)]

        assert results[-1] == EmailRefused("breaker_open", permanent=False)


class TestFailover:
    @pytest.mark.parametrize(
        ("fault", "mail", "by_server"),
        [
            (None, MAIL, 0),
            ({"kind": "rate_limited"}, MAIL, 1),
            ({"kind": "http_error", "status": 503}, MAIL, 1),
            ({"kind": "http_error", "status": 502}, MAIL, 0),
            ({"kind": "http_error", "status": 502}, LOOSE, 1),
            ({"kind": "act_then_http_error", "status": 504}, MAIL, 0),
            ({"kind": "act_then_http_error", "status": 504}, LOOSE, 1),
        ],
    )
    async def test_goes_by_what_may_have_left(
        self,
        sendgrid: Make,
        sandbox_url: str,
        server: MailServer,
        fault: dict[str, Any] | None,
        mail: Email,
        by_server: int,
    ) -> None:
        if fault is not None:
            await script(sandbox_url, **fault)

        result = await MailRoutes(sendgrid(f"{sandbox_url}/sendgrid"), smtp(server)).send(mail)

        assert len(server.received) == by_server
        if by_server or fault is None:
            assert isinstance(result, EmailAccepted)
        else:
            assert isinstance(result, EmailOutcomeUnknown)

    @pytest.mark.parametrize("mail", [MAIL, LOOSE])
    async def test_takes_over_when_the_key_is_refused_or_nobody_listens(
        self, sendgrid: Make, sandbox_url: str, server: MailServer, mail: Email
    ) -> None:
        for broken in (sendgrid(f"{sandbox_url}/sendgrid", key="SG.wrong"), sendgrid("http://127.0.0.1:1")):
            assert isinstance(await MailRoutes(broken, smtp(server)).send(mail), EmailAccepted)

        assert len(server.received) == 2

    async def test_spares_an_address_that_is_none(self, sendgrid: Make, sandbox_url: str, server: MailServer) -> None:
        routes = MailRoutes(sendgrid(f"{sandbox_url}/sendgrid"), smtp(server))

        result = await routes.send(replace(LOOSE, to="nobody"))

        assert result == EmailRefused("invalid_message", permanent=True)
        assert server.talked == 0

    async def test_keeps_the_doubt_when_the_second_one_refuses(
        self, sendgrid: Make, sandbox_url: str, server: MailServer
    ) -> None:
        server.replies = {"AUTH": "535 wrong password"}
        await script(sandbox_url, kind="http_error", status=502)

        result = await MailRoutes(sendgrid(f"{sandbox_url}/sendgrid"), smtp(server)).send(LOOSE)

        assert isinstance(result, EmailOutcomeUnknown)
