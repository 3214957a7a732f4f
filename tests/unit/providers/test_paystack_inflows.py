"""Money on a dedicated account: the sample of the reference field by field, and what else might be answered."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx2
import pytest

from kro.payment.providers import (
    CollectionFacts,
    FailedDefinitively,
    NotFound,
    Payer,
    PaymentProvider,
    Pending,
    Reversed,
    Succeeded,
    Unknown,
)

INFLOW = "171648306444710x23b27jlwjhp4zj"
VERIFY = f"/transaction/verify/{INFLOW}"

OK = Callable[[object], httpx2.Response]
Refusal = Callable[..., httpx2.Response]


class Scripted(Protocol):
    provider: PaymentProvider

    def answer(self, path: str, *answers: httpx2.Response | Exception) -> None: ...


def inflow(**changes: object) -> dict[str, Any]:
    """Return a transfer to an account as it is verified."""
    return {
        "id": 3818622067,
        "domain": "test",
        "status": "success",
        "reference": INFLOW,
        "amount": 4000000,
        "gateway_response": "Approved",
        "paid_at": "2024-05-23T16:51:05.000Z",
        "created_at": "2024-05-23T16:51:05.000Z",
        "channel": "dedicated_nuban",
        "currency": "NGN",
        "metadata": {"receiver_account_number": "9930000902", "receiver_bank": "Test Bank"},
        "log": None,
        "fees": 30000,
        "authorization": {
            "authorization_code": "AUTH_0ozsafcpdf",
            "bin": "413XXX",
            "last4": "X011",
            "channel": "dedicated_nuban",
            "card_type": "transfer",
            "bank": "First City Monument Bank",
            "country_code": "NG",
            "brand": "Managed Account",
            "reusable": False,
            "sender_bank": "First City Monument Bank",
            "sender_bank_account_number": "XXXXXX0011",
            "sender_country": "NG",
            "sender_name": "RANDALL AKANBI HORTON",
            "narration": "NIP: RHODA CHURCH -1123344343/44343231232",
            "receiver_bank_account_number": "9930000902",
            "receiver_bank": "Test Bank",
        },
        "customer": {"id": 169254362, "first_name": "Rhoda", "last_name": "Church", "email": "rhoda@example.com"},
        "requested_amount": 4000000,
        **changes,
    }


async def read(paystack: Scripted) -> object:
    return await paystack.provider.inflows.inflow(provider_reference=INFLOW)


class TestInflow:
    async def test_the_sample_field_by_field(self, paystack: Scripted, ok: OK) -> None:
        paystack.answer(VERIFY, ok(inflow()))

        assert await read(paystack) == Succeeded(
            CollectionFacts(
                reference="",
                provider_reference="3818622067",
                amount_minor=4000000,
                currency="NGN",
                requested_minor=4000000,
                fees_minor=30000,
                channel="dedicated_nuban",
                paid_at=datetime(2024, 5, 23, 16, 51, 5, tzinfo=UTC),
                payer=Payer(
                    email="rhoda@example.com",
                    name="RANDALL AKANBI HORTON",
                    bank_name="First City Monument Bank",
                    account_number="XXXXXX0011",
                ),
                receiving_account="9930000902",
            )
        )

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            ("success", Succeeded),
            ("pending", Pending),
            ("failed", FailedDefinitively),
            ("reversed", Reversed),
            ("something_new", Unknown),
        ],
    )
    async def test_each_status(self, paystack: Scripted, ok: OK, status: str, kind: type[object]) -> None:
        paystack.answer(VERIFY, ok(inflow(status=status)))

        assert isinstance(await read(paystack), kind)

    @pytest.mark.parametrize(
        ("odd", "cause"),
        [
            ({"channel": "card"}, "odd_channel"),
            ({"channel": "bank_transfer"}, "odd_channel"),
            ({"channel": None}, "odd_channel"),
            ({"authorization": {}}, "odd_receiver"),
            ({"authorization": None}, "odd_receiver"),
            ({"reference": "another"}, "reference_mismatch"),
            ({"amount": "40000.00"}, "odd_amount"),
            ({"id": None}, "odd_id"),
        ],
    )
    async def test_what_is_no_inflow_is_unknown(
        self, paystack: Scripted, ok: OK, odd: dict[str, object], cause: str
    ) -> None:
        paystack.answer(VERIFY, ok(inflow(**odd)))

        assert await read(paystack) == Unknown(cause)

    async def test_not_found_and_unreadable(self, paystack: Scripted, refusal: Refusal) -> None:
        paystack.answer(VERIFY, refusal(400, "transaction_not_found"))

        assert await read(paystack) == NotFound()
        assert await paystack.provider.inflows.inflow(provider_reference="../x") == Unknown("unreadable_reference")
