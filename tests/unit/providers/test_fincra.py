"""Fincra's units and tables, and the samples of its reference field by field."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx2
import pytest

from kro.core.money import Money
from kro.core.outgoing import RetryPolicy
from kro.payment.providers import (
    AccountHolder,
    BankAccount,
    FailedDefinitively,
    NotFound,
    NotSent,
    Pending,
    Succeeded,
    Unknown,
    UnsupportedAmountError,
    VirtualAccountIssued,
    provider_reference_for,
)
from kro.payment.providers.fincra import Fincra, FincraSettings
from kro.payment.providers.fincra.reading import OddAnswerError
from kro.payment.providers.fincra.units import balance_from_major, fee_from_major, from_major, to_number, to_text

REFERENCE = provider_reference_for(UUID("0190a0b1-c2d3-7e4f-8a9b-0c1d2e3f4a5b"))
AMOUNT = Money(120_000, "NGN")
HOLDER = AccountHolder(
    first_name="Ada", last_name="Obi", email="dev@example.com", phone="0123456789", bvn="22222222222"
)
SELLER = BankAccount(account_number="2345678901", bank_code="058", account_name="Chinwe Eze")
PAYOUTS = "/disbursements/payouts"
PAYOUT = f"{PAYOUTS}/customer-reference/{REFERENCE}"
HOSTED = f"/checkout/payments/merchant-reference/{REFERENCE}"
DIRECT = f"/checkout/charges/merchant-reference/{REFERENCE}"
NESTED_404 = httpx2.Response(404, json={"message": "Not found", "error": "Not Found", "statusCode": 404})


class Script:
    """Answers each path with one thing and keeps what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, httpx2.Response] = {}
        self.requests: list[httpx2.Request] = []
        settings = FincraSettings(
            secret_key="secret", public_key="public", business_id="64f1c2a4b7d9e30012ab4567", webhook_secrets=("hook",)
        )
        self.provider = Fincra(
            settings, transport=httpx2.MockTransport(self._handle), retry=RetryPolicy(tries=1)
        ).provider

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers[request.url.path]
        return httpx2.Response(answer.status_code, content=answer.content)

    def core(self, path: str, data: object) -> None:
        self.answers[path] = httpx2.Response(200, json={"success": True, "message": "ok", "data": data})

    def checkout(self, path: str, data: object) -> None:
        self.answers[path] = httpx2.Response(200, json={"status": True, "message": "ok", "data": data})

    def refuse(self, path: str, status: int, error_type: str) -> None:
        body = {"success": False, "error": "No", "errorType": error_type}
        self.answers[path] = httpx2.Response(status, json=body)

    def sent(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.requests[0].content)
        return body


@pytest.fixture
def script() -> Script:
    return Script()


def payout(**changes: object) -> dict[str, object]:
    return {
        "id": 1254,
        "amountSent": 1350,
        "amountReceived": 1200,
        "sourceCurrency": "NGN",
        "destinationCurrency": "NGN",
        "fee": 150,
        "status": "successful",
        "reference": "5dcf24700a9a4f67",
        "customerReference": REFERENCE,
        "traceId": "110006",
        "message": None,
        "valuedAt": "2024-02-27T09:33:36.000Z",
        **changes,
    }


def charge(**changes: object) -> dict[str, object]:
    return {"id": 1703, "amount": 101.51, "currency": "NGN", "fee": 1.51, "status": "success"} | {
        "reference": REFERENCE,
        **changes,
    }


class TestUnits:
    @pytest.mark.parametrize(
        ("money", "number", "text"),
        [
            (Money(10_151, "NGN"), 101.51, "101.51"),
            (Money(100_000, "NGN"), 1000, "1000"),
            (Money(150_050, "NGN"), 1500.5, "1500.50"),
            (Money(1, "NGN"), 0.01, "0.01"),
            (Money(12_345, "GHS"), 123.45, "123.45"),
            (Money(12_345, "KES"), 123.45, "123.45"),
            (Money(12_345, "ZAR"), 123.45, "123.45"),
            (Money(12_345, "USD"), 123.45, "123.45"),
            (Money(12_345, "TZS"), 123.45, "123.45"),
            (Money(12_345, "UGX"), 12345, "12345"),
            (Money(12_345, "XAF"), 12345, "12345"),
            (Money(12_345, "XOF"), 12345, "12345"),
        ],
        ids=str,
    )
    def test_every_currency_goes_there_and_back_exactly(self, money: Money, number: object, text: str) -> None:
        assert (to_number(money), to_text(money)) == (number, text)
        as_read = json.loads(json.dumps(to_number(money)), parse_float=Decimal)
        assert from_major(as_read, currency=money.currency) == money.amount
        assert from_major(text, currency=money.currency) == money.amount

    @pytest.mark.parametrize("money", [Money(100, "EUR"), Money(0, "NGN"), Money(-1, "NGN")], ids=str)
    def test_what_fincra_does_not_take_is_refused(self, money: Money) -> None:
        with pytest.raises(UnsupportedAmountError):
            to_number(money)
        with pytest.raises(UnsupportedAmountError):
            to_text(money)

    @pytest.mark.parametrize(
        "value",
        [None, True, 1.5, "", "1,000", "-1", "1.", ".5", "1e3", "٣", -1, Decimal("0.001"), Decimal("1e999999"), 10**17],
        ids=repr,
    )
    def test_what_does_not_fit_is_odd(self, value: Any) -> None:
        with pytest.raises(OddAnswerError):
            from_major(value, currency="NGN")

    def test_fees_are_rounded_half_up_and_balances_down(self) -> None:
        assert fee_from_major(Decimal("18.065"), currency="NGN") == 1807
        assert balance_from_major(Decimal("100.999"), currency="NGN") == 10_099
        assert fee_from_major(None, currency="NGN") is None


class TestCollecting:
    async def test_a_page_is_asked_for_as_documented(self, script: Script) -> None:
        script.checkout(
            "/checkout/payments", {"reference": "eyza908ne", "link": "https://checkout.fincra.com/pay/eyza908ne"}
        )

        await script.provider.checkout.start(
            reference=REFERENCE, amount=AMOUNT, payer_email="buyer@example.com", callback_url="https://app.example/paid"
        )

        assert script.sent() == {
            "amount": 1200,
            "currency": "NGN",
            "customer": {"name": "buyer", "email": "buyer@example.com"},
            "reference": REFERENCE,
            "redirectUrl": "https://app.example/paid",
            "feeBearer": "business",
            "settlementDestination": "wallet",
            "paymentMethods": ["card", "bank_transfer"],
            "metadata": {},
        }
        headers = script.requests[0].headers
        assert (headers["api-key"], headers["x-pub-key"]) == ("secret", "public")
        assert headers["x-business-id"] == "64f1c2a4b7d9e30012ab4567"

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            ("success", Succeeded),
            ("successful", Succeeded),
            ("pending", Pending),
            ("processing", Pending),
            ("failed", FailedDefinitively),
            ("expired", FailedDefinitively),
            ("SUCCESS", Unknown),
            ("reversed", Unknown),
        ],
    )
    async def test_every_status_word(self, script: Script, status: str, kind: type) -> None:
        script.checkout(HOSTED, charge(status=status))

        assert isinstance(await script.provider.collections.verify(reference=REFERENCE), kind)

    async def test_what_was_received_counts_and_not_what_was_asked(self, script: Script) -> None:
        script.answers[HOSTED] = NESTED_404
        script.checkout(DIRECT, charge(amountExpected=101.51, amountReceived=100.5, varianceType="under"))

        result = await script.provider.collections.verify(reference=REFERENCE)

        assert isinstance(result, Succeeded)
        assert (result.facts.amount_minor, result.facts.requested_minor) == (10_050, 10_151)

    async def test_a_variance_without_what_was_received_is_unknown(self, script: Script) -> None:
        script.checkout(HOSTED, charge(varianceType="under"))

        assert await script.provider.collections.verify(reference=REFERENCE) == Unknown("amount_not_told")

    @pytest.mark.parametrize(
        "answer",
        [
            httpx2.Response(404, json={"message": "no Route matched with those values"}),
            httpx2.Response(401, json={"message": "Invalid authentication credentials", "request_id": "1"}),
            httpx2.Response(200, json={"status": False, "message": "ok", "data": charge()}),
            httpx2.Response(200, json={"status": True, "data": charge(reference="another")}),
        ],
    )
    async def test_an_answer_from_elsewhere_is_unknown(self, script: Script, answer: httpx2.Response) -> None:
        script.answers[HOSTED] = answer

        assert isinstance(await script.provider.collections.verify(reference=REFERENCE), Unknown)

    async def test_the_sample_of_a_one_time_account(self, script: Script) -> None:
        account = {
            "accountNumber": "9978001201",
            "accountName": "Bandana",
            "bankCode": "101",
            "bankName": "Providus Bank",
            "expiresAt": "2022-11-01T16:17:56.180Z",
        }
        script.checkout("/checkout/charges", charge(amount=1200, fee=18.06, status="pending", virtualAccount=account))

        result = await script.provider.one_time_accounts.issue_one_time(
            reference=REFERENCE, amount=AMOUNT, holder=HOLDER
        )

        assert isinstance(result, VirtualAccountIssued)
        lent = result.account
        assert (lent.account_number, lent.account_name, lent.bank_name) == ("9978001201", "Bandana", "Providus Bank")
        assert (lent.bank_code, lent.provider_reference) == ("101", "1703")
        assert str(lent.expires_at) == "2022-11-01 16:17:56.180000+00:00"
        assert script.sent()["type"] == "bank_transfer"

    async def test_the_sample_of_an_inflow_looks_up_its_account(self, script: Script) -> None:
        sample = {
            "business": "61602d2950139ad72e619891",
            "virtualAccount": "61dc08222d2cc644566c5a591",
            "sourceCurrency": "NGN",
            "destinationCurrency": "NGN",
            "sourceAmount": 200,
            "destinationAmount": 200,
            "amountReceived": 100,
            "fee": 100,
            "customerName": "Ultimate Global Ventures",
            "status": "successful",
            "initiatedAt": "2022-03-28T07:15:19.402Z",
            "reference": "f9121b33-7e15-409e-b588-36c6146d5823",
        }
        script.core(f"/collections/reference/{sample['reference']}", sample)
        script.core(
            f"/profile/virtual-accounts/{sample['virtualAccount']}",
            {"_id": sample["virtualAccount"], "accountInformation": {"accountNumber": "8800000001"}},
        )

        result = await script.provider.inflows.inflow(provider_reference=str(sample["reference"]))

        assert isinstance(result, Succeeded)
        assert (result.facts.amount_minor, result.facts.fees_minor) == (20_000, 10_000)
        assert (result.facts.receiving_account, result.facts.payer.name) == ("8800000001", "Ultimate Global Ventures")


class TestPayouts:
    async def send(self, script: Script) -> object:
        return await script.provider.transfer_sender.send(
            reference=REFERENCE, amount=AMOUNT, account=SELLER, narration="Order payout"
        )

    async def test_a_payout_is_asked_for_as_documented(self, script: Script) -> None:
        script.core(PAYOUTS, {"id": 1254, "reference": "5d", "customerReference": REFERENCE, "status": "processing"})

        assert await self.send(script) == Pending("processing")
        assert script.sent() == {
            "business": "64f1c2a4b7d9e30012ab4567",
            "sourceCurrency": "NGN",
            "destinationCurrency": "NGN",
            "amount": "1200",
            "description": "Order payout",
            "customerReference": REFERENCE,
            "paymentDestination": "bank_account",
            "beneficiary": {
                "firstName": "Chinwe",
                "lastName": "Eze",
                "accountHolderName": "Chinwe Eze",
                "country": "NG",
                "accountNumber": "2345678901",
                "type": "individual",
                "bankCode": "058",
            },
        }

    @pytest.mark.parametrize(
        ("status", "code", "expected"),
        [
            (422, "NO_ENOUGH_MONEY_IN_WALLET", FailedDefinitively("insufficient_balance", "No")),
            (422, "INVALID_QUOTE", FailedDefinitively("invalid_quote", "No")),
            (422, "QUOTE_NOT_GENERATED", FailedDefinitively("quote_not_generated", "No")),
            (422, "UNPROCESSABLE_ENTITY", FailedDefinitively("unprocessable_entity", "No")),
            (400, "VALIDATION_FAILED", FailedDefinitively("validation_failed", "No")),
            (403, "OPERATION_FORBIDDEN", FailedDefinitively("operation_forbidden", "No")),
            (403, "ACCESS_DENIED", NotSent("access_denied")),
            (429, "TOO_MANY_REQUESTS", NotSent("rate_limited")),
            (422, "DUPLICATE_CUSTOMER_REFERENCE", Unknown("duplicate_reference")),
            (404, "RESOURCE_NOT_FOUND", Unknown("resource_not_found")),
            (422, "SERVICE_UNAVAILABLE", Unknown("service_unavailable")),
            (422, "INTERNAL_SERVER_ERROR", Unknown("internal_server_error")),
            (422, "SOMETHING_NEW", Unknown("something_new")),
        ],
    )
    async def test_every_documented_refusal(self, script: Script, status: int, code: str, expected: object) -> None:
        script.refuse(PAYOUTS, status, code)
        script.refuse(PAYOUT, 404, "RESOURCE_NOT_FOUND")

        assert await self.send(script) == expected

    async def test_a_refusal_of_what_exists_is_what_exists(self, script: Script) -> None:
        script.refuse(PAYOUTS, 422, "NO_ENOUGH_MONEY_IN_WALLET")
        script.core(PAYOUT, payout())

        assert isinstance(await self.send(script), Succeeded)

    async def test_a_refusal_that_cannot_be_checked_is_unknown(self, script: Script) -> None:
        script.refuse(PAYOUTS, 422, "NO_ENOUGH_MONEY_IN_WALLET")
        script.answers[PAYOUT] = httpx2.Response(502, html="<h1>Bad gateway</h1>")

        assert await self.send(script) == Unknown("status_502")

    async def test_the_gateway_lets_nothing_through(self, script: Script) -> None:
        script.answers[PAYOUTS] = httpx2.Response(401, json={"message": "No API key found in request"})

        assert await self.send(script) == NotSent("unauthorized")

    @pytest.mark.parametrize(
        ("changes", "kind"),
        [
            ({}, Succeeded),
            ({"status": "processing"}, Pending),
            ({"status": "pending", "amountReceived": None}, Pending),
            ({"status": "failed", "amountReceived": None}, FailedDefinitively),
            ({"status": "reversed"}, Unknown),
            ({"amountReceived": None}, Unknown),
            ({"destinationCurrency": "GHS"}, Unknown),
            ({"customerReference": "another"}, Unknown),
        ],
    )
    async def test_every_status_word(self, script: Script, changes: dict[str, object], kind: type) -> None:
        script.core(PAYOUT, payout(**changes))

        assert isinstance(await script.provider.transfer_reader.status(reference=REFERENCE), kind)

    async def test_the_facts_are_what_the_beneficiary_gets(self, script: Script) -> None:
        script.core(PAYOUT, payout())

        result = await script.provider.transfer_reader.status(reference=REFERENCE)

        assert isinstance(result, Succeeded)
        facts = result.facts
        assert (facts.amount_minor, facts.fees_minor, facts.session_id) == (120_000, 15_000, "110006")
        assert facts.provider_reference == "5dcf24700a9a4f67"

    async def test_not_found_is_no_failure(self, script: Script) -> None:
        script.refuse(PAYOUT, 404, "RESOURCE_NOT_FOUND")

        assert await script.provider.transfer_reader.status(reference=REFERENCE) == NotFound()
