"""Settlement notifications: who sent them, what each says to ask about, and the answer the bank goes by."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Final

from kro.core.outgoing import JSONValue
from kro.payment.providers.acknowledgement import Acknowledgement, WebhookOutcome
from kro.payment.providers.errors import MalformedWebhookError, WebhookSignatureError
from kro.payment.providers.providus.credentials import signature
from kro.payment.providers.providus.reading import READABLE_ID, JSONObject, OddAnswerError, optional_text, text
from kro.payment.providers.results import VerifiedWebhook, WebhookSubject

_SIGNATURE_HEADER: Final = "x-auth-signature"
_CLIENT_HEADER: Final = "client-id"
_SIGNATURE_LENGTH: Final = 128
_EVENT: Final = "settlement"
# Without these nobody can say which money is meant.
_NEEDED: Final = ("settlementId", "sessionId", "accountNumber", "transactionAmount")

# webhook-specification: the outcome is in the body, always under 200. requestSuccessful is true in all four samples.
_ANSWERS: Final = {
    WebhookOutcome.ACCEPTED: ("00", "success"),
    WebhookOutcome.DUPLICATE: ("01", "duplicate transaction"),
    WebhookOutcome.REJECTED: ("02", "rejected transaction"),
    WebhookOutcome.FAILED: ("03", "system failure, retry"),
}


class ProvidusWebhooks:
    """Verifies ``Client-Id`` and ``X-Auth-Signature``, constants that say nothing about the body beside them.

    So whoever has seen one notification can make others: each only says which settlement to ask the bank about.
    Without an id and a secret nothing is authentic.
    """

    def __init__(self, *, client_id: str, secrets: Sequence[str]) -> None:
        self._client_id = client_id.encode()
        self._signatures = tuple(signature(client_id, secret).encode() for secret in secrets if secret and client_id)

    def verify(self, *, raw: bytes, headers: Mapping[str, str]) -> VerifiedWebhook:
        """Check the headers and say which settlement it is about.

        :raises WebhookSignatureError: if they are not ours.
        :raises MalformedWebhookError: if the body does not say which inflow it is about.
        """
        given = {name.lower(): value for name, value in headers.items()}
        # The bank prints upper case and clients send lower; the length is no secret.
        signed = given.get(_SIGNATURE_HEADER, "").strip().upper().encode()
        named = hmac.compare_digest(given.get(_CLIENT_HEADER, "").strip().encode(), self._client_id)
        # Every secret is compared, so that the time taken does not tell which of them is in use.
        matches = [hmac.compare_digest(expected, signed) for expected in self._signatures]
        if len(signed) != _SIGNATURE_LENGTH or not named or not any(matches):
            raise WebhookSignatureError
        return _describe(_parse(raw))


class ProvidusAcknowledger:
    """Says how a notification was taken, in the words the bank goes by.

    ``00`` has the money swept to our account, ``02`` ends the matter, ``03`` or anything unreadable has it sent again.
    """

    def acknowledge(self, outcome: WebhookOutcome, *, raw: bytes) -> Acknowledgement:
        """Return the answer to a notification; it names the session of the request, or none if that is unreadable."""
        code, message = _ANSWERS[outcome]
        return Acknowledgement(
            status=200,
            body={
                "requestSuccessful": True,
                "sessionId": optional_text(_parse(raw), "sessionId") or "",
                "responseMessage": message,
                "responseCode": code,
            },
        )


def _describe(body: JSONObject) -> VerifiedWebhook:
    try:
        for member in _NEEDED:
            text(body, member)
        settlement_id = text(body, "settlementId")
    except OddAnswerError:
        raise MalformedWebhookError from None
    if READABLE_ID.fullmatch(settlement_id) is None:
        raise MalformedWebhookError
    return VerifiedWebhook(
        event_type=_EVENT, dedupe_key=settlement_id, reference=settlement_id, subject=WebhookSubject.INFLOW
    )


def _parse(raw: bytes) -> dict[str, JSONValue]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
