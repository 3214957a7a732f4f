"""Audit rows of people's doings, ready to ride in the statement they are about."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kro.core.actor import SYSTEM, Actor, ActorKind
from kro.core.auth.sessions import Client
from kro.core.decisions import Audit, Decision, Message
from kro.core.decisions.encoding import encode
from kro.core.ids import IdSource


def actor_at(client: Client, *, kind: ActorKind, id: UUID, session_id: UUID | None = None) -> Actor:  # noqa: A002 - the actor's own field
    """Return somebody who acts without a token yet: at a registration or a login."""
    return Actor(kind=kind, id=id, session_id=session_id, request_id=client.request_id, ip=client.ip)


def nobody_at(client: Client) -> Actor:
    """Return the actor of an attempt that belongs to no account."""
    return actor_at(client, kind=SYSTEM.kind, id=SYSTEM.id)


def record(
    action: str,
    *,
    actor: Actor,
    target: tuple[str, UUID | None],
    ids: IdSource,
    refused_because: str | None = None,
    detail: dict[str, Any] | None = None,
    messages: tuple[Message, ...] = (),
) -> str:
    """Return one audit row, and what follows from it, as an encoded decision.

    ``detail`` never holds personal data or secrets.
    """
    target_type, target_id = target
    audit = Audit(
        id=ids.new(),
        actor=actor,
        action=action,
        target_type=target_type,
        target_id=target_id,
        result="refused" if refused_because else "done",
        reason=refused_because,
        detail=detail or {},
    )
    return encode(Decision(audits=(audit,), messages=messages))
