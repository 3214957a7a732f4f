"""`kro trigger`: have the sandbox send one webhook, as its vendor would."""

from __future__ import annotations

from typing import Final

import httpx2

from kro.core.config import Settings
from kro.run.addresses import sandbox_url
from kro.run.errors import StartError

# What each event is about, by the member its vendor names it in.
EVENTS: Final = {
    "paystack.charge.success": "reference",
    "paystack.charge.dispute.create": "id",
    "paystack.charge.dispute.remind": "id",
    "paystack.charge.dispute.resolve": "id",
    "paystack.transfer.success": "reference",
    "paystack.transfer.failed": "reference",
    "paystack.transfer.reversed": "reference",
    "paystack.refund.pending": "transaction_reference",
    "paystack.refund.processing": "transaction_reference",
    "paystack.refund.processed": "transaction_reference",
    "paystack.refund.failed": "transaction_reference",
    "paystack.refund.needs-attention": "transaction_reference",
    "fincra.charge.successful": "reference",
    "fincra.charge.failed": "reference",
    "fincra.collection.successful": "reference",
    "fincra.collection.failed": "reference",
    "fincra.payout.successful": "customerReference",
    "fincra.payout.failed": "customerReference",
    "providus.settlement": "settlementId",
}
_SECONDS: Final = 5.0


def trigger(settings: Settings, event: str, *, reference: str, data: dict[str, object], forged: bool) -> str:
    """Have the sandbox send an event about ``reference``, and return a sentence that says where it went.

    The platform takes from it only what to ask the vendor about, so without a payment or payout under the reference
    nothing else happens. ``data`` adds to or replaces members of the event; ``forged`` has it signed by somebody
    without the key.

    :raises StartError: nobody sends such an event, it is about nothing, or no sandbox runs here.
    """
    member = EVENTS.get(event)
    if member is None:
        raise StartError(f"Nobody sends {event}: `kro trigger --list` shows what can be sent.")
    if not reference and member not in data:
        raise StartError(f"{event} is about something: name it with --reference.")
    if not settings.sandbox.enabled:
        raise StartError(f"The {settings.app.env} environment has no sandbox that could send anything.")
    vendor, _, name = event.partition(".")
    sandbox = sandbox_url(settings)
    body = {"event": name, "data": {member: reference, **data}, "forged": forged}
    target = _send(f"{sandbox}/_sim/webhooks/{vendor}", body, sandbox=sandbox)
    return f"Sent {event} to {target}; {sandbox}/deliveries shows how it was answered."


def _send(url: str, body: dict[str, object], *, sandbox: str) -> str:
    try:
        answer = httpx2.post(url, json=body, timeout=_SECONDS, trust_env=False)
    except httpx2.HTTPError:
        raise StartError(f"The sandbox does not run on {sandbox}: start it with `kro run`.") from None
    try:
        return str(answer.raise_for_status().json()["delivery"]["url"])
    except (httpx2.HTTPError, ValueError, KeyError, TypeError):
        raise StartError(f"What answers on {sandbox} is not the sandbox of this version.") from None
