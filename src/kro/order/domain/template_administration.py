"""Admins write condition templates anew; orders keep their own copy of what they were made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import Audit, Decision, DecisionRunner, Insert, Loaded, Once, Outcome, Reply
from kro.core.decisions.encoding import encode
from kro.core.errors import ErrorKind, KroError, ValidationFailedError
from kro.core.ids import IdSource
from kro.order.database.records import NewCondition
from kro.order.database.template_admin import TemplateRepository, TemplateState, TemplateVersion
from kro.order.database.words import OrderType
from kro.order.domain.changes import Context, as_row
from kro.order.domain.condition_rules import ensure_sensible
from kro.order.domain.errors import NoConditionsError


class TemplateNotFoundError(KroError):
    """There is no such version of a condition template."""

    kind = ErrorKind.NOT_FOUND
    code = "template_not_found"


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """A new code, or the next version of one that is there."""

    code: str
    order_type: OrderType
    title: str
    conditions: tuple[NewCondition, ...]
    reason: str


RenderTemplate: TypeAlias = Callable[[TemplateVersion], Reply]


class TemplateAdministration:
    def __init__(self, *, runner: DecisionRunner, templates: TemplateRepository, clock: Clock, ids: IdSource) -> None:
        self._runner = runner
        self._templates = templates
        self._clock = clock
        self._ids = ids

    async def versions(self, code: str | None) -> Sequence[TemplateVersion]:
        """Return every version, newest first within its code."""
        return await self._templates.versions(code)

    async def add(self, template: NewTemplate, *, actor: Actor, once: Once, render: RenderTemplate) -> Reply:
        """Offer a new version from now on; the earlier ones stay as they are.

        :raises SenselessConditionError: when a condition contradicts itself.
        """
        return await self._runner.run(
            load=lambda: self._load(template.code, actor=actor, once=once),
            decide=lambda state: decide_new_template(
                state, template, context=Context(actor=actor, now=self._clock.now(), ids=self._ids)
            ),
            render=render,
            once=once,
        )

    async def turn(self, code: str, version: int, *, active: bool, reason: str, actor: Actor) -> TemplateVersion:
        """Offer a version, or offer it no more; of a code the newest that is active is offered.

        :raises TemplateNotFoundError: when there is no such version.
        """
        audit = Audit(
            id=self._ids.new(),
            actor=actor,
            action="template.activate" if active else "template.deactivate",
            target_type="condition_template",
            target_id=None,
            reason=reason,
            detail={"code": code, "version": version},
        )
        decision = encode(Decision(audits=(audit,)))
        turned = await self._templates.turn(code, version, active=active, decision=decision)
        if turned is None:
            raise TemplateNotFoundError
        return turned

    async def _load(self, code: str, *, actor: Actor, once: Once) -> Loaded[TemplateState]:
        loaded = await self._templates.load(code, actor=actor, key=once.key)
        loaded.state.standing.ensure_permitted(Permission.TEMPLATES_MANAGE)
        return loaded


def decide_new_template(state: TemplateState, template: NewTemplate, *, context: Context) -> Outcome[TemplateVersion]:
    """Add the next version of a code. Two at the same moment get two numbers: the key refuses the same one twice.

    :raises ValidationFailedError: when the code is of another type of order.
    """
    if state.order_type not in {None, template.order_type}:
        raise ValidationFailedError("/order_type", "other_type", "This code is for another type of order.")
    if not any(condition.required for condition in template.conditions):
        raise NoConditionsError
    ensure_sensible(template.conditions, pointer="/conditions", now=context.now)
    added = TemplateVersion(
        code=template.code,
        version=(state.newest or 0) + 1,
        order_type=template.order_type,
        title=template.title,
        conditions=list(template.conditions),
        active=True,
    )
    audit = Audit(
        id=context.ids.new(),
        actor=context.actor,
        action="template.add",
        target_type="condition_template",
        target_id=None,
        reason=template.reason,
        detail={"code": added.code, "version": added.version},
    )
    write = Insert("condition_templates", (as_row(added),))
    return Outcome(Decision(writes=(write,), audits=(audit,)), added)
