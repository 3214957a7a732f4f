"""What starting a change of phone or mail address writes, and whom it tells. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.decisions import Audit, Decision, Insert, Message
from kro.core.ids import IdSource
from kro.core.notices import Reader, notice
from kro.core.phone import masked
from kro.management.database.contact_records import ContactBasis, ContactChange
from kro.management.domain.errors import ContactUnchangedError
from kro.verification.domain import DrawnCode, DrawnLink, LinkPurpose, Target, TargetChannel

_TO_PROVE: Final = timedelta(hours=1)
_KINDS: Final = {TargetChannel.SMS: "phone", TargetChannel.MAIL: "email"}
_WHAT: Final = {"phone": "phone number", "email": "mail address"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """Codes for both sides, and the link by which the old one can stop it with the message that carries it."""

    new: DrawnCode
    old: DrawnCode | None
    link: DrawnLink | None
    link_message: Message | None


def kind_of(target: Target) -> str:
    return _KINDS[target.channel]


def old_target(basis: ContactBasis, target: Target) -> Target | None:
    """Return the proven one a new one would replace, which has a say in it.

    :raises ContactUnchangedError: when it is the same.
    """
    old = basis.phone if target.channel is TargetChannel.SMS else basis.email if basis.email_verified else None
    if old == target.address:
        raise ContactUnchangedError
    return Target(target.channel, old) if old is not None else None


def decide_contact_change(
    basis: ContactBasis,
    drawn: Drawn,
    *,
    change_id: UUID,
    target: Target,
    actor: Actor,
    waits: timedelta,
    ids: IdSource,
    now: datetime,
) -> Decision:
    """Write a change, its codes and its link. Where the new one is somebody else's no code leaves for it.

    The codes are bound to the change. One for a taken number opens nothing, even guessed right.
    """
    old = old_target(basis, target)
    change = {
        "id": change_id,
        "user_id": actor.id,
        "kind": kind_of(target),
        "old_value": old.address if old else None,
        "new_value": target.address,
        "status": "open",
        "new_proven_at": None,
        "old_proven_at": None,
        "created_at": now,
        "takes_effect_at": now + waits if old else now,
        "expires_at": now + _TO_PROVE,
        "settled_at": None,
    }
    audit = Audit(
        id=ids.new(),
        actor=actor,
        action="user.contact_change_started",
        target_type="contact_change",
        target_id=change_id,
        detail={"kind": kind_of(target)},
    )
    owner = None if basis.taken else actor.id
    codes = [_code_row(drawn.new, change_id, owner=owner, now=now)]
    messages = [] if basis.taken else [drawn.new.message]
    if drawn.old is not None:
        codes.append(_code_row(drawn.old, change_id, owner=actor.id, now=now))
        messages.append(drawn.old.message)
    links: tuple[Insert, ...] = ()
    if drawn.link is not None and drawn.link_message is not None:
        links = (_link_row(drawn.link, change_id, actor, now=now, waits=waits, channel=target.channel),)
        messages.append(drawn.link_message)
    writes = (Insert("contact_changes", (change,)), Insert("verification_codes", tuple(codes)), *links)
    return Decision(writes=writes, messages=tuple(messages), audits=(audit,))


def decide_contact_changed(change: ContactChange, *, actor: Actor, cooling_hours: int, ids: IdSource) -> Decision:
    """Tell the owner by all channels, and the old number or address, that another one is in its place."""
    facts = {"what": _WHAT[change.kind], "new": shown(change.kind, change.new_value), "hours": cooling_hours}
    audit = Audit(
        id=ids.new(),
        actor=actor,
        action="user.contact_changed",
        target_type="user",
        target_id=change.user_id,
        detail={"kind": change.kind, "old_agreed": change.old_proven_at is not None},
    )
    messages = [
        notice(id=ids.new(), user_id=change.user_id, template="contact_changed", reader=Reader.OWNER, facts=facts)
    ]
    if change.old_value is not None:
        channel = "sms" if change.kind == "phone" else "mail"
        payload = {"channel": channel, "to": change.old_value, "user_id": change.user_id, "facts": facts}
        messages.append(Message(id=ids.new(), topic="contact.former", payload=payload))
    return Decision(messages=tuple(messages), audits=(audit,))


def started_facts(target: Target, *, takes_effect_at: datetime) -> dict[str, str]:
    """Return what the old one is told of a change that is under way."""
    kind = kind_of(target)
    return {"what": _WHAT[kind], "new": shown(kind, target.address), "from": takes_effect_at.isoformat()}


def shown(kind: str, value: str) -> str:
    """Return a number or address that says which one it is only to who knows it."""
    if kind == "phone":
        return masked(value)
    local, _, domain = value.partition("@")
    return f"{local[:1]}***@{domain[:1]}***"


def _code_row(drawn: DrawnCode, change_id: UUID, *, owner: UUID | None, now: datetime) -> dict[str, object]:
    code = drawn.code
    return {
        "id": code.id,
        "purpose": code.purpose,
        "phone": code.phone,
        "email": code.email,
        "code_mac": f"\\x{code.mac.hex()}",
        "tries": 0,
        "created_at": now,
        "expires_at": now + timedelta(seconds=code.ttl_seconds),
        "consumed_at": None,
        "draft": None if owner is None else {"change_id": str(change_id)},
        "user_id": owner,
    }


def _link_row(
    link: DrawnLink, change_id: UUID, actor: Actor, *, now: datetime, waits: timedelta, channel: TargetChannel
) -> Insert:
    row = {
        "id": link.id,
        "purpose": LinkPurpose.CHANGE_STOP,
        "token_hash": f"\\x{link.digest.hex()}",
        "user_id": actor.id,
        "order_id": None,
        "created_at": now,
        "expires_at": now + waits,
        "used_at": None,
        "subject_id": change_id,
        "channel": channel,
        "ip": actor.ip,
    }
    return Insert("magic_link_logs", (row,))
