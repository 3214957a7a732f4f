from __future__ import annotations

import pytest

from kro.demo import expectations as due
from kro.demo.display import naira
from kro.demo.expectations import Balance, Expectations, WrongFigureError, equal, kobo


class TestTheWorkedExample:
    def test_adds_up(self) -> None:
        assert due.AMOUNT + due.FEE_BUYER + due.VAT_BUYER == due.BUYER_PAYS
        assert due.AMOUNT - due.FEE_SELLER - due.VAT_SELLER == due.SELLER_RECEIVES
        assert due.BUYER_PAYS == due.SELLER_RECEIVES + due.FEE + due.VAT


class TestExpectations:
    def test_one_kobo_is_noticed_and_named(self) -> None:
        expectations = Expectations()
        expectations.move("seller", available=due.SELLER_RECEIVES)

        with pytest.raises(WrongFigureError, match="seller's available must be 14798438 and is 14798437"):
            expectations.judge("seller", Balance(available=due.SELLER_RECEIVES - 1))

    def test_right_figures_pass(self) -> None:
        expectations = Expectations()
        expectations.move("buyer", in_escrow=5)
        expectations.move("buyer", in_escrow=-5, available=3)

        expectations.judge("buyer", Balance(available=3))
        expectations.judge("stranger", Balance())

    @pytest.mark.parametrize("found", [15.0, "15", True, None])
    def test_a_figure_of_another_type_is_wrong(self, found: object) -> None:
        with pytest.raises(WrongFigureError):
            equal("the fee", 15, found)

    @pytest.mark.parametrize("found", [{"amount": 1, "currency": "NGN"}, {"amount": 2, "currency": "GHS"}])
    def test_another_amount_or_currency_is_wrong(self, found: dict[str, object]) -> None:
        with pytest.raises(WrongFigureError, match="the fee"):
            kobo("the fee", 2, found)


@pytest.mark.parametrize(("kobo_amount", "shown"), [(15_201_563, "₦152,015.63"), (5, "₦0.05"), (0, "₦0.00")])
def test_naira(kobo_amount: int, shown: str) -> None:
    assert naira(kobo_amount) == shown
