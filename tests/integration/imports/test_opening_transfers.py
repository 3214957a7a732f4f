"""What opened the books gets its place by two persons, movement by movement, until nothing is left without one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.api.exception_steps import WHY, admin, approve, code_of, proposed, second_admin
from tests.integration.imports.importing import imported

from kro_api import Person, World
from old_server import FITTING, fill

ALL = 1_234_567 + 1 + 15_201_563
AT_PROVIDER = 15_201_563


def transfer(amount: int, reference: str, **changed: Any) -> dict[str, Any]:
    money = {"amount": amount, "currency": "NGN"}
    place = {"side": "bank", "account": "collections-ngn", "statement_reference": reference}
    return {"amount": money, "reason": "money_arrived", **place, **changed}


async def cover(person: Person) -> tuple[int, int, int, int | None]:
    """What has no place, what lies at banks and providers, and how much of what is owed that is in basis points."""
    reply = await person.get("/admin/reconciliation/safeguarding")
    [ngn] = [one for one in reply.json()["data"] if one["currency"] == "NGN"]
    return ngn["opening"]["amount"], ngn["at_banks"]["amount"], ngn["at_providers"]["amount"], ngn["ratio_bps"]


@pytest.fixture
async def two(world: World, old_dsn: str) -> tuple[Person, Person]:
    await fill(old_dsn, FITTING)
    await imported(world, old_dsn)
    return await admin(world), await second_admin(world)


async def test_all_of_it_is_covered_once_its_places_are_named(world: World, two: tuple[Person, Person]) -> None:
    proposer, approver = two
    assert await cover(proposer) == (ALL, 0, 0, 0)

    first = await proposed(proposer, "opening-transfers", transfer(ALL - AT_PROVIDER, "FT-1"))
    assert await cover(proposer) == (ALL, 0, 0, 0)
    alone = await approve(world, proposer, first)
    assert alone.json()["code"] == "two_persons_required"
    assert (await approve(world, approver, first)).status_code == 200
    assert await cover(proposer) == (AT_PROVIDER, ALL - AT_PROVIDER, 0, 10_000 * (ALL - AT_PROVIDER) // ALL)

    again = await approver.post("/admin/proposals/opening-transfers", {**WHY, **transfer(1, "FT-1")})
    above = await approver.post("/admin/proposals/opening-transfers", {**WHY, **transfer(AT_PROVIDER + 1, "FT-2")})
    assert [reply.json()["code"] for reply in (again, above)] == ["opening_reference_used", "opening_too_low"]

    rest = transfer(AT_PROVIDER, "S-1", side="provider", account="paystack", reason="account_taken_over")
    second = await proposed(proposer, "opening-transfers", rest)
    assert (second["side"], second["account"], second["statement_reference"]) == ("provider", "paystack", "S-1")
    assert (await approve(world, approver, second, code=code_of(world, offset=1))).status_code == 200

    assert await cover(proposer) == (0, ALL - AT_PROVIDER, AT_PROVIDER, 10_000)
    assert await world.violations() == {}
    nothing = await approver.post("/admin/proposals/opening-transfers", {**WHY, **transfer(1, "FT-3")})
    assert nothing.json()["code"] == "opening_too_low"


async def test_an_approval_that_is_sent_twice_at_once_moves_it_once(world: World, two: tuple[Person, Person]) -> None:
    proposer, approver = two
    one = await proposed(proposer, "opening-transfers", transfer(ALL, "FT-1"))

    replies = await asyncio.gather(*(approve(world, approver, one, code=code_of(world, offset=n)) for n in (0, 1)))

    assert min(reply.status_code for reply in replies) == 200
    assert await cover(proposer) == (0, ALL, 0, 10_000)
    assert await world.violations() == {}


async def test_one_at_a_time_is_open_so_that_none_counts_on_what_another_takes(
    world: World, two: tuple[Person, Person]
) -> None:
    proposer, _ = two
    await proposed(proposer, "opening-transfers", transfer(ALL, "FT-1"))

    second = await proposer.post("/admin/proposals/opening-transfers", {**WHY, **transfer(ALL, "FT-2")})

    assert (second.status_code, second.json()["code"]) == (409, "proposal_open")


@pytest.mark.parametrize(
    "changed",
    [
        {"account": "somebody-elses"},
        {"side": "provider"},
        {"amount": {"amount": 100, "currency": "USD"}},
        {"amount": {"amount": 0, "currency": "NGN"}},
        {"statement_reference": ""},
    ],
)
async def test_nowhere_else_can_it_be(two: tuple[Person, Person], changed: dict[str, Any]) -> None:
    body = {**WHY, **transfer(100, "FT-1"), **changed}

    reply = await two[0].post("/admin/proposals/opening-transfers", body)

    assert (reply.status_code, reply.json()["code"]) in {
        (422, "statement_account_unknown"),
        (422, "validation_failed"),
    }
