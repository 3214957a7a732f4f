"""Admins look after the condition templates; a version never changes, a new one takes its place."""

from __future__ import annotations

from typing import Annotated, Any, Self, cast

from fastapi import Depends, Path, Query, Request, Response
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.decisions import Reply
from kro.core.guards import admin_with
from kro.core.http import IdempotencyKey, Input, JSONBytes, Line, Output, QueryInput, Router, problems, send
from kro.order.domain import (
    ConditionKind,
    ConfirmedBy,
    NewCondition,
    NewTemplate,
    NoConditionsError,
    OrderType,
    SenselessConditionError,
    TemplateAdministration,
    TemplateNotFoundError,
    TemplateVersion,
)

router = Router(prefix="/admin/condition-templates", tags=["admin"])

TemplateManager = Annotated[Actor, admin_with(Permission.TEMPLATES_MANAGE)]
Code = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,59}$", examples=["goods_by_waybill"])]
CodeInPath = Annotated[str, Path(max_length=60, examples=["goods_by_waybill"])]
VersionInPath = Annotated[int, Path(ge=1, le=2**31 - 1)]


class TemplateConditionIn(Input):
    """A condition as it will be offered. Dates and amounts belong to an order, not to a template."""

    kind: ConditionKind
    title: Annotated[Line, Field(max_length=120)]
    description: str = Field(default="", max_length=1_000)
    confirmed_by: ConfirmedBy
    required: bool = True
    evidence_required: bool = False
    deemed_on_timeout: bool = True


class TemplateIn(Input):
    code: Code
    order_type: OrderType
    title: Annotated[Line, Field(max_length=120)]
    conditions: list[TemplateConditionIn] = Field(min_length=1, max_length=20)
    reason: Line

    def to_template(self) -> NewTemplate:
        conditions = tuple(NewCondition(**dict(condition)) for condition in self.conditions)
        return NewTemplate(self.code, self.order_type, self.title, conditions, self.reason)


class TemplateReasonIn(Input):
    reason: Line


class TemplateQuery(QueryInput):
    code: str | None = Field(default=None, max_length=60)


class TemplateVersionRead(Output):
    code: str
    version: int
    order_type: OrderType
    title: str
    conditions: list[dict[str, Any]]
    active: bool

    @classmethod
    def of(cls, template: TemplateVersion) -> Self:
        return cls(
            code=template.code,
            version=template.version,
            order_type=OrderType(template.order_type),
            title=template.title,
            conditions=[_shown(condition) for condition in template.conditions],
            active=template.active,
        )


class TemplateVersionsRead(Output):
    data: list[TemplateVersionRead]


async def _administration(request: Request) -> TemplateAdministration:
    return cast("TemplateAdministration", request.app.state.template_administration)


TemplatesDep = Annotated[TemplateAdministration, Depends(_administration)]


@router.get("", response_model=TemplateVersionsRead)
async def list_templates(
    query: Annotated[TemplateQuery, Query()],
    admin: TemplateManager,  # noqa: ARG001 - the guard
    templates: TemplatesDep,
) -> JSONBytes:
    """List every version of every template, or of one."""
    found = await templates.versions(query.code)
    return JSONBytes.of(TemplateVersionsRead(data=[TemplateVersionRead.of(one) for one in found]))


@router.post(
    "",
    status_code=201,
    response_model=TemplateVersionRead,
    responses=problems(NoConditionsError, SenselessConditionError),
)
async def add_template(
    body: TemplateIn, admin: TemplateManager, key: IdempotencyKey, templates: TemplatesDep
) -> Response:
    """Add a template, or the next version of one; it is offered from now on."""
    return send(await templates.add(body.to_template(), actor=admin, once=key.by(admin.id), render=_render))


@router.post(
    "/{code}/{version}/activate", response_model=TemplateVersionRead, responses=problems(TemplateNotFoundError)
)
async def activate_template(
    code: CodeInPath, version: VersionInPath, body: TemplateReasonIn, admin: TemplateManager, templates: TemplatesDep
) -> JSONBytes:
    """Offer a version again; of a template the newest active version is offered."""
    turned = await templates.turn(code, version, active=True, reason=body.reason, actor=admin)
    return JSONBytes.of(TemplateVersionRead.of(turned))


@router.post(
    "/{code}/{version}/deactivate", response_model=TemplateVersionRead, responses=problems(TemplateNotFoundError)
)
async def deactivate_template(
    code: CodeInPath, version: VersionInPath, body: TemplateReasonIn, admin: TemplateManager, templates: TemplatesDep
) -> JSONBytes:
    """Offer a version no more; orders that were made from it keep their conditions."""
    turned = await templates.turn(code, version, active=False, reason=body.reason, actor=admin)
    return JSONBytes.of(TemplateVersionRead.of(turned))


def _shown(condition: Any) -> dict[str, Any]:  # noqa: ANN401 - as it was written, or as it was read
    if isinstance(condition, NewCondition):
        return {name: getattr(condition, name) for name in TemplateConditionIn.model_fields}
    return {name: condition[name] for name in TemplateConditionIn.model_fields}


def _render(template: TemplateVersion) -> Reply:
    return Reply(status=201, body=TemplateVersionRead.of(template).model_dump_json().encode())
