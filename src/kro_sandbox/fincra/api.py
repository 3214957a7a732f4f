"""Fincra's API: HTTP in, one of the two documented envelopes out."""

import hmac
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core.clock import iso
from kro_sandbox.core.faults import HTTP, FaultBook, FaultKind
from kro_sandbox.core.faulty import with_faults
from kro_sandbox.core.naira import read_naira
from kro_sandbox.core.options import Options
from kro_sandbox.core.wire import MalformedBodyError, json_response, read_object
from kro_sandbox.fincra import payloads
from kro_sandbox.fincra.errors import FincraError, checkout_error, core_error, gateway_error, rate_limited
from kro_sandbox.fincra.payouts import BANKS, PAYOUT_FAULTS, resolve
from kro_sandbox.fincra.service import Fincra

Handler = Callable[[Request], Awaitable[Response]]

OPERATIONS: dict[str, frozenset[FaultKind]] = {
    "initiate": HTTP,
    "verify": HTTP,
    "charge": HTTP,
    "virtual_account": HTTP,
    "fetch_virtual_account": HTTP,
    "collection": HTTP,
    "banks": HTTP,
    "resolve": HTTP,
    "payout": HTTP | PAYOUT_FAULTS,
    "verify_payout": HTTP,
    "wallets": HTTP,
    "business": HTTP,
}
_CHECKOUT = frozenset({"initiate", "verify", "charge"})


def core(message: str, data: object) -> Response:
    return json_response({"success": True, "message": message, "data": data})


def checkout(message: str, data: object) -> Response:
    return json_response({"status": True, "message": message, "data": data})


class FincraAPI:
    def __init__(
        self, *, fincra: Fincra, faults: FaultBook, options: Options, public_url: Callable[[Request], str]
    ) -> None:
        self._fincra = fincra
        self._faults = faults
        self._options = options
        self._public_url = public_url

    def routes(self) -> list[Route]:
        post, get = "POST", "GET"
        table: list[tuple[str, str, str, Handler]] = [
            (post, "/checkout/payments", "initiate", self._initiate),
            (get, "/checkout/payments/merchant-reference/{reference}", "verify", self._verify_payment),
            (post, "/checkout/charges", "charge", self._charge),
            (get, "/checkout/charges/merchant-reference/{reference}", "verify", self._verify_charge),
            (post, "/profile/virtual-accounts/requests", "virtual_account", self._open_account),
            (get, "/profile/virtual-accounts/{id}", "fetch_virtual_account", self._fetch_account),
            (get, "/profile/business/me", "business", self._business),
            (get, "/collections/reference/{reference}", "collection", self._collection),
            (post, "/collections/transfer/simulate", "collection", self._simulate),
            (get, "/core/banks", "banks", self._banks),
            (post, "/core/accounts/resolve", "resolve", self._resolve),
            (post, "/disbursements/payouts", "payout", self._create_payout),
            (get, "/disbursements/payouts/customer-reference/{reference}", "verify_payout", self._by_customer),
            (get, "/disbursements/payouts/reference/{reference}", "verify_payout", self._by_reference),
            (get, "/wallets", "wallets", self._wallets),
        ]
        return [
            Route(f"/fincra{path}", self._served(operation, handler), methods=[method])
            for method, path, operation, handler in table
        ]

    def _served(self, operation: str, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            try:
                self._authorize(request, operation)
                return await handler(request)
            except FincraError as error:
                return error.response()
            except MalformedBodyError as error:
                return checkout_error(str(error)).response()

        return with_faults(answer, faults=self._faults, vendor="fincra", operation=operation, rate_limited=rate_limited)

    def _authorize(self, request: Request, operation: str) -> None:
        key = request.headers.get("api-key")
        if not key:
            raise gateway_error("No API key found in request")
        if not hmac.compare_digest(key.encode(), self._fincra.secret_key.encode()):
            raise gateway_error("Invalid authentication credentials")
        if self._options.fincra_ip_refused:
            raise core_error("Your IP address is not allowed to access this service", "ACCESS_DENIED", status=403)
        if operation in _CHECKOUT and request.headers.get("x-business-id") != self._fincra.business:
            raise checkout_error("x-business-id is required")
        if operation == "initiate" and request.headers.get("x-pub-key") != self._fincra.public_key:
            raise checkout_error("x-pub-key is invalid", status=401)

    async def _initiate(self, request: Request) -> Response:
        charge = self._fincra.collecting.initiate(await read_object(request))
        link = f"{self._public_url(request)}/fincra/pay/{charge.code}"
        return checkout("Payment transaction initiated", {"reference": charge.code, "link": link})

    async def _verify_payment(self, request: Request) -> Response:
        charge = self._fincra.collecting.find(request.path_params["reference"], hosted=True)
        return checkout("Payment transaction fetched", payloads.payment_body(charge))

    async def _charge(self, request: Request) -> Response:
        charge = self._fincra.collecting.charge(await read_object(request))
        return checkout("Charge created", payloads.charge_body(charge))

    async def _verify_charge(self, request: Request) -> Response:
        charge = self._fincra.collecting.find(request.path_params["reference"], hosted=False)
        return checkout("Charge verified", payloads.charge_body(charge))

    async def _open_account(self, request: Request) -> Response:
        account = self._fincra.collecting.open_account(await read_object(request))
        return core("Virtual account created", payloads.account_body(account, business=self._fincra.business))

    async def _fetch_account(self, request: Request) -> Response:
        account = self._fincra.state.accounts.get(request.path_params["id"])
        if account is None:
            raise core_error("Virtual account not found", "RESOURCE_NOT_FOUND", status=404)
        return core("Virtual account fetched", payloads.account_body(account, business=self._fincra.business))

    async def _business(self, request: Request) -> Response:  # noqa: ARG002  the signature of an endpoint
        return core("Business fetched", {"_id": self._fincra.business, "name": "KRO Sandbox"})

    async def _collection(self, request: Request) -> Response:
        found = self._fincra.state.collections.get(request.path_params["reference"])
        if found is None or request.query_params.get("business") != self._fincra.business:
            raise core_error("Collection not found", "RESOURCE_NOT_FOUND", status=404)
        return core("Collection fetched", payloads.collection_body(found, business=self._fincra.business))

    async def _simulate(self, request: Request) -> Response:
        body = await read_object(request)
        payee = body.get("payee")
        number = payee.get("accountNumber") if isinstance(payee, dict) else None
        account = next((one for one in self._fincra.state.accounts.values() if one.number == number), None)
        amount = read_naira(body.get("amount"))
        if account is None or amount is None:
            raise core_error("payee.accountNumber or amount is invalid", "VALIDATION_FAILED")
        collection = self._fincra.collecting.arrive(account, amount=amount)
        return core("Transfer simulated", {"reference": collection.reference})

    async def _banks(self, request: Request) -> Response:
        is_naira = request.query_params.get("currency") == "NGN"
        return core("Banks fetched", [{"code": code, "name": name} for code, name in BANKS.items()] if is_naira else [])

    async def _resolve(self, request: Request) -> Response:
        body = await read_object(request)
        number, bank = str(body.get("accountNumber", "")), str(body.get("bankCode", ""))
        name = resolve(account_number=number, bank_code=bank)
        data = {"accountName": name, "accountNumber": number, "bankCode": bank}
        return core("Account resolve successful", data)

    async def _create_payout(self, request: Request) -> Response:
        payout = self._fincra.payouts.create(await read_object(request))
        return core("Payout processed successfully", payloads.payout_created_body(payout))

    async def _by_customer(self, request: Request) -> Response:
        payout = self._fincra.payouts.find(customer_reference=request.path_params["reference"])
        return core("Payout fetched", payloads.payout_body(payout))

    async def _by_reference(self, request: Request) -> Response:
        payout = self._fincra.payouts.find(reference=request.path_params["reference"])
        return core("Payout fetched", payloads.payout_body(payout))

    async def _wallets(self, request: Request) -> Response:
        if request.query_params.get("businessID") != self._fincra.business:
            raise core_error("businessID is required", "UNPROCESSABLE_ENTITY")
        wallet = payloads.wallet_body(
            business=self._fincra.business, balance=self._fincra.state.balance, at=iso(self._fincra.clock.now())
        )
        wanted = request.query_params.get("currency", "NGN")
        return core("Wallets fetched", [wallet] if wanted == "NGN" else [])
