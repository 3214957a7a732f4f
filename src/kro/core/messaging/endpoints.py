"""Where vendors tell what became of messages. The answer is an empty 200, given once it is written down."""

from __future__ import annotations

from typing import Annotated, Any, Final, cast

from fastapi import Query, Request, Response
from fastapi.responses import PlainTextResponse

from kro.core.database.failures import DatabaseBusyError
from kro.core.guards import Public
from kro.core.http import problems
from kro.core.http.lazy import Router
from kro.core.messaging.errors import MalformedReportError, ReportSignatureError, ReportsNotTakenError
from kro.core.messaging.reports import DeliveryReports
from kro.core.messaging.webhooks import Webhook, WhatsAppReports

router = Router(prefix="/webhooks", tags=["webhooks"], dependencies=[Public])

_PROBLEMS: Final = problems(ReportsNotTakenError, ReportSignatureError, MalformedReportError, DatabaseBusyError)


OurId = Annotated[
    str | None, Query(max_length=36, description="Our id of the message, as we put it into the callback's address.")
]


def _takes(media_type: str) -> dict[str, Any]:
    return {"requestBody": {"content": {media_type: {"schema": {"type": "object"}}}, "required": True}}


@router.post("/twilio", responses=_PROBLEMS, openapi_extra=_takes("application/x-www-form-urlencoded"))
async def receive_twilio(request: Request, message: OurId = None) -> Response:  # noqa: ARG001 - read with the signature
    """Take the status of a message sent through Twilio."""
    return await _take("twilio", request)


@router.post("/telnyx", responses=_PROBLEMS, openapi_extra=_takes("application/json"))
async def receive_telnyx(request: Request, message: OurId = None) -> Response:  # noqa: ARG001 - the signed body has it
    """Take the status of a message sent through Telnyx."""
    return await _take("telnyx", request)


@router.post("/termii", responses=_PROBLEMS, openapi_extra=_takes("application/json"))
async def receive_termii(request: Request) -> Response:
    """Take the status of a message sent through Termii."""
    return await _take("termii", request)


@router.post("/whatsapp", responses=_PROBLEMS, openapi_extra=_takes("application/json"))
async def receive_whatsapp(request: Request) -> Response:
    """Take the statuses of messages sent through WhatsApp's own API."""
    return await _take("whatsapp", request)


@router.get(
    "/whatsapp",
    response_class=PlainTextResponse,
    responses=problems(ReportsNotTakenError, ReportSignatureError),
)
async def verify_whatsapp(
    request: Request,
    mode: Annotated[str, Query(alias="hub.mode", max_length=50)] = "",
    token: Annotated[str, Query(alias="hub.verify_token", max_length=200)] = "",
    challenge: Annotated[str, Query(alias="hub.challenge", max_length=200)] = "",
) -> Response:
    """Answer Meta's question whether this address is ours."""
    reader = _reports(request).readers.get("whatsapp")
    if not isinstance(reader, WhatsAppReports):
        raise ReportsNotTakenError
    reader.ensure_agreed(mode=mode, token=token)
    return PlainTextResponse(challenge)


async def _take(vendor: str, request: Request) -> Response:
    webhook = Webhook(raw=await request.body(), headers=request.headers, path=request.url.path, query=request.url.query)
    await _reports(request).take(vendor, webhook)
    return Response(status_code=200)


def _reports(request: Request) -> DeliveryReports:
    return cast("DeliveryReports", request.app.state.delivery_reports)
