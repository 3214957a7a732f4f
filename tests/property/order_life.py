"""What the two parties do with one order when they get on: agree, pay, work, inspect."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)
from tests.property.one_order import OneOrder

from kro.core.decisions import Outcome
from kro.core.money import Money
from kro.kro_balance.domain import Fees
from kro.order.database.issue_words import IssueCategory
from kro.order.database.records import NewCondition, OrderState
from kro.order.database.words import ConditionKind, ConfirmedBy, OrderStatus, Party
from kro.order.domain.decide_agree import AcceptOrder, decide_accept, decide_cancel_unfunded, decide_decline
from kro.order.domain.decide_conditions import (
    SubmitCondition,
    decide_confirm,
    decide_reject,
    decide_submit,
    decide_waive,
)
from kro.order.domain.decide_finish import (
    decide_approve,
    decide_cancel_overdue,
    decide_complete,
    decide_seller_cancel,
)
from kro.order.domain.decide_fund import decide_fund_from_balance
from kro.order.domain.decide_handover import RenewedCode, decide_enter_code, decide_renew_code
from kro.order.domain.decide_inspection import decide_extend, decide_request_changes
from kro.order.domain.decide_issue import (
    ReportIssue,
)
from kro.order.domain.decide_release_part import decide_release_part
from kro.order.domain.handover_codes import DrawnCode
from order_scenes import NOW, RULES, SETTLING

SHAPES = ["plain", "milestones", "the code hands over", "the code is acceptance"]
PARTY = st.sampled_from([Party.BUYER, Party.SELLER])
SHARE = st.integers(0, 8)
DISPUTES = RULES.disputes
REPORT = ReportIssue(IssueCategory.DAMAGED, "It is broken.")


class Dealing(RuleBasedStateMachine):
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
        self.go_further(far, amount)

    def go_further(self, far: int, amount: int) -> None:
        """Begin a life beyond the work, the farther the larger ``far`` is."""

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
        self.one.attempt(Party.BUYER, lambda s, c: decide_fund_from_balance(s, rules=RULES, context=c))

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
