"""What admins do beside deciding about money: people, queues, settings."""

from __future__ import annotations

from dataclasses import dataclass

from kro.bootstrap.auditing import Auditing
from kro.bootstrap.foundation import Foundation
from kro.bootstrap.orders import Orders
from kro.management.domain import QueueReads, UserAdministration, UserDirectory


@dataclass(frozen=True, slots=True)
class Administration:
    users: UserAdministration
    queues: QueueReads

    def services(self) -> dict[str, object]:
        """Return what the routes ask for, by the names they ask with."""
        return {"user_administration": self.users, "queues": self.queues}


def build_administration(base: Foundation, auditing: Auditing, orders: Orders) -> Administration:
    """Join what admins look after."""
    return Administration(
        users=UserAdministration(
            UserDirectory(base.database),
            database=base.database,
            trail=auditing.trail,
            log=auditing.search,
            orders=orders.lists,
            balances=orders.balances,
            clock=base.clock,
            ids=base.ids,
        ),
        queues=QueueReads(base.database),
    )
