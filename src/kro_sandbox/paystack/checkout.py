"""The hosted checkout: a page for people, an endpoint for machines."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kro_sandbox.core.faults import TRANSPORT, FaultBook
from kro_sandbox.core.faulty import with_faults
from kro_sandbox.core.pages import Pages
from kro_sandbox.core.wire import MalformedBodyError, json_response, read_object
from kro_sandbox.paystack.cards import CARDS, find_card
from kro_sandbox.paystack.charges import PAY_FAULTS, Payment, PaymentResult
from kro_sandbox.paystack.errors import PaystackError, rate_limited
from kro_sandbox.paystack.service import Paystack
from kro_sandbox.paystack.state import Transaction

PAY_KINDS = TRANSPORT | PAY_FAULTS
_QUESTIONS = {"pin": "Card PIN", "phone": "Phone number at the bank", "otp": "Code the bank sent you"}


class Checkout:
    def __init__(self, *, paystack: Paystack, faults: FaultBook, pages: Pages) -> None:
        self._paystack = paystack
        self._faults = faults
        self._pages = pages

    def routes(self) -> list[Route]:
        base = "/paystack/checkout/{access_code}"
        pay = with_faults(
            self._pay,
            faults=self._faults,
            vendor="paystack",
            operation="pay",
            rate_limited=rate_limited,
            kinds=TRANSPORT,
        )
        return [
            Route(base, self._show, methods=["GET"]),
            Route(base, self._submit, methods=["POST"]),
            Route(f"{base}/pay", pay, methods=["POST"]),
            Route(f"{base}/cancel", self._cancel, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        transaction = self._transaction(request)
        if transaction is None:
            return self._unknown(request)
        if transaction.paid_at is not None:
            return self._paid(request, transaction)
        return self._form(request, transaction)

    async def _submit(self, request: Request) -> Response:
        transaction = self._transaction(request)
        if transaction is None:
            return self._unknown(request)
        typed = await read_object(request)
        result = self._paystack.charges.pay(transaction, read_payment(typed))
        if result.status == "success":
            destination = _callback(transaction)
            return (
                self._paid(request, transaction)
                if destination is None
                else RedirectResponse(destination, status_code=303)
            )
        return self._form(request, transaction, typed=typed, result=result)

    async def _pay(self, request: Request) -> Response:
        transaction = self._transaction(request)
        if transaction is None:
            return json_response({"status": "error", "message": "There is no such checkout."}, status=404)
        return await pay_by_machine(self._paystack, transaction, request)

    async def _cancel(self, request: Request) -> Response:
        transaction = self._transaction(request)
        if transaction is None:
            return self._unknown(request)
        self._paystack.charges.cancel(transaction)
        destination = transaction.metadata.get("cancel_action") if isinstance(transaction.metadata, dict) else None
        if destination:
            return RedirectResponse(str(destination), status_code=303)
        return self._pages.render(request, "paystack/ended.html", title="Payment cancelled", transaction=transaction)

    def _transaction(self, request: Request) -> Transaction | None:
        return self._paystack.charges.at_checkout(request.path_params["access_code"])

    def _unknown(self, request: Request) -> Response:
        return self._pages.render(
            request, "paystack/ended.html", status=404, title="Unknown checkout", transaction=None
        )

    def _paid(self, request: Request, transaction: Transaction) -> Response:
        return self._pages.render(
            request, "paystack/ended.html", title="Paid", transaction=transaction, callback=_callback(transaction)
        )

    def _form(
        self,
        request: Request,
        transaction: Transaction,
        *,
        typed: Mapping[str, Any] | None = None,
        result: PaymentResult | None = None,
    ) -> Response:
        typed = typed or {"card_number": CARDS[0].number, "cvv": CARDS[0].cvv, "expiry": "12/30"}
        card = find_card(typed.get("card_number"))
        is_asking = result is not None and result.status.startswith("send_")
        asks = [name for name, _ in card.asks] if card is not None and is_asking else []
        return self._pages.render(
            request,
            "paystack/checkout.html",
            title=f"Pay {transaction.currency} {transaction.amount / 100:,.2f}",
            transaction=transaction,
            cards=CARDS,
            typed=typed,
            asks={name: _QUESTIONS[name] for name in asks},
            error=result.message if result is not None and not is_asking else None,
        )


def read_payment(typed: Mapping[str, Any]) -> Payment:
    return Payment(
        card_number=str(typed.get("card_number", "")),
        cvv=str(typed.get("cvv", "")),
        expiry=str(typed.get("expiry", "")),
        answers={name: str(typed[name]) for name in _QUESTIONS if typed.get(name)},
    )


async def pay_by_machine(paystack: Paystack, transaction: Transaction, request: Request) -> Response:
    """Pay with a JSON body and answer how it ended."""
    try:
        typed = await read_object(request)
    except MalformedBodyError as error:
        return PaystackError(str(error)).response()
    result = paystack.charges.pay(transaction, read_payment(typed))
    return json_response({"status": result.status, "reference": transaction.reference, "message": result.message})


def _callback(transaction: Transaction) -> str | None:
    if not transaction.callback_url:
        return None
    joint = "&" if "?" in transaction.callback_url else "?"
    query = urlencode({"trxref": transaction.reference, "reference": transaction.reference})
    return f"{transaction.callback_url}{joint}{query}"
