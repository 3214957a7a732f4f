"""What a stranger is told about an order whose code they hold, signed."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.encryption import BlindIndex, PageSigner
from kro.core.errors import ErrorKind, KroError
from kro.core.ids import show_id
from kro.core.rate_limit import Limit, RateLimiter
from kro.core.rate_limit.limiter import network_of
from kro.order.database.order_codes import OrderCodeRepository, PublicOrder
from kro.order.database.words import OrderStatus
from kro.order.domain.errors import OrderNotFoundError
from kro.order.domain.screening import screen
from kro.order.domain.verification_code import code_of, read_code, show_code

_LOOKS: Final = Limit("public_orders", quota=30, window_seconds=60)
_LOOKS_DAILY: Final = Limit("public_orders_day", quota=1_000, window_seconds=86_400)
_CONTEXT: Final = "order_codes.code"

_PROPOSED: Final = "proposed"
_CONTESTED: Final = "contested"
_NOT_CONCLUDED: Final = "ended_without_payment"
PUBLIC_STATUS: Final[dict[OrderStatus, str]] = {
    OrderStatus.CREATED: _PROPOSED,
    OrderStatus.ACCEPTED: "agreed",
    OrderStatus.IN_PROGRESS: "paid_into_escrow",
    OrderStatus.COMPLETED: "delivered",
    OrderStatus.CLOSED: "concluded",
    OrderStatus.ISSUE_REPORTED: _CONTESTED,
    OrderStatus.DISPUTED: _CONTESTED,
    OrderStatus.REFUNDED: "paid_back",
    OrderStatus.DECLINED: _NOT_CONCLUDED,
    OrderStatus.CANCELLED: _NOT_CONCLUDED,
    OrderStatus.EXPIRED: _NOT_CONCLUDED,
}
"""What outsiders need to know of a status, in words that mean something to them."""


class NotGenuineError(KroError):
    """No order has this code."""

    kind = ErrorKind.NOT_FOUND
    code = "order_not_genuine"


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """``text`` is the JSON that was signed, byte for byte; ``facts`` are the same, read."""

    code: str
    facts: dict[str, Any]
    text: str
    key_id: str
    signature: str


class PublicOrders:
    def __init__(
        self,
        codes: OrderCodeRepository,
        *,
        key: bytes,
        index: BlindIndex,
        signer: PageSigner,
        limiter: RateLimiter,
        clock: Clock,
    ) -> None:
        self._codes = codes
        self._key = key
        self._index = index
        self._limiter = limiter
        self._clock = clock
        self.signer = signer

    async def code(self, order_id: UUID, *, actor: Actor) -> str:
        """Return the code of an order to one of its parties; from then on it can be asked for.

        :raises OrderNotFoundError: when it is not the actor's order.
        """
        code = code_of(order_id, key=self._key)
        if not await self._codes.keep(order_id, self._digest(code), actor=actor):
            raise OrderNotFoundError
        return show_code(code)

    async def look(self, text: str, *, ip: str | None) -> SignedOrder:
        """Tell a stranger about the order with a code.

        :raises RateLimitedError: after 30 codes in a minute or 1,000 in a day from one network, right or wrong.
        :raises NotGenuineError: when there is none.
        """
        network = network_of(ip)
        await self._limiter.hit((_LOOKS, network), (_LOOKS_DAILY, network))
        code = read_code(text)
        order = await self._codes.find(self._digest(code)) if code is not None else None
        if code is None or order is None or not hmac.compare_digest(code, code_of(order.id, key=self._key)):
            raise NotGenuineError
        return self._sign(code, order)

    def _sign(self, code: str, order: PublicOrder) -> SignedOrder:
        facts = {
            "order_code": show_id("ord", order.id)[-6:].upper(),
            "title": screen(order.title).shown,
            "amount": order.amount,
            "currency": order.currency,
            "status": PUBLIC_STATUS[order.status],
            "buyer": order.buyer_name,
            "seller": order.seller_name,
            "created_on": order.created_at.date(),
            "verified_at": self._clock.now(),
        }
        text = orjson.dumps(facts, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
        return SignedOrder(
            code=show_code(code),
            facts=orjson.loads(text),
            text=text.decode(),
            key_id=self.signer.key_id,
            signature=self.signer.sign(text),
        )

    def _digest(self, code: str) -> str:
        return self._index.of(code, context=_CONTEXT)
