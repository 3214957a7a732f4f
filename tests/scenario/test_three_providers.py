"""One whole order through each payment provider, and one that comes in by one and goes out by another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
from tests.scenario.conftest import running_stack

from kro.core.config import load_settings
from kro.core.database.embedded import Cluster
from kro.core.ids import SystemIdSource
from kro.demo import AdminLogin
from kro.demo import expectations as due
from kro.demo.client import API
from kro.demo.display import Display
from kro.demo.journey import Cast
from kro.demo.play import assembled, fresh_account_number
from outside import Outside, Sums
from provider_journey import ProviderJourney, Way
from stack import Stack

TAKEN_IN = {"paystack": 200_000, "fincra": 228_784, "providus": 4_500}
"""What each keeps of NGN 152,015.63: Paystack its cap, Fincra 1.4 % and VAT on it, Providus what was agreed."""
TAKEN_OUT = {"paystack": 5_000, "fincra": 15_000, "providus": 0}
"""What each keeps of a payout of NGN 147,884.38."""

WAYS = (
    Way("paystack", "checkout", "paystack"),
    Way("fincra", "checkout", "fincra"),
    Way("providus", "bank_transfer", "providus"),
    Way("providus", "bank_transfer", "fincra"),
)


@pytest.fixture(scope="module")
def stack(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A product of its own: nobody else turns its switches, and its books hold what these tests move, no more."""
    with running_stack(postgres, tmp_path_factory.mktemp("three"), workers=1) as running:
        yield running


@pytest.fixture
async def cast(stack: Stack, way: Way) -> AsyncIterator[Cast]:
    # A code of an admin's works once in half a minute, so the admins take turns.
    admin = load_settings(environment="test", environ={}).demo.admins[WAYS.index(way) % 2]
    login = AdminLogin(admin.email, admin.password.get_secret_value(), admin.totp_secret.get_secret_value())
    async with assembled(base_url=stack.base_url, sandbox_url=stack.sandbox_url, admin=login) as people:
        yield people


@pytest.fixture
async def outside(stack: Stack) -> AsyncIterator[Outside]:
    async with httpx2.AsyncClient(base_url=stack.sandbox_url, timeout=20, trust_env=False) as http:
        yield Outside(API(http, ids=SystemIdSource()), stack.owner_dsn)


def moved(way: Way) -> Sums:
    """Return what a whole order puts on every account, worked out by hand."""
    sums = {
        "fee_revenue:escrow": -due.FEE,
        "fee_revenue:payout": -(due.PAYOUT_FEE - due.PAYOUT_VAT),
        "vat_payable": -(due.VAT + due.PAYOUT_VAT),
        "stamp_duty_payable": -due.PAYOUT_DUTY,
    }
    for name, clearing, fee in (
        (way.collected_by, due.BUYER_PAYS, TAKEN_IN[way.collected_by]),
        (way.paid_out_by, -due.PAYOUT_AMOUNT, TAKEN_OUT[way.paid_out_by]),
    ):
        for account, change in ((f"provider_clearing:{name}", clearing - fee), (f"provider_fees:{name}", fee)):
            sums[account] = sums.get(account, 0) + change
    return {account: amount for account, amount in sums.items() if amount}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.collected_by}_in_{way.paid_out_by}_out")
async def test_the_money_of_an_order_is_right_to_the_kobo(
    cast: Cast, display: Display, outside: Outside, way: Way
) -> None:
    before = await outside.sums()
    account_number = fresh_account_number()

    await ProviderJourney(cast, display=display, account_number=account_number, outside=outside, way=way).play()

    after = await outside.sums()
    changes = {name: after.get(name, 0) - before.get(name, 0) for name in before | after}
    assert {name: change for name, change in changes.items() if change} == moved(way)
    assert sum(moved(way).values()) == 0
