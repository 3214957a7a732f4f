"""A page at which a person pays into an account by hand, as from a banking app."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core.naira import read_naira
from kro_sandbox.core.pages import Pages
from kro_sandbox.core.wire import read_object
from kro_sandbox.providus.service import Providus
from kro_sandbox.providus.state import Inflow

_PATH = "/providus/pay"


class PaymentPage:
    def __init__(self, *, providus: Providus, pages: Pages) -> None:
        self._providus = providus
        self._pages = pages

    def routes(self) -> list[Route]:
        return [Route(_PATH, self._show, methods=["GET"]), Route(_PATH, self._submit, methods=["POST"])]

    async def _show(self, request: Request) -> Response:
        return self._page(request, number=request.query_params.get("account_number", ""), amount="")

    async def _submit(self, request: Request) -> Response:
        typed = await read_object(request)
        number, written = str(typed.get("account_number", "")).strip(), str(typed.get("amount", "")).strip()
        account, amount = self._providus.state.accounts.get(number), read_naira(written, is_text=True)
        if account is None:
            return self._page(request, number=number, amount=written, error="No account has this number")
        if amount is None:
            return self._page(request, number=number, amount=written, error="Write an amount such as 1500.50")
        paid = self._providus.collecting.arrive(account, amount=amount)
        return self._page(request, number=number, amount="", paid=paid)

    def _page(
        self, request: Request, *, number: str, amount: str, error: str | None = None, paid: Inflow | None = None
    ) -> Response:
        return self._pages.render(
            request,
            "providus/pay.html",
            status=200 if error is None else 422,
            accounts=list(self._providus.state.accounts.values()),
            inflows=list(reversed(self._providus.state.inflows.values())),
            number=number,
            amount=amount,
            error=error,
            paid=paid,
        )
