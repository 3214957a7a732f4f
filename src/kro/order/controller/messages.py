"""The thread of an order."""

from datetime import datetime
from typing import Annotated, Self, cast

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from kro.core.decisions import Reply
from kro.core.guards import CurrentUser
from kro.core.http import Input, JSONBytes, Line, Output, Paragraphs, QueryInput, Router, id_text, problems, send
from kro.core.ids import read_id, show_id
from kro.core.rate_limit import RateLimitedError
from kro.core.reading import from_replica
from kro.order.controller.dependencies import AskDep
from kro.order.database.thread_records import Message, MessageReport
from kro.order.database.thread_words import Author, MessageWarning, ReportCategory
from kro.order.database.threads import NEWEST
from kro.order.domain.decide_message import NewMessage, Report, message_item
from kro.order.domain.errors import EvidenceNotFoundError, OrderNotFoundError
from kro.order.domain.thread_errors import (
    THREAD_CHANGES,
    MessageNotFoundError,
    MessageReportedError,
    OwnMessageError,
    ThreadClosedError,
)
from kro.order.domain.threads import Reading, ThreadService

router = Router(prefix="/orders/{order_id}/messages", tags=["messages"])


class MessageIn(Input):
    text: Paragraphs = Field(examples=["The rider is on the way."])
    evidence_ids: list[Annotated[str, id_text("evd")]] = Field(
        default_factory=list, max_length=10, description="Files of this order, handed in before."
    )


class ReportIn(Input):
    category: ReportCategory
    note: Line | None = None


class MessageQuery(QueryInput):
    after: int | None = Field(default=None, ge=0, le=NEWEST, description="Read what follows this `seq`.")
    before: int | None = Field(
        default=None, ge=1, le=NEWEST, description="Read what is older than this `seq`; without both, the newest."
    )
    limit: int = Field(default=50, ge=1, le=100)


class AuthorRead(Output):
    kind: Author
    id: str | None = Field(description="Nothing for `admin`: that is KRO support, whoever of it wrote.")


class MessageRead(Output):
    """A message as its reader may see it. Contact details are hidden from everybody but who wrote them."""

    id: str = Field(examples=["msg_01kajz7k3nf9b8r2m4q6s8t0vw"])
    order_id: str
    seq: int = Field(description="Counts up by one within an order.")
    author: AuthorRead
    text: str | None = Field(description="Nothing once it was taken back.")
    masked: bool = Field(description="Whether the other party sees less than what was written.")
    warnings: list[MessageWarning] = Field(description="What the text was found to hold.")
    evidence_ids: list[str]
    created_at: datetime
    redacted_at: datetime | None

    @classmethod
    def of(cls, message: Message, *, viewer: CurrentUser) -> Self:
        return cls(**message_item(message, viewer_id=viewer.id))


class MessagesRead(Output):
    data: list[MessageRead]
    has_more: bool = Field(description="Whether more follow in the direction that was read in.")


class ReportRead(Output):
    id: str = Field(examples=["rpt_01kajz7k3nf9b8r2m4q6s8t0vw"])
    message_id: str
    category: ReportCategory
    created_at: datetime


async def _threads(request: Request) -> ThreadService:
    return cast("ThreadService", request.app.state.threads)


ThreadsDep = Annotated[ThreadService, Depends(_threads)]


@router.get("", response_model=MessagesRead, responses=problems(OrderNotFoundError))
@from_replica
async def list_messages(
    order_id: str, query: Annotated[MessageQuery, Query()], user: CurrentUser, threads: ThreadsDep
) -> JSONBytes:
    """Read the order's thread, oldest first within a page."""
    reading = Reading(after=query.after, before=query.before, limit=query.limit)
    found, has_more = await threads.read(read_id("ord", order_id), reading, actor=user)
    return JSONBytes.of(
        MessagesRead(data=[MessageRead.of(message, viewer=user) for message in found], has_more=has_more)
    )


@router.post(
    "",
    status_code=201,
    response_model=MessageRead,
    responses=problems(OrderNotFoundError, EvidenceNotFoundError, ThreadClosedError, RateLimitedError),
)
async def write_message(ask: AskDep, body: MessageIn, threads: ThreadsDep) -> Response:
    """Write to the other party. Contact details and account numbers are hidden from them, and you are told."""
    command = NewMessage(body.text, tuple(read_id("evd", evidence_id) for evidence_id in body.evidence_ids))

    def render(message: Message) -> Reply:
        view = MessageRead.of(message, viewer=ask.actor)
        return Reply(status=201, body=view.__pydantic_serializer__.to_json(view))

    return send(await threads.write(ask, command, render=render))


@router.delete("/{message_id}", status_code=204, responses=problems(*THREAD_CHANGES))
async def take_back_message(order_id: str, message_id: str, user: CurrentUser, threads: ThreadsDep) -> Response:
    """Take back what you wrote, within 15 minutes; never once the order was contested."""
    await threads.redact(read_id("ord", order_id), read_id("msg", message_id), actor=user)
    return Response(status_code=204)


@router.post(
    "/{message_id}/report",
    status_code=201,
    response_model=ReportRead,
    responses=problems(MessageNotFoundError, OwnMessageError, MessageReportedError, RateLimitedError),
)
async def report_message(message_id: str, ask: AskDep, body: ReportIn, threads: ThreadsDep) -> Response:
    """Report a message of the other party to the platform, once."""
    command = Report(body.category, body.note)
    return send(await threads.report(ask, read_id("msg", message_id), command, render=_render_report))


def _render_report(report: MessageReport) -> Reply:
    view = ReportRead(
        id=show_id("rpt", report.id),
        message_id=show_id("msg", report.message_id),
        category=report.category,
        created_at=report.created_at,
    )
    return Reply(status=201, body=view.__pydantic_serializer__.to_json(view))
