"""What Fincra's webhooks say to ask about, and which of them are authentic."""

import hashlib
import hmac
import json

import pytest

from kro.payment.providers import WebhookSignatureError, WebhookSubject
from kro.payment.providers.fincra.webhooks import FincraWebhooks


def signed(raw: bytes, key: str = "hook") -> dict[str, str]:
    return {"Signature": hmac.new(key.encode(), raw, hashlib.sha512).hexdigest()}


def event(name: str, **data: object) -> bytes:
    return json.dumps({"event": name, "data": data}, ensure_ascii=False, separators=(",", ":")).encode()


class TestWebhooks:
    webhooks = FincraWebhooks(secrets=("next", "hook"))

    @pytest.mark.parametrize(
        ("raw", "subject", "reference"),
        [
            (event("charge.successful", reference="ours", id=892892), WebhookSubject.COLLECTION, "ours"),
            (event("charge.successful", merchantReference="ours"), WebhookSubject.COLLECTION, "ours"),
            (event("collection.successful", reference="f9121b33"), WebhookSubject.INFLOW, "f9121b33"),
            (event("collection.failed", reference="f9121b33"), WebhookSubject.INFLOW, "f9121b33"),
            (event("payout.successful", reference="33ae", customerReference="o"), WebhookSubject.TRANSFER, "o"),
            (event("payout.failed", reference="33ae", customerReference="o"), WebhookSubject.TRANSFER, "o"),
            (event("payout.failed", reference="33ae"), WebhookSubject.OTHER, None),
            (event("virtualaccount.approved", id="64f1"), WebhookSubject.OTHER, "64f1"),
            (event("conversion.successful", reference="c"), WebhookSubject.OTHER, "c"),
            (b"[]", WebhookSubject.OTHER, None),
        ],
    )
    def test_every_event(self, raw: bytes, subject: WebhookSubject, reference: str | None) -> None:
        verified = self.webhooks.verify(raw=raw, headers=signed(raw))

        assert (verified.subject, verified.reference) == (subject, reference)

    def test_both_active_secrets_count_and_no_other(self) -> None:
        raw = event("charge.successful", reference="ours")

        assert self.webhooks.verify(raw=raw, headers=signed(raw, "next")) == self.webhooks.verify(
            raw=raw, headers=signed(raw)
        )
        with pytest.raises(WebhookSignatureError):
            self.webhooks.verify(raw=raw, headers=signed(raw, "secret"))

    def test_a_body_laid_out_anew_is_the_same_event(self) -> None:
        raw = event("charge.successful", reference="ours", description="Ọjà", amount=101.51)
        pretty = json.dumps(json.loads(raw), indent=2).encode()

        assert self.webhooks.verify(raw=pretty, headers=signed(raw)) == self.webhooks.verify(
            raw=raw, headers=signed(raw)
        )
        with pytest.raises(WebhookSignatureError):
            self.webhooks.verify(raw=pretty.replace(b"101.51", b"901.51"), headers=signed(raw))

    @pytest.mark.parametrize("given", ["", "0" * 128, "é" * 128, "z" * 128])
    def test_nothing_else_is_authentic(self, given: str) -> None:
        with pytest.raises(WebhookSignatureError):
            self.webhooks.verify(
                raw=b"{}", headers={"signature": given, "x-fincra-signature": signed(b"{}")["Signature"]}
            )

    @pytest.mark.parametrize("secrets", [(), ("",)])
    def test_without_a_secret_nothing_is_authentic(self, secrets: tuple[str, ...]) -> None:
        with pytest.raises(WebhookSignatureError):
            FincraWebhooks(secrets=secrets).verify(raw=b"{}", headers=signed(b"{}", ""))
