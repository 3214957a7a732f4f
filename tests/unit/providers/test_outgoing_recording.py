"""The record of a call never costs its outcome, whatever the answer holds."""

import json

import httpx2
import pytest

from kro.core.outgoing import CallRecord, OutgoingHTTP, OutgoingSettings, Reply


class Kept:
    def __init__(self) -> None:
        self.calls: list[CallRecord] = []

    async def record(self, call: CallRecord) -> None:
        self.calls.append(call)


async def recorded(content: str) -> dict[str, object]:
    kept = Kept()
    settings = OutgoingSettings(provider="v", base_url="https://v.test", keeps_exchanges=True)
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=content))
    async with OutgoingHTTP(settings, transport=transport, recorder=kept) as http:
        exchange = await http.call(operation="ask", method="GET", path="/")
    assert isinstance(exchange, Reply)
    [call] = kept.calls
    answer: dict[str, object] = json.loads(call.exchange or "")
    return answer


@pytest.mark.parametrize("written", ["1000.0", "2000.45", "9007199254740993.01"])
async def test_decimals_are_kept_to_the_digit(written: str) -> None:
    assert (await recorded(f'{{"amount":{written},"pin":"1"}}'))["answer"] == {"amount": written, "pin": "***"}


async def test_an_answer_that_is_nested_deeply_is_an_answer_all_the_same() -> None:
    depth = 600

    assert "answer" in await recorded("[" * depth + "]" * depth)
