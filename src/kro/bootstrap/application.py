"""The whole program, joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import FastAPI

from kro.bootstrap.effects import build_bus, build_handlers, build_realtime, build_steps
from kro.bootstrap.foundation import Foundation, lay_foundation
from kro.bootstrap.identity import Identity, build_identity
from kro.bootstrap.orders import Orders, build_orders
from kro.bootstrap.payments import (
    Collecting,
    Listening,
    PayingOut,
    build_collecting,
    build_listening,
    build_paying_out,
)
from kro.bootstrap.providers import Providers, choose_providers
from kro.core.auth.passwords import PasswordHasher
from kro.core.clock import Clock
from kro.core.config import Settings
from kro.core.database.invariants import Invariants
from kro.core.database.pool import Database
from kro.core.http import CursorSigner
from kro.core.outbox import DeadLetters, Handler
from kro.core.realtime import RealtimeServer
from kro.core.scheduler import Step
from kro.kro_balance.domain import LEDGER_INVARIANTS
from kro.management.domain import Seeding
from kro.order.domain import ORDER_INVARIANTS, OrderReceipts, OrderRepository
from kro.refund.database.refunds import RefundRepository
from kro.refund.domain import RefundReads


@dataclass(frozen=True, slots=True)
class Application:
    """Every service, built and joined; :meth:`open` before use, :meth:`close` after."""

    base: Foundation
    identity: Identity
    orders: Orders
    collecting: Collecting
    paying_out: PayingOut
    listening: Listening
    realtime: RealtimeServer
    outbox_handlers: Mapping[str, Handler]
    steps: Sequence[Step]

    @property
    def settings(self) -> Settings:
        return self.base.settings

    @property
    def database(self) -> Database:
        return self.base.database

    @property
    def clock(self) -> Clock:
        return self.base.clock

    @property
    def seeding(self) -> Seeding:
        return self.identity.seeding

    async def fire_timer(self, order_id: UUID, kind: str) -> None:
        """Act on a due timer of an order."""
        await self.orders.timeouts.fire(order_id=order_id, kind=kind)

    async def open(self) -> None:
        """Connect to the database.

        :raises OSError: when it is not reachable.
        """
        await self.base.database.open()

    async def close(self) -> None:
        """Finish running statements and let go of every connection."""
        await self.base.database.close()

    def install(self, app: FastAPI) -> None:
        """Hand every service to the routes under its name."""
        base, identity, orders = self.base, self.identity, self.orders
        services = {
            "settings": base.settings,
            "database": base.database,
            "clock": base.clock,
            "ids": base.ids,
            "cursors": CursorSigner(base.settings.security.cursor_key.get_secret_value()),
            "user_tokens": identity.user_tokens,
            "admin_tokens": identity.admin_tokens,
            "accounts": identity.accounts,
            "admin_access": identity.admin_access,
            "bank_accounts": identity.bank_accounts,
            "verification": identity.verification,
            "fees": orders.quotes,
            "balances": orders.balances,
            "orders": orders.service,
            "order_repository": orders.repository,
            "order_reads": orders.reads,
            "evidence": orders.evidence,
            "payments": self.collecting.reads,
            "payouts": self.paying_out.payouts,
            "payout_reads": self.paying_out.reads,
            "admin_payouts": self.paying_out.admin_reads,
            "webhooks": self.listening.intake,
            "webhook_admin": self.listening.webhook_admin,
            "dead_letters": DeadLetters(base.database, base.ids),
            "refunds": RefundReads(RefundRepository(base.database)),
            "realtime": self.realtime,
            "reconciliation": Invariants(base.database, {**LEDGER_INVARIANTS, **ORDER_INVARIANTS}),
            "payout_requests": identity.payout_requests,
        }
        for name, service in services.items():
            setattr(app.state, name, service)


def build(
    settings: Settings,
    *,
    providers: Providers | None = None,
    clock: Clock | None = None,
    hasher: PasswordHasher | None = None,
) -> Application:
    """Join the program; nothing is opened yet. Tests bring their own outside world, time and cheaper hashes."""
    base = lay_foundation(settings, clock=clock)
    outside = providers or choose_providers(settings)
    identity = build_identity(base, outside, hasher=hasher or PasswordHasher())
    orders_hear = OrderReceipts(orders=OrderRepository(base.database), ids=base.ids)
    collecting = build_collecting(base, outside, listeners=(orders_hear,))
    paying_out = build_paying_out(base, outside)
    listening = build_listening(base, outside, collecting, paying_out)
    orders = build_orders(base, outside, collecting)
    bus = build_bus(base)
    return Application(
        base=base,
        identity=identity,
        orders=orders,
        collecting=collecting,
        paying_out=paying_out,
        listening=listening,
        realtime=build_realtime(base, identity, orders, bus),
        outbox_handlers=build_handlers(base, outside, collecting, paying_out, bus),
        steps=build_steps(base, listening),
    )
