"""Whether an order is genuine: for anybody who holds its code."""

from typing import Annotated, Final, cast

from fastapi import Depends, Request, Response
from pydantic import Field

from kro.core.config import Settings
from kro.core.guards import ActiveUser, ClientDep, Public
from kro.core.http import HTMLPage, JSONBytes, Output, Router, problems
from kro.core.ids import read_id
from kro.core.money import Money
from kro.core.rate_limit import RateLimitedError
from kro.order.domain.errors import OrderNotFoundError
from kro.order.domain.public_orders import NotGenuineError, PublicOrders, SignedOrder
from kro.utils.qr import qr_svg

router = Router(tags=["public"])

_NOT_STORED: Final = {"Cache-Control": "no-store"}
_REFUSALS: Final = problems(NotGenuineError, RateLimitedError)
_PAGE: Final = HTMLPage("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Order {{ facts.order_code }}</title>
<style>
  body { max-width: 32rem; margin: 10vh auto; padding: 0 1.5rem; font: 1.1rem/1.6 system-ui, sans-serif; }
  dt { color: #555; } dd { margin: 0 0 .6rem; }
</style>
<h1>This order is genuine</h1>
<dl>
<dt>Order</dt><dd>{{ facts.order_code }}: {{ facts.title }}</dd>
<dt>Amount</dt><dd>{{ amount }}</dd>
<dt>Status</dt><dd>{{ facts.status|replace("_", " ") }}</dd>
<dt>Buyer and seller</dt><dd>{{ facts.buyer }}, {{ facts.seller }}</dd>
<dt>Created on</dt><dd>{{ facts.created_on }}</dd>
</dl>
<p>As of {{ facts.verified_at }}. Code {{ code }}.</p>
</html>
""")
_PAGE_HEADERS: Final = {
    **_NOT_STORED,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


class CodeRead(Output):
    """What is printed on an order."""

    code: str = Field(examples=["7K3M-9QZX-2B4D-E"])
    page_url: str
    qr_url: str


class SignatureRead(Output):
    algorithm: str = "Ed25519"
    key_id: str
    value: str = Field(description="In base64url, over the bytes of `signed` in UTF-8.")


class PublicOrderRead(Output):
    """What anybody with the code may know."""

    order_code: str
    title: str
    amount: int = Field(description="In minor units.")
    currency: str
    status: str
    buyer: str = Field(examples=["Ada O."])
    seller: str
    created_on: str
    verified_at: str


class SignedOrderRead(Output):
    order: PublicOrderRead
    signed: str = Field(description="The same as JSON text: what the signature is about, byte for byte.")
    signature: SignatureRead


class PublicKeyRead(Output):
    key_id: str
    algorithm: str = "Ed25519"
    public_key: str = Field(description="32 bytes in base64url.")


class PublicKeysRead(Output):
    data: list[PublicKeyRead]


async def _orders(request: Request) -> PublicOrders:
    return cast("PublicOrders", request.app.state.public_orders)


async def _base_url(request: Request) -> str:
    return cast("Settings", request.app.state.settings).app.public_base_url


PublicOrdersDep = Annotated[PublicOrders, Depends(_orders)]
BaseURLDep = Annotated[str, Depends(_base_url)]


@router.get("/orders/{order_id}/verification", response_model=CodeRead, responses=problems(OrderNotFoundError))
async def get_code(order_id: str, user: ActiveUser, orders: PublicOrdersDep, base_url: BaseURLDep) -> JSONBytes:
    """Return the code by which others can check that the order is genuine."""
    code = await orders.code(read_id("ord", order_id), actor=user)
    path = f"{base_url}/v1/public/orders/{code}"
    return JSONBytes.of(CodeRead(code=code, page_url=f"{path}/page", qr_url=f"{path}/qr.svg"))


@router.get("/public/orders/{code}", response_model=SignedOrderRead, dependencies=[Public], responses=_REFUSALS)
async def check_order(code: str, client: ClientDep, orders: PublicOrdersDep) -> Response:
    """Check that an order is genuine. The answer is signed, so that it can be shown to others."""
    found = await orders.look(code, ip=client.ip)
    view = SignedOrderRead(
        order=PublicOrderRead(**found.facts),
        signed=found.text,
        signature=SignatureRead(key_id=found.key_id, value=found.signature),
    )
    reply = JSONBytes.of(view)
    reply.headers.update(_NOT_STORED)
    return reply


@router.get(
    "/public/orders/{code}/page",
    response_class=Response,
    dependencies=[Public],
    responses={200: {"content": {"text/html": {}}}, **_REFUSALS},
)
async def show_order(code: str, client: ClientDep, orders: PublicOrdersDep) -> Response:
    """Show a person that an order is genuine."""
    found = await orders.look(code, ip=client.ip)
    page = _PAGE.render(facts=found.facts, code=found.code, amount=_amount(found))
    return Response(page, media_type="text/html", headers=_PAGE_HEADERS)


@router.get(
    "/public/orders/{code}/qr.svg",
    response_class=Response,
    dependencies=[Public],
    responses={200: {"content": {"image/svg+xml": {}}}, **_REFUSALS},
)
async def draw_code(code: str, client: ClientDep, orders: PublicOrdersDep, base_url: BaseURLDep) -> Response:
    """Draw a QR code that leads to the order's public page."""
    found = await orders.look(code, ip=client.ip)
    drawing = qr_svg(f"{base_url}/v1/public/orders/{found.code}/page")
    return Response(drawing, media_type="image/svg+xml", headers=_NOT_STORED)


@router.get("/public/keys", response_model=PublicKeysRead, dependencies=[Public])
async def list_keys(orders: PublicOrdersDep) -> JSONBytes:
    """Return the keys by which what public pages say can be checked without asking again."""
    signer = orders.signer
    return JSONBytes.of(PublicKeysRead(data=[PublicKeyRead(key_id=signer.key_id, public_key=signer.public_key)]))


def _amount(found: SignedOrder) -> str:
    money = Money(found.facts["amount"], found.facts["currency"])
    return f"{money.currency} {money.to_major()}"
