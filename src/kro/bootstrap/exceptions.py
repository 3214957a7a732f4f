"""What takes two persons: corrections by hand, goodwill, debts given up, unmatched money."""

from __future__ import annotations

from dataclasses import dataclass

from kro.bootstrap.foundation import Foundation
from kro.bootstrap.order_rules import dispute_rules
from kro.bootstrap.orders import Orders
from kro.bootstrap.providers import Providers
from kro.bootstrap.reconciliation import statement_accounts
from kro.kro_balance.domain import LedgerReads, OpeningReads
from kro.management.database.sanctions import SanctionRepository
from kro.management.domain import (
    AdjustmentEffect,
    AdjustmentStore,
    DisputeDecisionEffect,
    GoodwillEffect,
    HoldLiftEffect,
    OpeningTransferEffect,
    ProposalRepository,
    ProposalService,
    ReversalEffect,
    SuspenseCreditEffect,
    SuspenseReturnEffect,
    WriteOffEffect,
)
from kro.management.domain.freeze_effects import FreezeLiftEffect
from kro.payment.domain import SuspenseRepository, SuspenseService
from kro.refund.domain import ReceivableRepository


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Money that needs people."""

    suspense: SuspenseService
    proposals: ProposalService


def build_exceptions(base: Foundation, providers: Providers, orders: Orders) -> Exceptions:
    """Join unmatched money with the proposals that end what no rule, and no single person, can."""
    items = SuspenseRepository(base.database)
    return Exceptions(
        suspense=SuspenseService(
            runner=base.runner,
            items=items,
            providers=providers.payments,
            clock=base.clock,
            ids=base.ids,
        ),
        proposals=ProposalService(
            runner=base.runner,
            proposals=ProposalRepository(base.database),
            effects=(
                AdjustmentEffect(AdjustmentStore(base.database)),
                GoodwillEffect(),
                ReversalEffect(LedgerReads(base.database)),
                WriteOffEffect(ReceivableRepository(base.database)),
                SuspenseCreditEffect(items),
                SuspenseReturnEffect(items),
                OpeningTransferEffect(OpeningReads(base.database), statement_accounts(base, providers)),
                DisputeDecisionEffect(orders.for_admins, dispute_rules(base)),
                HoldLiftEffect(orders.for_admins),
                FreezeLiftEffect(SanctionRepository(base.database)),
            ),
            two_factor=base.two_factor,
            clock=base.clock,
            ids=base.ids,
        ),
    )
