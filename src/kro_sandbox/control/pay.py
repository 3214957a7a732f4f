"""A page at which a person pays into an account by hand, as from a banking app."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kro_sandbox.core.naira import read_naira
from kro_sandbox.core.pages import Pages
from kro_sandbox.core.wire import read_object
from kro_sandbox.fincra.service import Fincra
from kro_sandbox.paystack.errors import PaystackError
from kro_sandbox.paystack.service import Paystack
from kro_sandbox.paystack.state import Account as PaystackAccount
from kro_sandbox.providus.service import Providus
from kro_sandbox.sandbox import Sandbox

_SHOWN = 200
_PAID = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PayableAccount:
    """An account that some vendor lent for payments."""

    number: str
    name: str
    vendor: str
    asked: int | None
    """Kobo that the account was lent for; None where any amount will do."""
    pay: Callable[..., object]
    """Send `amount` kobo to the account; a text tells why the money went back."""


class PaymentPage:
    def __init__(self, *, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox = sandbox
        self._pages = pages

    def routes(self) -> list[Route]:
        return [Route("/pay", self._show, methods=["GET"]), Route("/pay", self._submit, methods=["POST"])]

    async def _show(self, request: Request) -> Response:
        query = request.query_params
        paid = _PAID.fullmatch(query.get("paid", ""))
        number = query.get("account_number", "").strip()
        return self._page(request, number=number, paid=None if paid is None else int(paid[0]))

    async def _submit(self, request: Request) -> Response:
        typed = await read_object(request)
        number, written = str(typed.get("account_number", "")).strip(), str(typed.get("amount", "")).strip()
        account, amount = self._accounts().get(number), read_naira(written, is_text=True)
        if account is None:
            return self._page(request, number=number, amount=written, error="No account has this number")
        if amount is None:
            return self._page(request, number=number, amount=written, error="Write an amount such as 1500.50")
        refusal = account.pay(amount=amount)
        if isinstance(refusal, str):
            return self._page(request, number=number, amount=written, error=f"The money went back. {refusal}")
        # Another page, so that reloading it does not pay once more.
        return RedirectResponse(f"/pay?{urlencode({'account_number': number, 'paid': amount})}", status_code=303)

    def _accounts(self) -> dict[str, PayableAccount]:
        found = (
            *_at_paystack(self._sandbox.paystack),
            *_at_providus(self._sandbox.providus),
            *_at_fincra(self._sandbox.fincra),
        )
        return {account.number: account for account in found}

    def _page(
        self, request: Request, *, number: str, amount: str = "", error: str | None = None, paid: int | None = None
    ) -> Response:
        return self._pages.render(
            request,
            "pay.html",
            status=200 if error is None else 422,
            accounts=list(reversed(self._accounts().values()))[:_SHOWN],
            number=number,
            amount=amount,
            error=error,
            paid=paid,
        )


def _at_paystack(paystack: Paystack) -> Iterator[PayableAccount]:
    def pay(account: PaystackAccount, *, amount: int) -> str | None:
        try:
            paystack.accounts.arrive(account, amount=amount, sender_name="Test Payer")
        except PaystackError as error:
            return str(error)
        return None

    for one in paystack.state.accounts.values():
        yield PayableAccount(number=one.number, name=one.name, vendor="Paystack", asked=None, pay=partial(pay, one))


def _at_providus(providus: Providus) -> Iterator[PayableAccount]:
    for one in providus.state.accounts.values():
        pay = partial(providus.collecting.arrive, one)
        yield PayableAccount(number=one.number, name=one.name, vendor="Providus", asked=None, pay=pay)


def _at_fincra(fincra: Fincra) -> Iterator[PayableAccount]:
    for one in fincra.state.accounts.values():
        pay = partial(fincra.collecting.arrive, one)
        yield PayableAccount(number=one.number, name=one.name, vendor="Fincra", asked=None, pay=pay)
    for charge in fincra.state.charges.values():
        if charge.account is not None:
            yield PayableAccount(
                number=charge.account.number,
                name=str(charge.customer["name"]),
                vendor="Fincra",
                asked=charge.amount,
                pay=partial(fincra.collecting.pay, charge),
            )
