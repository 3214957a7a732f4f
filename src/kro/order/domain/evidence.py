"""Evidence: files the parties hand in, stored privately and fingerprinted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Outcome, Reply
from kro.core.ids import IdSource
from kro.core.storage import ObjectStore, inspect, new_object_key
from kro.order.database.orders import OrderRepository
from kro.order.database.reads import OrderReads
from kro.order.database.records import Evidence, OrderState
from kro.order.database.words import Command
from kro.order.domain.changes import Context
from kro.order.domain.decide_evidence import NewEvidence, decide_add_evidence
from kro.order.domain.errors import EvidenceNotFoundError, OrderNotFoundError
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.service import Ask

_LARGEST: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes as a client sent them, under the name and kind it gave them."""

    file_name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Download:
    file_name: str
    content_type: str
    data: bytes


class EvidenceService:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        orders: OrderRepository,
        reads: OrderReads,
        store: ObjectStore,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._orders = orders
        self._reads = reads
        self._store = store
        self._clock = clock
        self._ids = ids

    async def add(self, ask: Ask, upload: Upload, *, render: Callable[[Evidence], Reply]) -> Reply:
        """Store a file and attach it to the order.

        The file is stored before the row that names it: a crash in between leaves a file nobody refers to, never a
        row without its file.

        :raises ContentTypeError: when the bytes are not of an accepted kind or not of the declared one.
        """
        inspected = inspect(upload.data, declared_content_type=upload.content_type)
        loaded = await self._orders.load(ask.order_id, actor=ask.actor, key=ask.once.key)
        if loaded.answer is None:
            ensure_allowed(_found(loaded.state).order, Command.ADD_EVIDENCE, _found(loaded.state).viewer)
        evidence = NewEvidence(
            id=self._ids.new(),
            file_name=upload.file_name,
            content_type=inspected.content_type,
            size_bytes=inspected.size_bytes,
            sha256=inspected.sha256,
            storage_key=new_object_key(),
        )
        if loaded.answer is None:
            await self._store.put(key=evidence.storage_key, data=upload.data, content_type=evidence.content_type)

        def decide(state: OrderState | None) -> Outcome[Evidence]:
            context = Context(actor=ask.actor, now=self._clock.now(), ids=self._ids)
            return decide_add_evidence(_found(state), evidence, context=context)

        return await self._runner.run(
            load=lambda: self._orders.load(ask.order_id, actor=ask.actor, key=ask.once.key),
            decide=decide,
            render=render,
            once=ask.once,
        )

    async def read(self, order_id: UUID, evidence_id: UUID, *, actor: Actor) -> Download:
        """Return a file to one of the order's parties.

        :raises EvidenceNotFoundError: when it does not exist or belongs to other people's order.
        """
        stored = await self._reads.evidence(order_id, evidence_id, actor=actor)
        if stored is None:
            raise EvidenceNotFoundError
        data = await self._store.get(key=stored.storage_key, max_bytes=_LARGEST)
        return Download(stored.file_name, stored.content_type, data)


def _found(state: OrderState | None) -> OrderState:
    if state is None:
        raise OrderNotFoundError
    return state
