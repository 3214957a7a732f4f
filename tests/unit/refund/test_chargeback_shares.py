"""Who bears a contested payment: the order as far as it holds the money, then whoever has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from kro.order.database.records import OrderState
from kro.order.database.words import OrderStatus
from kro.refund.database.chargeback_records import (
    Borne,
    Chargeback,
    ChargebackState,
    ChargebackStatus,
    ContestedPayment,
    Means,
)
from kro.refund.domain.chargeback_shares import Parts, given_back, owed_by, share_back, share_out, taken
from order_scenes import BUYER, DUE, SELLER, funded

PAYMENT = UUID(int=77)
AT = datetime(2026, 1, 15, tzinfo=UTC)


def contested(
    order: OrderState | None,
    *,
    received: int = DUE,
    order_received: int = DUE,
    payer: int = 0,
    seller: int = 0,
    borne: Borne | None = None,
) -> ChargebackState:
    return ChargebackState(
        payment=ContestedPayment(
            id=PAYMENT,
            order_id=order.order.id if order else None,
            provider="paystack",
            currency="NGN",
            received=received,
            taken_back=0,
            order_received=order_received,
            version=1,
        ),
        payer=Means(BUYER, payer, 0),
        seller=Means(SELLER, seller, 0) if order else None,
        borne=borne or Borne(0, 0, 0, 0),
        chargeback=None,
        order=order,
    )


def released(state: OrderState, amount: int = DUE) -> OrderState:
    return replace(state, order=replace(state.order, status=OrderStatus.CLOSED, released_amount=amount))


def refunded(state: OrderState) -> OrderState:
    return replace(state, order=replace(state.order, status=OrderStatus.REFUNDED, refunded_amount=DUE))


def partly_refunded(state: OrderState, amount: int) -> OrderState:
    return replace(state, order=replace(state.order, refunded_amount=amount))


class TestShareOut:
    @pytest.mark.parametrize(
        ("state", "amount", "expected"),
        [
            (contested(None), 1_000, Parts(escrow=0, payer=1_000, seller=0)),
            (contested(funded()), DUE, Parts(escrow=DUE, payer=0, seller=0)),
            (contested(funded()), 1_000, Parts(escrow=1_000, payer=0, seller=0)),
            (contested(released(funded())), DUE, Parts(escrow=0, payer=0, seller=DUE)),
            (contested(refunded(funded())), DUE, Parts(escrow=0, payer=DUE, seller=0)),
            (contested(partly_refunded(funded(), 400)), DUE, Parts(escrow=DUE - 400, payer=400, seller=0)),
            # More was paid than the order took: the excess was the payer's all the time.
            (contested(funded(), received=DUE + 50, order_received=DUE + 50), DUE + 50, Parts(DUE, 50, 0)),
        ],
        ids=["top-up", "held", "part of what is held", "released", "refunded", "refunded in part", "overpaid"],
    )
    def test_takes_from_whoever_has_the_money(self, state: ChargebackState, amount: int, expected: Parts) -> None:
        assert share_out(state, amount) == expected

    def test_a_second_chargeback_does_not_take_from_the_seller_twice(self) -> None:
        state = contested(released(funded()), order_received=DUE, borne=Borne(0, 0, DUE, 1))

        assert share_out(state, 500) == Parts(escrow=0, payer=500, seller=0)

    def test_the_parts_always_add_up(self) -> None:
        for order in (None, funded(), released(funded()), refunded(funded()), partly_refunded(funded(), 12_345)):
            for amount in (1, 12_345, DUE):
                parts = share_out(contested(order), amount)

                assert parts.escrow + parts.payer + parts.seller == amount
                assert min(parts.escrow, parts.payer, parts.seller) >= 0


class TestTaken:
    @pytest.mark.parametrize(("seller", "owed"), [(DUE, 0), (300, DUE - 300), (0, DUE)])
    def test_the_balance_pays_first_and_the_rest_is_owed(self, seller: int, owed: int) -> None:
        state = contested(released(funded()), seller=seller)

        shares = taken(state, share_out(state, DUE))

        assert owed_by(shares, SELLER) == owed
        assert sum(debt.from_available for debt in shares.debts) == DUE - owed
        assert shares.from_escrow == 0


def chargeback(escrow: int, payer: int, seller: int, *, seller_owed: int = 0) -> Chargeback:
    return Chargeback(
        id=UUID(int=5),
        provider="paystack",
        provider_reference="9",
        payment_id=PAYMENT,
        order_id=None,
        payer_id=BUYER,
        seller_id=SELLER,
        currency="NGN",
        amount=escrow + payer + seller,
        from_escrow=escrow,
        from_payer=payer,
        from_seller=seller,
        payer_owed=0,
        seller_owed=seller_owed,
        returned=0,
        fee=0,
        category=None,
        status=ChargebackStatus.OPENED,
        due_at=None,
        next_poll_at=None,
        created_at=AT,
        updated_at=AT,
        resolved_at=None,
        version=1,
    )


class TestShareBack:
    @pytest.mark.parametrize(
        ("back", "expected"),
        [(60, Parts(10, 20, 30)), (40, Parts(0, 10, 30)), (25, Parts(0, 0, 25)), (0, Parts(0, 0, 0))],
    )
    def test_goes_the_opposite_way(self, back: int, expected: Parts) -> None:
        assert share_back(chargeback(10, 20, 30), back) == expected

    def test_a_debt_is_lowered_by_what_is_still_owed_of_it(self) -> None:
        state = replace(contested(released(funded())), seller=Means(SELLER, 0, 40))

        shares = given_back(state, chargeback(0, 0, 100, seller_owed=70), Parts(0, 0, 100))

        [debt] = shares.debts
        # Thirty of the seventy were repaid meanwhile: they belong to the balance again.
        assert (debt.owed, debt.from_available) == (40, 60)

    def test_the_money_of_an_order_that_ended_goes_to_its_payer(self) -> None:
        state = contested(refunded(funded()))

        shares = given_back(state, chargeback(100, 0, 0), Parts(100, 0, 0))

        assert shares.from_escrow == 0
        assert [(debt.user_id, debt.from_available) for debt in shares.debts] == [(BUYER, 100)]
