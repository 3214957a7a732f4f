"""Changing fees and taxes: what is closed, withdrawn and opened, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kro.core.actor import Actor, ActorKind, Standing
from kro.core.decisions import Insert, Update
from kro.core.errors import KroError, ValidationFailedError
from kro.core.ids import SequentialIdSource
from kro.kro_balance.database.records import FeeAdminState, FeeBand
from kro.kro_balance.domain import (
    BandTerms,
    FeeChange,
    FeePreviewOutdatedError,
    FeeStep,
    NoTaxRuleError,
    NothingToChangeError,
    Sample,
    TaxChange,
    TaxKind,
    TaxRule,
)
from kro.kro_balance.domain.decide_fee_change import Why, decide_fee_change, plan, preview_fee_change
from kro.kro_balance.domain.decide_tax_change import decide_tax_change

NOW = datetime(2026, 3, 1, tzinfo=UTC)
YESTERDAY, TOMORROW, NEXT_WEEK = NOW - timedelta(days=1), NOW + timedelta(days=1), NOW + timedelta(days=7)
ADMIN = Actor(kind=ActorKind.ADMIN, id=UUID(int=77))
WHY = Why(actor=ADMIN, reason="the board decided", now=NOW)
VAT = TaxRule(UUID(int=51), TaxKind.VAT, "NGN", 750, None, 0, YESTERDAY, None)


def band(number: int, starts: datetime = YESTERDAY, ends: datetime | None = None, **fields: Any) -> FeeBand:
    usual: dict[str, Any] = {"order_type": None, "percent_bps": 250, "minimum": 10_000, "cap": 10_000_000}
    return FeeBand(
        id=UUID(int=number), currency="NGN", effective_from=starts, effective_to=ends, version=3, **usual | fields
    )


def state(*bands: FeeBand, taxes: tuple[TaxRule, ...] = (VAT,)) -> FeeAdminState:
    return FeeAdminState(standing=Standing(session_live=True, status="active"), bands=bands, taxes=taxes)


def terms(low: int = 0, high: int | None = None, *, percent_bps: int = 200, minimum: int = 0) -> BandTerms:
    return BandTerms(low, high, percent_bps, minimum, cap=None)


CHANGE = FeeChange("NGN", None, None, effective_from=None, effective_to=None, bands=(terms(),))


def steps(found: FeeAdminState, change: FeeChange = CHANGE) -> FeeStep:
    return plan(found, change, ids=SequentialIdSource(), now=NOW)


class TestPlan:
    def test_ends_what_is_in_force_where_the_new_price_begins(self) -> None:
        step = steps(state(band(1)), replace(CHANGE, effective_from=TOMORROW))

        assert [old.id for old in step.ended] == [UUID(int=1)]
        assert step.withdrawn == ()
        assert [(new.effective_from, new.effective_to) for new in step.opened] == [(TOMORROW, None)]

    def test_withdraws_what_was_planned_for_later(self) -> None:
        step = steps(state(band(1, ends=NEXT_WEEK), band(2, starts=NEXT_WEEK)))

        assert ([b.id for b in step.ended], [b.id for b in step.withdrawn]) == ([UUID(int=1)], [UUID(int=2)])

    def test_leaves_what_ended_before_and_other_scopes_alone(self) -> None:
        others = (
            band(1, ends=NOW),
            band(2, order_type="goods"),
            band(3, promo_code="WELCOME"),
            replace(band(4), currency="GHS"),
            replace(band(5, starts=TOMORROW), withdrawn_at=YESTERDAY),
        )

        assert steps(state(*others)).ended == ()
        assert steps(state(*others)).withdrawn == ()

    def test_a_promotion_ends_by_itself_and_leaves_a_later_one(self) -> None:
        later = band(1, starts=NEXT_WEEK, promo_code="WELCOME")
        promotion = replace(CHANGE, promo_code="WELCOME", effective_to=TOMORROW)

        step = steps(state(later), promotion)

        assert (step.ended, step.withdrawn) == ((), ())
        assert [(new.promo_code, new.effective_to) for new in step.opened] == [("WELCOME", TOMORROW)]

    def test_no_bands_end_a_special_price(self) -> None:
        step = steps(state(band(1, order_type="rent")), replace(CHANGE, order_type="rent", bands=()))

        assert ([old.id for old in step.ended], step.opened) == ([UUID(int=1)], ())

    def test_there_must_be_something_to_end(self) -> None:
        with pytest.raises(NothingToChangeError):
            steps(state(band(1)), replace(CHANGE, order_type="rent", bands=()))

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"effective_from": NOW - timedelta(microseconds=1)}, "/effective_from"),
            ({"effective_to": TOMORROW}, "/effective_to"),
            ({"promo_code": "WELCOME", "effective_to": NOW}, "/effective_to"),
            ({"bands": ()}, "/bands"),
            ({"bands": (terms(1),)}, "/bands/0/amount_from"),
            ({"bands": (terms(0, 100),)}, "/bands/0/amount_to"),
            ({"bands": (terms(0, 100), terms(101))}, "/bands/1/amount_from"),
            ({"bands": (terms(0, 100), terms(99))}, "/bands/1/amount_from"),
            ({"bands": (terms(0), terms(100))}, "/bands/1/amount_from"),
            ({"bands": (terms(0, 100), terms(100, 100))}, "/bands/1/amount_to"),
            ({"bands": (BandTerms(0, None, 250, 100, cap=99),)}, "/bands/0/cap"),
            ({"order_type": "rent", "bands": (terms(5, 100), terms(99, 200))}, "/bands/1/amount_from"),
        ],
    )
    def test_refuses_what_contradicts_itself_or_the_past(self, change: dict[str, Any], pointer: str) -> None:
        with pytest.raises(ValidationFailedError) as refused:
            steps(state(band(1)), replace(CHANGE, **change))

        assert [error.pointer for error in refused.value.errors] == [pointer]

    def test_a_special_price_may_leave_amounts_to_the_general_one(self) -> None:
        step = steps(state(), replace(CHANGE, order_type="rent", bands=(terms(5, 100), terms(300, 400))))

        assert [(new.amount_from, new.amount_to) for new in step.opened] == [(5, 100), (300, 400)]


class TestChange:
    def test_closes_before_it_opens_and_keeps_who_and_why(self) -> None:
        found = state(band(2), band(1, starts=TOMORROW))

        decision = decide_fee_change(
            found, CHANGE, shown=steps(found).shown, why=WHY, ids=SequentialIdSource()
        ).decision

        first, second, opening = decision.writes
        assert first == Update("fee_configuration", UUID(int=1), 3, {"withdrawn_at": NOW})
        assert second == Update("fee_configuration", UUID(int=2), 3, {"effective_to": NOW})
        assert isinstance(opening, Insert)
        (row,) = opening.rows
        assert (row["percent_bps"], row["effective_from"]) == (200, NOW)
        assert (row["created_by"], row["reason"], row["created_at"]) == (ADMIN.id, "the board decided", NOW)
        (audit,) = decision.audits
        assert (audit.action, audit.reason, audit.actor) == ("fees.change", "the board decided", ADMIN)
        assert [shown["percent_bps"] for shown in audit.detail["before"]] == [250, 250]
        assert [shown["percent_bps"] for shown in audit.detail["after"]] == [200]
        assert (decision.journals, decision.messages) == ((), ())

    def test_refuses_a_preview_of_something_else(self) -> None:
        shown = steps(state(band(1))).shown
        rivals = (
            (state(band(1), band(2, starts=TOMORROW)), CHANGE),
            (state(replace(band(1), version=4)), CHANGE),
            (state(band(1)), replace(CHANGE, bands=(terms(percent_bps=201),))),
            (state(band(1)), replace(CHANGE, effective_from=TOMORROW)),
        )
        for found, change in rivals:
            with pytest.raises(FeePreviewOutdatedError):
                decide_fee_change(found, change, shown=shown, why=WHY, ids=SequentialIdSource())

    def test_needs_a_vat_rule_at_its_beginning(self) -> None:
        change = replace(CHANGE, effective_from=NEXT_WEEK)
        found = state(taxes=(replace(VAT, effective_to=TOMORROW),))

        for attempt in (
            lambda: decide_fee_change(
                found, change, shown=steps(found, change).shown, why=WHY, ids=SequentialIdSource()
            ),
            lambda: preview_fee_change(found, change, sample=Sample((), 0), ids=SequentialIdSource(), now=NOW),
        ):
            with pytest.raises(NoTaxRuleError):
                attempt()


class TestPreview:
    def test_prices_amounts_before_and_after(self) -> None:
        preview = preview_fee_change(
            state(band(1)), CHANGE, sample=Sample((15_000_000,), 5_000), ids=SequentialIdSource(), now=NOW
        )

        (example,) = preview.examples
        assert example.before is not None
        assert example.after is not None
        assert (example.before.buyer_pays, example.before.seller_receives) == (15_201_563, 14_798_438)
        assert (example.after.fee, example.after.vat) == (300_000, 22_500)

    def test_says_what_is_not_offered(self) -> None:
        first = preview_fee_change(state(), CHANGE, sample=Sample((100,), 0), ids=SequentialIdSource(), now=NOW)
        too_small = preview_fee_change(
            state(band(1)), CHANGE, sample=Sample((100,), 0), ids=SequentialIdSource(), now=NOW
        )

        assert [example.before for example in (*first.examples, *too_small.examples)] == [None, None]
        assert all(example.after for example in (*first.examples, *too_small.examples))

    def test_compares_a_promotion_with_the_ordinary_price(self) -> None:
        promotion = replace(CHANGE, promo_code="WELCOME", bands=(terms(0, 1_000_000, percent_bps=0),))

        preview = preview_fee_change(
            state(band(1)), promotion, sample=Sample((900_000, 1_000_000), 0), ids=SequentialIdSource(), now=NOW
        )

        costs = [(e.before.fee, e.after.fee) for e in preview.examples if e.before and e.after]
        assert costs == [(22_500, 0), (25_000, 25_000)]


class TestTaxChange:
    NEW = TaxChange(TaxKind.VAT, "NGN", 1_000, None, 0, effective_from=NEXT_WEEK)

    def test_follows_the_law_from_a_date_on(self) -> None:
        outcome = decide_tax_change(state(), self.NEW, why=WHY, ids=SequentialIdSource())

        closing, opening = outcome.decision.writes
        assert closing == Update("tax_rules", VAT.id, 1, {"effective_to": NEXT_WEEK})
        assert isinstance(opening, Insert)
        assert (opening.rows[0]["rate_bps"], opening.rows[0]["reason"]) == (1_000, "the board decided")
        (audit,) = outcome.decision.audits
        assert (audit.action, audit.target_id) == ("taxes.change", outcome.value.opened.id)

    def test_leaves_other_taxes_and_currencies_alone(self) -> None:
        for other in (
            replace(self.NEW, currency="GHS"),
            TaxChange(TaxKind.STAMP_DUTY, "NGN", None, 10_000, 1_000_000, effective_from=None),
        ):
            assert decide_tax_change(state(), other, why=WHY, ids=SequentialIdSource()).value.ended == ()

    @pytest.mark.parametrize(
        "change",
        [
            {"rate_bps": None},
            {"rate_bps": None, "fixed_minor": 5_000},
            {"fixed_minor": 5_000},
            {"threshold_minor": 1},
            {"effective_from": YESTERDAY},
            {"kind": TaxKind.STAMP_DUTY, "rate_bps": None},
        ],
    )
    def test_refuses_a_rule_that_contradicts_itself_or_the_past(self, change: dict[str, Any]) -> None:
        with pytest.raises(KroError) as refused:
            decide_tax_change(state(), replace(self.NEW, **change), why=WHY, ids=SequentialIdSource())

        assert refused.value.code == "validation_failed"
