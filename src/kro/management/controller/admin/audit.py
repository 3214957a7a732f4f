"""The audit log for those who look after it. Every search, export and verification is itself on record."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.errors import ErrorKind, KroError, ValidationFailedError
from kro.core.guards import admin_with
from kro.core.http import JSONBytes, Page, PageQuery, Position, QueryInput, Router, problems
from kro.core.reading import from_replica
from kro.management.controller.admin.audit_views import (
    AuditEntryRead,
    AuditExportRead,
    AuditFilterQuery,
    AuditFormat,
    AuditVerdictRead,
    audit_file,
)
from kro.management.controller.dependencies import (
    AuditArchiveDep,
    AuditChainDep,
    AuditSearchDep,
    AuditTrailDep,
    ClockDep,
    CursorsDep,
)

router = Router(prefix="/admin/audit-log", tags=["admin"])

AuditReader = Annotated[Actor, admin_with(Permission.AUDIT_READ)]
AuditExporter = Annotated[Actor, admin_with(Permission.AUDIT_EXPORT)]

MOST_EXPORTED: Final = 10_000
MOST_VERIFIED: Final = 20_000
_FILES: Final = {AuditFormat.CSV: "text/csv", AuditFormat.NDJSON: "application/x-ndjson"}


class AuditExportTooLongError(KroError):
    """More than 10,000 rows match; narrow the search, or have the sealed export in file storage."""

    kind = ErrorKind.INVALID
    code = "audit_export_too_long"


class AuditQuery(AuditFilterQuery, PageQuery):
    pass


class AuditExportQuery(AuditFilterQuery):
    format: AuditFormat = AuditFormat.CSV


class VerificationQuery(QueryInput):
    after: int = Field(default=0, ge=0, le=2**62, description="Begin behind this position, trusting its seal.")


@router.get("", response_model=Page[AuditEntryRead], responses=problems(ValidationFailedError))
@from_replica
async def search_audit_log(
    query: Annotated[AuditQuery, Query()],
    admin: AuditReader,
    search: AuditSearchDep,
    trail: AuditTrailDep,
    clock: ClockDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """Search the audit log, newest first; without `from` the last 31 days. The search is on record."""
    wanted = query.to_filter(now=clock.now())
    paging = cursors.of(query, {"list": "audit_log", **query.model_dump(mode="json", exclude={"limit", "cursor"})})
    before = paging.before
    await trail.note("audit.search", actor=admin, target=("audit", None), detail=wanted.scope())
    found = await search.page(wanted, before=before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, AuditEntryRead.of, lambda row: Position(row.at, row.id)))


@router.get(
    "/export",
    response_class=Response,
    responses={
        200: {"content": {media: {} for media in _FILES.values()}, "description": "The rows, newest first."},
        **problems(ValidationFailedError, AuditExportTooLongError),
    },
)
@from_replica
async def export_audit_log(
    query: Annotated[AuditExportQuery, Query()],
    admin: AuditExporter,
    search: AuditSearchDep,
    trail: AuditTrailDep,
    clock: ClockDep,
) -> Response:
    """Return everything a search finds as a file, at most 10,000 rows. The export is on record."""
    wanted = query.to_filter(now=clock.now())
    await trail.note(
        "audit.export", actor=admin, target=("audit", None), detail={**wanted.scope(), "format": query.format}
    )
    found = await search.page(wanted, before=None, limit=MOST_EXPORTED + 1)
    if len(found) > MOST_EXPORTED:
        raise AuditExportTooLongError
    return Response(
        audit_file(found, query.format),
        media_type=_FILES[query.format],
        headers={"Content-Disposition": f'attachment; filename="kro-audit-log.{query.format}"'},
    )


@router.get("/exports", response_model=Page[AuditExportRead], responses=problems(ValidationFailedError))
@from_replica
async def list_audit_exports(
    query: Annotated[PageQuery, Query()],
    admin: AuditReader,
    archive: AuditArchiveDep,
    trail: AuditTrailDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """Return the sealed files in file storage, newest first. The look is on record."""
    paging = cursors.of(query, {"list": "audit_exports"})
    before = paging.before
    await trail.note("audit.exports", actor=admin, target=("audit", None), detail={})
    found = await archive.list(before=before.id.int if before else None, limit=paging.limit)
    return JSONBytes.of(
        paging.page(found, AuditExportRead.of, lambda row: Position(row.created_at, UUID(int=row.position)))
    )


@router.get("/verification", response_model=AuditVerdictRead)
async def verify_audit_log(
    query: Annotated[VerificationQuery, Query()], admin: AuditReader, chain: AuditChainDep, trail: AuditTrailDep
) -> JSONBytes:
    """Recompute the chain behind a position, 20,000 rows at a time, and name the first row that does not hold."""
    await trail.note("audit.verify", actor=admin, target=("audit", None), detail={"after": query.after})
    return JSONBytes.of(AuditVerdictRead.of(await chain.verify(after=query.after, limit=MOST_VERIFIED)))
