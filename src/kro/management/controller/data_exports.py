"""A copy of everything about you."""

from __future__ import annotations

from kro.core.guards import ActiveUser
from kro.core.http import JSONBytes, Router, problems
from kro.core.ids import read_id
from kro.core.rate_limit import RateLimitedError
from kro.core.storage import StorageUnavailableError
from kro.management.controller.account_views import DataExportLink, DataExportList, DataExportRead
from kro.management.controller.dependencies import AccountsDep
from kro.management.controller.inputs import DataExportIn
from kro.management.domain.data_exports import DataExportNotFoundError, DataExportNotReadyError
from kro.management.domain.passwords import WrongPasswordError

router = Router(prefix="/me/data-exports", tags=["me"])


@router.post(
    "",
    status_code=202,
    response_model=DataExportRead,
    responses=problems(WrongPasswordError, RateLimitedError),
)
async def request_export(body: DataExportIn, user: ActiveUser, accounts: AccountsDep) -> JSONBytes:
    """Ask for a copy of everything kept about you. You are told when it is ready; it is deleted after a while."""
    return JSONBytes.of(
        DataExportRead.of(await accounts.exports.request(password=body.password, actor=user)), status=202
    )


@router.get("", response_model=DataExportList)
async def list_exports(user: ActiveUser, accounts: AccountsDep) -> JSONBytes:
    """List your latest copies."""
    exports = await accounts.exports.list_of(user)
    return JSONBytes.of(DataExportList(data=[DataExportRead.of(export) for export in exports]))


@router.post(
    "/{export_id}/link",
    response_model=DataExportLink,
    responses=problems(DataExportNotFoundError, DataExportNotReadyError, StorageUnavailableError),
)
async def link_export(export_id: str, user: ActiveUser, accounts: AccountsDep) -> JSONBytes:
    """Get a link to download a copy, good for five minutes."""
    link = await accounts.exports.link(read_id("exp", export_id), actor=user)
    return JSONBytes.of(DataExportLink(url=link.url, expires_at=link.expires_at))
