import json
from typing import Any

import pytest

from kro.payment.providers import (
    Acknowledgement,
    MalformedWebhookError,
    PlainAcknowledger,
    VerifiedWebhook,
    WebhookOutcome,
    WebhookSignatureError,
    WebhookSubject,
)
from kro.payment.providers.providus.credentials import signature
from kro.payment.providers.providus.webhooks import ProvidusAcknowledger, ProvidusWebhooks

# The bank's published test credentials.
CLIENT_ID = "dGVzdF9Qcm92aWR1cw=="
SECRET = (
    "29A492021F4B709A8D1152C3EF4D32DC5A7092723ECAC4C511781003584B4887"
    "3CCBFEBDEAE89CF22ED1CB1A836213549BC6638A3B563CA7FC009BEB3BC30CF8"
)
SIGNATURE = (
    "BE09BEE831CF262226B426E39BD1092AF84DC63076D4174FAC78A2261F9A3D6E"
    "59744983B8326B69CDF2963FE314DFC89635CFA37A40596508DD6EAAB09402C7"
)
SAMPLE: dict[str, Any] = {
    "sessionId": "000004210301180534806663649508",
    "accountNumber": "9977581536",
    "tranRemarks": "FROM UBA/ CREDIT-EASY LOAN-NIP/",
    "transactionAmount": "1",
    "settledAmount": "1",
    "feeAmount": "0",
    "vatAmount": "0",
    "currency": "NGN",
    "initiationTranRef": "kjhghjk",
    "settlementId": "202210301006807600001432",
    "sourceAccountNumber": "2093566866",
    "sourceAccountName": "CASAFINA CREDIT-EASY LOAN",
    "sourceBankName": "UNITED BANK FOR AFRICA",
    "channelId": "1",
    "tranDateTime": "2021-03-01 18:06:20",
}


def verify(
    body: object = SAMPLE, *, given: str = SIGNATURE, client: str = CLIENT_ID, secrets: tuple[str, ...] = (SECRET,)
) -> VerifiedWebhook:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Client-Id": client, "X-Auth-Signature": given}
    return ProvidusWebhooks(client_id=CLIENT_ID, secrets=secrets).verify(raw=raw, headers=headers)


class TestSignature:
    def test_the_published_vectors(self) -> None:
        assert signature(CLIENT_ID, SECRET) == SIGNATURE
        assert (
            signature("123", "456")
            == (
                "2ea3a61a94b44ec66a2c02e2ef7351612470451ce5441f89341f0f331844d130"
                "d4207cd9638d04415ed61f66368c99e684f1b1b34edde1aeec98787d4d902e15"
            ).upper()
        )

    @pytest.mark.parametrize("given", [SIGNATURE, SIGNATURE.lower()])
    def test_its_letters_have_no_case(self, given: str) -> None:
        assert verify(given=given).dedupe_key == SAMPLE["settlementId"]

    @pytest.mark.parametrize(
        "given",
        ["", "é", "0" * 128, SIGNATURE[:-1], SIGNATURE + "0", SIGNATURE.replace("BD1092A", "BD109f2A"), "ß" * 64],
    )
    def test_anything_else_is_refused(self, given: str) -> None:
        with pytest.raises(WebhookSignatureError):
            verify(given=given)

    @pytest.mark.parametrize("client", ["", "somebody", CLIENT_ID.lower()])
    def test_another_client_is_refused(self, client: str) -> None:
        with pytest.raises(WebhookSignatureError):
            verify(client=client)

    def test_both_secrets_are_accepted_during_a_rotation(self) -> None:
        old = signature(CLIENT_ID, "former")

        assert verify(given=old, secrets=(SECRET, "former")).reference == SAMPLE["settlementId"]
        with pytest.raises(WebhookSignatureError):
            verify(given=old)

    @pytest.mark.parametrize("secrets", [(), ("",)])
    def test_without_a_secret_nothing_is_authentic(self, secrets: tuple[str, ...]) -> None:
        for given in (SIGNATURE, signature(CLIENT_ID, ""), ""):
            with pytest.raises(WebhookSignatureError):
                verify(given=given, secrets=secrets)

    def test_without_an_id_nothing_is_authentic(self) -> None:
        given = {"Client-Id": "", "X-Auth-Signature": signature("", SECRET)}

        with pytest.raises(WebhookSignatureError):
            ProvidusWebhooks(client_id="", secrets=(SECRET,)).verify(raw=json.dumps(SAMPLE).encode(), headers=given)


class TestMeaning:
    def test_a_notification_is_known_by_its_settlement_and_names_what_to_ask_for(self) -> None:
        assert verify() == VerifiedWebhook(
            event_type="settlement",
            dedupe_key="202210301006807600001432",
            reference="202210301006807600001432",
            subject=WebhookSubject.INFLOW,
        )

    @pytest.mark.parametrize("member", ["settlementId", "sessionId", "accountNumber", "transactionAmount"])
    @pytest.mark.parametrize("value", [None, "", " ", "null", 5])
    def test_what_names_no_inflow_is_refused(self, member: str, value: object) -> None:
        with pytest.raises(MalformedWebhookError):
            verify({**SAMPLE, member: value})

    @pytest.mark.parametrize("raw", [b"", b"no", b"[]", b"\xff", b"[" * 100_000, json.dumps({}).encode()])
    def test_what_cannot_be_read_is_refused(self, raw: bytes) -> None:
        with pytest.raises(MalformedWebhookError):
            verify(raw)

    @pytest.mark.parametrize("odd", ["../x", "a b", "1" * 65])
    def test_an_id_that_could_not_be_asked_for_is_refused(self, odd: str) -> None:
        with pytest.raises(MalformedWebhookError):
            verify({**SAMPLE, "settlementId": odd})


class TestAcknowledgement:
    @pytest.mark.parametrize(
        ("outcome", "code", "message"),
        [
            (WebhookOutcome.ACCEPTED, "00", "success"),
            (WebhookOutcome.DUPLICATE, "01", "duplicate transaction"),
            (WebhookOutcome.REJECTED, "02", "rejected transaction"),
            (WebhookOutcome.FAILED, "03", "system failure, retry"),
        ],
    )
    def test_the_bank_goes_by_the_body(self, outcome: WebhookOutcome, code: str, message: str) -> None:
        assert ProvidusAcknowledger().acknowledge(outcome, raw=json.dumps(SAMPLE).encode()) == Acknowledgement(
            status=200,
            body={
                "requestSuccessful": True,
                "sessionId": "000004210301180534806663649508",
                "responseMessage": message,
                "responseCode": code,
            },
        )

    @pytest.mark.parametrize("raw", [b"", b"[]", b'{"sessionId": 5}', b'{"sessionId": " "}'])
    def test_a_session_that_cannot_be_read_is_left_empty(self, raw: bytes) -> None:
        told = ProvidusAcknowledger().acknowledge(WebhookOutcome.REJECTED, raw=raw)

        assert told.body is not None
        assert told.body["sessionId"] == ""

    @pytest.mark.parametrize("outcome", WebhookOutcome)
    def test_others_get_a_plain_200_for_what_is_stored(self, outcome: WebhookOutcome) -> None:
        stored = outcome in {WebhookOutcome.ACCEPTED, WebhookOutcome.DUPLICATE}

        assert PlainAcknowledger().acknowledge(outcome, raw=b"") == (Acknowledgement(status=200) if stored else None)
