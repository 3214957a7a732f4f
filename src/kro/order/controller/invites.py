"""What somebody sees who was invited into an order and has no account yet."""

from datetime import datetime

from fastapi import Response
from pydantic import Field

from kro.core.guards import ClientDep, Public
from kro.core.http import JSONBytes, MoneyOut, Output, Router, problems
from kro.core.phone import masked
from kro.core.rate_limit import RateLimitedError
from kro.order.controller.dependencies import InvitesDep
from kro.order.controller.terms_views import ProposedCondition, added_read, fees_read
from kro.order.controller.views import FeesRead
from kro.order.database.invites import Invite
from kro.order.database.words import OrderStatus, OrderType, Party
from kro.order.domain import InviteNotFoundError

router = Router(prefix="/public/invites", tags=["public"])


class InviteRead(Output):
    """The terms of an order as somebody invited into it sees them."""

    role: Party = Field(description="The side of the one who was invited.")
    status: OrderStatus
    invited: str = Field(description="The number the invitation went to, masked.", examples=["+234803 ***4567"])
    proposed_by: str = Field(examples=["Ada D."])
    order_type: OrderType
    title: str
    description: str
    amount: MoneyOut
    fees: FeesRead
    delivery_hours: int
    inspection_hours: int
    revisions: int
    conditions: list[ProposedCondition]
    terms_version: int
    terms_hash: str
    accept_by: datetime | None


@router.get(
    "/{token}",
    response_model=InviteRead,
    dependencies=[Public],
    responses=problems(InviteNotFoundError, RateLimitedError),
)
async def get_invite(token: str, invites: InvitesDep, client: ClientDep) -> Response:
    """Show the terms behind a link; it changes nothing, however often it is opened."""
    return JSONBytes.of(_invite(await invites.read(token, client=client)))


def _invite(invite: Invite) -> InviteRead:
    fees = invite.fees
    return InviteRead(
        role=invite.role,
        status=invite.status,
        invited=masked(invite.phone),
        proposed_by=invite.proposer,
        order_type=invite.order_type,
        title=invite.title,
        description=invite.description,
        amount=MoneyOut(amount=fees.amount, currency=fees.currency),
        fees=fees_read({name: getattr(fees, name) for name in fees.__slots__}, fees.currency),
        delivery_hours=invite.delivery_hours,
        inspection_hours=invite.inspection_hours,
        revisions=invite.revisions,
        conditions=[added_read(condition, fees.currency) for condition in invite.conditions],
        terms_version=invite.terms_version,
        terms_hash=invite.terms_hash,
        accept_by=invite.accept_by,
    )
