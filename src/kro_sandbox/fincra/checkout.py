"""The hosted checkout: a page for people. Test cards are Fincra's own; the rest of the form is theirs to ignore."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kro_sandbox.core.pages import Pages
from kro_sandbox.core.wire import read_object
from kro_sandbox.fincra.collecting import PAY_FAULTS
from kro_sandbox.fincra.service import Fincra
from kro_sandbox.fincra.state import Charge

PAY_KINDS = PAY_FAULTS
# docs.fincra.com, test cards: no question, and insufficient funds.
CARDS = {"5319317801366660": None, "4084080000005408": "Insufficient funds"}


class FincraCheckout:
    def __init__(self, *, fincra: Fincra, pages: Pages) -> None:
        self._fincra = fincra
        self._pages = pages

    def routes(self) -> list[Route]:
        return [
            Route("/fincra/pay/{code}", self._show, methods=["GET"]),
            Route("/fincra/pay/{code}", self._submit, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        return self._page(request, self._charge(request), error=None)

    async def _submit(self, request: Request) -> Response:
        charge = self._charge(request)
        if charge is None or charge.is_paid:
            return self._page(request, charge, error=None)
        number = str((await read_object(request)).get("card_number", "")).replace(" ", "")
        error = CARDS.get(number, "Only the listed test cards work here")
        if error is None:
            error = self._fincra.collecting.pay(charge)
        else:
            self._fincra.collecting.decline(charge)
        if error is None and charge.redirect_url:
            return RedirectResponse(_back(charge.redirect_url, charge.reference), status_code=303)
        return self._page(request, charge, error=error)

    def _charge(self, request: Request) -> Charge | None:
        return self._fincra.state.pages.get(request.path_params["code"])

    def _page(self, request: Request, charge: Charge | None, *, error: str | None) -> Response:
        return self._pages.render(
            request,
            "fincra/checkout.html",
            status=404 if charge is None else 200,
            charge=charge,
            error=error,
            cards={number: why or "Pays" for number, why in CARDS.items()},
        )


def _back(url: str, reference: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'reference': reference})}"
