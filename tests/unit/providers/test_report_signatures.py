"""Reports are believed only with the vendor's signature over exactly these bytes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.core.clock import FrozenClock
from kro.core.errors import KroError
from kro.core.messaging import AttemptState, Report, TwilioReports, Webhook, WhatsAppReports
from kro.core.messaging.errors import ReportSignatureError
from text_webhooks import PUBLIC_URL, VENDORS, Told, readers, webhook

CLOCK = FrozenClock(datetime(2026, 11, 27, 9, 0, tzinfo=UTC))
READERS = readers(CLOCK)
ATTEMPT = UUID(int=7)


class TestGenuine:
    @pytest.mark.parametrize("vendor", VENDORS)
    @pytest.mark.parametrize("state", ["sent", "failed", "delivered"])
    def test_says_what_became_of_which_message(self, vendor: str, state: str) -> None:
        (report,) = READERS[vendor].read(webhook(vendor, Told("3017544054459083819856413", state), CLOCK))

        assert (report.provider, report.provider_message_id) == (vendor, "3017544054459083819856413")
        assert report.state == AttemptState(state)
        assert (report.error is not None) == (state == "failed")

    @pytest.mark.parametrize("vendor", VENDORS)
    def test_is_believed_through_a_rotation_until_its_key_is_away(self, vendor: str) -> None:
        report = webhook(vendor, Told("SM1", "delivered"), CLOCK)

        assert readers(CLOCK, "beside another")[vendor].read(report)
        assert readers(CLOCK, "behind another")[vendor].read(report)
        with pytest.raises(ReportSignatureError):
            readers(CLOCK, "of another")[vendor].read(report)

    @pytest.mark.parametrize("vendor", ["telnyx", "twilio"])
    def test_names_our_own_id_where_the_vendor_repeats_it(self, vendor: str) -> None:
        (report,) = READERS[vendor].read(webhook(vendor, Told("SM1", "delivered", ATTEMPT), CLOCK))

        assert report.reference == ATTEMPT

    def test_twilios_published_example_verifies(self) -> None:
        reader = TwilioReports(("12345",), public_url="https://mycompany.com")
        form = b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"
        headers = {"x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}

        with pytest.raises(KroError) as malformed:
            reader.read(Webhook(form, headers, "/myapp.php", "foo=1&bar=2"))

        # A call is no message, but it is Twilio's.
        assert malformed.value.code == "malformed_webhook"

    def test_a_shared_key_signs_with_sha256_under_its_id(self) -> None:
        form = b"MessageSid=SM1&MessageStatus=delivered"
        text = f"{PUBLIC_URL}/v1/webhooks/twilioMessageSidSM1MessageStatusdelivered"
        mac = hmac.new(b"another secret of the tests", text.encode(), hashlib.sha256).digest()
        headers = {
            "x-twilio-signature": base64.b64encode(mac).decode(),
            "x-twilio-webhooks-signature-settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
        }

        assert READERS["twilio"].read(Webhook(form, headers, "/v1/webhooks/twilio"))

        for settings in ("key=webhooks_sharedkey_2,algorithm=HMAC_SHA256", "key=webhooks_sharedkey_1", "algorithm=x"):
            with pytest.raises(ReportSignatureError):
                READERS["twilio"].read(
                    Webhook(form, {**headers, "x-twilio-webhooks-signature-settings": settings}, "/v1/webhooks/twilio")
                )

    def test_whatsapps_many_statuses_are_all_read(self) -> None:
        status = {"status": "delivered", "timestamp": "1"}
        change = {"field": "messages", "value": {"statuses": [{**status, "id": "a"}, {**status, "id": "b"}]}}
        raw = json.dumps({"entry": [{"changes": [change, {"field": "other"}]}, {"changes": [change]}]}).encode()
        digest = hmac.new(b"a secret of the tests", raw, hashlib.sha256).hexdigest()

        found = READERS["whatsapp"].read(Webhook(raw, {"x-hub-signature-256": f"sha256={digest}"}, "/"))

        assert [report.provider_message_id for report in found] == ["a", "b", "a", "b"]


class TestForged:
    @pytest.mark.parametrize("vendor", VENDORS)
    @given(data=st.data())
    def test_no_changed_byte_passes(self, vendor: str, data: st.DataObject) -> None:
        genuine = webhook(vendor, Told("m-1", "delivered", ATTEMPT), CLOCK)
        place = data.draw(st.integers(0, len(genuine.raw) - 1))
        byte = data.draw(st.integers(0, 255).filter(lambda value: value != genuine.raw[place]))
        changed = genuine.raw[:place] + bytes([byte]) + genuine.raw[place + 1 :]

        assert _reports(vendor, replace(genuine, raw=changed)) in ((), _reports(vendor, genuine))

    @pytest.mark.parametrize("vendor", VENDORS)
    @given(data=st.data())
    def test_nothing_cut_off_or_added_passes(self, vendor: str, data: st.DataObject) -> None:
        genuine = webhook(vendor, Told("m-1", "delivered", ATTEMPT), CLOCK)
        kept = data.draw(st.integers(0, len(genuine.raw) - 1))
        more = data.draw(st.binary(max_size=4))

        assert _reports(vendor, replace(genuine, raw=genuine.raw[:kept] + more)) in ((), _reports(vendor, genuine))

    @pytest.mark.parametrize("vendor", VENDORS)
    @given(signature=st.text(max_size=200))
    def test_no_other_signature_passes(self, vendor: str, signature: str) -> None:
        genuine = webhook(vendor, Told("m-1", "delivered"), CLOCK)
        headers = {name: signature if "timestamp" not in name else value for name, value in genuine.headers.items()}

        with pytest.raises(ReportSignatureError):
            READERS[vendor].read(replace(genuine, headers=headers))

    @pytest.mark.parametrize("vendor", VENDORS)
    def test_no_signature_is_none(self, vendor: str) -> None:
        with pytest.raises(ReportSignatureError):
            READERS[vendor].read(replace(webhook(vendor, Told("m-1", "delivered"), CLOCK), headers={}))

    @pytest.mark.parametrize("age", [301, -301])
    def test_telnyx_is_believed_for_five_minutes(self, age: int) -> None:
        with pytest.raises(ReportSignatureError):
            READERS["telnyx"].read(webhook("telnyx", Told("m-1", "delivered"), CLOCK, age_seconds=age))

    def test_telnyx_signs_its_time_too(self) -> None:
        old = webhook("telnyx", Told("m-1", "delivered"), CLOCK, age_seconds=400)
        now = str(int(CLOCK.now().timestamp()))

        with pytest.raises(ReportSignatureError):
            READERS["telnyx"].read(replace(old, headers={**old.headers, "telnyx-timestamp": now}))

    def test_twilio_signs_our_public_address_with_its_query(self) -> None:
        genuine = webhook("twilio", Told("m-1", "delivered", ATTEMPT), CLOCK)

        for elsewhere in (replace(genuine, query=""), replace(genuine, path="/v1/webhooks/telnyx")):
            with pytest.raises(ReportSignatureError):
                READERS["twilio"].read(elsewhere)


class TestChallenge:
    reader = WhatsAppReports(("secret",), "token")

    def test_the_agreed_token_is_enough(self) -> None:
        self.reader.ensure_agreed(mode="subscribe", token="token")

    @pytest.mark.parametrize(("mode", "token"), [("", ""), ("subscribe", "other"), ("", "token")])
    def test_nothing_less_is(self, mode: str, token: str) -> None:
        with pytest.raises(ReportSignatureError):
            self.reader.ensure_agreed(mode=mode, token=token)


def _reports(vendor: str, told: Webhook) -> tuple[Report, ...]:
    """Return what a webhook is believed to say; two forms may differ in bytes and say the same to the signature."""
    try:
        return READERS[vendor].read(told)
    except KroError:
        return ()
