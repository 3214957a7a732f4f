"""T18, T21 and T27 to T30 as pure functions: one party contests, the two talk, or the platform has to decide."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from issue_scenes import DISPUTES, PRICE, REPORT, by, of, offered, reported
from kro.core.decisions import ClearTimer, Decision, Outcome, Update
from kro.core.money import CurrencyMismatchError, Money
from kro.order.database.issue_words import IssueCategory, IssueStatus, OfferStatus
from kro.order.database.records import OrderState
from kro.order.database.words import CloseReason, FundingStatus, OrderStatus, Party
from kro.order.domain import errors, issue_errors
from kro.order.domain.decide_issue import (
    ReportIssue,
    decide_answer,
    decide_concede,
    decide_escalate,
    decide_negotiation_over,
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
from order_scenes import DUE, FEE, NOW, RULES, SELLER_GETS, SETTLING, VAT, accepted, completed, context, funded, moved

HOUR = timedelta(hours=1)
Scene = Callable[[], OrderState]


def timers(decision: Decision) -> dict[str, timedelta]:
    return {timer.kind: timer.due_at - NOW for timer in decision.timers}


class TestReporting:
    @pytest.mark.parametrize("party", [Party.BUYER, Party.SELLER])
    @pytest.mark.parametrize("scene", [funded, completed])
    def test_stops_the_order_and_gives_the_other_time_to_answer(self, scene: Scene, party: Party) -> None:
        state = by(scene(), party)

        outcome = decide_report(state, REPORT, rules=DISPUTES, context=of(party))

        issue = outcome.value.issue
        assert issue is not None
        assert outcome.value.order.status is OrderStatus.ISSUE_REPORTED
        assert (issue.from_status, issue.reported_by, issue.status) == (
            state.order.status,
            party,
            IssueStatus.NEGOTIATING,
        )
        assert ClearTimer(state.order.id) in outcome.decision.cleared
        assert {kind: due for kind, due in timers(outcome.decision).items() if "." not in kind} == {
            "respond_by": 48 * HOUR,
            "negotiate_by": 72 * HOUR,
        }
        assert moved(outcome.decision) == {}
        notices = [m.payload["user_id"] for m in outcome.decision.messages if m.topic == "notify"]
        assert notices == [state.order.user_of(party.other)]

    def test_comes_too_late_for_the_buyer_after_the_inspection_but_not_for_the_seller(self) -> None:
        state = completed()
        end = state.order.inspect_by
        assert end is not None

        with pytest.raises(errors.InspectionOverError):
            decide_report(by(state, Party.BUYER), REPORT, rules=DISPUTES, context=of(Party.BUYER, end))
        late = decide_report(by(state, Party.SELLER), REPORT, rules=DISPUTES, context=of(Party.SELLER, end))
        assert late.value.issue is not None

    def test_is_about_a_condition_of_this_order(self) -> None:
        state = by(completed(), Party.BUYER)
        stranger = ReportIssue(IssueCategory.OTHER, "?", condition_id=UUID(int=99))

        with pytest.raises(errors.ConditionNotFoundError):
            decide_report(state, stranger, rules=DISPUTES, context=of(Party.BUYER))
        own = replace(stranger, condition_id=state.conditions[0].id)
        issue = decide_report(state, own, rules=DISPUTES, context=of(Party.BUYER)).value.issue
        assert issue is not None
        assert issue.condition_id == own.condition_id

    def test_needs_money_in_escrow(self) -> None:
        with pytest.raises(errors.IllegalTransitionError):
            decide_report(by(accepted(), Party.BUYER), REPORT, rules=DISPUTES, context=of(Party.BUYER))


class TestAnswering:
    def test_ends_the_time_to_respond_and_leaves_that_to_negotiate(self) -> None:
        outcome = decide_answer(by(reported(), Party.SELLER), "Let us talk.", context=of(Party.SELLER))

        issue = outcome.value.issue
        assert issue is not None
        assert (issue.answered_at, issue.respond_by, issue.negotiate_by) == (NOW, None, NOW + 72 * HOUR)
        cleared = {clear.kind for clear in outcome.decision.cleared}
        assert cleared == {"respond_by", "respond_by.half", "respond_by.24h", "respond_by.2h"}

    def test_is_for_the_other_party_once(self) -> None:
        with pytest.raises(errors.WrongPartyError):
            decide_answer(by(reported(), Party.BUYER), "Well.", context=of(Party.BUYER))
        once = decide_answer(by(reported(), Party.SELLER), "Well.", context=of(Party.SELLER)).value
        with pytest.raises(issue_errors.AlreadyAnsweredError):
            decide_answer(once, "Well.", context=of(Party.SELLER))

    def test_is_also_what_an_offer_is(self) -> None:
        issue = offered(PRICE // 2).issue
        assert issue is not None
        assert issue.respond_by is None
        own = offered(PRICE // 2, maker=Party.BUYER).issue
        assert own is not None
        assert own.respond_by is not None


class TestWithdrawing:
    @pytest.mark.parametrize(("scene", "kind"), [(completed, "inspect_by"), (funded, "deliver_by")])
    def test_goes_on_where_it_was_with_as_much_time_as_was_left(self, scene: Scene, kind: str) -> None:
        before = scene()
        state = by(reported(state=before), Party.BUYER)
        later = NOW + 10 * HOUR

        outcome = decide_withdraw(state, context=of(Party.BUYER, later))

        order = outcome.value.order
        assert order.status is before.order.status
        assert getattr(order, kind) == getattr(before.order, kind) + 10 * HOUR
        assert (kind, getattr(order, kind)) in {(timer.kind, timer.due_at) for timer in outcome.decision.timers}
        assert outcome.value.issue is not None
        assert outcome.value.issue.status is IssueStatus.WITHDRAWN

    def test_leaves_at_least_a_day(self) -> None:
        before = completed()
        soon = replace(before, order=replace(before.order, inspect_by=NOW + HOUR))
        state = by(reported(state=soon), Party.BUYER)

        order = decide_withdraw(state, context=of(Party.BUYER, NOW + 5 * HOUR)).value.order

        assert order.inspect_by == NOW + 29 * HOUR

    def test_is_for_who_reported_it(self) -> None:
        with pytest.raises(errors.WrongPartyError):
            decide_withdraw(by(reported(), Party.SELLER), context=of(Party.SELLER))


class TestConceding:
    def test_gives_everything_back(self) -> None:
        outcome = decide_concede(by(reported(), Party.SELLER), settling=SETTLING, context=of(Party.SELLER))

        assert moved(outcome.decision) == {"order_escrow": DUE, "buyer": -DUE}
        order = outcome.value.order
        assert (order.status, order.close_reason, order.held) == (OrderStatus.REFUNDED, CloseReason.CONCEDED, 0)
        assert outcome.value.issue is not None
        assert outcome.value.issue.status is IssueStatus.SETTLED

    def test_is_the_sellers(self) -> None:
        with pytest.raises(errors.WrongPartyError):
            decide_concede(by(reported(), Party.BUYER), settling=SETTLING, context=of(Party.BUYER))


def accept(state: OrderState, party: Party, **when: timedelta) -> Outcome[OrderState]:
    late = NOW + when.get("after", timedelta())
    return decide_accept_offer(by(state, party), state.offers[0].id, settling=SETTLING, context=of(party, late))


class TestOffers:
    @pytest.mark.parametrize("scene", [funded, completed, reported])
    def test_share_the_escrow_with_the_fee_of_the_sellers_part_only(self, scene: Scene) -> None:
        state = offered(PRICE // 2, state=scene())

        outcome = accept(state, Party.BUYER)

        half = {"seller": -7_399_219, "fee_revenue": -187_500, "vat_payable": -14_063}
        assert moved(outcome.decision) == {"order_escrow": DUE, "buyer": -DUE - sum(half.values()), **half}
        order = outcome.value.order
        assert (order.status, order.close_reason) == (OrderStatus.CLOSED, CloseReason.AGREED)
        assert (order.funding_status, order.held) == (FundingStatus.SETTLED, 0)

    def test_of_nothing_refund_and_of_all_release(self) -> None:
        back = accept(offered(0), Party.BUYER)
        assert moved(back.decision) == {"order_escrow": DUE, "buyer": -DUE}
        assert back.value.order.status is OrderStatus.REFUNDED

        paid = accept(offered(PRICE), Party.BUYER)
        assert moved(paid.decision) == {
            "order_escrow": DUE,
            "seller": -SELLER_GETS,
            "fee_revenue": -FEE,
            "vat_payable": -VAT,
        }
        assert paid.value.order.status is OrderStatus.CLOSED

    def test_are_for_the_other_to_accept_and_only_in_time(self) -> None:
        with pytest.raises(errors.WrongPartyError):
            accept(offered(PRICE), Party.SELLER)
        last_moment = accept(offered(PRICE), Party.BUYER, after=48 * HOUR - timedelta(microseconds=1))
        assert last_moment.value.order.status is OrderStatus.CLOSED
        with pytest.raises(issue_errors.OfferExpiredError):
            accept(offered(PRICE), Party.BUYER, after=48 * HOUR)

    def test_never_move_money_on_hold(self) -> None:
        held = offered(PRICE)
        held = replace(held, order=replace(held.order, on_hold=True))
        with pytest.raises(errors.OrderOnHoldError):
            accept(held, Party.BUYER)

    def test_that_are_new_take_the_place_of_the_same_partys_earlier_one(self) -> None:
        state = offered(PRICE // 3, state=offered(PRICE // 2))
        assert [offer.seller_amount for offer in state.offers] == [PRICE // 3]
        both = offered(PRICE // 4, maker=Party.BUYER, state=state)
        assert {(offer.made_by, offer.seller_amount) for offer in both.offers} == {
            (Party.SELLER, PRICE // 3),
            (Party.BUYER, PRICE // 4),
        }

    def test_leave_the_table_when_what_they_share_changes(self) -> None:
        state = by(offered(PRICE // 2, state=completed()), Party.BUYER)

        outcome = decide_release_part(state, Money(PRICE // 3, "NGN"), context=of(Party.BUYER))

        assert outcome.value.offers == ()
        (ended,) = [w for w in outcome.decision.writes if isinstance(w, Update) and w.table == "offers"]
        assert (ended.id, ended.changes["status"]) == (state.offers[0].id, OfferStatus.LAPSED)

    def test_are_declined_by_the_other_and_withdrawn_by_their_maker(self) -> None:
        state = offered(PRICE // 2)
        offer = state.offers[0].id
        assert decide_decline_offer(by(state, Party.BUYER), offer, context=of(Party.BUYER)).value.offers == ()
        assert decide_withdraw_offer(by(state, Party.SELLER), offer, context=of(Party.SELLER)).value.offers == ()
        with pytest.raises(errors.WrongPartyError):
            decide_decline_offer(by(state, Party.SELLER), offer, context=of(Party.SELLER))
        with pytest.raises(errors.WrongPartyError):
            decide_withdraw_offer(by(state, Party.BUYER), offer, context=of(Party.BUYER))
        with pytest.raises(issue_errors.OfferNotFoundError):
            decide_decline_offer(by(state, Party.BUYER), UUID(int=5), context=of(Party.BUYER))

    @pytest.mark.parametrize(
        ("amount", "currency", "error"),
        [
            (PRICE + 1, "NGN", issue_errors.SplitAboveHeldError),
            (PRICE, "USD", CurrencyMismatchError),
        ],
    )
    def test_are_refused_beyond_what_is_there(self, amount: int, currency: str, error: type[Exception]) -> None:
        offer = MakeOffer(Money(amount, currency), None)
        with pytest.raises(error):
            decide_make_offer(by(reported(), Party.SELLER), offer, rules=RULES, context=of(Party.SELLER))


class TestEscalating:
    @pytest.mark.parametrize("party", [Party.BUYER, Party.SELLER])
    def test_sets_the_times_of_a_dispute_and_takes_offers_from_the_table(self, party: Party) -> None:
        state = by(offered(PRICE // 2), party)

        outcome = decide_escalate(state, rules=DISPUTES, context=of(party))

        day = 24 * HOUR
        assert outcome.value.order.status is OrderStatus.DISPUTED
        assert outcome.value.offers == ()
        assert {kind: due for kind, due in timers(outcome.decision).items() if kind.endswith("_by")} == {
            "evidence_by": 3 * day,
            "decide_by": 14 * day,
            "overdue_by": 30 * day,
        }
        alerts = {kind: due for kind, due in timers(outcome.decision).items() if kind.startswith("alert")}
        assert alerts == {"alert.7": 7 * day, "alert.14": 14 * day, "alert.21": 21 * day}

    def test_happens_by_itself_without_an_answer_or_an_agreement(self) -> None:
        def at(state: OrderState, hours: int) -> Outcome[OrderState] | None:
            return decide_negotiation_over(
                by(state, Party.SYSTEM), rules=DISPUTES, context=context(None, now=NOW + hours * HOUR)
            )

        answered = decide_answer(by(reported(), Party.SELLER), "Well.", context=of(Party.SELLER)).value
        assert [at(reported(), hours) is None for hours in (47, 48)] == [True, False]
        assert [at(answered, hours) is None for hours in (48, 71, 72)] == [True, True, False]
        assert at(completed(), 100) is None
