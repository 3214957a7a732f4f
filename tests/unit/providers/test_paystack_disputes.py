"""The list of disputes is read to its end, or is none at all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx2
import pytest

from kro.payment.providers import ProviderUnavailableError

PATH = "/dispute"
LAGOS = timezone(timedelta(hours=1))
SINCE, UNTIL = datetime(2026, 1, 1, 1, tzinfo=LAGOS), datetime(2026, 1, 31, tzinfo=UTC)
OK = Callable[[object], httpx2.Response]
# The fixture; its class lives in conftest, which tests cannot import.
Scripted = Any


def numbers(first: int, count: int) -> list[dict[str, object]]:
    return [{"id": number} for number in range(first, first + count)]


async def listed(paystack: Scripted) -> list[str]:
    return list(await paystack.provider.dispute_list.disputes(since=SINCE, until=UNTIL))


async def test_is_asked_for_by_day_and_page(paystack: Scripted, ok: OK) -> None:
    paystack.answer(PATH, ok(numbers(1, 2)))

    assert await listed(paystack) == ["1", "2"]

    [request] = paystack.asked(PATH)
    assert dict(request.url.params) == {
        "from": "2026-01-01T00:00:00.000Z",
        "to": "2026-01-31T00:00:00.000Z",
        "perPage": "100",
        "page": "1",
    }


async def test_is_read_page_by_page_and_names_what_slid_to_the_next_page_once(paystack: Scripted, ok: OK) -> None:
    paystack.answer(PATH, ok(numbers(1, 100)), ok(numbers(100, 100)), ok(numbers(200, 3)))

    assert await listed(paystack) == [str(number) for number in range(1, 203)]

    assert [request.url.params["page"] for request in paystack.asked(PATH)] == ["1", "2", "3"]


async def test_a_part_is_never_taken_for_the_whole(paystack: Scripted, ok: OK) -> None:
    for broken in (httpx2.Response(500), ok("nothing"), ok([{"id": None}]), httpx2.ConnectError("gone")):
        paystack.answer(PATH, ok(numbers(1, 100)), broken)

        with pytest.raises(ProviderUnavailableError):
            await listed(paystack)


async def test_a_list_without_an_end_is_left(paystack: Scripted, ok: OK) -> None:
    paystack.answer(PATH, ok(numbers(1, 100)))

    with pytest.raises(ProviderUnavailableError):
        await listed(paystack)

    assert len(paystack.asked(PATH)) == 100
