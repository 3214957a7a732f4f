import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from kro_sandbox.control.api import ControlAPI
from kro_sandbox.control.fincra import FincraControl
from kro_sandbox.control.pages import ControlPages
from kro_sandbox.control.pay import PaymentPage
from kro_sandbox.control.paystack import PaystackControl
from kro_sandbox.control.providus import ProvidusControl
from kro_sandbox.core.clock import SystemClock
from kro_sandbox.core.pages import Pages
from kro_sandbox.core.wire import MalformedBodyError, json_response
from kro_sandbox.fincra.api import FincraAPI
from kro_sandbox.fincra.checkout import FincraCheckout
from kro_sandbox.paystack.api import PaystackAPI
from kro_sandbox.paystack.checkout import Checkout
from kro_sandbox.providus.collection_api import CollectionAPI
from kro_sandbox.providus.transfer_api import TransferAPI
from kro_sandbox.sandbox import Sandbox
from kro_sandbox.settings import SandboxSettings


def create_app(settings: SandboxSettings) -> Starlette:
    """Build the sandbox: every stand-in, the control API and the pages, as one application with its own memory."""
    sandbox = Sandbox(settings=settings, clock=SystemClock())
    pages = Pages()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001  the signature Starlette calls
        warm_up = asyncio.create_task(asyncio.to_thread(importlib.import_module, "httpx2"))
        yield
        await warm_up
        await sandbox.close()

    routes = [
        *ControlPages(sandbox=sandbox, pages=pages).routes(),
        *PaymentPage(sandbox=sandbox, pages=pages).routes(),
        *ControlAPI(sandbox=sandbox).routes(),
        *PaystackControl(paystack=sandbox.paystack).routes(),
        *Checkout(paystack=sandbox.paystack, faults=sandbox.faults, pages=pages).routes(),
        *PaystackAPI(paystack=sandbox.paystack, faults=sandbox.faults, public_url=sandbox.public_url).routes(),
        *FincraControl(fincra=sandbox.fincra).routes(),
        *FincraCheckout(fincra=sandbox.fincra, pages=pages).routes(),
        *FincraAPI(
            fincra=sandbox.fincra, faults=sandbox.faults, options=sandbox.options, public_url=sandbox.public_url
        ).routes(),
        *ProvidusControl(providus=sandbox.providus).routes(),
        *CollectionAPI(providus=sandbox.providus, faults=sandbox.faults).routes(),
        *TransferAPI(providus=sandbox.providus, faults=sandbox.faults).routes(),
        *sandbox.termii.routes(),
        *sandbox.texts.twilio.routes(),
        *sandbox.texts.telnyx.routes(),
        *sandbox.texts.whatsapp.routes(),
        *sandbox.dojah.routes(),
        *sandbox.sendgrid.routes(),
        *sandbox.s3.routes(),
        *sandbox.recaptcha.routes(),
    ]
    handlers = {MalformedBodyError: _malformed, ClientDisconnect: _gone}
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)


async def _malformed(request: Request, error: Exception) -> Response:  # noqa: ARG001  the signature Starlette calls
    return json_response({"error": str(error)}, status=400)


async def _gone(request: Request, error: Exception) -> Response:  # noqa: ARG001  the signature Starlette calls
    """Answer nobody: the caller hung up in the middle of its request."""
    return Response(status_code=400)
