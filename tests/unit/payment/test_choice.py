"""Who is chosen: who can, who may, who works, who is cheapest; in this order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from kro.core.money import Money
from kro.payment.database.provider_records import Direction, SwitchState
from kro.payment.database.records import PaymentMethod
from kro.payment.domain.choice import Board, Candidate, Health, NoProviderError, Price, ProviderNotOfferedError
from kro.payment.providers import Capability

NAIRA = Money(1_000_000, "NGN")
CHECKOUT, TRANSFER = PaymentMethod.CHECKOUT, PaymentMethod.BANK_TRANSFER
SICK = Health(calls=10, answered=4)


def candidate(name: str, *, price: Price | None = None, **changes: object) -> Candidate:
    price = price or Price()
    known = Candidate(
        name=name,
        capabilities=frozenset({Capability.CHECKOUT, Capability.TRANSFER_SENDER}),
        currencies=frozenset({"NGN"}),
        prices={Direction.COLLECTIONS: price, Direction.PAYOUTS: price},
    )
    return replace(known, **changes)  # type: ignore[arg-type] # the tests name real fields


def switched(direction: Direction, state: SwitchState) -> Mapping[Direction, SwitchState]:
    return {direction: state}


class TestCollecting:
    def test_the_cheapest_is_first_and_the_order_decides_between_equals(self) -> None:
        board = Board([candidate("a", price=Price(bps=150)), candidate("b", price=Price(bps=100)), candidate("c")])

        assert board.collectors(NAIRA, CHECKOUT) == ["c", "b", "a"]
        assert Board([candidate("x"), candidate("y")]).collectors(NAIRA, CHECKOUT) == ["x", "y"]

    def test_the_price_is_that_of_the_amount(self) -> None:
        local = Price(bps=150, flat_minor=10_000, flat_from_minor=250_000, cap_minor=200_000)

        assert [local.of(Money(amount, "NGN")) for amount in (249_999, 250_000, 100_000_000)] == [
            3_749,
            13_750,
            200_000,
        ]

    def test_who_works_is_before_who_is_cheap(self) -> None:
        shut = {Capability.CHECKOUT: Health(is_shut=True)}
        failing = {Capability.CHECKOUT: SICK}
        dear = candidate("dear", price=Price(bps=900))

        assert Board([candidate("a", health=shut), dear]).collector(NAIRA, CHECKOUT) == "dear"
        assert Board([candidate("a", health=failing), dear]).collector(NAIRA, CHECKOUT) == "dear"

    def test_few_calls_tell_nothing(self) -> None:
        unlucky = {Capability.CHECKOUT: Health(calls=4, answered=0)}
        board = Board([candidate("a", health=unlucky), candidate("b", price=Price(bps=1))])

        assert board.collector(NAIRA, CHECKOUT) == "a"

    def test_sickness_elsewhere_does_not_count(self) -> None:
        board = Board([candidate("a", health={Capability.TRANSFER_SENDER: SICK}), candidate("b", price=Price(bps=1))])

        assert board.collector(NAIRA, CHECKOUT) == "a"

    @pytest.mark.parametrize("state", [SwitchState.DRAINING, SwitchState.DISABLED])
    def test_a_switched_off_one_takes_nothing_new(self, state: SwitchState) -> None:
        off = candidate("off", switches=switched(Direction.COLLECTIONS, state))
        board = Board([off, candidate("on", price=Price(bps=900))])

        assert board.collector(NAIRA, CHECKOUT) == "on"
        assert board.may_start("off", Direction.COLLECTIONS) is (state is SwitchState.DRAINING)
        assert board.payers(NAIRA)[0] == "off"
        with pytest.raises(ProviderNotOfferedError):
            board.collector(NAIRA, CHECKOUT, wish="off")

    def test_only_who_can_is_asked(self) -> None:
        bank = candidate("bank", capabilities=frozenset({Capability.ONE_TIME_ACCOUNTS}))
        board = Board([candidate("a"), bank])

        assert board.collector(NAIRA, TRANSFER) == "bank"
        assert board.collector(NAIRA, CHECKOUT, wish="a") == "a"
        with pytest.raises(ProviderNotOfferedError):
            board.collector(NAIRA, CHECKOUT, wish="bank")
        with pytest.raises(ProviderNotOfferedError):
            board.collector(NAIRA, CHECKOUT, wish="nobody")

    def test_nobody_takes_a_currency(self) -> None:
        with pytest.raises(NoProviderError) as refused:
            Board([candidate("a")]).collector(Money(1, "EUR"), CHECKOUT, pointer="/amount/currency")

        assert refused.value.errors[0].pointer == "/amount/currency"


class TestPayingOut:
    def test_stays_with_whom_it_was_meant_for(self) -> None:
        board = Board([candidate("cheap"), candidate("meant", price=Price(bps=900))])

        assert board.payer(NAIRA, first="meant") == "meant"

    def test_leaves_who_is_sick_or_off(self) -> None:
        well = candidate("well", price=Price(bps=900))
        sick = candidate("meant", health={Capability.TRANSFER_SENDER: SICK})
        off = candidate("meant", switches=switched(Direction.PAYOUTS, SwitchState.DISABLED))
        draining = candidate("meant", switches=switched(Direction.PAYOUTS, SwitchState.DRAINING))

        assert Board([sick, well]).payer(NAIRA, first="meant") == "well"
        assert Board([sick]).payer(NAIRA, first="meant") == "meant"
        assert Board([off, well]).payer(NAIRA, first="meant") == "well"
        assert Board([off]).payer(NAIRA, first="meant") is None
        assert Board([draining, well]).payer(NAIRA, first="meant") == "meant"

    def test_never_returns_to_who_has_turned_it_down(self) -> None:
        board = Board([candidate("a"), candidate("b")])

        assert board.payer(NAIRA, first="a", without={"a"}) == "b"
        assert board.payer(NAIRA, first="b", without={"a", "b"}) is None
