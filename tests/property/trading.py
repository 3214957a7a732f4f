"""Orders: funded, released, called off, and the endings that a decision of people brings."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.property.books import ESCROW_FEES, VAT, Account, available, escrow, owed
from tests.property.incoming import PICK, STEPS, Incoming
from tests.property.play import Deal, Render

from kro.core.decisions import Decision, Insert, Once, Outcome, Reply, Update
from kro.kro_balance.domain import Release, Split, fee_given_back, full_release, partial_release, split_settlement
from kro.order.domain import OrderRepository
from kro.order.domain.changes import as_row
from kro.order.domain.party_commands import Ask
from order_scenes import accepted

PRICES = st.integers(10_000, 1_500_000)
FEE_PARTS = st.integers(0, 3_000)
DELIVERY, GRACE = timedelta(hours=72), timedelta(hours=24)
ILLEGAL = "order_illegal_transition"


class Step(Protocol):
    def __call__(self, ask: Ask, *, render: Render) -> Awaitable[Reply]: ...


class Trading(Incoming):
    @rule(buyer=st.integers(0, 2), other=st.integers(1, 2), price=PRICES, buyers=FEE_PARTS, sellers=FEE_PARTS)
    def two_people_agree(self, buyer: int, other: int, price: int, buyers: int, sellers: int) -> None:
        seller = (buyer + other) % 3
        vats = buyers * 75 // 1000, sellers * 75 // 1000
        order = replace(
            accepted().order,
            id=self.world.ids.new(),
            buyer_id=self.user(buyer).id,
            seller_id=self.user(seller).id,
            amount=price,
            fee_buyer=buyers,
            fee_seller=sellers,
            vat_buyer=vats[0],
            vat_seller=vats[1],
        )
        insert = Insert("orders", ({**as_row(order), "last_seq": 0},))
        self.run(self.world.carry_out(Outcome(Decision(writes=(insert,)), None)))
        self.deals.append(
            Deal(order.id, buyer, seller, price, buyers + sellers, sum(vats), due=price + buyers + vats[0])
        )

    @precondition(lambda self: any(_goes_on(deal) for deal in self.deals))
    @rule(pick=PICK, steps=STEPS)
    def an_order_goes_its_way(self, pick: int, steps: int) -> None:
        deals = [deal for deal in self.deals if _goes_on(deal)]
        for _ in range(steps):
            self._go_on(deals[pick % len(deals)])

    def _go_on(self, deal: Deal) -> None:
        if deal.status == "completed":
            self._approve(deal)
        elif deal.status == "in_progress":
            self._complete(deal)
        elif deal.status == "accepted" and self.has(deal.buyer) >= deal.due:
            self._pay_from_balance(deal)
        elif deal.status == "accepted":
            self.pay_for(deal, "exact", "webhook")

    @precondition(lambda self: self.deals)
    @rule(pick=PICK)
    def the_buyer_pays_from_the_balance(self, pick: int) -> None:
        self._pay_from_balance(self.choose(self.deals, pick, rather=lambda one: one.status == "accepted"))

    def _pay_from_balance(self, deal: Deal) -> None:
        refused = "insufficient_funds" if self.has(deal.buyer) < deal.due else None
        if deal.status != "accepted":
            refused = ILLEGAL
        self._ask(deal, deal.buyer, self.world.orders.fund_from_balance, refused=refused)
        if refused is None:
            self.fund(deal)

    @precondition(lambda self: self.deals)
    @rule(pick=PICK)
    def the_seller_completes(self, pick: int) -> None:
        self._complete(self.choose(self.deals, pick, rather=lambda one: one.status == "in_progress"))

    def _complete(self, deal: Deal) -> None:
        refused = None if deal.status == "in_progress" else ILLEGAL
        self._ask(deal, deal.seller, self.world.orders.complete, refused=refused)
        if refused is None:
            deal.status = "completed"

    @precondition(lambda self: any(not deal.shared for deal in self.deals))
    @rule(pick=PICK)
    def the_buyer_approves(self, pick: int) -> None:
        deals = [deal for deal in self.deals if not deal.shared]
        self._approve(self.choose(deals, pick, rather=lambda one: one.status == "completed"))

    def _approve(self, deal: Deal) -> None:
        refused = None if deal.status == "completed" else ILLEGAL
        self._ask(deal, deal.buyer, self.world.orders.approve, refused=refused)
        if refused is not None:
            return
        held, seller = deal.held, self.user(deal.seller).id
        self._released(deal, seller_gets=held - deal.fee - deal.vat, fee=deal.fee, vat=deal.vat)
        deal.status = "closed"
        repaid = min(self.books[owed(seller)], held - deal.fee - deal.vat)
        self.books.book({owed(seller): -repaid, available(seller): -repaid})

    @precondition(lambda self: any(deal.status in {"accepted", "in_progress"} for deal in self.deals))
    @rule(pick=PICK, by_seller=st.booleans(), late=st.booleans())
    def somebody_calls_it_off(self, pick: int, by_seller: bool, late: bool) -> None:
        deal = self.choose(self.deals, pick, rather=lambda one: one.status == "in_progress")
        if late:
            self.pass_time(hours=97)
        now = self.world.clock.now()
        refused = None
        if deal.status not in {"accepted", "in_progress"}:
            refused = ILLEGAL
        elif deal.status == "in_progress" and not by_seller and deal.deliver_by is not None:
            refused = None if now > deal.deliver_by + DELIVERY + GRACE else "order_not_overdue"
        who = deal.seller if by_seller else deal.buyer
        self._ask(deal, who, lambda ask, *, render: self.world.orders.cancel(ask, "no", render=render), refused=refused)
        if refused is not None:
            return
        if deal.status == "accepted":
            deal.status = "cancelled"
            return
        self.books.book({available(self.user(deal.buyer).id): deal.held, escrow(deal.id): -deal.held})
        deal.refunded, deal.status = deal.refunded + deal.held, "refunded"

    # What has no command yet, posted beside the change of the order

    @precondition(lambda self: any(deal.is_open or _fee_is_earned(deal) for deal in self.deals))
    @rule(pick=PICK, tenths=st.integers(0, 9), split=st.booleans())
    def people_decide_on_an_order(self, pick: int, tenths: int, split: bool) -> None:
        deals = [deal for deal in self.deals if deal.is_open or _fee_is_earned(deal)]
        deal = deals[pick % len(deals)]
        if _fee_is_earned(deal):
            self._give_the_fee_back(deal)
        elif split:
            self._split(deal, tenths)
        elif deal.shared and tenths > 4:
            self._release_the_last_part(deal)
        elif deal.held > 10 * deal.fee + 100:
            self._release_a_part(deal, tenths or 1)

    def _release_a_part(self, deal: Deal, tenths: int) -> None:
        share = deal.held * tenths // 10
        fee, vat = deal.fee * tenths // 10, deal.vat * tenths // 10
        part = self._part(deal, share - fee - vat, fee, vat)
        self.post(
            partial_release(self.stage.head(), release_id=self.world.ids.new(), release=part),
            self._update(deal, released_amount=deal.released + share, funding_status="part_settled"),
            changes=self._release_changes(deal, part),
        )
        deal.released, deal.shared = deal.released + share, True

    def _release_the_last_part(self, deal: Deal) -> None:
        part = self._part(deal, deal.held, 0, 0)
        self.post(
            full_release(self.stage.head(), release=part),
            self._ended(deal, "closed", released_amount=deal.released + deal.held),
            changes=self._release_changes(deal, part),
        )
        deal.released, deal.status = deal.released + deal.held, "closed"

    def _split(self, deal: Deal, tenths: int) -> None:
        held = deal.held
        gross = held * (10 - tenths) // 10
        fee, vat = (deal.fee, deal.vat) if gross > deal.fee + deal.vat else (0, 0)
        seller, buyer = gross - fee - vat, held - gross
        split = Split(deal.id, self.user(deal.buyer).id, self.user(deal.seller).id, "NGN", buyer, seller, fee, vat)
        self.post(
            split_settlement(self.stage.head(), split=split),
            self._ended(deal, "closed", released_amount=deal.released + gross, refunded_amount=deal.refunded + buyer),
            changes={
                escrow(deal.id): -held,
                available(split.buyer_id): buyer,
                available(split.seller_id): seller,
                ESCROW_FEES: fee,
                VAT: vat,
            },
        )
        deal.released, deal.refunded, deal.status = deal.released + gross, deal.refunded + buyer, "closed"
        deal.fee_returned = fee != deal.fee

    def _give_the_fee_back(self, deal: Deal) -> None:
        buyer = self.user(deal.buyer).id
        self.post(
            fee_given_back(
                self.stage.head(), source=("order", deal.id), user_id=buyer, currency="NGN", fee=deal.fee, vat=deal.vat
            ),
            changes={ESCROW_FEES: -deal.fee, VAT: -deal.vat, available(buyer): deal.fee + deal.vat},
        )
        deal.fee_returned = True

    def _ask(self, deal: Deal, who: int, step: Step, *, refused: str | None) -> None:
        actor = self.user(who)

        def call(once: Once, render: Render) -> Awaitable[Reply]:
            return step(Ask(deal.id, actor, once), render=render)

        self.command(actor, call, refused=refused)

    def _released(self, deal: Deal, *, seller_gets: int, fee: int, vat: int) -> None:
        part = self._part(deal, seller_gets, fee, vat)
        self.books.book(self._release_changes(deal, part))
        deal.released += seller_gets + fee + vat

    def _part(self, deal: Deal, seller_gets: int, fee: int, vat: int) -> Release:
        return Release(deal.id, self.user(deal.seller).id, "NGN", seller_gets, fee, vat)

    def _release_changes(self, deal: Deal, part: Release) -> dict[Account, int]:
        return {
            escrow(deal.id): -(part.seller + part.fee + part.vat),
            available(part.seller_id): part.seller,
            ESCROW_FEES: part.fee,
            VAT: part.vat,
        }

    def _ended(self, deal: Deal, status: str, **columns: Any) -> Update:
        now = self.world.clock.now()
        return self._update(deal, status=status, funding_status="settled", ended_at=now, **columns)

    def _update(self, deal: Deal, **columns: Any) -> Update:
        return Update("orders", deal.id, self._version(deal.id), columns)

    def _version(self, order_id: UUID) -> int:
        state = self.run(OrderRepository(self.world.database).load_for_system(order_id))
        version: int = state.order.version
        return version


def _goes_on(deal: Deal) -> bool:
    return deal.status in {"accepted", "in_progress", "completed"} and not deal.shared


def _fee_is_earned(deal: Deal) -> bool:
    return deal.status == "closed" and not deal.shared and not deal.fee_returned and deal.fee > 0
