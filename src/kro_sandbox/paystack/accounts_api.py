"""Paystack's API of customers and dedicated accounts."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from kro_sandbox.core.wire import read_object
from kro_sandbox.paystack.payloads import (
    account_body,
    account_fetched_body,
    customer_created_body,
    customer_fetched_body,
)
from kro_sandbox.paystack.replies import ok
from kro_sandbox.paystack.service import Paystack

Endpoint = tuple[str, str, str, Callable[[Request], Awaitable[Response]]]


class AccountsAPI:
    """`table` lists method, path, operation and handler of each call."""

    def __init__(self, *, paystack: Paystack) -> None:
        self._paystack = paystack
        self.table: list[Endpoint] = [
            ("POST", "/customer", "customer", self._create_customer),
            ("GET", "/customer/{name}", "fetch_customer", self._fetch_customer),
            ("POST", "/dedicated_account", "dedicated_account", self._lend),
            ("GET", "/dedicated_account/{id}", "fetch_dedicated_account", self._fetch),
        ]

    async def _create_customer(self, request: Request) -> Response:
        customer = self._paystack.customers.create(await read_object(request))
        return ok("Customer created", customer_created_body(customer))

    async def _fetch_customer(self, request: Request) -> Response:
        customer = self._paystack.customers.find(request.path_params["name"])
        return ok("Customer retrieved", customer_fetched_body(customer, self._paystack.customers.account(customer)))

    async def _lend(self, request: Request) -> Response:
        account = self._paystack.accounts.lend(await read_object(request))
        return ok("NUBAN successfully created", account_body(account))

    async def _fetch(self, request: Request) -> Response:
        account = self._paystack.accounts.fetch(request.path_params["id"])
        return ok("Managed account successfully retrieved", account_fetched_body(account))
