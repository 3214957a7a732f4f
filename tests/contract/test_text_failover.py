"""Every fault of every vendor, over sockets: what a code does, what a notice does, and how often it arrives."""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from kro.core.database.pool import Database
from kro.core.sms import SMS, MessageAccepted, MessageOutcomeUnknown, MessageRefused, SMSResult, TextChannel, TextKind
from text_vendors import VENDORS
from texting import code, notice, texting

NEXT = {"termii": "telnyx", "telnyx": "twilio", "twilio": "termii", "whatsapp": "telnyx", "twilio_whatsapp": "telnyx"}
Refusals = Mapping[str, Mapping[str, object]]

AUTHENTICATION: Refusals = {
    "termii": {"message": "Invalid API Key", "status": 401},
    "telnyx": {"code": "10009", "status": 401},
    "twilio": {"code": "20003", "status": 401},
    "whatsapp": {"code": "190", "status": 401},
    "twilio_whatsapp": {"code": "20003", "status": 401},
}
SENDER: Refusals = {
    "termii": {"message": "ApplicationSenderId not found", "status": 404},
    "telnyx": {"code": "40319"},
    "twilio": {"code": "21660"},
    "whatsapp": {"code": "132001", "status": 404},
    "twilio_whatsapp": {"code": "21606"},
}
ROUTE: Refusals = {
    "termii": {"message": "DND route is not active"},
    "telnyx": {"code": "10010", "status": 403},
    "twilio": {"code": "21408", "status": 403},
    "whatsapp": {"code": "131026"},
    "twilio_whatsapp": {"code": "21612"},
}
INVALID: Refusals = {
    "termii": {"message": "Invalid phone number"},
    "telnyx": {"code": "10002"},
    "twilio": {"code": "21211"},
    "twilio_whatsapp": {"code": "21614"},
}


@dataclass(frozen=True)
class Fault:
    """What goes wrong once at the first vendor; ``arrives`` says how often the message got to the reader there."""

    name: str
    kind: str
    params: dict[str, object] = field(default_factory=dict)
    in_doubt: bool = False
    arrives: int = 0


def faults_of(vendor: str) -> list[Fault]:
    balance: Refusals = {"termii": {"message": "Insufficient balance"}}
    refusals: dict[str, Refusals] = {
        "authentication": AUTHENTICATION,
        "sender": SENDER,
        "route": ROUTE,
        "balance": balance,
    }
    return [
        Fault("server error", "http_error", {"status": 500}),
        Fault("unavailable", "http_error", {"status": 503}),
        Fault("too many", "rate_limited"),
        Fault("silence", "timeout", in_doubt=True),
        Fault("silence after acting", "act_then_timeout", in_doubt=True, arrives=1),
        Fault("gateway error after acting", "act_then_http_error", {"status": 502}, in_doubt=True, arrives=1),
        Fault("half an answer", "truncated", in_doubt=True, arrives=1),
        *(
            Fault(name, "decline", dict(by_vendor[vendor]))
            for name, by_vendor in refusals.items()
            if vendor in by_vendor
        ),
    ]


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_code_goes_on_from_every_fault_and_a_notice_only_where_it_cannot_arrive_twice(
    vendor: str, database: Database, sandbox_url: str
) -> None:
    async with texting(database, sandbox_url, vendor, NEXT[vendor], deadlines={vendor: 1.5}) as sut:
        for index, fault in enumerate(faults_of(vendor)):
            both = [_wishing(make(f"+234803{index:02d}{last}9999"), vendor) for last, make in ((1, code), (2, notice))]
            await sut.fault(vendor, fault.kind, times=2, **fault.params)

            results = await asyncio.gather(*(sut.send(message) for message in both))

            await sut.clear()
            for message, result in zip(both, results, strict=True):
                case = (vendor, fault.name, message.kind)
                goes_on = message.kind is TextKind.CODE or not fault.in_doubt
                _check(result, goes_on=goes_on, second=NEXT[vendor], case=case)
                assert len(await sut.inbox(message.to_e164)) == fault.arrives + goes_on, case


def _wishing(message: SMS, vendor: str) -> SMS:
    """Wish for the channel of a vendor, so that it comes first."""
    return replace(message, wish=TextChannel.WHATSAPP if "whatsapp" in vendor else TextChannel.SMS)


def _check(result: SMSResult, *, goes_on: bool, second: str, case: object) -> None:
    if goes_on:
        assert isinstance(result, MessageAccepted), case
        assert result.provider == second, case
    else:
        assert isinstance(result, MessageOutcomeUnknown), case
        assert not result.repeatable, case


@pytest.mark.parametrize("vendor", INVALID)
async def test_a_number_that_is_none_is_not_tried_elsewhere(vendor: str, database: Database, sandbox_url: str) -> None:
    message = _wishing(code("+2348031239999"), vendor)
    async with texting(database, sandbox_url, vendor, NEXT[vendor]) as sut:
        await sut.fault(vendor, "decline", **INVALID[vendor])

        assert await sut.send(message) == MessageRefused("invalid_number", permanent=True)
        assert await sut.inbox(message.to_e164) == []


async def test_nobody_listens_there(database: Database, sandbox_url: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
        async with texting(database, sandbox_url, "twilio") as sut:
            sut.vendors = [VENDORS["termii"](nowhere), *sut.vendors]

            for message in (code("+2348031239999"), notice("+2348031239998")):
                assert isinstance(await sut.send(message), MessageAccepted)
                assert await sut.states(message) == [("termii", "refused"), ("twilio", "accepted")]
