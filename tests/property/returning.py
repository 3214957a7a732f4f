"""Refunds: of a payment by its payer, of an order by two admins, through a provider that fails and falls silent."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.property.books import CLEARING, available, escrow, owed
from tests.property.books import returning as in_transit
from tests.property.incoming import AMOUNTS, PICK, STEPS
from tests.property.outgoing import FAULTS, Outgoing
from tests.property.play import Back, Deal, Paid, naira

from kro.payment.providers.fake import Fault
from kro.refund.database.records import Refund
from kro.refund.domain import Agreement, OrderRefundRequest

NEEDS_APPROVAL_ABOVE = 5_000_000
TRIES = 3
ENDS = st.sampled_from(["processed", "failed", "failed"])
ON_ITS_WAY = frozenset({"asked", "approved", "sent"})


class Returning(Outgoing):
    @precondition(lambda self: self.payments)
    @rule(pick=PICK, amount=AMOUNTS, all_of_it=st.booleans())
    def a_payer_wants_it_back(self, pick: int, amount: int, all_of_it: bool) -> None:
        payment = self.choose(self.payments, pick, rather=lambda one: _left_of(one) > 0)
        user, left = self.user(payment.payer), _left_of(payment)
        amount = max(min(left, self.has(payment.payer)), 1) if all_of_it else amount
        refused = "insufficient_funds" if self.has(payment.payer) < amount else None
        if amount > left:
            refused = "not_refundable"
        if self.books[owed(user.id)]:
            refused = "debt_outstanding"
        asked: Refund | None = self.command(
            user,
            lambda once, render: self.world.requests.request_to_source(
                payment_id=payment.id, amount=naira(amount), actor=user, once=once, render=render
            ),
            refused=refused,
        )
        if asked is not None:
            status = "asked" if amount > NEEDS_APPROVAL_ABOVE else "approved"
            self.refunds.append(Back(asked.id, payment.payer, amount, payment, None, status))
            payment.returned += amount
            self.books.book({available(user.id): -amount, in_transit(asked.id): amount})

    @precondition(lambda self: any(deal.is_open for deal in self.deals))
    @rule(pick=PICK, tenths=st.integers(1, 11), to_source=st.booleans())
    def an_admin_wants_an_order_refunded(self, pick: int, tenths: int, to_source: bool) -> None:
        deals = [deal for deal in self.deals if deal.is_open]
        deal = deals[pick % len(deals)]
        amount = max(deal.held * tenths // 10, 1)
        payment = deal.payments[0] if to_source and deal.payments else None
        refused = None
        if payment is not None and amount > _left_in_escrow_of(payment):
            refused = "not_refundable"
        if amount > deal.held - deal.asked:
            refused = "refund_above_held"
        admin = self.stage.admins[0]
        request = OrderRefundRequest(deal.id, naira(amount), payment.id if payment else None, "agreed by mail")
        asked: Refund | None = self.command(
            admin.actor,
            lambda once, render: self.world.requests.request_of_order(
                request, actor=admin.actor, once=once, render=render
            ),
            refused=refused,
        )
        if asked is not None:
            self.refunds.append(Back(asked.id, deal.buyer, amount, payment, deal, "asked"))
            deal.asked += amount
            if payment is not None:
                payment.returned += amount

    @precondition(lambda self: any(refund.status == "asked" for refund in self.refunds))
    @rule(pick=PICK, agrees=st.booleans())
    def another_admin_decides_on_a_refund(self, pick: int, agrees: bool) -> None:
        refunds = [refund for refund in self.refunds if refund.status == "asked"]
        self._decide_on(refunds[pick % len(refunds)], agrees=agrees)

    def _decide_on(self, refund: Back, *, agrees: bool) -> None:
        admin = self.stage.admins[1]
        if not agrees:
            self.command(
                admin.actor,
                lambda once, render: self.world.approvals.reject(
                    refund_id=refund.id, reason="no", actor=admin.actor, once=once, render=render
                ),
            )
            self._undo(refund, set_aside=refund.deal is None)
            return
        refused = _refused_by(refund.deal, refund.amount)
        shown, code = self.run(self.world.admin_refunds.get(refund.id)), self.new_code(1)
        self.command(
            admin.actor,
            lambda once, render: self.world.approvals.approve(
                Agreement(refund_id=refund.id, totp=code, actor=admin.actor, once=once),
                approval_hash=shown.approval_hash,
                render=render,
            ),
            refused=refused,
        )
        if refused is None:
            self._let_go(refund)

    @precondition(lambda self: any(refund.deal is None for refund in self.refunds))
    @rule(pick=PICK)
    def a_payer_takes_it_back(self, pick: int) -> None:
        refunds = [refund for refund in self.refunds if refund.deal is None]
        refund = self.choose(refunds, pick, rather=lambda one: one.status in {"asked", "approved"})
        refused = None if refund.status in {"asked", "approved"} else "refund_illegal_transition"
        user = self.user(refund.owner)
        self.command(
            user,
            lambda once, render: self.world.requests.cancel(refund_id=refund.id, actor=user, once=once, render=render),
            refused=refused,
        )
        if refused is None:
            self._undo(refund, set_aside=True)

    @precondition(lambda self: any(refund.status in ON_ITS_WAY for refund in self.refunds))
    @rule(pick=PICK, steps=STEPS, fault=FAULTS, word=ENDS)
    def a_refund_goes_its_way(self, pick: int, steps: int, fault: Fault | None, word: str) -> None:
        refunds = [refund for refund in self.refunds if refund.status in ON_ITS_WAY]
        refund = refunds[pick % len(refunds)]
        for _ in range(steps):
            self._go_back_further(refund, fault, word)

    def _go_back_further(self, refund: Back, fault: Fault | None, word: str) -> None:
        if refund.status == "asked":
            self._decide_on(refund, agrees=True)
        elif refund.status == "approved":
            self._send_back(refund, fault)
        elif refund.status == "sent":
            self._ask_about(refund, word)

    @precondition(lambda self: any(refund.status == "sent" for refund in self.refunds))
    @rule(pick=PICK, word=ENDS, again=st.booleans())
    def the_provider_answers_about_a_refund(self, pick: int, word: str, again: bool) -> None:
        refunds = [refund for refund in self.refunds if refund.status == "sent"]
        refund = refunds[pick % len(refunds)]
        if again:
            self._send_back(refund, None)
        self._ask_about(refund, word)

    def _send_back(self, refund: Back, fault: Fault | None) -> None:
        self.pass_time(hours=2)
        self.world.provider.faults["refund"].clear()
        if fault is not None:
            self.world.provider.fail_next("refund", fault)
        self.twice(lambda: self.world.refund_submitter.submit(refund_id=refund.id))
        self.world.provider.faults["refund"].clear()
        refund.status = "sent"

    def _ask_about(self, refund: Back, word: str) -> None:
        tries = self.world.provider.refunds_of(str(refund.id))
        under_way = len(tries) > refund.failures
        if under_way:
            self.world.provider.end_refund(str(refund.id), word)
        self.pass_time(minutes=4)
        self.twice(lambda: self.world.refund_tracker.follow_up(refund_id=refund.id))
        if not under_way:
            return
        if word == "processed":
            self.books.book({in_transit(refund.id): -refund.amount, CLEARING: -refund.amount})
            refund.status = "ended"
            return
        refund.failures += 1
        if refund.failures == TRIES:
            self._undo(refund, set_aside=True)

    def _let_go(self, refund: Back) -> None:
        refund.status = "approved"
        deal, amount = refund.deal, refund.amount
        if deal is None:
            return
        deal.asked -= amount
        deal.refunded += amount
        target = available(self.user(refund.owner).id) if refund.payment is None else in_transit(refund.id)
        self.books.book({escrow(deal.id): -amount, target: amount})
        if refund.payment is None:
            refund.status = "ended"
        if deal.held == 0:
            deal.status = "refunded"

    def _undo(self, refund: Back, *, set_aside: bool) -> None:
        """Take down that a refund did not happen; what was set aside for it is in its owner's balance."""
        if set_aside:
            owner = self.user(refund.owner).id
            self.books.book({in_transit(refund.id): -refund.amount, available(owner): refund.amount})
        elif refund.deal is not None:
            refund.deal.asked -= refund.amount
        if refund.payment is not None:
            refund.payment.returned -= refund.amount
        refund.status = "ended"


def _left_of(payment: Paid) -> int:
    """Return what may go back of a payment: never what its order has used."""
    left = payment.received - payment.returned
    if payment.deal is not None:
        deal = payment.deal
        received = sum(one.received for one in deal.payments)
        left = min(left, received - (deal.funded - deal.refunded) - deal.returned)
    return max(left, 0)


def _left_in_escrow_of(payment: Paid) -> int:
    assert payment.deal is not None
    received = sum(one.received for one in payment.deal.payments)
    return max(min(payment.received - payment.returned, received - payment.deal.returned), 0)


def _refused_by(deal: Deal | None, amount: int) -> str | None:
    """Return why an order does not give this up, if it does not."""
    if deal is None:
        return None
    rest = deal.held - amount
    if not deal.is_open:
        return "order_illegal_transition"
    if rest < 0:
        return "refund_above_held"
    return "refund_leaves_too_little" if 0 < rest <= deal.fee + deal.vat else None
