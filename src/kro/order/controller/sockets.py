"""What is told and asked about orders over the sockets. The handlers ask the repositories that HTTP asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field

from kro.core.actor import Actor
from kro.core.ids import read_id, show_id
from kro.core.realtime.contract import Accepted, Handle, LiveEvent, LiveRequest, Reply, SocketInput
from kro.core.realtime.sessions import Client
from kro.order.controller.messages import MessageRead
from kro.order.controller.views import EventRead
from kro.order.domain import AdminOrders, EventType, OrderNotFoundError, OrderReads, event_item

_PAGE: Final = 100
_ID: Final = Field(max_length=64, examples=["ord_01kajz7k3nf9b8r2m4q6s8t0vw"])


class OrderEventRead(EventRead):
    """A fact about an order. `data` says what else is known of it: the new `status`, what money `moved`, and so on."""

    seq: int = Field(description="Counts up by one within an order: a hole means that something was missed.")
    type: EventType
    data: dict[str, Any] = Field(
        description="`status` when it changed, `moved` with `funded`, `released` and `refunded` in minor units when "
        "money did, and the facts of the type; what is not known is not there."
    )


class OrderInput(SocketInput):
    id: str = _ID


class SyncInput(OrderInput):
    after_seq: int = Field(ge=0, le=2**31 - 1, description="The newest `seq` that is known; 0 for none.")


class Joined(Accepted):
    last_seq: int = Field(description="The order's newest `seq`: sync when yours is smaller.")


class Synced(Accepted):
    events: list[OrderEventRead] = Field(description=f"At most {_PAGE}, oldest first.")
    has_more: bool = Field(description="Whether to sync again with the newest `seq` of these.")


EVENTS: Final = (
    LiveEvent(
        "order.event",
        OrderEventRead,
        "Something happened to an order of yours.",
        may_be_partial=True,
        watched_by="order_id",
    ),
    LiveEvent(
        "order.message", MessageRead, "Somebody wrote in an order's thread, or took it back.", may_be_partial=True
    ),
)
JOIN: Final = LiveRequest(
    "order:join", OrderInput, Joined, "Ask where an order of yours stands. Its events come without asking."
)
SYNC: Final = LiveRequest("order:sync", SyncInput, Synced, "Read the events of an order after a `seq`.")
WATCH: Final = LiveRequest(
    "order:join", OrderInput, Joined, "Hear the events of an order from now on. The look is on record."
)
LEAVE: Final = LiveRequest("order:leave", OrderInput, Accepted, "Hear of an order no more.")


@dataclass(frozen=True, slots=True)
class PartySockets:
    """What the parties of orders may ask."""

    reads: OrderReads

    @property
    def handlers(self) -> Mapping[str, Handle]:
        return {JOIN.name: self.join, SYNC.name: self.sync}

    async def join(self, client: Client, sent: OrderInput) -> Reply:
        """Return an order's newest sequence number to one of its parties.

        :raises OrderNotFoundError: for anybody else.
        """
        last_seq = await self.reads.last_seq(read_id("ord", sent.id), user_id=client.id)
        if last_seq is None:
            raise OrderNotFoundError
        return Reply(Joined(last_seq=last_seq))

    async def sync(self, client: Client, sent: SyncInput) -> Reply:
        """Return what one of the parties missed.

        :raises OrderNotFoundError: for anybody else.
        """
        order_id = read_id("ord", sent.id)
        found = await self.reads.missed(order_id, user_id=client.id, after=sent.after_seq, limit=_PAGE + 1)
        if found is None:
            raise OrderNotFoundError
        events = [OrderEventRead.model_validate(event_item(event)) for event in found[:_PAGE]]
        return Reply(Synced(events=events, has_more=len(found) > _PAGE))


@dataclass(frozen=True, slots=True)
class AdminSockets:
    """What admins may ask about orders."""

    orders: AdminOrders
    permission: str

    @property
    def handlers(self) -> Mapping[str, Handle]:
        return {WATCH.name: self.watch, LEAVE.name: self.leave}

    async def watch(self, client: Client, sent: OrderInput) -> Reply:
        """Let an admin who may read orders hear of one; as over HTTP, the look leaves a trace.

        :raises PermissionDeniedError: for admins who may not.
        :raises OrderNotFoundError: when there is no such order.
        """
        client.ensure_permitted(self.permission)
        actor = Actor(kind=client.kind, id=client.id, session_id=client.session_id)
        opened = await self.orders.open(read_id("ord", sent.id), actor=actor)
        if opened is None:
            raise OrderNotFoundError
        order = opened.state.order
        return Reply(Joined(last_seq=order.last_seq), watch=show_id("ord", order.id))

    async def leave(self, _: Client, sent: OrderInput) -> Reply:
        """Stop telling an admin of an order, whether it was watched or not."""
        return Reply(Accepted(), unwatch=show_id("ord", read_id("ord", sent.id)))
