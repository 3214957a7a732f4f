"""Pages for people: what arrived, what was sent, whose money is where, what shall go wrong."""

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kro_sandbox.control.books_page import fincra_page, paystack_page, providus_page
from kro_sandbox.control.script import VENDORS, ScriptError, add_fault, fault_body
from kro_sandbox.core.pages import Pages
from kro_sandbox.core.wire import JSONObject, read_object
from kro_sandbox.fincra.checkout import CARDS as FINCRA_CARDS
from kro_sandbox.paystack.cards import CARDS
from kro_sandbox.sandbox import Sandbox

_SHOWN = 200
_NUMBER = re.compile(r"[0-9]{1,18}")


class ControlPages:
    def __init__(self, *, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox = sandbox
        self._pages = pages

    def routes(self) -> list[Route]:
        return [
            Route("/", self._index, methods=["GET"]),
            Route("/inbox", self._inbox, methods=["GET"]),
            Route("/deliveries", self._deliveries, methods=["GET"]),
            Route("/deliveries/{id}/resend", self._resend, methods=["POST"]),
            Route("/books", self._books, methods=["GET"]),
            Route("/faults", self._faults, methods=["GET"]),
            Route("/faults", self._add_fault, methods=["POST"]),
            Route("/faults/clear", self._clear_faults, methods=["POST"]),
            Route("/faults/{id}/remove", self._remove_fault, methods=["POST"]),
            Route("/reset", self._reset, methods=["POST"]),
        ]

    async def _index(self, request: Request) -> Response:
        settings = self._sandbox.settings
        return self._pages.render(
            request,
            "index.html",
            base=self._sandbox.public_url(request),
            settings=settings,
            options=self._sandbox.options,
            cards=CARDS,
            fincra_cards=FINCRA_CARDS,
        )

    async def _inbox(self, request: Request) -> Response:
        to = request.query_params.get("to", "").strip()
        found = self._sandbox.inbox.find(to=to)[-_SHOWN:]
        template = "inbox_list.html" if "fragment" in request.query_params else "inbox.html"
        return self._pages.render(request, template, messages=list(reversed(found)), to=to)

    async def _deliveries(self, request: Request) -> Response:
        found = self._sandbox.webhooks.find()[-_SHOWN:]
        return self._pages.render(request, "deliveries.html", deliveries=list(reversed(found)))

    async def _resend(self, request: Request) -> Response:
        delivery = self._sandbox.webhooks.resend(request.path_params["id"])
        # A delivery that was forgotten by a reset: the list that the person sees next says so by itself.
        return RedirectResponse("/deliveries" if delivery is None else f"/deliveries#{delivery.id}", status_code=303)

    async def _books(self, request: Request) -> Response:
        books = [
            paystack_page(self._sandbox.paystack.state),
            fincra_page(self._sandbox.fincra.state),
            providus_page(self._sandbox.providus.state),
        ]
        return self._pages.render(request, "books.html", books=books)

    async def _faults(self, request: Request) -> Response:
        return self._show_faults(request, error=None)

    async def _add_fault(self, request: Request) -> Response:
        typed = await read_object(request)
        try:
            add_fault(self._sandbox.faults, _from_form(typed))
        except ScriptError as error:
            return self._show_faults(request, error=str(error))
        return RedirectResponse("/faults", status_code=303)

    async def _clear_faults(self, request: Request) -> Response:  # noqa: ARG002  the signature of an endpoint
        self._sandbox.faults.clear()
        return RedirectResponse("/faults", status_code=303)

    async def _remove_fault(self, request: Request) -> Response:
        self._sandbox.faults.remove(request.path_params["id"])
        return RedirectResponse("/faults", status_code=303)

    async def _reset(self, request: Request) -> Response:  # noqa: ARG002  as above
        self._sandbox.reset()
        return RedirectResponse("/", status_code=303)

    def _show_faults(self, request: Request, *, error: str | None) -> Response:
        faults = [fault_body(fault) for fault in reversed(self._sandbox.faults.all())]
        choices = {
            f"{vendor} {operation}": sorted(kinds)
            for vendor, operations in VENDORS.items()
            for operation, kinds in operations.items()
        }
        return self._pages.render(
            request, "faults.html", status=200 if error is None else 422, faults=faults, choices=choices, error=error
        )


def _from_form(typed: JSONObject) -> JSONObject:
    """Turn the form's texts into what the control API takes."""
    where, _, kind = str(typed.get("what", "")).partition(":")
    vendor, _, operation = where.partition(" ")
    wanted: JSONObject = {
        "vendor": vendor,
        "operation": operation,
        "kind": kind,
        "times": _number(typed.get("times", "1")),
    }
    name, value = str(typed.get("parameter", "")), str(typed.get("value", "")).strip()
    if name and value:
        wanted[name] = _number(value)
    return wanted


def _number(value: str) -> int | str:
    return int(value) if _NUMBER.fullmatch(value) else value
