"""For support: how notices read, and what a user was told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self, cast

from fastapi import Depends, Query, Request
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.guards import admin_with
from kro.core.http import JSONBytes, Output, Page, PageParameters, Position, QueryInput, Router, problems
from kro.core.ids import read_id, show_id
from kro.core.notices import DIRECT, RULES, Channel, Group, Language, Reader, Template, Weight
from kro.core.notifications import LoggedNotice, NoticeLog, Previews, TemplateNotFoundError
from kro.management.controller.dependencies import CursorsDep

router = Router(prefix="/admin", tags=["admin"])

NoticeReader = Annotated[Actor, admin_with(Permission.NOTIFICATIONS_READ)]


class RuleRead(Output):
    reader: Reader
    group: Group
    weight: Weight
    channels: list[Channel]


class TemplateRead(Output):
    """A template with its rows of the matrix; none for codes and links, which are no notices."""

    name: Template
    channels: list[Channel]
    rules: list[RuleRead]


class TemplatesRead(Output):
    data: list[TemplateRead]


class PreviewQuery(QueryInput):
    language: Language = Language.EN
    channel: Channel = Channel.MAIL


class PreviewRead(Output):
    """How a template reads with made-up facts. The page of a mail is text here: show it where no script runs."""

    name: Template
    language: Language
    channel: Channel
    title: str | None
    text: str
    html: str | None


class LoggedNoticeRead(Output):
    """One notice by one channel; `at` is when it came into its state."""

    notification_id: str | None = Field(examples=["ntf_01kajz7k3nf9b8r2m4q6s8t0vw"])
    message_id: str = Field(examples=["01938a3c-7c00-7d2f-8f00-0000000000aa"], description="As vendors were given it.")
    template: str | None
    title: str | None
    channel: Channel
    status: str = Field(
        description="`waiting`, `sending` (may have left), `accepted` by the vendor, `delivered`, `failed`, `unknown` "
        "(given up without an answer), or `skipped` for the reason given."
    )
    reason: str | None
    tries: int = Field(description="How often it may have left.")
    provider: str | None
    provider_message_id: str | None
    purpose: str | None = Field(description="Of which deadline it is evidence.")
    at: datetime

    @classmethod
    def of(cls, one: LoggedNotice) -> Self:
        return cls(
            notification_id=show_id("ntf", one.notice_id) if one.notice_id else None,
            message_id=str(one.id),
            template=one.template,
            title=one.title,
            channel=Channel(one.channel),
            status=one.status,
            reason=one.reason,
            tries=one.tries,
            provider=one.provider,
            provider_message_id=one.provider_message_id,
            purpose=one.purpose,
            at=one.at,
        )


async def _previews(request: Request) -> Previews:
    return cast("Previews", request.app.state.notice_previews)


async def _log(request: Request) -> NoticeLog:
    return cast("NoticeLog", request.app.state.notice_log)


PreviewsDep = Annotated[Previews, Depends(_previews)]


@router.get("/notification-templates", response_model=TemplatesRead)
async def list_templates(admin: NoticeReader, previews: PreviewsDep) -> JSONBytes:  # noqa: ARG001 - the guard
    """List every template with who is told of it, by which channels, and how much it matters."""
    data = [
        TemplateRead(
            name=template,
            channels=list(previews.channels_of(template)),
            rules=[
                RuleRead(reader=rule.reader, group=rule.group, weight=rule.weight, channels=list(rule.channels))
                for rule in RULES
                if rule.template is template
            ],
        )
        for template in sorted({rule.template for rule in RULES} | set(DIRECT))
    ]
    return JSONBytes.of(TemplatesRead(data=data))


@router.get(
    "/notification-templates/{name}/preview",
    response_model=PreviewRead,
    responses=problems(TemplateNotFoundError),
)
async def preview_template(
    name: Template,
    query: Annotated[PreviewQuery, Query()],
    admin: NoticeReader,  # noqa: ARG001 - the guard
    previews: PreviewsDep,
) -> JSONBytes:
    """Show how a template reads in a language by a channel, with made-up facts."""
    shown = previews.show(name, language=query.language, channel=query.channel)
    return JSONBytes.of(
        PreviewRead(
            name=name,
            language=query.language,
            channel=query.channel,
            title=shown.title,
            text=shown.text,
            html=shown.html,
        )
    )


@router.get("/users/{user_id}/notices", response_model=Page[LoggedNoticeRead])
async def list_notices(
    user_id: str,
    query: PageParameters,
    admin: NoticeReader,
    log: Annotated[NoticeLog, Depends(_log)],
    cursors: CursorsDep,
) -> JSONBytes:
    """List what a user was told, the latest first: when, by which channel, and what became of it.

    The look is on record.
    """
    user = read_id("usr", user_id)
    paging = cursors.of(query, {"list": "notices", "owner": str(user)})
    rows = await log.look(user, before=paging.before, limit=paging.limit, actor=admin)
    return JSONBytes.of(paging.page(rows, LoggedNoticeRead.of, lambda row: Position(row.at, row.id)))
