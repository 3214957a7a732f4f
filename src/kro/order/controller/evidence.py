"""Files that the parties hand in, and get."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Query, Request, Response
from starlette.responses import RedirectResponse

from kro.core.errors import KroError
from kro.core.guards import CurrentUser
from kro.core.http import BodyPolicy, JSONBytes, Router, problems, send
from kro.core.ids import read_id
from kro.core.storage import (
    CONTENT_TYPES,
    ContentTypeError,
    FileSizeError,
    ObjectNotFoundError,
    StorageUnavailableError,
)
from kro.order.controller.dependencies import AskDep, EvidenceDep
from kro.order.controller.evidence_views import (
    EvidenceLinkRead,
    EvidenceRead,
    UploadRead,
    link_read,
    render_completed,
    render_evidence,
    render_upload,
)
from kro.order.controller.inputs import FileQuery, NoInput, UploadIn
from kro.order.domain import errors
from kro.order.domain.evidence import DIRECT_BYTES, BeginUpload, Upload
from kro.utils.content_disposition import attachment

router = Router(prefix="/orders/{order_id}/evidence", tags=["orders"])

evidence_policy: Final = BodyPolicy(
    pattern=re.compile(r"/v1/orders/[^/]+/evidence"), max_bytes=DIRECT_BYTES, json_only=False
)
"""A file's bytes are its request's whole body, whatever kind it is."""

_COMMON: Final[tuple[type[KroError], ...]] = (
    errors.OrderNotFoundError,
    errors.IllegalTransitionError,
    errors.WrongPartyError,
    errors.TooManyFilesError,
    ContentTypeError,
    StorageUnavailableError,
)


@router.post(
    "",
    status_code=201,
    response_model=EvidenceRead,
    responses=problems(*_COMMON),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in sorted(CONTENT_TYPES)},
        }
    },
)
async def add_evidence(
    ask: AskDep, request: Request, evidence: EvidenceDep, query: Annotated[FileQuery, Query()]
) -> Response:
    """Hand in a file of at most 1 MB; its bytes are the body. Larger ones are uploaded to a link."""
    upload = Upload(
        file_name=query.file_name, content_type=request.headers.get("content-type", ""), data=await request.body()
    )
    return send(await evidence.add(ask, upload, render=render_evidence))


@router.post(
    "/uploads",
    status_code=201,
    response_model=UploadRead,
    responses=problems(*_COMMON, errors.FileTooLargeError, errors.TooManyUploadsError),
)
async def begin_upload(ask: AskDep, body: UploadIn, evidence: EvidenceDep) -> Response:
    """Announce a file: the answer is the request that uploads it, to be completed afterwards."""
    command = BeginUpload(file_name=body.file_name, content_type=body.content_type, size_bytes=body.size_bytes)
    return send(await evidence.begin(ask, command, render=render_upload))


@router.post(
    "/uploads/{upload_id}/complete",
    response_model=EvidenceRead,
    responses=problems(
        *_COMMON,
        errors.UploadNotFoundError,
        errors.UploadNotArrivedError,
        errors.UploadExpiredError,
        FileSizeError,
    ),
)
async def complete_upload(upload_id: str, ask: AskDep, _: NoInput, evidence: EvidenceDep) -> Response:
    """Have the uploaded file checked and added to the order. Repeating it returns the same evidence."""
    return send(await evidence.complete(ask, read_id("upl", upload_id), render=render_completed))


@router.get(
    "/{evidence_id}",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}},
        307: {"description": "The file is larger than 1 MB: it is at this short-lived link."},
        **problems(errors.EvidenceNotFoundError, ObjectNotFoundError, StorageUnavailableError),
    },
)
async def get_evidence(order_id: str, evidence_id: str, user: CurrentUser, evidence: EvidenceDep) -> Response:
    """Download a file the parties handed in."""
    link = await evidence.link(read_id("ord", order_id), read_id("evd", evidence_id), actor=user)
    if link.evidence.size_bytes > DIRECT_BYTES:
        return RedirectResponse(link.signed.url)
    headers = {
        "Content-Disposition": attachment(link.evidence.file_name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    data = await evidence.read(link.evidence)
    return Response(data, media_type=link.evidence.content_type, headers=headers)


@router.get(
    "/{evidence_id}/url",
    response_model=EvidenceLinkRead,
    responses=problems(errors.EvidenceNotFoundError, StorageUnavailableError),
)
async def get_evidence_url(order_id: str, evidence_id: str, user: CurrentUser, evidence: EvidenceDep) -> Response:
    """Return a short-lived link to a file the parties handed in."""
    link = await evidence.link(read_id("ord", order_id), read_id("evd", evidence_id), actor=user)
    return JSONBytes.of(link_read(link))
