"""What clients get about files."""

from datetime import datetime

from pydantic import Field

from kro.core.decisions import Reply
from kro.core.http import Output
from kro.core.ids import show_id
from kro.core.storage import SignedUpload
from kro.order.controller.views import reply_with
from kro.order.database.records import Evidence, EvidenceUpload
from kro.order.domain.evidence import EvidenceLink


class EvidenceRead(Output):
    id: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str


class UploadInstructions(Output):
    """The request that puts the file; its body is the file's bytes and nothing else."""

    method: str
    url: str = Field(description="Whoever has it can upload the file: show it to nobody.")
    headers: dict[str, str] = Field(description="To be sent as they are.")
    expires_at: datetime


class UploadRead(Output):
    """An upload to be completed once the file is there."""

    id: str
    file_name: str
    content_type: str
    size_bytes: int
    upload: UploadInstructions
    expires_at: datetime = Field(description="Until when it can be completed.")


class EvidenceLinkRead(Output):
    url: str = Field(description="Whoever has it can download the file: show it to nobody.")
    expires_at: datetime
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str = Field(description="Of the file's bytes, hexadecimal; the order's timeline has the same.")


def evidence_read(evidence: Evidence) -> EvidenceRead:
    """Return a piece of evidence as both parties see it."""
    return EvidenceRead(
        id=show_id("evd", evidence.id),
        file_name=evidence.file_name,
        content_type=evidence.content_type,
        size_bytes=evidence.size_bytes,
        sha256=evidence.sha256,
    )


def render_evidence(evidence: Evidence) -> Reply:
    """Answer that the evidence is stored."""
    return reply_with(evidence_read(evidence), 201)


def render_completed(evidence: Evidence) -> Reply:
    """Answer with the evidence that an upload became."""
    return reply_with(evidence_read(evidence), 200)


def render_upload(upload: EvidenceUpload, signed: SignedUpload) -> Reply:
    """Answer where to put the file."""
    view = UploadRead(
        id=show_id("upl", upload.id),
        file_name=upload.file_name,
        content_type=upload.content_type,
        size_bytes=upload.size_bytes,
        upload=UploadInstructions(
            method=signed.method, url=signed.url, headers=dict(signed.headers), expires_at=signed.expires_at
        ),
        expires_at=upload.expires_at,
    )
    return reply_with(view, 201)


def link_read(link: EvidenceLink) -> EvidenceLinkRead:
    """Return where to download a file."""
    return EvidenceLinkRead(
        url=link.signed.url,
        expires_at=link.signed.expires_at,
        file_name=link.evidence.file_name,
        content_type=link.evidence.content_type,
        size_bytes=link.evidence.size_bytes,
        sha256=link.evidence.sha256,
    )
