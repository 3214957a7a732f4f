"""Live events: what is told and asked over the sockets, and how the socket server asks the rest of the program."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from kro.bootstrap.foundation import Foundation
from kro.bootstrap.identity import Identity
from kro.bootstrap.orders import Orders
from kro.core.actor import ActorKind
from kro.core.auth.permissions import Permission
from kro.core.config import AppSettings
from kro.core.notifications import live as inbox
from kro.core.outbox import Envelope, Handler
from kro.core.realtime import (
    Door,
    PostgresRealtimeBus,
    RealtimeBus,
    RealtimeOptions,
    RealtimeServer,
    Signal,
    SocketAccess,
    Surface,
    ended_among,
)
from kro.core.scheduler import Step
from kro.management.controller import sockets as management
from kro.management.database.queues import Queue, QueueReads
from kro.management.domain.queues import READERS, QueueWatch
from kro.order.controller import sockets as orders_live
from kro.payment.controller import sockets as payments
from kro.refund.controller import sockets as refunds

_LOOK_SECONDS: Final = 3.0

USERS: Final = Surface(
    path="socket.io",
    kind=ActorKind.USER,
    summary="Buyers and sellers, with a user's access token. Events of your own come without asking.",
    events=(*orders_live.EVENTS, *payments.EVENTS, *refunds.EVENTS, *inbox.EVENTS),
    requests=(orders_live.JOIN, orders_live.SYNC),
)
ADMINS: Final = Surface(
    path="v1/admin/socket.io",
    kind=ActorKind.ADMIN,
    summary="Admins, with an admin's access token. Events come by role, and of orders that are watched.",
    events=(*management.EVENTS, orders_live.EVENTS[0]),
    requests=(management.QUEUES, orders_live.WATCH, orders_live.LEAVE),
)
SURFACES: Final = (USERS, ADMINS)


def build_bus(base: Foundation) -> RealtimeBus:
    """Make the bus: Redis or Valkey where one is configured, the database itself where none is."""
    if base.settings.redis.url is not None:
        from kro.core.realtime.redis import RedisRealtimeBus  # noqa: PLC0415 - most installations do without it

        return RedisRealtimeBus(base.settings.redis.url.get_secret_value())
    return PostgresRealtimeBus(database=base.database, options=base.pool_options)


def build_realtime(base: Foundation, identity: Identity, orders: Orders, bus: RealtimeBus) -> RealtimeServer:
    """Make the socket server, which asks the same repositories and rules as HTTP does."""
    users = SocketAccess(base.database, identity.user_tokens)
    admins = SocketAccess(base.database, identity.admin_tokens)
    parties = orders_live.PartySockets(orders.reads)
    watching = orders_live.AdminSockets(orders.admin_orders, permission=Permission.ORDERS_READ)
    queues = management.QueueSockets(QueueReads(base.database))
    app, live = base.settings.app, base.settings.realtime
    admin_origins = app.allowed_origins if app.admin_origins is None else app.admin_origins
    return RealtimeServer(
        bus=bus,
        doors=(
            Door(USERS, users.authenticate, parties.handlers, allowed_origins=_pages(app, app.allowed_origins)),
            Door(
                ADMINS,
                admins.authenticate,
                {**watching.handlers, **queues.handlers},
                allowed_origins=_pages(app, admin_origins),
            ),
        ),
        ended_among=partial(ended_among, base.database),
        clock=base.clock,
        options=RealtimeOptions(
            long_polling=live.long_polling,
            ping_seconds=live.ping_seconds,
            ping_timeout_seconds=live.ping_timeout_seconds,
            connections_per_person=live.connections_per_person,
            connections_per_network=live.connections_per_network,
            queued_packets=live.queued_packets,
            recheck_seconds=live.recheck_seconds,
        ),
    )


def _pages(app: AppSettings, origins: tuple[str, ...]) -> tuple[str, ...]:
    return (app.public_base_url, *origins) if origins else ()


def live_steps(base: Foundation, bus: RealtimeBus) -> Sequence[Step]:
    """Return what the worker repeats so that admins hear of their queues."""

    async def tell(queue: Queue, waiting: int) -> None:
        data = {"queue": queue, "waiting": waiting}
        await bus.publish(Signal(users=(), event="queue.changed", data=data, permission=READERS[queue]))

    watch = QueueWatch(QueueReads(base.database), tell=tell, clock=base.clock)
    return (Step("realtime.queues", _LOOK_SECONDS, watch.look, alone=True),)


def told_live(bus: RealtimeBus, handle: Handler) -> Handler:
    """Tell admins who are connected of an alarm before it is handled as ever; hearing twice of one does no harm."""

    async def tell(envelope: Envelope) -> None:
        data = {"kind": str(envelope.payload["kind"]), "subject": str(envelope.payload["subject"])}
        await bus.publish(Signal(users=(), event="alarm.raised", data=data, permission=Permission.EXCEPTIONS_READ))
        await handle(envelope)

    return tell
