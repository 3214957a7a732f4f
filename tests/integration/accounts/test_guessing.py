"""Strangers who guess and stare: codes under fire from many addresses, and what answers give away.

``KRO_GUESSES=10000`` fires as many guesses as it says; ``KRO_TIMING=400`` compares the times of as many pairs of
requests about known and unknown people. Both run small without it, and times are judged only when asked for.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from tests.integration.accounts.ways import MAILBOX, NEW_PASSWORD, prove_mail

from kro_api import BUYER_PHONE, World

GUESSES = int(os.environ.get("KRO_GUESSES", "300"))
PAIRS = int(os.environ.get("KRO_TIMING", "0"))
ADDRESSES = 100
UNKNOWN = "+2348051234567"
TRIES = 5
SENDS_PER_TEN_MINUTES = 3
NOTICEABLE = 0.001
"""Seconds. Limits leave a stranger a handful of tries for a number: less than this nobody sees through a network."""
CHANCE, RESAMPLED = 0.001, 4_000


@pytest.fixture
async def strangers(world: World) -> AsyncIterator[list[httpx2.AsyncClient]]:
    clients = [
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=world.api, client=(f"203.0.113.{n}", 1)),
            base_url="http://127.0.0.1:3000",
        )
        for n in range(ADDRESSES)
    ]
    yield clients
    for client in clients:
        await client.aclose()


async def test_guesses_from_a_hundred_addresses_get_no_more_tries_and_no_more_sends(
    world: World, strangers: list[httpx2.AsyncClient]
) -> None:
    challenges: list[str] = []
    statuses: dict[int, int] = {}
    body = {"phone": UNKNOWN, "password": NEW_PASSWORD, "first_name": "A", "last_name": "B"}
    for number in range(GUESSES):
        client = strangers[number % ADDRESSES]
        if number % 10 == 0:
            reply = await client.post("/v1/auth/register", json=body)
            if reply.status_code == 202:
                challenges.append(reply.json()["challenge_id"])
            else:
                assert reply.status_code == 429
        guess = {"challenge_id": challenges[-1], "code": f"{number:06d}"}
        reply = await client.post("/v1/auth/otp/verify", json=guess)
        statuses[reply.status_code] = statuses.get(reply.status_code, 0) + 1

    tries = await world.database.rows("SELECT tries FROM verification_codes")
    assert {row["tries"] for row in tries} <= set(range(TRIES + 1))
    assert statuses[422] <= TRIES * len(challenges)
    assert statuses.get(200, 0) == 0
    sent = await world.database.value("SELECT count(*) FROM outbox WHERE topic = 'sms.otp'")
    assert sent == len(challenges) <= SENDS_PER_TEN_MINUTES * 2
    assert await world.database.value("SELECT count(*) FROM users WHERE phone = $1", UNKNOWN) == 0


ASKED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("/auth/login", {"phone": BUYER_PHONE, "password": NEW_PASSWORD}, {"phone": UNKNOWN, "password": NEW_PASSWORD}),
    (
        "/auth/register",
        {"phone": BUYER_PHONE, "password": NEW_PASSWORD, "first_name": "A", "last_name": "B"},
        {"phone": UNKNOWN, "password": NEW_PASSWORD, "first_name": "A", "last_name": "B"},
    ),
    ("/auth/otp", {"phone": BUYER_PHONE, "purpose": "register"}, {"phone": UNKNOWN, "purpose": "register"}),
    ("/auth/password/forgot", {"phone": BUYER_PHONE}, {"phone": UNKNOWN}),
    ("/auth/password/forgot", {"email": MAILBOX}, {"email": "nobody@example.com"}),
    ("/auth/magic-links", {"phone": BUYER_PHONE}, {"phone": UNKNOWN}),
    ("/auth/magic-links", {"email": MAILBOX}, {"email": "nobody@example.com"}),
]


async def asked(world: World, path: str, body: dict[str, Any]) -> tuple[Any, float]:
    """Return what an answer gives away, and how long it took."""
    await world.database.execute("DELETE FROM rate_limits")
    began = time.perf_counter()
    reply = await world.http.post(f"/v1{path}", json=body)
    took = time.perf_counter() - began
    told = {name: value for name, value in reply.json().items() if name not in {"challenge_id", "request_id"}}
    headers = sorted(name for name in reply.headers if name != "x-request-id")
    return (reply.status_code, told, headers, len(reply.content)), took


@pytest.mark.parametrize(("path", "known", "unknown"), ASKED)
async def test_known_and_unknown_people_look_the_same(
    world: World, path: str, known: dict[str, Any], unknown: dict[str, Any]
) -> None:
    await prove_mail(world, BUYER_PHONE)
    differences: list[float] = []
    for number in range(max(PAIRS, 2)):
        # Whoever is asked about first changes sides, so that being first counts for neither.
        order = (known, unknown) if number % 2 else (unknown, known)
        (first, took_first), (second, took_second) = [await asked(world, path, body) for body in order]
        assert first == second
        differences.append(took_first - took_second if number % 2 else took_second - took_first)
    if PAIRS:
        gap, chance = told_apart(differences)
        print(f"{path} {sorted(known)}: {gap * 1000:+.3f} ms, p = {chance:.4f}")  # noqa: T201 - what was measured
        assert abs(gap) < NOTICEABLE or chance > CHANCE, (gap, chance)


def told_apart(differences: list[float]) -> tuple[float, float]:
    """Return the median of paired differences, and how often chance alone makes one as large (a permutation test).

    If known and unknown are alike each difference might as well have the other sign.
    """
    gap = statistics.median(differences)
    chances = random.Random(1)  # noqa: S311 - resampling, not a secret
    as_large = sum(
        abs(statistics.median(chances.choice((-1, 1)) * one for one in differences)) >= abs(gap)
        for _ in range(RESAMPLED)
    )
    return gap, (as_large + 1) / (RESAMPLED + 1)


@pytest.mark.parametrize(("slower", "seen"), [(0.0, False), (0.002, True)])
def test_the_comparison_finds_what_is_there_and_nothing_else(slower: float, seen: bool) -> None:
    noise = random.Random(2)  # noqa: S311 - a sample, not a secret

    gap, chance = told_apart([noise.gauss(slower, 0.005) for _ in range(400)])

    assert (abs(gap) > NOTICEABLE and chance <= CHANCE) is seen
