"""The code that shows that the goods changed hands: for the buyer, the seller, and the seller's rider."""

from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Path, Request, Response
from pydantic import Field

from kro.core.actor import AccountRestrictedError
from kro.core.decisions import Reply
from kro.core.errors import KroError
from kro.core.guards import ClientDep, Public
from kro.core.http import Input, Output, Router, problems, send
from kro.core.ids import show_id
from kro.core.rate_limit import RateLimitedError
from kro.order.controller.dependencies import AskDep
from kro.order.controller.documents import render_order
from kro.order.controller.inputs import NoInput
from kro.order.controller.views import OrderRead
from kro.order.domain import HandoverService, ShownCode, ShownLink, errors, handover_errors
from kro.utils.qr import qr_svg
from kro.verification.domain import STEP_UP_PROBLEMS, ProvenIn

router = Router(tags=["handover"])

_ON_ORDER: tuple[type[KroError], ...] = (
    AccountRestrictedError,
    errors.OrderNotFoundError,
    errors.IllegalTransitionError,
    errors.WrongPartyError,
)
_ON_CODE: tuple[type[KroError], ...] = (
    errors.IllegalTransitionError,
    errors.OrderOnHoldError,
    handover_errors.NoHandoverCodeError,
    handover_errors.WrongHandoverCodeError,
    handover_errors.HandoverCodeLockedError,
)


class HandoverCodeRead(Output):
    """The buyer's code. It is shown in the first answer only: a repeated request is answered without it."""

    order_id: str
    condition_id: str
    tries_left: int
    code: str | None = Field(examples=["048213"])
    url: str | None = Field(description="What the QR code says.")
    qr_svg: str | None = Field(description="The QR code to show the seller, an SVG document.")


class CodeIn(Input):
    code: str = Field(pattern="^[0-9]{6}$", examples=["048213"])


class RiderLinkRead(Output):
    """A link for the seller's rider. Its address is shown in the first answer only."""

    id: str
    order_id: str
    expires_at: datetime
    url: str | None


class HandedOverRead(Output):
    handed_over: bool


async def _handovers(request: Request) -> HandoverService:
    return cast("HandoverService", request.app.state.handovers)


HandoversDep = Annotated[HandoverService, Depends(_handovers)]


@router.post(
    "/orders/{order_id}/handover-code",
    response_model=HandoverCodeRead,
    responses=problems(*_ON_ORDER, handover_errors.NoHandoverCodeError, *STEP_UP_PROBLEMS),
)
async def renew_handover_code(ask: AskDep, body: ProvenIn, handovers: HandoversDep) -> Response:
    """Get a new code, as the buyer; the one before it stops working. Give it away only against the goods."""
    return send(await handovers.renew(ask, claim=body.claim(), render=_render_code))


@router.post(
    "/orders/{order_id}/handover-code/enter",
    response_model=OrderRead,
    responses=problems(*_ON_ORDER, *_ON_CODE),
)
async def enter_handover_code(ask: AskDep, body: CodeIn, handovers: HandoversDep) -> Response:
    """Show, as the seller, that the goods changed hands: with the code the buyer gave away against them."""
    return send(await handovers.enter(ask, body.code, render=render_order))


@router.post(
    "/orders/{order_id}/rider-link",
    status_code=201,
    response_model=RiderLinkRead,
    responses=problems(*_ON_ORDER, errors.OrderOnHoldError, handover_errors.NoHandoverCodeError),
)
async def make_rider_link(ask: AskDep, _: NoInput, handovers: HandoversDep) -> Response:
    """Make a link by which your rider enters the code without an account; an earlier link ends."""
    return send(await handovers.make_link(ask, render=_render_link))


@router.post(
    "/orders/{order_id}/rider-link/revoke",
    response_model=OrderRead,
    responses=problems(errors.OrderNotFoundError, errors.WrongPartyError, handover_errors.RiderLinkNotFoundError),
)
async def revoke_rider_link(ask: AskDep, _: NoInput, handovers: HandoversDep) -> Response:
    """Take your rider's link back."""
    return send(await handovers.revoke_link(ask, render=render_order))


@router.post(
    "/public/handover/{token}",
    response_model=HandedOverRead,
    dependencies=[Public],
    responses=problems(*_ON_CODE, handover_errors.RiderLinkEndedError, RateLimitedError),
)
async def enter_as_rider(
    token: Annotated[str, Path(max_length=100)], body: CodeIn, client: ClientDep, handovers: HandoversDep
) -> HandedOverRead:
    """Enter the buyer's code by the link of a seller; it shares the code's tries with the seller."""
    await handovers.enter_as_rider(token, body.code, ip=client.ip)
    return HandedOverRead(handed_over=True)


def _render_code(shown: ShownCode) -> Reply:
    view = HandoverCodeRead(
        order_id=show_id("ord", shown.order_id),
        condition_id=show_id("cnd", shown.condition_id),
        tries_left=shown.tries_left,
        code=shown.code,
        url=shown.url,
        qr_svg=qr_svg(shown.url) if shown.url is not None else None,
    )
    return Reply(status=200, body=view.model_dump_json().encode())


def _render_link(shown: ShownLink) -> Reply:
    view = RiderLinkRead(
        id=show_id("rdl", shown.id),
        order_id=show_id("ord", shown.order_id),
        expires_at=shown.expires_at,
        url=shown.url,
    )
    return Reply(status=201, body=view.model_dump_json().encode())
