"""Where the mail vendor tells what became of mails. The answer is an empty 200, given once it is written down."""

from __future__ import annotations

from typing import cast

from fastapi import Request, Response

from kro.core.database.failures import DatabaseBusyError
from kro.core.email.sendgrid_events import MailReportSignatureError, MailReportsNotTakenError, MalformedMailReportError
from kro.core.guards import Public
from kro.core.http import problems
from kro.core.http.lazy import Router
from kro.core.notifications.mail_reports import MailReports

router = Router(prefix="/webhooks", tags=["webhooks"], dependencies=[Public])


@router.post(
    "/sendgrid",
    responses=problems(MailReportsNotTakenError, MailReportSignatureError, MalformedMailReportError, DatabaseBusyError),
    openapi_extra={
        "requestBody": {
            "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}},
            "required": True,
        }
    },
)
async def receive_sendgrid(request: Request) -> Response:
    """Take what SendGrid reports of mails."""
    reports = cast("MailReports", request.app.state.mail_reports)
    await reports.take(await request.body(), request.headers)
    return Response(status_code=200)
