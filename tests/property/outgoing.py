"""Payouts: asked for, let go or not, sent into a network that loses things, ended by a bank, and sent back later."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.property.books import CLEARING, PAYOUT_FEES, PROVIDER_FEES, STAMP_DUTY, VAT, available, leaving, owed
from tests.property.incoming import PEOPLE, PICK, STEPS
from tests.property.play import Sent, naira
from tests.property.trading import Trading

from kro.payment.domain import Payout, PayoutBlockedError
from kro.payment.providers.fake import FakeTransfer, Fault
from kro.payment.providers.fake.books import transfer_fee

FEE, FEE_VAT = 5_000, 349
DUTY, DUTY_FROM = 5_000, 1_000_000
FAULTS = st.sampled_from([None, None, *Fault])
WORDS = st.sampled_from(["success", "success", "failed", "reversed"])
WAITS = st.sampled_from([5, 1_500])
ON_ITS_WAY = frozenset({"awaiting", "approved", "sent", "arrived"})
ILLEGAL = "payout_illegal_transition"


class Outgoing(Trading):
    @rule(who=PEOPLE, amount=st.integers(1, 1_500_000), more=st.sampled_from([True, False, False, False]))
    def somebody_withdraws(self, who: int, amount: int, more: bool) -> None:
        user, has = self.user(who), self.has(who)
        if more and has < 1_500_000:
            amount = has + 1
        elif has > FEE + DUTY:
            amount = min(amount, has - FEE - DUTY)
        duty = DUTY if amount >= DUTY_FROM else 0
        refused = "insufficient_funds" if has < amount + FEE + duty else None
        if self.books[owed(user.id)]:
            refused = "debt_outstanding"
        asked: Payout | None = self.command(
            user,
            lambda once, render: self.world.payout_requests.request(
                bank_account_id=self.stage.accounts[who], amount=naira(amount), actor=user, once=once, render=render
            ),
            refused=refused,
        )
        if asked is not None:
            payout = Sent(asked.id, who, amount, duty)
            self._reserve(payout, 1)
            self.payouts.append(payout)

    @precondition(lambda self: self.payouts)
    @rule(pick=PICK, place=PEOPLE)
    def an_admin_lets_it_go(self, pick: int, place: int) -> None:
        self._approve_payout(self.choose(self.payouts, pick, rather=lambda one: one.status == "awaiting"), place)

    def _approve_payout(self, payout: Sent, place: int) -> None:
        admin = self.stage.admins[place]
        shown = self.run(self.world.admin_reads.get(payout.id))
        refused = None if payout.status == "awaiting" else ILLEGAL
        code = self.new_code(place)
        self.command(
            admin.actor,
            lambda once, render: self.world.payouts.approve(
                payout_id=payout.id,
                totp=code,
                approval_hash=shown.approval_hash,
                actor=admin.actor,
                once=once,
                render=render,
            ),
            refused=refused,
        )
        if refused is None:
            payout.status = "approved"

    @precondition(lambda self: self.payouts)
    @rule(pick=PICK, by_admin=st.booleans())
    def somebody_stops_it(self, pick: int, by_admin: bool) -> None:
        payout = self.choose(self.payouts, pick, rather=lambda one: one.status in {"awaiting", "approved"})
        stoppable = {"awaiting"} if by_admin else {"awaiting", "approved"}
        refused = None if payout.status in stoppable else ILLEGAL
        actor = self.stage.admins[0].actor if by_admin else self.user(payout.owner)
        if by_admin:
            self.command(
                actor,
                lambda once, render: self.world.payouts.reject(
                    payout_id=payout.id, reason="no", actor=actor, once=once, render=render
                ),
                refused=refused,
            )
        else:
            self.command(
                actor,
                lambda once, render: self.world.payouts.cancel(
                    payout_id=payout.id, actor=actor, once=once, render=render
                ),
                refused=refused,
            )
        if refused is None:
            payout.status = "stopped"
            self._reserve(payout, -1)

    @precondition(lambda self: any(payout.status in ON_ITS_WAY for payout in self.payouts))
    @rule(pick=PICK, steps=STEPS, fault=FAULTS, word=WORDS, wait=WAITS)
    def a_payout_goes_its_way(self, pick: int, steps: int, fault: Fault | None, word: str, wait: int) -> None:
        payouts = [payout for payout in self.payouts if payout.status in ON_ITS_WAY]
        payout = payouts[pick % len(payouts)]
        for _ in range(steps):
            self._go_further(payout, pick, fault, word, wait)

    def _go_further(self, payout: Sent, pick: int, fault: Fault | None, word: str, wait: int) -> None:
        if payout.status == "awaiting":
            self._approve_payout(payout, pick % 3)
        elif payout.status == "approved":
            self._send(payout, fault)
        elif payout.status in ON_ITS_WAY:
            self._ask_the_bank(payout, "reversed" if payout.status == "arrived" and pick % 2 else word, wait)

    def _send(self, payout: Sent, fault: Fault | None) -> None:
        if self.books[owed(self.user(payout.owner).id)]:
            with pytest.raises(PayoutBlockedError):
                self.run(self.world.submitter.submit(payout_id=payout.id))
            return
        if fault is not None:
            self.world.provider.fail_next("send", fault)
        self.twice(lambda: self.world.submitter.submit(payout_id=payout.id))
        payout.status = "sent"

    @precondition(lambda self: any(payout.status in {"sent", "arrived"} for payout in self.payouts))
    @rule(pick=PICK, word=WORDS, wait=WAITS)
    def the_bank_answers(self, pick: int, word: str, wait: int) -> None:
        """Whatever was lost on the way: the provider is asked, and only its answer moves money."""
        payouts = [payout for payout in self.payouts if payout.status in {"sent", "arrived"}]
        self._ask_the_bank(payouts[pick % len(payouts)], word, wait)

    def _ask_the_bank(self, payout: Sent, word: str, wait: int) -> None:
        transfer = self._transfer(payout)
        if transfer is not None and (transfer.status, word) in {("pending", word), ("success", "reversed")}:
            self.world.provider.settle(transfer.reference, word)
        self.pass_time(minutes=wait)
        self.twice(lambda: self.world.tracker.follow_up(payout_id=payout.id))
        if transfer is not None:
            self._hear(payout, transfer)

    def _transfer(self, payout: Sent) -> FakeTransfer | None:
        attempt = self.run(self.world.admin_reads.get(payout.id)).payout.attempt
        assert attempt is not None
        return self.world.provider.transfers.get(attempt.reference)

    def _hear(self, payout: Sent, transfer: FakeTransfer) -> None:
        owner, amount = self.user(payout.owner).id, payout.amount
        if payout.status == "sent" and transfer.status == "success":
            fee = transfer_fee(amount)
            self.books.book({leaving(payout.id): -amount, CLEARING: -amount})
            self.books.book({PROVIDER_FEES: fee, CLEARING: -fee})
            payout.status = "arrived"
        elif payout.status == "sent" and transfer.status in {"failed", "reversed"}:
            self._reserve(payout, -1)
            payout.status = "failed"
        elif payout.status == "arrived" and transfer.status == "reversed":
            self.books.book({CLEARING: amount, available(owner): amount})
            payout.status = "returned"

    def _reserve(self, payout: Sent, sign: int) -> None:
        """Take down that amount, fee and duty were set aside, or given back."""
        self.books.book(
            {
                available(self.user(payout.owner).id): -sign * (payout.amount + FEE + payout.duty),
                leaving(payout.id): sign * payout.amount,
                PAYOUT_FEES: sign * (FEE - FEE_VAT),
                VAT: sign * FEE_VAT,
                STAMP_DUTY: sign * payout.duty,
            }
        )
