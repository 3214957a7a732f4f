"""T16 as services: the buyer's code, the seller who enters it, and the rider who has no account."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.actor import SYSTEM, Actor
from kro.core.auth.randomness import Randomness
from kro.core.clock import Clock
from kro.core.decisions import Decision, DecisionRunner, Loaded, Outcome, Reply
from kro.core.ids import IdSource, show_id
from kro.core.rate_limit import Limit, RateLimiter, network_of
from kro.order.database.handover import HandoverRepository
from kro.order.database.handover_records import LinkState, RiderLink
from kro.order.database.orders import OrderRepository
from kro.order.database.records import OrderState
from kro.order.database.words import Command, ConditionKind, ConditionStatus
from kro.order.domain import decide_handover
from kro.order.domain.changes import Context
from kro.order.domain.handover_codes import MAX_TRIES, HandoverCodes
from kro.order.domain.handover_errors import (
    HandoverCodeLockedError,
    RiderLinkEndedError,
    WrongHandoverCodeError,
)
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.party_commands import Ask, RenderOrder, found
from kro.order.domain.rules import OrderRules
from kro.verification.domain import SHUT, Gate, StepUp, StepUpClaim

RENEWALS: Final = Limit("handover_renewals", quota=10, window_seconds=86_400)
"""Five tries on each code: a seller who guesses has fifty in a day, of a million."""
_RIDERS_BY_NETWORK: Final = Limit("handover_network", quota=60, window_seconds=600)
_RIDERS_BY_LINK: Final = Limit("handover_link", quota=20, window_seconds=600)
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code as its buyer sees it, once: ``code`` and ``url`` are ``None`` where the same request is answered again."""

    order_id: UUID
    condition_id: UUID
    tries_left: int
    code: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A rider's link as its seller sees it; ``url`` is shown once."""

    id: UUID
    order_id: UUID
    expires_at: datetime
    url: str | None


RenderCode = Callable[[ShownCode], Reply]
RenderLink = Callable[[ShownLink], Reply]


class HandoverService:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        orders: OrderRepository,
        handovers: HandoverRepository,
        codes: HandoverCodes,
        randomness: Randomness,
        limiter: RateLimiter,
        rules: OrderRules,
        step_up: StepUp,
        app_url: str,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._orders = orders
        self._handovers = handovers
        self._codes = codes
        self._randomness = randomness
        self._limiter = limiter
        self._rules = rules
        self._step_up = step_up
        self._app_url = app_url
        self._clock = clock
        self._ids = ids

    async def renew(self, ask: Ask, *, claim: StepUpClaim | None = None, render: RenderCode) -> Reply:
        """Give the buyer a new code, by SMS too. The answer that is kept for a repeat is without the code.

        A code that releases more than the threshold takes a proof.

        :raises RateLimitedError: when the order had too many today.
        :raises NoHandoverCodeError: when the terms have none, or it was entered.
        """
        proving = self._step_up.proving(actor=ask.actor, claim=claim)

        def decide(state: OrderState | None, gate: Gate) -> Outcome[decide_handover.RenewedCode]:
            context = self._context(ask.actor, gate)
            return decide_handover.decide_renew_code(found(state), self._codes.draw, context=context)

        async def load() -> Loaded[OrderState | None]:
            loaded = await self._load(ask)
            if loaded.answer is None:
                await proving.look(lambda gate: decide(loaded.state, gate))
            return loaded

        loaded = await load()
        if loaded.answer is None:
            state = found(loaded.state)
            ensure_allowed(state, Command.RENEW_HANDOVER_CODE, state.viewer)
            decide_handover.open_code(state)
            await self._limiter.hit((RENEWALS, str(ask.order_id)))
        shown: list[ShownCode] = []

        def render_without(renewed: decide_handover.RenewedCode) -> Reply:
            url = f"{self._app_url}/handover/{show_id('ord', ask.order_id)}#code={renewed.drawn.code}"
            shown[:] = [ShownCode(ask.order_id, renewed.condition.id, MAX_TRIES, renewed.drawn.code, url)]
            return render(replace(shown[0], code=None, url=None))

        reply = await self._runner.run(
            load=load,
            decide=lambda state: decide(state, proving.gate),
            render=render_without,
            once=ask.once,
        )
        return reply if reply.replayed else render(shown[0])

    async def enter(self, ask: Ask, code: str, *, render: RenderOrder) -> Reply:
        """Take the code from the seller (T16). A try is counted before the code is looked at.

        :raises WrongHandoverCodeError: when it is wrong; it says how many tries are left.
        :raises HandoverCodeLockedError: when it was tried too often.
        :raises NoHandoverCodeError: when there is no code.
        """
        loaded = await self._load(ask)
        proven = ""
        if loaded.answer is None:
            proven = await self._prove(
                found(loaded.state), code, load=lambda: self._view(ask), context=self._context(ask.actor)
            )
        return await self._runner.run(
            load=lambda: self._load(ask),
            decide=lambda state: decide_handover.decide_enter_code(
                found(state), proven, context=self._context(ask.actor)
            ),
            render=render,
            once=ask.once,
        )

    async def enter_as_rider(self, token: str, code: str, *, ip: str | None) -> None:
        """Take the code from whoever holds the seller's link; once it was entered, again is as good as the first time.

        :raises RateLimitedError: when the network or the link was used too often.
        :raises RiderLinkEndedError: when the link is unknown, has ended or was taken back, or the seller may not act.
        :raises WrongHandoverCodeError: when the code is wrong.
        """
        link = hash_of(token)
        await self._limiter.hit((_RIDERS_BY_NETWORK, network_of(ip)), (_RIDERS_BY_LINK, link))

        async def load() -> OrderState | None:
            # Each time anew, as the standing of a user who acts: the link may end between the look and the act.
            order_id = await self._handovers.order_of_link(link, at=self._clock.now())
            if order_id is None:
                raise RiderLinkEndedError
            return await self._orders.load_for_system(order_id)

        state = found(await load())
        if _is_handed_over(state):
            return
        proven = await self._prove(state, code, load=load, context=self._context(SYSTEM))

        def decide(now: OrderState | None) -> Outcome[None]:
            if _is_handed_over(found(now)):
                return Outcome(Decision(), None)
            outcome = decide_handover.decide_enter_code(found(now), proven, context=self._context(SYSTEM))
            return Outcome(outcome.decision, None)

        await self._runner.carry_out(load=load, decide=decide)

    async def make_link(self, ask: Ask, *, render: RenderLink) -> Reply:
        """Make a link for the seller's rider; the answer that is kept for a repeat is without its address."""
        token = base64.urlsafe_b64encode(self._randomness.token(_TOKEN_BYTES)).decode().rstrip("=")
        shown: list[ShownLink] = []

        def render_without(link: RiderLink) -> Reply:
            # What follows the # never leaves the rider's browser but in the request that enters the code.
            shown[:] = [ShownLink(link.id, link.order_id, link.expires_at, f"{self._app_url}/handover#rider={token}")]
            return render(replace(shown[0], url=None))

        reply = await self._runner.run(
            load=lambda: self._load_link(ask),
            decide=lambda state: decide_handover.decide_make_link(
                found(state), hash_of(token), rules=self._rules, context=self._context(ask.actor)
            ),
            render=render_without,
            once=ask.once,
        )
        return reply if reply.replayed else render(shown[0])

    async def revoke_link(self, ask: Ask, *, render: RenderOrder) -> Reply:
        """Take the rider's link back."""
        return await self._runner.run(
            load=lambda: self._load_link(ask),
            decide=lambda state: decide_handover.decide_revoke_link(found(state), context=self._context(ask.actor)),
            render=render,
            once=ask.once,
        )

    async def _prove(self, state: OrderState, code: str, *, load: decide_handover.Reload, context: Context) -> str:
        decide_handover.ensure_enterable(state)
        tried = await self._handovers.count_try(state.order.id, max_tries=MAX_TRIES)
        if tried is None:
            raise HandoverCodeLockedError
        if self._codes.is_right(code, mac=tried.mac, condition_id=tried.condition_id):
            return tried.mac
        left = MAX_TRIES - tried.tries
        await self._runner.carry_out(
            load=load, decide=lambda now: decide_handover.decide_wrong_code(found(now), left, context=context)
        )
        raise WrongHandoverCodeError(left)

    async def _load(self, ask: Ask) -> Loaded[OrderState | None]:
        return await self._orders.load(ask.order_id, actor=ask.actor, key=ask.once.key)

    async def _view(self, ask: Ask) -> OrderState | None:
        return await self._orders.view(ask.order_id, actor=ask.actor)

    async def _load_link(self, ask: Ask) -> Loaded[LinkState | None]:
        return await self._handovers.load_link(ask.order_id, actor=ask.actor, key=ask.once.key)

    def _context(self, actor: Actor, gate: Gate = SHUT) -> Context:
        return Context(actor=actor, now=self._clock.now(), ids=self._ids, gate=gate)


def hash_of(token: str) -> str:
    """Return the SHA-256 (hex) a link's token is kept as; 256 random bits need no key."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _is_handed_over(state: OrderState) -> bool:
    return any(
        condition.kind is ConditionKind.DELIVERY_CODE and condition.status is ConditionStatus.FULFILLED
        for condition in state.conditions
    )
