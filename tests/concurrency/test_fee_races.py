"""Admins change the fees while people ask for prices and make orders: one rule for each price, and never a mixture."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.concurrency.conftest import RIVALS, Arena
from tests.concurrency.rivals import Call, parties, render
from tests.integration.payment.world import once_of

from kro.core.actor import Actor
from kro.core.clock import SystemClock
from kro.core.money import Money
from kro.kro_balance.database.records import FeeBand
from kro.kro_balance.domain import (
    BandTerms,
    FeeAdministration,
    FeeAdminRepository,
    FeeChange,
    Fees,
    Quote,
    QuoteRepository,
    QuoteRequest,
    QuoteService,
    QuoteTerms,
    Sample,
    price,
    seed_fee_configuration,
)
from kro.seed import FEES
from order_scenes import PROPOSAL

ADMINS = 10
ROUNDS = 5
EACH = 3
"""Orders of one trader, so that some are made before the change, some after it and some meanwhile."""
AMOUNT = Money(15_000_000, "NGN")
VAT_BPS, SHARE_BPS = 750, 5_000


@dataclass
class Made:
    """An order as its buyer was told of it, and when its price was asked for."""

    quote: Quote
    asked_at: float
    order_id: UUID


@dataclass
class Market:
    """Traders and admins on the same fees."""

    arena: Arena
    buyer: Actor
    seller: Actor
    made: list[Made] = field(default_factory=list)
    changed_at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        world, clock = self.arena.world, SystemClock()
        # The database holds the end of a rule to its own time.
        world.clock.current = clock.now()
        shared: dict[str, Any] = {"runner": world.runner, "clock": clock, "ids": world.ids}
        terms = QuoteTerms(timedelta(minutes=30))
        self.quotes = QuoteService(quotes=QuoteRepository(self.arena.database), terms=terms, **shared)
        self.administration = FeeAdministration(rules=FeeAdminRepository(self.arena.database), **shared)

    async def quote(self) -> Quote:
        return await self.quotes.create(QuoteRequest(AMOUNT, "goods", SHARE_BPS), actor=self.buyer)

    async def order(self, quote: Quote, asked_at: float) -> None:
        command = replace(PROPOSAL, quote_id=quote.id, counterparty_phone=str(self.seller.id))

        def keep(state: Any) -> Any:
            self.made.append(Made(quote, asked_at, state.order.id))
            return render(state)

        once = once_of(self.buyer, str(quote.id))
        await self.arena.world.orders.create(command, actor=self.buyer, once=once, render=keep)

    async def trade(self) -> None:
        for _ in range(EACH):
            asked_at = time.monotonic()
            await self.order(await self.quote(), asked_at)

    async def change(self, percent_bps: int) -> Call:
        """Return an admin's change of the general fee, ready to be made as it was looked at just now."""
        admin = (await self.arena.world.add_admin(role="super")).actor
        wish = FeeChange("NGN", None, None, None, None, (BandTerms(0, None, percent_bps, 0, None),))
        sample = Sample((AMOUNT.amount,), SHARE_BPS)
        shown = (await self.administration.preview(wish, sample=sample, actor=admin)).step.shown

        async def make() -> None:
            once = once_of(admin, str(self.arena.world.ids.new()))
            await self.administration.change(
                wish, shown=shown, reason="test", actor=admin, once=once, render=lambda _: render(None)
            )
            self.changed_at.append(time.monotonic())

        return make

    async def bands(self) -> dict[UUID, FeeBand]:
        rows = await self.arena.database.rows("SELECT * FROM fee_configuration")
        return {row["id"]: FeeBand(**{name: row[name] for name in FeeBand.__slots__}) for row in rows}

    async def fees_of_orders(self) -> dict[UUID, tuple[Fees, str]]:
        rows = await self.arena.database.rows("SELECT * FROM orders")
        names = Fees.__slots__
        return {
            row["id"]: (Fees(**{name: row[name] for name in names}), row["fee_basis"]["fee_configuration_id"])
            for row in rows
        }


async def open_market(arena: Arena) -> Market:
    market = Market(arena, *await parties(arena))
    await seed_fee_configuration(arena.database, FEES)
    return market


async def race(market: Market) -> Counter[str]:
    """Let admins who have all looked at the same fees change them, while others trade."""
    promised = [await market.quote() for _ in range(EACH)]
    changes = [await market.change(300 + 10 * place) for place in range(ADMINS)]
    trades: list[Call] = [market.trade] * (RIVALS - ADMINS - EACH)
    trades += [lambda quote=quote: market.order(quote, 0.0) for quote in promised]  # type: ignore[misc] # bound per turn
    return await market.arena.race(trades[:20] + changes + trades[20:])


async def test_every_order_has_the_price_of_one_rule_and_of_its_moment(arena: Arena) -> None:
    """A change counts from its commit: a price asked for before, and answered after it, may be either one."""
    market = await open_market(arena)
    [old] = await market.bands()

    seen = await race(market)

    assert set(seen) <= {"done", "fee_preview_outdated", "concurrent_update"}
    [changed_at] = market.changed_at
    bands = await market.bands()
    [new] = [band.id for band in bands.values() if band.effective_to is None]
    assert set(bands) == {old, new}
    stored = await market.fees_of_orders()
    assert len(stored) == len(market.made) == (RIVALS - ADMINS - EACH) * EACH + EACH
    for made in market.made:
        fees, basis = stored[made.order_id]
        band = bands[UUID(basis)]
        assert fees == made.quote.fees == price(AMOUNT, band=band, vat_bps=VAT_BPS, buyer_share_bps=SHARE_BPS)
        if made.asked_at == 0:
            assert band.id == old, "what was promised before stays promised"
        elif made.asked_at > changed_at:
            assert band.id == new, "whoever asks after the change pays by it"
    assert (await market.quote()).basis["fee_configuration_id"] == str(new)


async def test_without_versions_and_the_ban_on_overlaps_several_rules_are_in_force(broken_arena: Arena) -> None:
    await broken_arena.rewrite("update_row", "t.id = $2 AND t.version = $3", "t.id = $2 AND $3 > 0")
    await broken_arena.as_owner("ALTER TABLE fee_configuration DROP CONSTRAINT ex_fee_configuration_overlap")
    await broken_arena.as_owner("DROP TRIGGER history ON fee_configuration")
    market = await open_market(broken_arena)

    for _ in range(ROUNDS):
        await race(market)
        if len([band for band in (await market.bands()).values() if band.effective_to is None]) > 1:
            return
    pytest.fail("one rule was in force at a time, although nothing stood in the way of several")
