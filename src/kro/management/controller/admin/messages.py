"""Messages that users reported to the platform."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self, cast

from fastapi import Depends, Query, Request
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.guards import admin_with
from kro.core.http import JSONBytes, Output, Page, PageQuery, Position, Router
from kro.core.ids import show_id
from kro.core.paging import NEWEST
from kro.management.controller.dependencies import CursorsDep
from kro.order.domain import MessageWarning, ReportCategory, ReportedMessage, ReportedMessages

router = Router(prefix="/admin/message-reports", tags=["admin"])

MessageReader = Annotated[Actor, admin_with(Permission.MESSAGES_READ)]


class MessageReportQuery(PageQuery):
    category: ReportCategory | None = None


class PersonRead(Output):
    id: str = Field(examples=["usr_01kajz7k3nf9b8r2m4q6s8t0vw"])
    display_name: str


class ReportedMessageRead(Output):
    """A message as it was written, also where the other party saw less."""

    id: str = Field(examples=["msg_01kajz7k3nf9b8r2m4q6s8t0vw"])
    order_id: str = Field(examples=["ord_01kajz7k3nf9b8r2m4q6s8t0vw"])
    author: PersonRead
    original: str
    shown: str
    warnings: list[MessageWarning]
    created_at: datetime
    redacted_at: datetime | None


class MessageReportRead(Output):
    id: str = Field(examples=["rpt_01kajz7k3nf9b8r2m4q6s8t0vw"])
    category: ReportCategory
    note: str | None
    reported_by: PersonRead
    created_at: datetime
    message: ReportedMessageRead

    @classmethod
    def of(cls, seen: ReportedMessage) -> Self:
        report, message = seen.report, seen.message
        prefix = "adm" if message.author_kind == "admin" else "usr"
        return cls(
            id=show_id("rpt", report.id),
            category=report.category,
            note=report.note,
            reported_by=PersonRead(id=show_id("usr", report.reported_by), display_name=seen.reporter_name),
            created_at=report.created_at,
            message=ReportedMessageRead(
                id=show_id("msg", message.id),
                order_id=show_id("ord", message.order_id),
                author=PersonRead(id=show_id(prefix, message.author_id), display_name=seen.author_name),
                original=message.original,
                shown=message.shown,
                warnings=list(message.warnings),
                created_at=message.created_at,
                redacted_at=message.redacted_at,
            ),
        )


async def _reported(request: Request) -> ReportedMessages:
    return cast("ReportedMessages", request.app.state.reported_messages)


@router.get("", response_model=Page[MessageReportRead])
async def list_message_reports(
    query: Annotated[MessageReportQuery, Query()],
    admin: MessageReader,
    reported: Annotated[ReportedMessages, Depends(_reported)],
    cursors: CursorsDep,
) -> JSONBytes:
    """List what users reported, the latest first. The look is on record."""
    paging = cursors.of(query, {"list": "message_reports", "category": query.category})
    found = await reported.look(
        category=query.category,
        before=paging.before or NEWEST,
        limit=paging.limit,
        actor=admin,
    )
    return JSONBytes.of(
        paging.page(found, MessageReportRead.of, lambda seen: Position(seen.report.created_at, seen.report.id))
    )
