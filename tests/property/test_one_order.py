"""Random lives of one order over the whole lifecycle: no state without an exit, no path that makes or loses money."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.property.order_life import DISPUTES, PARTY, REPORT, SHARE, Dealing

from kro.core.money import Money
from kro.order.database.issue_records import Hold
from kro.order.database.issue_words import IssueStatus
from kro.order.database.words import EventType, OrderStatus, Party
from kro.order.domain import Contested, HeldRefund, decide_contest_lost, decide_contest_won, decide_contested
from kro.order.domain import decide_refund_held as refund_held
from kro.order.domain.decide_dispute import (
    AddStatement,
    RequestInfo,
    Reviewer,
    decide_add_statement,
    decide_assign,
    decide_request_info,
)
from kro.order.domain.decide_hold import PlaceHold, decide_lift_hold, decide_place_hold
from kro.order.domain.decide_issue import (
    decide_answer,
    decide_concede,
    decide_escalate,
    decide_report,
    decide_withdraw,
)
from kro.order.domain.decide_offer import (
    MakeOffer,
    decide_accept_offer,
    decide_decline_offer,
    decide_make_offer,
    decide_withdraw_offer,
)
from kro.order.domain.decide_ruling import Rule, decide_appeal, decide_ruling, decide_waive_appeal
from order_scenes import RULES, SETTLING

LIVES = int(os.environ.get("KRO_ORDER_LIVES", "150"))
STEPS = 40
ENOUGH = 3_000
"""With so many lives everything has to happen in one of them at least."""
MET: set[str] = set()
# What comes through payments, files and the commands that change terms has machines and tests of its own.
HAPPENS = set(EventType) - {
    EventType.IMPORTED,
    EventType.PARTIAL_RECEIPT,
    EventType.LATE_RECEIPT,
    EventType.EXTRA_RECEIPT,
    EventType.EVIDENCE_ADDED,
    EventType.TERMS_EDITED,
    EventType.TERMS_COUNTERED,
    EventType.AMENDMENT_PROPOSED,
    EventType.AMENDMENT_WITHDRAWN,
    EventType.AMENDMENT_ACCEPTED,
    EventType.AMENDMENT_DECLINED,
    EventType.HANDOVER_CODE_WRONG,
}
ADMIN = st.integers(0, 2)


class Life(Dealing):
    def go_further(self, far: int, amount: int) -> None:
        if far > 6:
            self.somebody_reports(Party.BUYER)
        if far > 8:
            self.the_issue_goes_on(Party.BUYER, "escalate")
        if far > 9:
            self.time_passes(73, 2)
            self.the_record_grows(0, Party.BUYER, 1, "assign")
        if far > 10:
            self.an_admin_decides(0, amount % 9)

    # Disagreement

    @rule(party=PARTY)
    def somebody_reports(self, party: Party) -> None:
        self.one.attempt(party, lambda s, c: decide_report(s, REPORT, rules=DISPUTES, context=c))

    @rule(party=PARTY, share=SHARE)
    def somebody_offers(self, party: Party, share: int) -> None:
        offer = MakeOffer(self.part_of_price(share), None)
        self.one.attempt(party, lambda s, c: decide_make_offer(s, offer, rules=RULES, context=c))

    @precondition(lambda self: self.state.offers)
    @rule(party=PARTY, what=st.sampled_from(["accept", "decline", "withdraw"]))
    def an_offer_is_answered(self, party: Party, what: str) -> None:
        offer = self.state.offers[-1].id
        if what == "accept":
            self.one.attempt(party, lambda s, c: decide_accept_offer(s, offer, settling=SETTLING, context=c))
        elif what == "decline":
            self.one.attempt(party, lambda s, c: decide_decline_offer(s, offer, context=c))
        else:
            self.one.attempt(party, lambda s, c: decide_withdraw_offer(s, offer, context=c))

    @precondition(lambda self: self.state.issue is not None)
    @rule(party=PARTY, what=st.sampled_from(["answer", "concede", "withdraw", "escalate", "escalate", "escalate"]))
    def the_issue_goes_on(self, party: Party, what: str) -> None:
        decide: dict[str, Any] = {
            "answer": lambda s, c: decide_answer(s, "well", context=c),
            "concede": lambda s, c: decide_concede(s, settling=SETTLING, context=c),
            "withdraw": lambda s, c: decide_withdraw(s, context=c),
            "escalate": lambda s, c: decide_escalate(s, rules=DISPUTES, context=c),
        }
        self.one.attempt(party, decide[what])

    @precondition(lambda self: self.state.order.status is OrderStatus.DISPUTED)
    @rule(admin=ADMIN, party=PARTY, hours=st.integers(1, 100), what=st.sampled_from(["say", "ask", "assign", "assign"]))
    def the_record_grows(self, admin: int, party: Party, hours: int, what: str) -> None:
        if what == "say":
            said = AddStatement("It was like that.")
            self.one.attempt(party, lambda s, c: decide_add_statement(s, said, context=c))
        elif what == "ask":
            asked = RequestInfo("How?", hours)
            self.one.attempt(Party.ADMIN, lambda s, c: decide_request_info(s, asked, context=c), admin=admin)
        else:
            self.one.attempt(
                Party.ADMIN,
                lambda s, c: decide_assign(s, Reviewer(c.actor.id, is_related=False), context=c),
                admin=admin,
            )

    @precondition(lambda self: self.state.order.status is OrderStatus.DISPUTED)
    @rule(admin=ADMIN, share=SHARE)
    def an_admin_decides(self, admin: int, share: int) -> None:
        ruling = Rule(self.part_of_price(share), "As the photos show.")
        self.one.attempt(Party.ADMIN, lambda s, c: decide_ruling(s, ruling, rules=DISPUTES, context=c), admin=admin)

    @precondition(lambda self: self.state.issue is not None and self.state.issue.status is IssueStatus.DECIDED)
    @rule(party=PARTY, waive=st.booleans())
    def a_decision_is_answered(self, party: Party, waive: bool) -> None:
        if waive:
            self.one.attempt(party, lambda s, c: decide_waive_appeal(s, settling=SETTLING, context=c))
        else:
            self.one.attempt(party, lambda s, c: decide_appeal(s, "No!", rules=DISPUTES, context=c))

    # The world outside, and time

    @rule(lift=st.booleans())
    def compliance_steps_in(self, lift: bool) -> None:
        if not lift:
            held = PlaceHold("fraud", "See the file.")
            self.one.attempt(Party.ADMIN, lambda s, c: decide_place_hold(s, held, context=c))
            return
        hold = Hold(UUID(int=5), self.state.order.id, "fraud", "", UUID(int=901), self.one.now, None, None, None, 1)
        self.one.attempt(
            Party.ADMIN,
            lambda s, c: decide_lift_hold(s, hold, proposed_by=hold.placed_by, approved_by=c.actor.id, context=c),
        )

    @precondition(lambda self: self.state.order.held > 0 and not self.one.accounts["contested"])
    @rule(share=st.integers(1, 8))
    def the_bank_contests(self, share: int) -> None:
        taken = self.state.order.held * share // 8
        contested = Contested(taken, taken)
        if self.one.attempt(Party.SYSTEM, lambda s, c: decide_contested(s, contested, context=c)):
            self._move("order_escrow", "contested", taken)

    @precondition(lambda self: self.one.accounts["contested"])
    @rule(won=st.booleans())
    def the_bank_decides(self, won: bool) -> None:
        taken = self.one.accounts["contested"]
        contested, nothing = Contested(taken, taken), Contested(0, 0)
        if won:
            self._move("contested", "order_escrow", taken)
            self.one.accounts["contested"] = 0
            self.one.attempt(Party.SYSTEM, lambda s, c: decide_contest_won(s, contested, context=c))
        else:
            self._move("contested", "clearing", taken)
            self.one.attempt(
                Party.SYSTEM,
                lambda s, c: decide_contest_lost(s, contested, nothing, context=c, refund_hook=SETTLING.refund_hook),
            )

    @precondition(lambda self: self.state.order.held > 0)
    @rule(share=st.integers(1, 8))
    def an_admin_refunds_what_is_held(self, share: int) -> None:
        back = HeldRefund(self.one.ids.new(), Money(self.state.order.held * share // 8, "NGN"), to_source=False)
        self.one.attempt(Party.SYSTEM, lambda s, c: refund_held(s, back, context=c))

    @rule(hours=st.one_of(st.integers(1, 30), st.integers(1, 800)), channels=st.integers(0, 2))
    def time_passes(self, hours: int, channels: int) -> None:
        self.one.reached_channels = channels
        self.one.pass_time(timedelta(hours=hours))

    def _move(self, source: str, target: str, amount: int) -> None:
        self.one.accounts[source] -= amount
        self.one.accounts[target] += amount

    @invariant()
    def everything_holds(self) -> None:
        if hasattr(self, "one"):
            self.one.check()

    def teardown(self) -> None:
        """Leave the order alone: whatever state it is in, time alone ends it."""
        if not hasattr(self, "one"):
            return
        if self.one.accounts["contested"]:
            self.the_bank_decides(won=True)
        if self.state.order.compliance_hold:
            self.compliance_steps_in(lift=True)
        for _ in range(12):
            self.one.pass_time(timedelta(days=40))
            self.one.check()
        assert self.state.order.status.is_ended, f"{self.state.order.status} has no exit: {self.one.timers}"
        assert self.one.accounts["order_escrow"] == 0
        MET.update(self.one.met)


@pytest.mark.timeout(3600)
def test_every_life_ends_by_itself_and_no_money_is_made_or_lost() -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            print_blob=True,
        ),
    )
    if LIVES >= ENOUGH:
        assert set() == HAPPENS - MET, "the lives were too short for these"
