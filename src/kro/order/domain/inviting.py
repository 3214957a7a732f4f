"""Who is named in an order before they have an account: a row that holds their number, and a link to claim it."""

from __future__ import annotations

from typing import Final, Protocol
from uuid import UUID

from kro.core.decisions import Decision, Insert, Message
from kro.core.ids import show_id
from kro.core.phone import masked
from kro.order.database.records import InviteLink, OrderState, Person
from kro.order.domain.changes import Context, money
from kro.order.domain.rules import OrderRules

INVITED: Final = "invited"
_TIME_BITS: Final = 80
_STEP_MS: Final = 15
"""What an unknown 32-bit number is multiplied by, to land anywhere in about two years."""


class Proposal(Protocol):
    """What an order says of the one it is proposed to."""

    @property
    def counterparty_phone(self) -> str: ...
    @property
    def counterparty_name(self) -> str | None: ...
    @property
    def counterparty_email(self) -> str | None: ...


def newcomer(link: InviteLink, context: Context) -> Person:
    """Return the person nobody knows yet.

    An id tells when it was made, and the order shows it: one of this very moment would say that the number has no
    account. So its time is moved back by what only the hash of the link's token says.
    """
    number = context.ids.new().int
    earlier = int.from_bytes(link.digest[:4]) * _STEP_MS
    moved = max((number >> _TIME_BITS) - earlier, 0) << _TIME_BITS | number & ((1 << _TIME_BITS) - 1)
    return Person(id=UUID(int=moved), name="", status=INVITED, kyc_tier=0)


def placeholder(person: Person, phone: str, context: Context) -> Decision:
    """Return the row of an invited person: no password opens it, and the number is all that is known."""
    first, _, last = masked(phone).partition(" ")
    row = {
        "id": person.id,
        "phone": phone,
        "email": None,
        "first_name": first,
        "last_name": last,
        "password_hash": "",
        "status": INVITED,
        "role_code": "member",
        "kyc_tier": 0,
        "phone_verified_at": None,
        "version": 1,
        "created_at": context.now,
        "updated_at": context.now,
    }
    return Decision(writes=(Insert("users", (row,)),))


def invitation(
    state: OrderState,
    proposal: Proposal,
    link: InviteLink,
    *,
    rules: OrderRules,
    from_name: str,
    context: Context,
) -> Decision:
    """Return the link and the messages that carry it, as a text and, where an address was given, as a mail."""
    order = state.order
    expires_at = context.now + rules.accept_within
    row = {
        "id": link.id,
        "purpose": "order_invite",
        "token_hash": f"\\x{link.digest.hex()}",
        "user_id": order.user_of(state.viewer.other),
        "order_id": order.id,
        "created_at": context.now,
        "expires_at": expires_at,
        "used_at": None,
    }
    shared = {
        "link_id": link.id,
        "sealed": link.sealed,
        "inviter_id": context.actor.id,
        "expires_at": expires_at,
        "facts": {
            "order_id": show_id("ord", order.id),
            "title": order.title,
            "amount": money(order.amount, order.currency),
            "from_name": from_name,
        },
    }
    texts = [{**shared, "channel": "sms", "to": proposal.counterparty_phone}]
    if proposal.counterparty_email is not None:
        name = proposal.counterparty_name or "there"
        texts.append({**shared, "channel": "mail", "to": proposal.counterparty_email, "name": name})
    messages = tuple(Message(id=context.ids.new(), topic="invite", payload=payload) for payload in texts)
    return Decision(writes=(Insert("magic_link_logs", (row,)),), messages=messages)
