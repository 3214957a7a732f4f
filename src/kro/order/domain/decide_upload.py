"""T13 in two steps: a party announces a file, uploads it, and completes it; only then is it evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from kro.core.decisions import Decision, Insert, Outcome, Update
from kro.order.database.records import Evidence, EvidenceUpload, HeldSlot, UploadingState
from kro.order.database.words import Command, UploadStatus
from kro.order.domain.changes import Context, as_row
from kro.order.domain.decide_evidence import NewEvidence, decide_add_evidence
from kro.order.domain.errors import (
    FileTooLargeError,
    TooManyFilesError,
    TooManyUploadsError,
    UploadExpiredError,
    UploadNotFoundError,
)
from kro.order.domain.lifecycle import ensure_allowed


@dataclass(frozen=True, slots=True)
class EvidenceRules:
    """How large and how many files may be, and how long each step of an upload may take."""

    max_bytes: int
    files_per_order: int
    pending_per_user: int
    upload_within: timedelta
    complete_within: timedelta
    download_within: timedelta


@dataclass(frozen=True, slots=True)
class AnnouncedFile:
    """A file as its uploader describes it; the keys are where it will be."""

    file_name: str
    content_type: str
    size_bytes: int
    upload_key: str | None
    storage_key: str


def decide_begin_upload(
    state: UploadingState, file: AnnouncedFile, *, rules: EvidenceRules, context: Context
) -> Outcome[EvidenceUpload]:
    """Expect a file, for which the uploader takes one of a few slots.

    :raises FileTooLargeError: when it is announced larger than files may be.
    :raises TooManyFilesError: when the order has as many files as it may.
    :raises TooManyUploadsError: when the uploader has begun as many others as one may.
    """
    if file.size_bytes > rules.max_bytes:
        raise FileTooLargeError(rules.max_bytes)
    upload = _expected(state, file, rules=rules, context=context)
    held = {held.slot: held for held in state.slots}
    free = [
        slot
        for slot in range(1, rules.pending_per_user + 1)
        if slot not in held or held[slot].expires_at <= context.now
    ]
    if not free:
        raise TooManyUploadsError(rules.pending_per_user)
    # Spread over what is free, so that files announced at the same moment seldom want the same slot.
    slot = free[upload.id.int % len(free)]
    upload = replace(upload, slot=slot)
    given_up = (_give_up(held[slot]),) if slot in held else ()
    return Outcome(Decision(writes=(*given_up, Insert("evidence_uploads", (as_row(upload),)))), upload)


def decide_expect_file(
    state: UploadingState, file: AnnouncedFile, *, rules: EvidenceRules, context: Context
) -> Outcome[EvidenceUpload]:
    """Expect a file that is already here, so that its object is never without a row.

    :raises TooManyFilesError: when the order has as many files as it may.
    """
    upload = _expected(state, file, rules=rules, context=context)
    return Outcome(Decision(writes=(Insert("evidence_uploads", (as_row(upload),)),)), upload)


def to_complete(state: UploadingState, *, rules: EvidenceRules, context: Context) -> EvidenceUpload | None:
    """Return the upload if it may be completed now, or ``None`` if it was completed already.

    :raises UploadNotFoundError: when the caller has begun no such upload for this order.
    :raises UploadExpiredError: when its time is over.
    :raises TooManyFilesError: when the order has as many files as it may.
    """
    upload = state.upload
    if upload is None:
        raise UploadNotFoundError
    if state.evidence is not None:
        return None
    ensure_allowed(state.order, Command.ADD_EVIDENCE, state.order.viewer)
    if upload.status is UploadStatus.EXPIRED or upload.expires_at <= context.now:
        raise UploadExpiredError
    _ensure_room(state, rules)
    return upload


def decide_complete_upload(
    state: UploadingState, sha256: str | None, *, evidence_id: UUID, rules: EvidenceRules, context: Context
) -> Outcome[Evidence]:
    """Turn an upload whose file was checked and stored into evidence; a second time returns the same evidence.

    ``sha256`` is hex, over exactly the stored bytes; ``None`` if the upload was completed before.
    """
    upload = to_complete(state, rules=rules, context=context)
    if upload is None:
        assert state.evidence is not None  # noqa: S101 - what a completed upload became
        return Outcome(Decision(), state.evidence)
    assert sha256 is not None  # noqa: S101 - an upload never turns from completed to pending
    evidence = NewEvidence(
        id=evidence_id,
        file_name=upload.file_name,
        content_type=upload.content_type,
        size_bytes=upload.size_bytes,
        sha256=sha256,
        storage_key=upload.storage_key,
    )
    added = decide_add_evidence(state.order, evidence, context=context)
    changes = {"status": UploadStatus.COMPLETED, "evidence_id": evidence_id, "slot": None}
    update = Update("evidence_uploads", upload.id, upload.version, changes)
    return Outcome(added.decision + Decision(writes=(update,)), added.value)


def _expected(state: UploadingState, file: AnnouncedFile, *, rules: EvidenceRules, context: Context) -> EvidenceUpload:
    ensure_allowed(state.order, Command.ADD_EVIDENCE, state.order.viewer)
    _ensure_room(state, rules)
    return EvidenceUpload(
        id=context.ids.new(),
        order_id=state.order.order.id,
        uploaded_by=context.actor.id,
        file_name=file.file_name,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        upload_key=file.upload_key,
        storage_key=file.storage_key,
        status=UploadStatus.PENDING,
        slot=None,
        evidence_id=None,
        expires_at=context.now + rules.complete_within,
        cleaned_at=None,
        created_at=context.now,
        version=1,
    )


def _ensure_room(state: UploadingState, rules: EvidenceRules) -> None:
    if len(state.order.evidence_ids) >= rules.files_per_order:
        raise TooManyFilesError(rules.files_per_order)


def _give_up(held: HeldSlot) -> Update:
    return Update("evidence_uploads", held.upload_id, held.version, {"slot": None})
