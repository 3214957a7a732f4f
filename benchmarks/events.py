"""Signed events about payments that are settled, so that looking into one costs our own work and no vendor's."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from kro.core.auth.permissions import seed_roles
from kro.core.clock import SystemClock
from kro.core.config import load_settings
from kro.core.database.pool import Database
from kro.core.decisions.encoding import encode
from kro.core.ids import SystemIdSource
from kro.core.money import Money
from kro.payment.domain import CollectionRules, start_payment
from kro.payment.domain.context import Context
from kro.payment.domain.decide_collection import CollectionState, decide_collection
from kro.payment.providers import CollectionFacts, Succeeded

_AMOUNT: Final = 100_000
_RULES: Final = CollectionRules(callback_url="https://kro.example/paid", payer_email_domain="kro.example")
_USER: Final = """
INSERT INTO users (id, phone, first_name, last_name, password_hash, status, role_code, kyc_tier)
VALUES ($1::uuid, $1::uuid::text, 'Demo', 'User', '-', 'active', 'member', 1)"""


class Events:
    """Each event differs from every other by a number, as those of a provider do by their moment."""

    def __init__(self, references: Sequence[str]) -> None:
        self._references = itertools.cycle(references)
        self._numbers = itertools.count(1)
        self._key = load_settings(environment="test", environ={}).paystack.secret_key.get_secret_value().encode()

    def request(self, port: int) -> bytes:
        """Return the next event as a whole HTTP request."""
        reference, number = next(self._references), next(self._numbers)
        body = f'{{"event":"charge.success","data":{{"id":{number},"reference":"{reference}"}}}}'.encode()
        signature = hmac.new(self._key, body, hashlib.sha512).hexdigest()
        head = (
            f"POST /v1/webhooks/paystack HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"X-Paystack-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def settled_payments(database: Database, *, count: int) -> list[str]:
    """Collect that many payments to their end, by the decisions themselves; return our references of them."""
    clock, ids = SystemClock(), SystemIdSource()
    context = Context.of_system(clock, ids)
    user_id = ids.new()
    await seed_roles(database)
    await database.execute(_USER, user_id)
    references = []
    for _ in range(count):
        started = start_payment(
            user_id=user_id,
            order_id=None,
            amount=Money(_AMOUNT, "NGN"),
            provider="paystack",
            ids=ids,
            now=clock.now(),
        )
        reference = started.value.reference
        answer = Succeeded(CollectionFacts(reference, f"benchmark-{reference}", _AMOUNT, "NGN"))
        credited = decide_collection(CollectionState(started.value), answer, rules=_RULES, context=context)
        for decision in (started.decision, credited.decision):
            await database.apply(encode(replace(decision, messages=())))
        references.append(reference)
    return references
