"""Money that comes in: exactly, too little, too much, late, twice, in another currency, for nobody."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from tests.property.books import (
    CLEARING,
    NGN,
    PROVIDER_FEES,
    SUSPENSE,
    USD,
    available,
    escrow,
    in_currency,
)
from tests.property.play import Deal, Item, Paid, Play, naira

from kro.core.decisions import Update
from kro.kro_balance.domain import suspense_resolved, suspense_returned
from kro.payment.domain import Payment, start_payment
from kro.payment.providers.fake import FakeTransaction
from kro.payment.providers.fake.books import charge_fee

PEOPLE = st.integers(0, 2)
AMOUNTS = st.integers(1, 3_000_000) | st.sampled_from([250_000, 1_000_000, 6_000_000])
PARTS = st.sampled_from(["exact", "under", "over"])
NEWS = st.sampled_from(["webhook", "verify", "both"])
PICK = st.integers(0, 31)
STEPS = st.integers(1, 4)


def paid_part(asked: int, part: str) -> int:
    """Return what a payer really pays of what was asked for."""
    return {"exact": asked, "under": max(asked // 2, 1), "over": asked + 12_345}[part]


class Incoming(Play):
    @initialize(amounts=st.tuples(AMOUNTS, AMOUNTS, AMOUNTS))
    def people_have_money(self, amounts: tuple[int, int, int]) -> None:
        for who, amount in enumerate(amounts):
            self._pay(who, None, amount, amount, "verify")

    @rule(who=PEOPLE, amount=AMOUNTS, part=PARTS, news=NEWS)
    def somebody_tops_up(self, who: int, amount: int, part: str, news: str) -> None:
        self._pay(who, None, amount, paid_part(amount, part), news)

    @precondition(lambda self: self.deals)
    @rule(pick=PICK, part=PARTS, news=NEWS)
    def somebody_pays_for_an_order(self, pick: int, part: str, news: str) -> None:
        """In whatever status the order is: a second payment and a late one only reach the payer's balance."""
        deal = self.choose(self.deals, pick, rather=lambda one: one.status == "accepted")
        self.pay_for(deal, part, news)

    def pay_for(self, deal: Deal, part: str, news: str) -> None:
        """Have the buyer pay a part for an order; what covers it funds it."""
        self._pay(deal.buyer, deal, deal.due, paid_part(deal.due, part), news)
        if deal.status == "accepted" and self.has(deal.buyer) >= deal.due:
            self.fund(deal)

    @rule(who=PEOPLE, amount=AMOUNTS, way=st.sampled_from(["declined_first", "other_currency", "for_nobody"]))
    def money_comes_in_an_odd_way(self, who: int, amount: int, way: str) -> None:
        if way == "declined_first":
            self._declined_first(who, amount)
        elif way == "other_currency":
            self._in_another_currency(who, amount)
        else:
            self._for_nobody(amount)

    def _declined_first(self, who: int, amount: int) -> None:
        payment = self._open_page(who, None, amount)
        self.world.provider.decline(payment.reference)
        self.twice(lambda: self.world.collections.apply_provider_result(reference=payment.reference))
        self._complete_page(payment, who, None, amount, "verify")

    def _in_another_currency(self, who: int, amount: int) -> None:
        payment = self._open_page(who, None, amount)
        self.world.provider.transactions[payment.reference].currency = USD
        self.world.provider.pay(payment.reference)
        self.twice(lambda: self.world.collections.apply_provider_result(reference=payment.reference))
        self._unmatched(Item(payment.reference, amount, USD))

    def _for_nobody(self, amount: int) -> None:
        vendor = self.world.provider
        reference = str(self.world.ids.new())
        vendor.transactions[reference] = FakeTransaction(
            reference=reference,
            number=next(vendor.numbers),
            requested_minor=amount,
            amount_minor=amount,
            currency=NGN,
            payer_email="nobody@example.com",
        )
        vendor.pay(reference)
        self.twice(lambda: self.world.suspense.take_in("paystack", reference))
        self._unmatched(Item(reference, amount, NGN))

    @precondition(lambda self: self.items)
    @rule(pick=PICK, who=PEOPLE, back=st.booleans())
    def two_people_decide_on_unmatched_money(self, pick: int, who: int, back: bool) -> None:
        item = self.items.pop(pick % len(self.items))
        row = self.run(
            self.world.database.row("SELECT id, version FROM suspense_items WHERE reference = $1", item.reference)
        )
        settled: dict[str, Any] = {"resolved_at": self.world.clock.now(), "next_alarm_at": None}
        amount, suspense = naira(item.amount, item.currency), in_currency(SUSPENSE, item.currency)
        if back:
            journal = suspense_returned(
                self.stage.head(), suspense_id=row["id"], amount=amount, external=self.external()
            )
            changes = {suspense: -item.amount, in_currency(CLEARING, item.currency): -item.amount}
            settled |= {"status": "returned"}
        else:
            user = self.user(who).id
            journal = suspense_resolved(
                self.stage.head(), suspense_id=row["id"], provider="paystack", user_id=user, amount=amount
            )
            changes = {suspense: -item.amount, in_currency(available(user), item.currency): item.amount}
            settled |= {"status": "credited", "user_id": user}
        self.post(journal, Update("suspense_items", row["id"], row["version"], settled), changes=changes)

    def fund(self, deal: Deal) -> None:
        """Take down that an order has been funded."""
        self.books.book({available(self.user(deal.buyer).id): -deal.due, escrow(deal.id): deal.due})
        deal.status, deal.funded = "in_progress", deal.due
        deal.deliver_by = self.world.clock.now()

    def _pay(self, who: int, deal: Deal | None, asked: int, paid: int, news: str) -> None:
        self._complete_page(self._open_page(who, deal, asked), who, deal, paid, news)

    def _open_page(self, who: int, deal: Deal | None, amount: int) -> Payment:
        outcome = start_payment(
            user_id=self.user(who).id,
            order_id=deal.id if deal else None,
            amount=naira(amount),
            provider="paystack",
            ids=self.world.ids,
            now=self.world.clock.now(),
        )
        self.run(self.world.carry_out(outcome))
        self.twice(lambda: self.world.starter.start(payment_id=outcome.value.id))
        return outcome.value

    def _complete_page(self, payment: Payment, who: int, deal: Deal | None, paid: int, news: str) -> None:
        self.world.provider.pay(payment.reference, amount_minor=paid)
        if news != "verify":
            self.twice(lambda: self.world.webhook("charge.success", payment.reference))
            self.twice(self.world.processor.process_due)
        if news != "webhook":
            self.twice(lambda: self.world.collections.apply_provider_result(reference=payment.reference))
        self.books.book({CLEARING: paid, available(self.user(who).id): paid})
        self._vendor_keeps(charge_fee(paid))
        received = Paid(payment.id, who, paid, deal)
        self.payments.append(received)
        if deal is not None:
            deal.payments.append(received)

    def _unmatched(self, item: Item) -> None:
        clearing, suspense = in_currency(CLEARING, item.currency), in_currency(SUSPENSE, item.currency)
        self.books.book({clearing: item.amount, suspense: item.amount})
        self._vendor_keeps(charge_fee(item.amount), item.currency)
        self.items.append(item)

    def _vendor_keeps(self, fee: int, currency: str = NGN) -> None:
        self.books.book({in_currency(CLEARING, currency): -fee, in_currency(PROVIDER_FEES, currency): fee})
