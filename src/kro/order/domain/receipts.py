"""Money that arrives for an order funds it in the same write that credits its payer."""

from __future__ import annotations

from datetime import datetime

from kro.core.actor import SYSTEM
from kro.core.decisions import Decision
from kro.core.ids import IdSource
from kro.order.database.orders import OrderRepository
from kro.order.database.records import OrderState
from kro.order.domain.changes import Context
from kro.order.domain.decide_fund import decide_receipt
from kro.payment.domain import Receipt


class OrderReceipts:
    """Listens to receipts on behalf of orders; see :class:`kro.payment.domain.ReceiptListener`."""

    def __init__(self, *, orders: OrderRepository, ids: IdSource) -> None:
        self._orders = orders
        self._ids = ids

    async def load(self, receipt: Receipt) -> OrderState | None:
        """Return the order the receipt was meant for, if it was meant for one."""
        return await self._orders.load_for_system(receipt.order_id) if receipt.order_id else None

    def decide(self, state: OrderState | None, receipt: Receipt, *, now: datetime) -> Decision:
        """Return what the receipt changes on its order."""
        if state is None or receipt.user_id != state.order.buyer_id:
            return Decision()
        return decide_receipt(state, receipt.amount, context=Context(actor=SYSTEM, now=now, ids=self._ids))
