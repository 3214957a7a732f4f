"""Prices over HTTP: what a quote says, how long it holds, and that an order keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from kro.core.database.pool import Database
from kro.core.ids import read_id
from kro_api import World
from order_steps import proposal
from prices import figures, priced, wanted

NGN = "NGN"


class TestQuote:
    async def test_is_the_worked_example_to_the_kobo(self, world: World) -> None:
        quote = await priced(world)

        assert figures(quote) == {
            "buyer_pays": 15_201_563,
            "seller_receives": 14_798_438,
            "fee": 375_000,
            "vat": 28_125,
        }
        assert (quote["vat"]["buyer"]["amount"], quote["vat"]["seller"]["amount"]) == (14_063, 14_062)
        assert (quote["rate"]["percent_bps"], quote["rate"]["vat_bps"]) == (250, 750)

    @pytest.mark.parametrize(
        ("share", "buyer_pays", "seller_receives"),
        [(10_000, 15_403_125, 15_000_000), (0, 15_000_000, 14_596_875), (2_500, 15_100_781, 14_697_656)],
        ids=["buyer", "seller", "a quarter"],
    )
    async def test_is_borne_as_agreed(self, world: World, share: int, buyer_pays: int, seller_receives: int) -> None:
        found = figures(await priced(world, buyer_share_bps=share))

        assert (found["buyer_pays"], found["seller_receives"]) == (buyer_pays, seller_receives)
        assert found["buyer_pays"] - found["seller_receives"] == found["fee"] + found["vat"] == 403_125

    @pytest.mark.parametrize(("amount", "fee"), [(100_000, 10_000), (400_000_000, 10_000_000)], ids=["least", "most"])
    async def test_stays_between_minimum_and_cap(self, world: World, amount: int, fee: int) -> None:
        assert figures(await priced(world, amount={"amount": amount, "currency": NGN}))["fee"] == fee

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"amount": {"amount": 100, "currency": "GHS"}}, "no_fee_configured"),
            ({"promo_code": "NOBODYSAID"}, "promo_code_invalid"),
            ({"amount": {"amount": 1, "currency": NGN}, "buyer_share_bps": 0}, "amount_too_small"),
            ({"buyer_share_bps": 10_001}, "validation_failed"),
            ({"amount": {"amount": 0, "currency": NGN}}, "validation_failed"),
        ],
    )
    async def test_refuses_what_has_no_price(self, world: World, change: dict[str, Any], code: str) -> None:
        reply = await world.buyer.post("/fees/quote", wanted(**change))

        assert (reply.status_code, reply.json()["code"]) == (422, code)


class TestPromise:
    async def test_ends_with_its_time(self, world: World, owner_database: Database) -> None:
        quote = await priced(world)
        await owner_database.execute(
            "UPDATE fee_quotes SET expires_at = now() - interval '1 second' WHERE id = $1", read_id("quo", quote["id"])
        )

        late = await world.buyer.post("/orders", proposal(quote["id"]))

        assert (late.status_code, late.json()["code"]) == (409, "fee_quote_stale")
        assert (await world.buyer.get("/orders")).json()["data"] == []

    async def test_is_made_to_one_person(self, world: World) -> None:
        quote = await priced(world)

        reply = await world.stranger.post("/orders", proposal(quote["id"]))

        assert reply.status_code in {404, 409}, reply.text

    async def test_is_for_the_kind_of_order_it_names(self, world: World) -> None:
        quote = await priced(world, order_type="service")

        reply = await world.buyer.post("/orders", proposal(quote["id"]))

        assert (reply.status_code, reply.json()["code"]) == (409, "fee_quote_stale")
