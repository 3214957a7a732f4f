"""T31 to T35 as pure functions: the record, the decision, one appeal, and what nobody deciding leads to."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from issue_scenes import (
    ADMIN,
    AFTER_EVIDENCE,
    DISPUTES,
    GROUNDS,
    PRICE,
    SECOND,
    THIRD,
    appealed,
    assigned,
    by,
    decided,
    disputed,
    of,
    of_admin,
    reported,
    under_review,
)
from kro.core.decisions import Insert, Outcome
from kro.core.money import CurrencyMismatchError, Money
from kro.order.database.issue_words import IssueStatus
from kro.order.database.records import OrderState
from kro.order.database.words import CloseReason, OrderStatus, Party
from kro.order.domain import errors, issue_errors
from kro.order.domain.decide_dispute import (
    AddStatement,
    RequestInfo,
    Reviewer,
    decide_add_statement,
    decide_assign,
    decide_evidence_over,
    decide_request_info,
)
from kro.order.domain.decide_ruling import (
    Rule,
    decide_appeal,
    decide_effective,
    decide_not_decided,
    decide_ruling,
    decide_waive_appeal,
)
from kro.verification.domain import SHUT, StepUpRequiredError
from order_scenes import DUE, FEE, NOW, SELLER_GETS, SETTLING, VAT, context, funded, moved

HOUR = timedelta(hours=1)
RELEASED = {"order_escrow": DUE, "seller": -SELLER_GETS, "fee_revenue": -FEE, "vat_payable": -VAT}
REFUNDED = {"order_escrow": DUE, "buyer": -DUE}


def effective(state: OrderState, hours_after_decision: int) -> Outcome[OrderState] | None:
    now = AFTER_EVIDENCE + hours_after_decision * HOUR
    return decide_effective(by(state, Party.SYSTEM), settling=SETTLING, context=context(None, now=now))


class TestTheRecord:
    def test_takes_statements_of_both_until_the_time_for_evidence_is_over(self) -> None:
        said = AddStatement("It was whole when I sent it.", (UUID(int=7),))
        for party in (Party.BUYER, Party.SELLER):
            outcome = decide_add_statement(by(disputed(), party), said, context=of(party))
            (written,) = [w for w in outcome.decision.writes if isinstance(w, Insert) and w.table == "statements"]
            assert (written.rows[0]["author"], written.rows[0]["text"]) == (party, said.text)
        with pytest.raises(issue_errors.EvidenceClosedError):
            decide_add_statement(by(disputed(), Party.BUYER), said, context=of(Party.BUYER, NOW + 72 * HOUR))

    def test_takes_only_evidence_of_the_order(self) -> None:
        with pytest.raises(errors.EvidenceNotFoundError):
            decide_add_statement(
                by(disputed(), Party.BUYER), AddStatement("?", (UUID(int=8),)), context=of(Party.BUYER)
            )

    def test_is_open_to_the_admin_whose_dispute_it_is(self) -> None:
        question = AddStatement("When was the photo taken?")
        state = by(under_review(), Party.ADMIN)
        assert decide_add_statement(state, question, context=of_admin(now=AFTER_EVIDENCE)).decision.writes
        with pytest.raises(issue_errors.NotAssignedError):
            decide_add_statement(state, question, context=of_admin(SECOND, AFTER_EVIDENCE))

    def test_is_opened_again_by_a_question_but_never_beyond_the_time_to_decide(self) -> None:
        state = by(under_review(), Party.ADMIN)
        for hours, open_for in ((24, 24 * HOUR), (1_000, 14 * 24 * HOUR - 73 * HOUR)):
            asked = decide_request_info(
                state, RequestInfo("When?", hours), context=of_admin(now=AFTER_EVIDENCE)
            ).value.issue
            assert asked is not None
            assert (asked.status, asked.evidence_by) == (IssueStatus.EVIDENCE, AFTER_EVIDENCE + open_for)

    def test_is_closed_by_time_only(self) -> None:
        def over(hours: int) -> Outcome[OrderState] | None:
            return decide_evidence_over(by(disputed(), Party.SYSTEM), context=context(None, now=NOW + hours * HOUR))

        assert over(71) is None
        assert over(72) is not None
        held = disputed()
        held = replace(held, order=replace(held.order, on_hold=True, held_since=NOW))
        assert decide_evidence_over(held, context=context(None, now=NOW + 100 * HOUR)) is None


class TestAssigning:
    def test_is_refused_to_whoever_is_related_to_a_party(self) -> None:
        with pytest.raises(issue_errors.ConflictOfInterestError):
            decide_assign(by(disputed(), Party.ADMIN), Reviewer(ADMIN, is_related=True), context=of_admin())

    def test_after_an_appeal_is_for_another_one(self) -> None:
        state = by(appealed(0, Party.SELLER), Party.ADMIN)
        with pytest.raises(issue_errors.SameReviewerError):
            decide_assign(state, Reviewer(ADMIN, is_related=False), context=of_admin(now=AFTER_EVIDENCE))
        assert assigned(state, SECOND).issue is not None


class TestDeciding:
    @pytest.mark.parametrize("awarded", [0, PRICE // 3, PRICE])
    def test_moves_no_money_and_gives_both_two_days_to_appeal(self, awarded: int) -> None:
        state = by(under_review(), Party.ADMIN)

        outcome = decide_ruling(
            state, Rule(Money(awarded, "NGN"), GROUNDS), rules=DISPUTES, context=of_admin(now=AFTER_EVIDENCE)
        )

        issue = outcome.value.issue
        assert issue is not None
        assert moved(outcome.decision) == {}
        assert (issue.status, issue.awarded, issue.decided_by) == (IssueStatus.DECIDED, awarded, ADMIN)
        assert issue.appeal_by == AFTER_EVIDENCE + 48 * HOUR
        assert [t.due_at for t in outcome.decision.timers if t.kind == "appeal_by"] == [issue.appeal_by]
        assert outcome.value.order.status is OrderStatus.DISPUTED

    @pytest.mark.parametrize(
        ("rule", "error"),
        [
            (Rule(Money(PRICE + 1, "NGN"), GROUNDS), issue_errors.SplitAboveHeldError),
            (Rule(Money(1, "NGN"), GROUNDS), None),
            (Rule(Money(PRICE, "USD"), GROUNDS), CurrencyMismatchError),
        ],
    )
    def test_shares_only_what_is_held(self, rule: Rule, error: type[Exception] | None) -> None:
        state = by(under_review(), Party.ADMIN)
        if error is None:
            assert decide_ruling(state, rule, rules=DISPUTES, context=of_admin(now=AFTER_EVIDENCE)).decision.writes
            return
        with pytest.raises(error):
            decide_ruling(state, rule, rules=DISPUTES, context=of_admin(now=AFTER_EVIDENCE))

    def test_waits_for_the_evidence_and_for_who_it_is_assigned_to(self) -> None:
        rule = Rule(Money(0, "NGN"), GROUNDS)
        early = by(assigned(disputed(), ADMIN), Party.ADMIN)
        with pytest.raises(issue_errors.EvidenceOpenError):
            decide_ruling(early, rule, rules=DISPUTES, context=of_admin(now=NOW + 71 * HOUR))
        with pytest.raises(issue_errors.NotAssignedError):
            decide_ruling(
                by(under_review(), Party.ADMIN), rule, rules=DISPUTES, context=of_admin(SECOND, AFTER_EVIDENCE)
            )
        with pytest.raises(issue_errors.NotDecidableError):
            decide_ruling(by(decided(0), Party.ADMIN), rule, rules=DISPUTES, context=of_admin(now=AFTER_EVIDENCE))

    def test_above_the_threshold_takes_two(self) -> None:
        state, strict = by(under_review(), Party.ADMIN), replace(DISPUTES, second_admin_above=DUE - 1)
        rule = Rule(Money(0, "NGN"), GROUNDS)
        with pytest.raises(issue_errors.SecondAdminNeededError):
            decide_ruling(state, rule, rules=strict, context=of_admin(now=AFTER_EVIDENCE))
        exact = replace(strict, second_admin_above=DUE)
        assert decide_ruling(state, rule, rules=exact, context=of_admin(now=AFTER_EVIDENCE)).decision.writes
        both = replace(rule, approved_by=SECOND)
        assert decide_ruling(state, both, rules=strict, context=of_admin(now=AFTER_EVIDENCE)).decision.writes


class TestAppealing:
    @pytest.mark.parametrize(
        ("awarded", "party"),
        [(0, Party.SELLER), (PRICE, Party.BUYER), (PRICE // 2, Party.SELLER), (PRICE // 2, Party.BUYER)],
    )
    def test_is_for_who_did_not_get_everything(self, awarded: int, party: Party) -> None:
        state = appealed(awarded, party)
        assert state.issue is not None
        assert (state.issue.status, state.issue.round, state.issue.assigned_to) == (IssueStatus.APPEALED, 2, None)
        assert state.issue.decide_by == AFTER_EVIDENCE + timedelta(days=5)
        assert effective(state, 49) is None

    @pytest.mark.parametrize(("awarded", "party"), [(0, Party.BUYER), (PRICE, Party.SELLER)])
    def test_is_not_for_who_did(self, awarded: int, party: Party) -> None:
        with pytest.raises(errors.WrongPartyError):
            decide_appeal(by(decided(awarded), party), "!", rules=DISPUTES, context=of(party, AFTER_EVIDENCE))

    def test_is_possible_in_time_and_once(self) -> None:
        late = AFTER_EVIDENCE + 48 * HOUR
        with pytest.raises(issue_errors.NotAppealableError):
            decide_appeal(by(decided(0), Party.SELLER), "!", rules=DISPUTES, context=of(Party.SELLER, late))
        again = decided(0, state=assigned(appealed(0, Party.SELLER), SECOND), admin_id=SECOND)
        assert again.issue is not None
        assert again.issue.status is IssueStatus.FINAL
        with pytest.raises(issue_errors.NotAppealableError):
            decide_appeal(by(again, Party.SELLER), "!", rules=DISPUTES, context=of(Party.SELLER, AFTER_EVIDENCE))

    def test_is_decided_by_nobody_of_the_first_two(self) -> None:
        state = assigned(appealed(0, Party.SELLER), SECOND)
        rule = Rule(Money(PRICE, "NGN"), GROUNDS, approved_by=ADMIN)
        with pytest.raises(issue_errors.SameReviewerError):
            decide_ruling(by(state, Party.ADMIN), rule, rules=DISPUTES, context=of_admin(SECOND, AFTER_EVIDENCE))
        other = replace(rule, approved_by=THIRD)
        final = decide_ruling(by(state, Party.ADMIN), other, rules=DISPUTES, context=of_admin(SECOND, AFTER_EVIDENCE))
        assert final.value.issue is not None
        assert final.value.issue.appeal_by == AFTER_EVIDENCE

    @pytest.mark.parametrize(("party", "awarded"), [(Party.BUYER, PRICE), (Party.SELLER, 0)])
    def test_given_up_by_the_buyer_takes_a_proof(self, party: Party, awarded: int) -> None:
        unproven = replace(of(party, AFTER_EVIDENCE), gate=SHUT)
        expected = pytest.raises(StepUpRequiredError) if party is Party.BUYER else nullcontext()
        with expected:
            decide_waive_appeal(by(decided(awarded), party), settling=SETTLING, context=unproven)

    def test_given_up_by_everybody_who_could_lets_the_decision_take_effect_at_once(self) -> None:
        def waive(state: OrderState, party: Party) -> Outcome[OrderState]:
            return decide_waive_appeal(by(state, party), settling=SETTLING, context=of(party, AFTER_EVIDENCE))

        assert moved(waive(decided(0), Party.SELLER).decision) == REFUNDED
        assert moved(waive(decided(PRICE), Party.BUYER).decision) == RELEASED
        one = waive(decided(PRICE // 2), Party.BUYER)
        assert moved(one.decision) == {}
        both = waive(one.value, Party.SELLER)
        assert both.value.order.status is OrderStatus.CLOSED
        with pytest.raises(issue_errors.NotAppealableError):
            decide_appeal(by(one.value, Party.BUYER), "!", rules=DISPUTES, context=of(Party.BUYER, AFTER_EVIDENCE))


class TestTakingEffect:
    def test_waits_for_the_end_of_the_time_to_appeal(self) -> None:
        assert effective(decided(0), 47) is None
        outcome = effective(decided(0), 48)
        assert outcome is not None
        assert moved(outcome.decision) == REFUNDED
        assert (outcome.value.order.status, outcome.value.order.close_reason) == (
            OrderStatus.REFUNDED,
            CloseReason.ADMIN_DECISION,
        )
        assert outcome.value.issue is not None
        assert outcome.value.issue.status is IssueStatus.EFFECTIVE

    def test_releases_or_shares_as_decided(self) -> None:
        outcome = effective(decided(PRICE), 48)
        assert outcome is not None
        assert moved(outcome.decision) == RELEASED
        shared = effective(decided(PRICE // 2), 48)
        assert shared is not None
        assert moved(shared.decision)["seller"] == -7_399_219
        assert shared.value.order.status is OrderStatus.CLOSED

    def test_never_happens_on_hold(self) -> None:
        state = decided(0)
        assert effective(replace(state, order=replace(state.order, on_hold=True, held_since=NOW)), 100) is None


class TestNobodyDecides:
    def test_refunds_without_a_proof_of_delivery_and_releases_with_one(self) -> None:
        def overdue(state: OrderState, days: int) -> Outcome[OrderState] | None:
            return decide_not_decided(
                by(state, Party.SYSTEM), settling=SETTLING, context=context(None, now=NOW + timedelta(days=days))
            )

        proven, unproven = disputed(), disputed(reported(state=funded()))
        assert overdue(proven, 29) is None
        released, refunded = overdue(proven, 30), overdue(unproven, 30)
        assert released is not None
        assert refunded is not None
        assert moved(released.decision) == RELEASED
        assert moved(refunded.decision) == REFUNDED
        assert refunded.value.order.close_reason is CloseReason.NOT_DECIDED_IN_TIME

    def test_lets_a_decision_that_was_appealed_stand(self) -> None:
        late = AFTER_EVIDENCE + timedelta(days=21)
        state = by(appealed(PRICE, Party.BUYER), Party.SYSTEM)
        outcome = decide_not_decided(state, settling=SETTLING, context=context(None, now=late))
        assert outcome is not None
        assert moved(outcome.decision) == RELEASED
