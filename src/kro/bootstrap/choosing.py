"""The choice between providers: what each may do, costs and lately did."""

from __future__ import annotations

from dataclasses import dataclass

from kro.bootstrap.foundation import Foundation
from kro.bootstrap.providers import Providers
from kro.core.config import PriceSettings, ProviderPrices, Settings
from kro.payment.database.provider_switches import SwitchRepository
from kro.payment.domain import Direction, Price, Prices, ProviderBoard, ProviderSwitches


@dataclass(frozen=True, slots=True)
class Choosing:
    board: ProviderBoard
    switches: ProviderSwitches


def build_choosing(base: Foundation, providers: Providers) -> Choosing:
    """Join what says which provider takes a payment or a payout."""
    switches = SwitchRepository(base.database)
    board = ProviderBoard(
        providers=providers.payments,
        switches=switches,
        calls=base.call_log,
        prices=_prices(base.settings),
        clock=base.clock,
    )
    return Choosing(
        board=board,
        switches=ProviderSwitches(runner=base.runner, switches=switches, board=board, clock=base.clock, ids=base.ids),
    )


def _prices(settings: Settings) -> Prices:
    configured = {
        "paystack": settings.paystack.prices,
        "fincra": settings.fincra.prices,
        "providus": settings.providus.prices if settings.providus is not None else ProviderPrices(),
    }
    return {
        name: {Direction.COLLECTIONS: _price(prices.collection), Direction.PAYOUTS: _price(prices.payout)}
        for name, prices in configured.items()
    }


def _price(settings: PriceSettings) -> Price:
    return Price(
        bps=settings.bps,
        flat_minor=settings.flat_minor,
        flat_from_minor=settings.flat_from_minor,
        cap_minor=settings.cap_minor,
    )
