"""`kro trigger`: every event it offers reaches the platform as its vendor's own."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner, Result

from kro.bootstrap.providers import payment_vendors
from kro.cli import app
from kro.core.config import load_settings
from kro.payment.providers import WebhookSignatureError, WebhookSubject
from kro.payment.providers.fincra import webhooks as fincra
from kro.payment.providers.paystack import webhooks as paystack
from kro.run.trigger import EVENTS


class Terminal:
    def __init__(self, sandbox_url: str) -> None:
        self._sandbox = sandbox_url
        self.environment = {"KRO_ENV": "test", "KRO_SANDBOX_PORT": sandbox_url.rpartition(":")[2]}

    def trigger(self, *arguments: str, **more: str) -> Result:
        return CliRunner().invoke(app, ["trigger", *arguments], env=self.environment | more)

    def delivery(self) -> dict[str, Any]:
        [delivery] = httpx2.get(f"{self._sandbox}/_sim/deliveries").raise_for_status().json()["deliveries"]
        return dict(delivery)


@pytest.fixture
def terminal(sandbox_url: str) -> Terminal:
    return Terminal(sandbox_url)


def verifier(vendor: str) -> Any:
    return payment_vendors(load_settings(environment="test", environ={}))[vendor].webhooks


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_authentic_and_says_what_to_ask_about(terminal: Terminal, event: str) -> None:
    sent = terminal.trigger(event, "--reference", "4711")

    delivery, (vendor, _, name) = terminal.delivery(), event.partition(".")
    verified = verifier(vendor).verify(raw=delivery["body"].encode(), headers=delivery["headers"])
    assert (sent.exit_code, delivery["url"] in sent.output) == (0, True)
    assert (verified.event_type, verified.reference) == (name, "4711")
    assert verified.subject is not WebhookSubject.OTHER


def test_every_event_that_the_platform_knows_is_offered() -> None:
    known = {
        *(f"paystack.{event}" for event in paystack._EVENTS),
        *(f"fincra.{event}" for event in fincra._EVENTS),
        "providus.settlement",
    }

    assert set(EVENTS) == known


def test_the_list_needs_no_sandbox(terminal: Terminal) -> None:
    listed = terminal.trigger("--list", KRO_SANDBOX_PORT="9")

    assert listed.output.split() == list(EVENTS)


@pytest.mark.parametrize("event", ["paystack.charge.success", "fincra.payout.successful", "providus.settlement"])
def test_a_forged_one_is_not_authentic(terminal: Terminal, event: str) -> None:
    terminal.trigger(event, "--reference", "4711", "--forged")

    delivery = terminal.delivery()
    with pytest.raises(WebhookSignatureError):
        verifier(delivery["vendor"]).verify(raw=delivery["body"].encode(), headers=delivery["headers"])


def test_further_members_are_sent_as_given(terminal: Terminal) -> None:
    terminal.trigger(
        "providus.settlement", "--reference", "1", "--data", '{"transactionAmount":"5.50","feeAmount":"0"}'
    )

    body = json.loads(terminal.delivery()["body"])
    assert (body["settlementId"], body["transactionAmount"], body["feeAmount"]) == ("1", "5.50", "0")


def test_a_sandbox_that_does_not_run_is_told_in_one_sentence(terminal: Terminal, unused_tcp_port: int) -> None:
    told = terminal.trigger("providus.settlement", "--reference", "1", KRO_SANDBOX_PORT=str(unused_tcp_port))

    assert told.exit_code == 1
    assert told.output == f"The sandbox does not run on http://127.0.0.1:{unused_tcp_port}: start it with `kro run`.\n"


def test_an_environment_without_a_sandbox_sends_nothing(terminal: Terminal) -> None:
    told = terminal.trigger("providus.settlement", "--reference", "1", KRO_SANDBOX_ENABLED="false")

    assert (told.exit_code, "has no sandbox" in told.output) == (1, True)


def test_an_event_nobody_sends_is_told(terminal: Terminal) -> None:
    told = terminal.trigger("paystack.charge.succes", "--reference", "1")

    assert told.exit_code == 1
    assert told.output == "Nobody sends paystack.charge.succes: `kro trigger --list` shows what can be sent.\n"


def test_an_event_about_nothing_is_told(terminal: Terminal) -> None:
    told = terminal.trigger("fincra.payout.failed")

    assert (told.exit_code, told.output) == (1, "fincra.payout.failed is about something: name it with --reference.\n")


async def test_somebody_else_on_the_port_is_told(terminal: Terminal) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = str(server.sockets[0].getsockname()[1])
        told = await asyncio.to_thread(
            terminal.trigger, "providus.settlement", "--reference", "1", KRO_SANDBOX_PORT=port
        )

    assert told.exit_code == 1
    assert told.output == f"What answers on http://127.0.0.1:{port} is not the sandbox of this version.\n"


@pytest.mark.parametrize("arguments", [(), ("providus.settlement", "--data=["), ("providus.settlement", "--data=1")])
def test_a_command_that_says_nothing_usable_is_refused(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    assert terminal.trigger(*arguments).exit_code == 2
