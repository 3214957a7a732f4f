import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.payment.providers import VerifiedWebhook, WebhookSignatureError, WebhookSubject
from kro.payment.providers.paystack.webhooks import PaystackWebhooks

SECRET = "sk_test_present"
OLD_SECRET = "sk_test_former"
HEADER = "x-paystack-signature"


def sign(raw: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), raw, hashlib.sha512).hexdigest()


def event(name: str, **data: object) -> bytes:
    return json.dumps({"event": name, "data": data}).encode()


def verify(
    raw: bytes, signature: str | None = None, *, header: str = HEADER, secrets: tuple[str, ...] = (SECRET,)
) -> VerifiedWebhook:
    return PaystackWebhooks(secrets=secrets).verify(
        raw=raw, headers={header: sign(raw) if signature is None else signature}
    )


class TestSignature:
    def test_the_documented_scheme_is_accepted(self) -> None:
        # Computed with openssl: printf '%s' "$raw" | openssl dgst -sha512 -hmac sk_test_present
        raw = b'{"event":"charge.success","data":{"reference":"a-1","path":"a\\/b"}}'
        signature = (
            "2df7ddd9ff059a464e8591e0d10b738c4eb59913377fea55251f946277a59fad"
            "76d9c8347cd50d0a1f971e508d2f99d8e4f180916864fb41ceef7ce3c059f5f7"
        )

        assert verify(raw, signature).reference == "a-1"

    def test_header_names_have_no_case(self) -> None:
        assert verify(event("charge.success", reference="a"), header="X-Paystack-Signature").reference == "a"

    def test_both_secrets_are_accepted_during_a_rotation(self) -> None:
        raw = event("charge.success", reference="a")

        assert verify(raw, sign(raw, OLD_SECRET), secrets=(SECRET, OLD_SECRET)).reference == "a"
        with pytest.raises(WebhookSignatureError):
            verify(raw, sign(raw, OLD_SECRET), secrets=(SECRET,))

    @pytest.mark.parametrize("secrets", [(), ("",), ("", "")])
    def test_without_a_secret_nothing_is_authentic(self, secrets: tuple[str, ...]) -> None:
        raw = event("charge.success", reference="a")

        for signature in (sign(raw, ""), sign(raw), ""):
            with pytest.raises(WebhookSignatureError):
                verify(raw, signature, secrets=secrets)

    @pytest.mark.parametrize("signature", ["", "é", "0" * 128, "sha512=abc"])
    def test_a_wrong_signature_is_refused(self, signature: str) -> None:
        with pytest.raises(WebhookSignatureError):
            verify(event("charge.success", reference="a"), signature)

    def test_a_missing_header_is_refused(self) -> None:
        with pytest.raises(WebhookSignatureError):
            PaystackWebhooks(secrets=(SECRET,)).verify(raw=b"{}", headers={})

    @given(position=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
    def test_any_altered_byte_is_noticed(self, position: int, flip: int) -> None:
        raw = event("charge.success", reference="a", amount=10000)
        altered = bytearray(raw)
        altered[position % len(raw)] ^= flip

        with pytest.raises(WebhookSignatureError):
            verify(bytes(altered), sign(raw))

    def test_the_same_json_written_differently_is_another_message(self) -> None:
        raw = b'{"event":"charge.success","data":{"reference":"a"}}'

        with pytest.raises(WebhookSignatureError):
            verify(json.dumps(json.loads(raw)).encode(), sign(raw))


class TestMeaning:
    @pytest.mark.parametrize(
        ("name", "key", "subject"),
        [
            ("charge.success", "reference", WebhookSubject.COLLECTION),
            ("transfer.success", "reference", WebhookSubject.TRANSFER),
            ("transfer.failed", "reference", WebhookSubject.TRANSFER),
            ("transfer.reversed", "reference", WebhookSubject.TRANSFER),
            ("refund.pending", "transaction_reference", WebhookSubject.REFUND),
            ("refund.processing", "transaction_reference", WebhookSubject.REFUND),
            ("refund.processed", "transaction_reference", WebhookSubject.REFUND),
            ("refund.failed", "transaction_reference", WebhookSubject.REFUND),
            ("refund.needs-attention", "transaction_reference", WebhookSubject.REFUND),
            ("charge.dispute.create", "id", WebhookSubject.DISPUTE),
            ("charge.dispute.remind", "id", WebhookSubject.DISPUTE),
            ("charge.dispute.resolve", "id", WebhookSubject.DISPUTE),
            ("something.new", "reference", WebhookSubject.OTHER),
        ],
    )
    def test_an_event_says_what_to_ask_about(self, name: str, key: str, subject: WebhookSubject) -> None:
        verified = verify(event(name, **{key: "ref-1"}))

        assert (verified.event_type, verified.subject, verified.reference) == (name, subject, "ref-1")

    @pytest.mark.parametrize(
        ("channel", "subject"),
        [
            ("dedicated_nuban", WebhookSubject.INFLOW),
            ("bank_transfer", WebhookSubject.COLLECTION),
            ("card", WebhookSubject.COLLECTION),
            (None, WebhookSubject.COLLECTION),
            (["dedicated_nuban"], WebhookSubject.COLLECTION),
        ],
    )
    def test_money_on_a_dedicated_account_is_asked_for_as_such(self, channel: object, subject: WebhookSubject) -> None:
        verified = verify(event("charge.success", id=3818622067, reference="1716x23b", channel=channel))

        assert (verified.subject, verified.reference) == (subject, "1716x23b")

    @pytest.mark.parametrize("name", ["transfer.success", "refund.processed", "charge.dispute.create"])
    def test_only_a_charge_is_an_inflow(self, name: str) -> None:
        raw = event(name, id=1, reference="a", transaction_reference="a", channel="dedicated_nuban")

        assert verify(raw).subject is not WebhookSubject.INFLOW

    @pytest.mark.parametrize(
        "name",
        [
            "customeridentification.success",
            "customeridentification.failed",
            "dedicatedaccount.assign.success",
            "dedicatedaccount.assign.failed",
        ],
    )
    def test_what_happens_to_customers_and_accounts_is_kept_and_asks_for_nothing(self, name: str) -> None:
        customer = {"id": 100110, "email": "a@example.com", "customer_code": "CUS_hp05n9khsqcesz2"}
        verified = verify(event(name, customer=customer, dedicated_account=None, identification={"status": "failed"}))

        assert (verified.event_type, verified.subject, verified.reference) == (name, WebhookSubject.OTHER, None)

    def test_a_dispute_is_asked_for_by_its_own_number(self) -> None:
        verified = verify(event("charge.dispute.create", id=2867, transaction={"reference": "ref-1"}))

        assert (verified.subject, verified.reference) == (WebhookSubject.DISPUTE, "2867")

    @pytest.mark.parametrize("data", [{}, {"reference": None}, {"reference": 5}, {"reference": ""}])
    def test_an_event_without_a_reference_asks_for_nothing(self, data: dict[str, object]) -> None:
        verified = verify(event("charge.success", **data))

        assert (verified.subject, verified.reference) == (WebhookSubject.OTHER, None)

    @pytest.mark.parametrize("raw", [b"", b"not json", b"[]", b"null", b'{"event": 5}', b"\xff", b"[" * 100_000])
    def test_an_authentic_body_that_cannot_be_read_is_kept_for_a_human(self, raw: bytes) -> None:
        verified = verify(raw)

        assert (verified.event_type, verified.subject, verified.reference) == ("unreadable", WebhookSubject.OTHER, None)

    def test_the_same_bytes_have_the_same_key_and_two_partial_refunds_do_not(self) -> None:
        first = event("refund.processed", transaction_reference="t", amount="5000")
        second = event("refund.processed", transaction_reference="t", amount="2500")

        assert verify(first).dedupe_key == verify(first).dedupe_key
        assert verify(first).dedupe_key != verify(second).dedupe_key
