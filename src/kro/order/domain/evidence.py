"""Evidence: files the parties hand in, stored privately and fingerprinted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, LiteralString
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Outcome, Reply
from kro.core.ids import IdSource
from kro.core.storage import ObjectStore, SignedDownload, SignedUpload, ensure_accepted, inspect, new_object_key
from kro.order.database.orders import OrderRepository
from kro.order.database.reads import OrderReads, StoredEvidence
from kro.order.database.records import Evidence, EvidenceUpload, UploadingState
from kro.order.domain.changes import Context
from kro.order.domain.decide_upload import (
    AnnouncedFile,
    EvidenceRules,
    decide_begin_upload,
    decide_complete_upload,
    decide_expect_file,
    to_complete,
)
from kro.order.domain.errors import EvidenceNotFoundError
from kro.order.domain.evidence_files import EvidenceFiles
from kro.order.domain.kept_links import KeptLinks
from kro.order.domain.party_commands import Ask, found

DIRECT_BYTES: Final = 1_048_576
"""The largest file that is handed in or out in one request; larger ones take the way over signed links."""

RenderEvidence = Callable[[Evidence], Reply]


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes as a client sent them, under the name and kind it gave them."""

    file_name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class BeginUpload:
    """A file that a client is going to upload."""

    file_name: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class EvidenceLink:
    """A piece of evidence and the link to download it."""

    evidence: StoredEvidence
    signed: SignedDownload


class EvidenceService:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        orders: OrderRepository,
        reads: OrderReads,
        store: ObjectStore,
        links: KeptLinks,
        rules: EvidenceRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._orders = orders
        self._reads = reads
        self._store = store
        self._links = links
        self._files = EvidenceFiles(store)
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def add(self, ask: Ask, upload: Upload, *, render: RenderEvidence) -> Reply:
        """Store a file and attach it to the order.

        :raises ContentTypeError: when the bytes are not of an accepted kind or not of the declared one.
        :raises TooManyFilesError: when the order has as many files as it may.
        """
        inspected = inspect(upload.data, declared_content_type=upload.content_type)
        file = AnnouncedFile(
            file_name=upload.file_name,
            content_type=inspected.content_type,
            size_bytes=inspected.size_bytes,
            upload_key=None,
            storage_key=new_object_key(),
        )
        loaded = await self._load(ask, None)
        expected: EvidenceUpload | None = None
        if loaded.answer is None:
            # The row is there before the file: should this process die, the worker finds and removes both.
            expected = await self._expect(ask, loaded.state, file)
            await self._files.keep(expected, upload.data)
        upload_id = None if expected is None else expected.id
        return await self._complete(ask, upload_id, inspected.sha256, render=render)

    async def begin(
        self, ask: Ask, command: BeginUpload, *, render: Callable[[EvidenceUpload, SignedUpload], Reply]
    ) -> Reply:
        """Expect a file and tell the client where to put it; asked again, the place is the same.

        :raises ContentTypeError: when files of this kind are not accepted.
        :raises FileTooLargeError: when it is announced larger than files may be.
        :raises TooManyFilesError: when the order has as many files as it may.
        :raises TooManyUploadsError: when the uploader has begun as many others as one may.
        """
        ensure_accepted(command.content_type)
        upload_key = new_object_key()
        file = AnnouncedFile(
            file_name=command.file_name,
            content_type=command.content_type,
            size_bytes=command.size_bytes,
            upload_key=upload_key,
            storage_key=new_object_key(),
        )
        signed = await self._store.presign_upload(
            key=upload_key,
            content_type=command.content_type,
            size_bytes=command.size_bytes,
            lifetime=self._rules.upload_within,
        )
        kept = self._links.sealed(signed, ask)
        reply = await self._runner.run(
            load=lambda: self._load(ask, None),
            decide=lambda state: decide_begin_upload(found(state), file, rules=self._rules, context=self._context(ask)),
            render=lambda upload: render(upload, kept),
            once=ask.once,
        )
        return self._links.opened(reply, ask)

    async def complete(self, ask: Ask, upload_id: UUID, *, render: RenderEvidence) -> Reply:
        """Check the uploaded file and make it evidence of the order; again, it returns the same evidence.

        :raises UploadNotFoundError: when the caller has begun no such upload for this order.
        :raises UploadNotArrivedError: when there is no file yet.
        :raises UploadExpiredError: when its time is over.
        :raises FileSizeError: when the file is not of the announced size; it is deleted.
        :raises ContentTypeError: when the file is not what it was announced to be; it is deleted.
        """
        loaded = await self._load(ask, upload_id)
        upload = None
        if loaded.answer is None:
            upload = to_complete(found(loaded.state), rules=self._rules, context=self._context(ask))
        inspected = None if upload is None else await self._files.take_over(upload)
        reply = await self._complete(ask, upload_id, inspected.sha256 if inspected else None, render=render)
        if upload is not None and upload.upload_key is not None:
            # The worker looks again later, when nobody can upload to this key any more.
            await self._files.remove((upload.upload_key,))
        return reply

    async def link(self, order_id: UUID, evidence_id: UUID, *, actor: Actor) -> EvidenceLink:
        """Return a short-lived link to a file, to one of the order's parties.

        :raises EvidenceNotFoundError: when it does not exist or belongs to other people's order.
        """
        return await self._link(await self._reads.evidence(order_id, evidence_id, actor=actor))

    async def link_for_admin(
        self, order_id: UUID, evidence_id: UUID, *, admin_id: UUID, visible: LiteralString
    ) -> EvidenceLink:
        """Return a short-lived link to an admin whom ``visible`` lets see the order.

        :raises EvidenceNotFoundError: when it does not exist or the admin may not see it.
        """
        return await self._link(
            await self._reads.evidence_for_admin(order_id, evidence_id, admin_id=admin_id, visible=visible)
        )

    async def read(self, evidence: StoredEvidence) -> bytes:
        """Return the bytes of a file."""
        return await self._store.get(key=evidence.storage_key, max_bytes=evidence.size_bytes)

    async def _link(self, evidence: StoredEvidence | None) -> EvidenceLink:
        if evidence is None:
            raise EvidenceNotFoundError
        signed = await self._store.presign_download(
            key=evidence.storage_key,
            content_type=evidence.content_type,
            file_name=evidence.file_name,
            lifetime=self._rules.download_within,
        )
        return EvidenceLink(evidence, signed)

    async def _expect(self, ask: Ask, state: UploadingState | None, file: AnnouncedFile) -> EvidenceUpload:
        async def loaded() -> UploadingState:
            return found(state)

        def decide(found: UploadingState) -> Outcome[EvidenceUpload]:
            return decide_expect_file(found, file, rules=self._rules, context=self._context(ask))

        return await self._runner.carry_out(load=loaded, decide=decide)

    async def _complete(self, ask: Ask, upload_id: UUID | None, sha256: str | None, *, render: RenderEvidence) -> Reply:
        evidence_id = self._ids.new()

        def decide(state: UploadingState | None) -> Outcome[Evidence]:
            return decide_complete_upload(
                found(state), sha256, evidence_id=evidence_id, rules=self._rules, context=self._context(ask)
            )

        return await self._runner.run(
            load=lambda: self._load(ask, upload_id), decide=decide, render=render, once=ask.once
        )

    async def _load(self, ask: Ask, upload_id: UUID | None) -> Loaded[UploadingState | None]:
        return await self._orders.load_uploading(ask.order_id, upload_id, actor=ask.actor, key=ask.once.key)

    def _context(self, ask: Ask) -> Context:
        return Context(actor=ask.actor, now=self._clock.now(), ids=self._ids)
