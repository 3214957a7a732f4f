"""Random lives of one order over the whole lifecycle: no state without an exit, no path that makes or loses money."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.property.one_order import OneOrder

from kro.core.decisions import Outcome
from kro.core.money import Money
from kro.kro_balance.domain import Fees
from kro.order.database.issue_records import Hold
from kro.order.database.issue_words import IssueCategory, IssueStatus
from kro.order.database.records import NewCondition, OrderState
from kro.order.database.words import ConditionKind, ConfirmedBy, EventType, OrderStatus, Party
from kro.order.domain import Contested, HeldRefund, decide_contest_lost, decide_contest_won, decide_contested
from kro.order.domain import decide_refund_held as refund_held
from kro.order.domain.decide_agree import AcceptOrder, decide_accept, decide_cancel_unfunded, decide_decline
from kro.order.domain.decide_conditions import (
    SubmitCondition,
    decide_confirm,
    decide_reject,
    decide_submit,
    decide_waive,
)
from kro.order.domain.decide_dispute import (
    AddStatement,
    RequestInfo,
    Reviewer,
    decide_add_statement,
    decide_assign,
    decide_request_info,
)
from kro.order.domain.decide_finish import (
    decide_approve,
    decide_cancel_overdue,
    decide_complete,
    decide_seller_cancel,
)
from kro.order.domain.decide_fund import decide_fund_from_balance
from kro.order.domain.decide_handover import RenewedCode, decide_enter_code, decide_renew_code
from kro.order.domain.decide_hold import PlaceHold, decide_lift_hold, decide_place_hold
from kro.order.domain.decide_inspection import decide_extend, decide_request_changes
from kro.order.domain.decide_issue import (
    ReportIssue,
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
from kro.order.domain.decide_release_part import decide_release_part
from kro.order.domain.decide_ruling import Rule, decide_appeal, decide_ruling, decide_waive_appeal
from kro.order.domain.handover_codes import DrawnCode
from order_scenes import NOW, RULES, SETTLING

LIVES = int(os.environ.get("KRO_ORDER_LIVES", "150"))
STEPS = 40
ENOUGH = 3_000
"""With so many lives everything has to happen in one of them at least."""
MET: set[str] = set()
# What comes through payments, files and the commands that change terms has machines and tests of its own.
HAPPENS = set(EventType) - {
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
SHAPES = ["plain", "milestones", "the code hands over", "the code is acceptance"]
PARTY = st.sampled_from([Party.BUYER, Party.SELLER])
SHARE = st.integers(0, 8)
ADMIN = st.integers(0, 2)
DISPUTES = RULES.disputes
REPORT = ReportIssue(IssueCategory.DAMAGED, "It is broken.")


class Life(RuleBasedStateMachine):
    one: OneOrder

    @initialize(
        amount=st.integers(10_000, 20_000_000),
        buyers=st.integers(0, 900),
        sellers=st.integers(0, 900),
        far=st.integers(0, 12),
        shape=st.sampled_from(SHAPES),
    )
    def propose(self, amount: int, buyers: int, sellers: int, far: int, shape: str) -> None:
        vats = buyers * 75 // 1000, sellers * 75 // 1000
        self.one = OneOrder(
            Fees("NGN", amount, 5_000, buyers, sellers, *vats),
            _more(shape, amount),
            code_is_acceptance=shape == "the code is acceptance",
        )
        # Most lives are about what comes after the payment.
        if far:
            self.they_agree()
            self.the_buyer_pays(share=8)
        if far > 3:
            self.the_seller_hands_in(0)
            self.the_seller_completes()
        if far > 6:
            self.somebody_reports(Party.BUYER)
        if far > 8:
            self.the_issue_goes_on(Party.BUYER, "escalate")
        if far > 9:
            self.time_passes(73, 2)
            self.the_record_grows(0, Party.BUYER, 1, "assign")
        if far > 10:
            self.an_admin_decides(0, amount % 9)

    @property
    def state(self) -> OrderState:
        return self.one.state

    def part_of_price(self, share: int) -> Money:
        return Money(self.state.order.outstanding.amount * share // 8, "NGN")

    # Agreement and payment

    @rule()
    def they_agree(self) -> None:
        accept = AcceptOrder(self.state.order.terms_hash)
        self.one.attempt(Party.SELLER, lambda s, c: decide_accept(s, accept, rules=RULES, context=c))

    @precondition(lambda self: self.state.order.status in {OrderStatus.CREATED, OrderStatus.ACCEPTED})
    @rule(party=PARTY, decline=st.booleans())
    def somebody_does_not_want(self, party: Party, decline: bool) -> None:
        if decline:
            self.one.attempt(party, lambda s, c: decide_decline(s, "no", context=c))
        else:
            self.one.attempt(party, lambda s, c: decide_cancel_unfunded(s, "no", context=c))

    @rule(share=SHARE)
    def the_buyer_pays(self, share: int) -> None:
        self.one.pay_in(self.state.order.fees.buyer_pays * share // 8)
        self.one.attempt(Party.BUYER, lambda s, c: decide_fund_from_balance(s, context=c))

    # Work and inspection

    @rule(pick=st.integers(0, 4))
    def the_seller_hands_in(self, pick: int) -> None:
        evidence = UUID(int=7)
        self.one.state = _with_evidence(self.state, evidence)
        handed = SubmitCondition(self.condition(pick), None, (evidence,))
        self.one.attempt(Party.SELLER, lambda s, c: decide_submit(s, handed, context=c))

    def condition(self, pick: int) -> UUID:
        return self.state.conditions[pick % len(self.state.conditions)].id

    @precondition(lambda self: any(c.kind is ConditionKind.DELIVERY_CODE for c in self.state.conditions))
    @rule(right=st.booleans(), anew=st.booleans())
    def the_code_is_entered(self, right: bool, anew: bool) -> None:
        drawn = DrawnCode("123456", f"mac of {len(self.one.events)}", "sealed")
        if anew:
            self.one.attempt(Party.BUYER, lambda s, c: _order_of(decide_renew_code(s, lambda _: drawn, context=c)))
        (code,) = [c for c in self.state.conditions if c.kind is ConditionKind.DELIVERY_CODE]
        if code.code_hash is not None and right:
            proven = code.code_hash
            self.one.attempt(Party.SELLER, lambda s, c: decide_enter_code(s, proven, context=c))

    @rule(pick=st.integers(0, 4), party=PARTY, what=st.sampled_from(["confirm", "reject", "waive"]))
    def a_condition_is_judged(self, pick: int, party: Party, what: str) -> None:
        condition = self.condition(pick)
        if what == "confirm":
            self.one.attempt(party, lambda s, c: decide_confirm(s, condition, context=c))
        elif what == "reject":
            self.one.attempt(party, lambda s, c: decide_reject(s, condition, "no", context=c))
        else:
            self.one.attempt(party, lambda s, c: decide_waive(s, condition, context=c))

    @rule()
    def the_seller_completes(self) -> None:
        self.one.attempt(Party.SELLER, lambda s, c: decide_complete(s, context=c))

    @rule()
    def the_buyer_approves(self) -> None:
        self.one.attempt(Party.BUYER, lambda s, c: decide_approve(s, context=c))

    @rule(share=SHARE)
    def the_buyer_releases_a_part(self, share: int) -> None:
        part = self.part_of_price(share)
        self.one.attempt(Party.BUYER, lambda s, c: decide_release_part(s, part, context=c))

    @rule(party=PARTY, hours=st.integers(1, 80))
    def the_inspection_takes_longer(self, party: Party, hours: int) -> None:
        self.one.attempt(party, lambda s, c: decide_extend(s, hours, rules=RULES, context=c))

    @rule()
    def the_buyer_wants_changes(self) -> None:
        self.one.attempt(Party.BUYER, lambda s, c: decide_request_changes(s, "again", context=c))

    @rule(by_seller=st.booleans())
    def somebody_calls_it_off(self, by_seller: bool) -> None:
        if by_seller:
            self.one.attempt(Party.SELLER, lambda s, c: decide_seller_cancel(s, "no", settling=SETTLING, context=c))
        else:
            self.one.attempt(
                Party.BUYER, lambda s, c: decide_cancel_overdue(s, "no", rules=RULES, settling=SETTLING, context=c)
            )

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


def _more(shape: str, amount: int) -> tuple[NewCondition, ...]:
    """Return what a deal of some shape asks for besides the waybill and the inspection."""
    third = Money(amount // 3, "NGN")
    part = NewCondition(ConditionKind.CONFIRM, "Part", "", ConfirmedBy.BUYER, amount=third)
    code = NewCondition(ConditionKind.DELIVERY_CODE, "Handed over", "", ConfirmedBy.SYSTEM)
    day = NewCondition(
        ConditionKind.DATE, "The day", "", ConfirmedBy.SYSTEM, amount=third, not_before=NOW + timedelta(days=2)
    )
    shapes = {
        "milestones": (part, replace(part, title="Another", deemed_on_timeout=False), day),
        "the code hands over": (code, part),
        "the code is acceptance": (code,),
    }
    return shapes.get(shape, ())


def _order_of(outcome: Outcome[RenewedCode]) -> Outcome[OrderState]:
    return Outcome(outcome.decision, outcome.value.state)


def _with_evidence(state: OrderState, evidence: UUID) -> OrderState:
    return replace(state, evidence_ids=(evidence,))


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
